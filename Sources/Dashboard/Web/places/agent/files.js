// Folders of the agent and their files.
import { html, useState } from "../../vendor/preact.js";
import { link } from "../../route.js";
import { Act, Empty, Loaded, useCall } from "../../parts/ui.js";
import { WhyFound } from "../../parts/found.js";
import { Marked } from "../../parts/marked.js";
import { More, PagedSelect, usePages } from "../../parts/rows.js";
import { Name, visible } from "../../parts/text.js";

/** Passages of files by words and meaning, as the agent's semantic_search_files finds them. */
function Search({ agent }) {
  const [query, setQuery] = useState("");
  const [asked, ask] = useState("");
  const found = useCall("/v1/search/explain", { verb: "POST", body: { source: "files", agent_id: agent.id, query: asked, limit: 10 }, skip: !asked });
  return html`<form class="searchline" onSubmit=${event => { event.preventDefault(); ask(query.trim()); }}><input class="input" type="search" aria-label="Search the files" placeholder="Search as the agent would" value=${query} onInput=${event => { setQuery(event.target.value); if (!event.target.value) ask(""); }} /><button class="btn" type="submit">Search</button></form>
    ${asked && html`<${Loaded} of=${found}>${answer => (answer.results.length === 0 ? html`<${Empty}>Nothing is found for “<bdi>${visible(asked)}</bdi>”.<//>` : html`<ol class="passages" aria-label="Found in files">${answer.results.map(one => html`<li key=${one.id}><div class="plain" dir="auto"><${Marked} text=${one.text} query=${asked} stems=${one.why.matched} most=${1500} /></div><div class="xs dim"><${Name} text=${one.file_name ?? ""} /></div><${WhyFound} why=${one.why} search=${answer} /></li>`)}</ol>`)}<//>`}`;
}

export function Files({ agent, changed }) {
  const base = `/v1/agents/${agent.id}`;
  const folders = usePages(`${base}/folders`);
  const files = usePages(`${base}/files`, { every: 10 });
  const all = usePages("/v1/folders/");
  const [chosen, choose] = useState("");
  const reload = () => { folders.reload(); files.reload(); changed(); };
  const attached = new Set((folders.data ?? []).map(one => one.id));
  const rows = files.rows ?? [];
  return html`<section class="stack" aria-label="Files"><h3>Folders</h3>
    <${Loaded} of=${folders}>${list => (list.length === 0 ? html`<${Empty}>No folder: this agent has no files. <a class="btn" href="#/knowledge?part=folders">Folders</a><//>` : html`<ul class="lines">${list.map(one => html`<li class="row"><a class="grow clip" href=${link(["knowledge"], { part: "folders", folder: one.id })}><${Name} text=${one.name} /></a><${Act} kind="tiny" label="Detach" call=${() => ({ verb: "PATCH", path: `${base}/folders/detach/${one.id}` })} done=${reload} /></li>`)}</ul>`)}<//><${More} of=${folders} noun="folders" />
    <${PagedSelect} label="Attach a folder" pages=${{ ...all, rows: all.rows?.filter(one => !attached.has(one.id)) }} value=${chosen} set=${choose} first="–" text=${one => one.name} />
    <div class="row"><${Act} label="Attach" disabled=${!chosen} call=${() => ({ verb: "PATCH", path: `${base}/folders/attach/${chosen}` })} done=${() => { choose(""); reload(); }} /></div>
    ${attached.size > 0 && html`<h3>Search</h3><${Search} agent=${agent} />`}
    ${rows.length > 0 && html`<h3>Files (${rows.length}${files.end ? "" : " and more"})</h3><ul class="lines">${rows.map(one => html`<li class="row"><span class="grow clip"><${Name} text=${one.file_name} /></span><span class="xs dim">${one.is_open ? "open" : "closed"}</span>${one.is_open ? html`<${Act} kind="tiny" label="Close" call=${() => ({ verb: "PATCH", path: `${base}/files/${one.file_id}/close` })} done=${reload} />` : html`<${Act} kind="tiny" label="Open" title="Puts its text before the agent's eyes" call=${() => ({ verb: "PATCH", path: `${base}/files/${one.file_id}/open` })} done=${reload} />`}</li>`)}</ul><${More} of=${files} noun="files" />`}</section>`;
}
