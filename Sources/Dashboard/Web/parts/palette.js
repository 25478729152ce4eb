// Finds agents, tools, folders, blocks, runs by id, and places.
import { html, useEffect, useState } from "../vendor/preact.js";
import { call } from "../api.js";
import { go, link } from "../route.js";
import { Dialog } from "./dialog.js";
import { Name } from "./text.js";

const keys = [["Ctrl K", "find anything"], ["g then a letter", "go to a place"], ["/", "the screen's search"], ["j, k or arrows", "move in a list"], ["Enter", "send, open"], ["A, D", "approve, deny when the request has the focus"], ["e", "a run's next error"], ["Esc", "close"]];

async function search(text, signal) {
  const get = (path, query) => call("GET", path, { query, signal, quiet: true }).catch(() => []);
  const id = /^(agent|run|step|block)-[0-9a-f-]{36}$/.exec(text);
  if (id && ["agent", "run"].includes(id[1])) return [{ name: text, kind: id[1], to: link([`${id[1]}s`, text]) }];
  const [agents, tools, folders, blocks] = await Promise.all([
    get("/v1/agents/", { query_text: text, limit: 8 }), get("/v1/tools/", { search: text, limit: 5 }),
    get("/v1/folders/", { limit: 100 }), get("/v1/blocks/", { label_search: text, limit: 5 })]);
  const has = name => String(name).toLowerCase().includes(text.toLowerCase());
  return [
    ...agents.map(one => ({ name: one.name, kind: "agent", to: link(["agents", one.id]) })),
    ...tools.map(one => ({ name: one.name, kind: "tool", to: link(["tools"], { tool: one.id }) })),
    ...folders.filter(one => has(one.name)).slice(0, 5).map(one => ({ name: one.name, kind: "folder", to: link(["knowledge"], { part: "folders", folder: one.id }) })),
    ...blocks.map(one => ({ name: one.label, kind: "block", to: link(["knowledge"], { part: "blocks", block: one.id }) })),
  ];
}

export function Palette({ places, close }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState([]);
  const [at, setAt] = useState(0);
  useEffect(() => {
    if (text.trim().length < 2) { setFound([]); return undefined; }
    const stop = new AbortController();
    const timer = setTimeout(() => search(text.trim(), stop.signal).then(rows => { if (!stop.signal.aborted) { setFound(rows); setAt(0); } }), 150);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [text]);
  const fitting = places.filter(([, name]) => name.toLowerCase().includes(text.toLowerCase())).map(([key, name, letter]) => ({ name, kind: `place · g ${letter}`, to: `#/${key}` }));
  const actions = [["New agent", "#/agents/new"], ["Add a provider", "#/settings?part=providers"], ["Add an MCP server", "#/tools?part=mcp"], ["Write a tool", "#/tools?tool=new"], ["Back up", "#/settings?part=backups"], ["Log", "#/settings?part=log"], ["Schedules", "#/settings?part=schedules"], ["Groups", "#/people?part=groups"]].filter(([name]) => text && name.toLowerCase().includes(text.toLowerCase())).map(([name, to]) => ({ name, kind: "action", to }));
  const rows = [...found, ...actions, ...fitting];
  const choose = row => { close(); go([]); location.hash = row.to.slice(1); };
  const key = event => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) { event.preventDefault(); setAt(value => (value + by + rows.length) % Math.max(1, rows.length)); }
    if (event.key === "Enter" && rows[at]) { event.preventDefault(); choose(rows[at]); }
  };
  return html`<${Dialog} label="Find anything" kind="palette" close=${close}>
    <input role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant=${rows[at] ? `found-${at}` : undefined} autofocus placeholder="An agent, a tool, a folder, a run's id, a place …" aria-label="Find" value=${text} onInput=${event => setText(event.target.value)} onKeyDown=${key} />
    <ul id="found" role="listbox" aria-label="Found">${rows.map((row, index) => html`<li id=${`found-${index}`} role="option" aria-selected=${index === at}><a href=${row.to} tabindex="-1" onClick=${event => { event.preventDefault(); choose(row); }}><span class="clip"><${Name} text=${row.name} /></span><span class="dim small">${row.kind}</span></a></li>`)}</ul>
    ${!text && html`<dl class="kv pad keys">${keys.map(([name, what]) => html`<dt><kbd>${name}</kbd></dt><dd>${what}</dd>`)}</dl>`}<//>`;
}
