// Finds whatever has a name, runs, steps and messages by id, and places.
import { html, useEffect, useState } from "../vendor/preact.js";
import { call } from "../api.js";
import { link } from "../route.js";
import { Dialog } from "./dialog.js";
import { focusHeading } from "./focus.js";
import { Name } from "./text.js";

const keys = [["Ctrl K", "find anything"], ["g then a letter", "go to a place"], ["/", "the screen's search"], ["j, k or arrows", "move in a list"], ["x", "choose an agent of the list"], ["Enter", "send, open"], ["A, D", "approve, deny when the request has the focus"], ["e", "a run's next error"], ["[, ]", "a run's step before, after"], ["n", "something new: an agent, a tool, a key …"], ["t", "a run by time or by order"], ["Esc", "close"]];

/** Where each kind of thing is shown. */
const shown = {
  agent: one => link(["agents", one.id]), run: one => link(["runs", one.id]), step: one => link(["runs", one.run_id]), message: one => link(["agents", one.agent_id], { message: one.id }),
  tool: one => link(["tools"], { tool: one.id }), mcp_server: () => link(["tools"], { part: "mcp" }), identity: one => link(["people"], { person: one.id }),
  block: one => link(["knowledge"], { part: "blocks", block: one.id }), archive: one => link(["knowledge"], { part: "archives", archive: one.id }),
  folder: one => link(["knowledge"], { part: "folders", folder: one.id }), file: one => link(["knowledge"], { part: "folders", folder: one.folder_id, file: one.id }),
};

async function search(text, signal) {
  const found = await call("GET", "/v1/server/search", { query: { query: text }, signal, quiet: true }).catch(() => []);
  return found.filter(one => shown[one.kind]).map(one => ({ name: one.name, about: one.description, kind: one.kind.replace("mcp_server", "MCP server"), to: shown[one.kind](one) }));
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
  const choose = row => { close(); location.hash = row.to.slice(1); setTimeout(focusHeading); };
  const key = event => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) { event.preventDefault(); setAt(value => (value + by + rows.length) % Math.max(1, rows.length)); }
    if (event.key === "Enter" && rows[at]) { event.preventDefault(); choose(rows[at]); }
  };
  return html`<${Dialog} label="Find anything" kind="palette" close=${close}>
    <input role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant=${rows[at] ? `found-${at}` : undefined} autofocus placeholder="A name, an id, a place …" aria-label="Find" value=${text} onInput=${event => setText(event.target.value)} onKeyDown=${key} />
    <ul id="found" role="listbox" aria-label="Found">${rows.map((row, index) => html`<li id=${`found-${index}`} role="option" aria-selected=${index === at}><a href=${row.to} tabindex="-1" onClick=${event => { event.preventDefault(); choose(row); }}><span class="clip"><${Name} text=${row.name} />${row.about && html` <span class="dim small"><${Name} text=${row.about} most=${80} /></span>`}</span><span class="dim small">${row.kind}</span></a></li>`)}</ul>
    ${!text && html`<dl class="kv pad keys">${keys.map(([name, what]) => html`<dt><kbd>${name}</kbd></dt><dd>${what}</dd>`)}</dl>`}<//>`;
}
