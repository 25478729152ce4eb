// Archival memory: what the agent finds when it searches, and its passages.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { make } from "../../api.js";
import { Act, Empty, Field, Loaded, useCall } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { filters, WhyFound } from "../../parts/found.js";
import { Marked } from "../../parts/marked.js";
import { Name, Time, visible } from "../../parts/text.js";
import { useUnsaved } from "../../parts/unsaved.js";

function Passage({ id, text, at, tags, query, stems, agent, done, children, choose }) {
  const [editing, setEditing] = useState(null);
  const path = `/v1/agents/${agent.id}/archival-memory/${id}`;
  useUnsaved(editing !== null && editing !== text && "the passage");
  if (editing !== null) {
    return html`<li class="stack"><${Field} label="Passage" rows=${4} value=${editing} set=${setEditing} /><div class="row"><${Act} kind="primary tiny" label="Save" disabled=${!editing.trim()} call=${() => ({ verb: "PATCH", path, body: { text: editing } })} done=${() => { setEditing(null); done(); }} /><button class="btn tiny" type="button" onClick=${() => setEditing(null)}>Cancel</button></div></li>`;
  }
  return html`<li><div class="plain" dir="auto"><${Marked} text=${text} query=${query} stems=${stems} /></div><div class="row xs dim"><${Time} at=${at} />${(tags ?? []).map(tag => html`<button class="tag" type="button" title="Search what has this tag" onClick=${() => choose(tag)}><${Name} text=${tag} /></button>`)}<span class="grow"></span><button class="btn tiny ghost" type="button" onClick=${() => setEditing(text)}>Edit</button><${Act} kind="tiny ghost" label="Forget" sure="Forget this passage? It can't be brought back." call=${() => ({ verb: "DELETE", path })} done=${done} /></div>${children}</li>`;
}

const tools = ["archival_memory_insert", "archival_memory_search"];

/** Offers the tools of the archive to an agent that lacks them. */
function Tools({ agent, changed }) {
  const missing = tools.filter(name => !(agent.tools ?? []).some(one => one.name === name));
  const found = useCall("/v1/tools/", { query: { names: missing }, skip: missing.length === 0 });
  if (missing.length === 0) return null;
  const attach = ({ id }) => ({ verb: "PATCH", path: `/v1/agents/${agent.id}/tools/attach/${id}` });
  return html`<div class="note warn">Its archive is out of the agent's reach: it has no ${missing.map((name, index) => html`${index ? " and no " : ""}<code>${name}</code>`)}. ${found.data?.length > 0 && html`<${Act} kind="tiny" label="Attach the archival tools" call=${() => attach(found.data[0])} done=${async () => { for (const one of found.data.slice(1)) await make(attach(one)); changed(); }} />`}</div>`;
}

export function Archive({ agent, changes, changed }) {
  const [query, setQuery] = useState("");
  const [asked, ask] = useState("");
  const [tag, setTag] = useState("");
  const [text, setText] = useState("");
  useUnsaved(text.trim() && "the new passage");
  // A tag alone lists what has it, the newest first.
  const searches = Boolean(asked || tag);
  const base = `/v1/agents/${agent.id}/archival-memory`;
  const all = usePages(base, { query: { ascending: false }, limit: 30, skip: searches });
  const body = { source: "archival_memory", agent_id: agent.id, query: asked, limit: 20, tags: tag ? [tag] : undefined };
  const found = useCall("/v1/search/explain", { verb: "POST", body, skip: !searches });
  useEffect(() => { if (changes) (searches ? found : all).reload(); }, [changes]);
  const reload = () => (searches ? found : all).reload();
  return html`<section class="stack" aria-label="Archive"><${Tools} agent=${agent} changed=${changed} />
    <form class="searchline" onSubmit=${event => { event.preventDefault(); ask(query.trim()); }}><input class="input" type="search" aria-label="Search the archive" placeholder="Search as the agent would" value=${query} onInput=${event => { setQuery(event.target.value); if (!event.target.value) ask(""); }} /><button class="btn" type="submit">Search</button></form>
    ${tag && html`<div class="chips"><button class="chip" type="button" onClick=${() => setTag("")}>only the tag <${Name} text=${tag} most=${60} /> ×</button></div>`}
    ${searches ? html`<${Loaded} of=${found}>${answer => (answer.results.length === 0 ? html`<${Empty}>Nothing is found${asked && html` for “<bdi>${visible(asked)}</bdi>”`}. <button class="btn tiny" type="button" onClick=${() => { setQuery(""); setTag(""); ask(""); }}>Show all</button><//>` : html`<p class="xs dim">${answer.results.length} found, the ${asked ? "best" : "newest"} first</p><ol class="passages">${answer.results.map(one => html`<${Passage} key=${one.id} id=${one.id} text=${one.text} at=${one.created_at} tags=${one.tags} query=${asked} stems=${one.why.matched} agent=${agent} done=${reload} choose=${setTag}>${asked && html`<${WhyFound} why=${one.why} search=${answer} by=${filters(body)} />`}<//>`)}</ol>`)}<//>`
    : html`<${Loaded} of=${all}>${rows => (rows.length === 0 ? html`<${Empty}>No passages yet. The agent stores them with its tools, and you below.<//>` : html`<ol class="passages">${rows.map(one => html`<${Passage} key=${one.id} id=${one.id} text=${one.text} at=${one.created_at} tags=${one.tags} agent=${agent} done=${reload} choose=${setTag} />`)}</ol>`)}<//><${More} of=${all} noun="passages" />`}
    <${Field} label="Add a passage" rows=${3} value=${text} set=${setText} /><div class="row"><${Act} label="Add" disabled=${!text.trim()} call=${() => ({ verb: "POST", path: base, body: { text } })} done=${() => { setText(""); reload(); }} /></div></section>`;
}
