// What is known: search over all of it, shared blocks, archives, folders and their files.
import { html, useEffect, useState } from "../vendor/preact.js";
import { adjust, link } from "../route.js";
import { Act, Back, Card, Empty, Field, Loaded, Status, Tabs, useCall } from "../parts/ui.js";
import { WhyFound } from "../parts/found.js";
import { Marked } from "../parts/marked.js";
import { More, Rows, usePages } from "../parts/rows.js";
import { FileText, Upload } from "../parts/upload.js";
import { bytes, cut, Name, number, short, Time, visible } from "../parts/text.js";
import { Archives } from "./knowledge/archives.js";
import { handles } from "./newagent.js";
import { settle } from "../parts/unsaved.js";
import { BlockEditor, History } from "./agent/memory.js";

/** What is told apart from the average by a word or its meaning. */
const telling = ({ results }) => results.filter(({ why }) => why.score > 0 || why.matched.length > 0);

function Hits({ of, query, by, title, about, text = row => row.text, rows = telling }) {
  return html`<${Card} title=${title} flush><${Loaded} of=${of}>${answer => { const all = rows(answer); return all.length === 0 ? html`<${Empty}>Nothing found.<//>` : html`<ol>${all.map(row => html`<li class="hit" key=${row.id}><div class="plain" dir="auto"><${Marked} text=${text(row)} query=${query} stems=${row.why?.matched} most=${1500} /></div><div class="about">${about(row, answer.names ?? {})}${row.why && html`<${WhyFound} why=${row.why} search=${answer} by=${by} />`}</div></li>`)}</ol>`; }}<//><//>`;
}

/** A link to what a text is of, by its name; the id is a detail. */
const Named = ({ id, name, to: [path, query] }) => html`<a href=${link([path].flat(), query)} title=${id}><${Name} text=${name ?? short(id)} most=${60} /></a>`;

function Search({ route }) {
  const asked = route.query.query ?? "";
  const agent = route.query.agent || undefined;
  const [said, say] = useState(asked);
  const known = useCall(agent && `/v1/agents/${encodeURIComponent(agent)}`, { query: { include: [] }, skip: !agent });
  const only = agent && (known.data?.name ?? short(agent));
  const by = agent && `only ${only}`;
  const search = source => ({ body: { source, query: asked, limit: 20, agent_id: agent }, skip: !asked });
  const passages = useCall("/v1/search/explain", { verb: "POST", ...search("archival_memory") });
  const files = useCall("/v1/search/explain", { verb: "POST", ...search("files") });
  const messages = useCall("/v1/search/explain", { verb: "POST", ...search("messages") });
  const blocks = useCall("/v1/blocks/", { query: { value_search: asked, limit: 20 }, skip: !asked || Boolean(agent) });
  return html`<div class="stack"><form class="searchline" onSubmit=${event => { event.preventDefault(); adjust({ query: said.trim() }); }}><input class="input" type="search" aria-label="Search passages, messages and blocks" placeholder="A word, a name, a question" value=${said} onInput=${event => say(event.target.value)} /><button class="btn primary" type="submit">Search</button></form>${agent && html`<div class="chips"><button class="chip" type="button" onClick=${() => adjust({ agent: "" })}>only <${Name} text=${only} most=${60} /> ×</button></div>`}
    ${!asked ? html`<${Empty}>Searches the archives of all agents, files, what was said, and blocks.<//>` : html`
      <${Hits} title="Passages" of=${passages} query=${asked} by=${by} about=${(row, names) => html`<span>${row.archive_id ? html`<${Named} id=${row.archive_id} name=${names[row.archive_id]} to=${["knowledge", { part: "archives", archive: row.archive_id }]} />` : "passage"} · <${Time} at=${row.created_at} /></span>`} />
      <${Hits} title="Files" of=${files} query=${asked} by=${by} about=${(row, names) => html`<span><a href=${link(["knowledge"], { part: "folders", folder: row.folder_id })}><${Name} text=${row.file_name ?? "file"} most=${60} /></a>${names[row.folder_id] && html` in <${Name} text=${names[row.folder_id]} most=${60} />`}</span>`} />
      <${Hits} title="Messages" of=${messages} query=${asked} by=${by} about=${(row, names) => html`<${Named} id=${row.agent_id} name=${names[row.agent_id]} to=${[["agents", row.agent_id]]} /><a href=${link(["agents", row.agent_id], { message: row.id })}>Show it in its conversation</a><span>${row.role === "user" ? "user" : "agent"} · <${Time} at=${row.created_at} /></span>`} />
      ${!agent && html`<${Hits} title="Blocks" of=${blocks} query=${asked} rows=${all => all} text=${row => row.value ?? ""} about=${row => html`<a href=${link(["knowledge"], { part: "blocks", block: row.id })}><${Name} text=${row.label} /></a>`} />`}`}</div>`;
}

function Blocks({ route }) {
  const pages = usePages("/v1/blocks/", { limit: 60, query: { label_search: route.query.label || undefined } });
  const chosen = route.query.block;
  const block = useCall(chosen && `/v1/blocks/${encodeURIComponent(chosen)}`, { skip: !chosen });
  const agents = usePages(`/v1/blocks/${encodeURIComponent(chosen ?? "")}/agents`, { limit: 50, skip: !chosen });
  const row = one => html`<div class="brow" role="cell"><a class="clip block" href=${link(["knowledge"], { part: "blocks", block: one.id })} aria-current=${one.id === chosen ? "true" : undefined}><b><${Name} text=${one.label} most=${60} /></b> <span class="mid small"><${Name} text=${cut(one.value, 200)} /></span></a></div>`;
  return html`<div class="splitpage" data-pane=${chosen ? "item" : "list"}><div class="itemlist column"><input class="input" type="search" aria-label="Find a block by label" placeholder="Label" value=${route.query.label ?? ""} onInput=${event => adjust({ label: event.target.value })} /><${Rows} pages=${pages} height=${40} row=${row} label="Blocks" empty=${html`<${Empty}>No blocks. They come with agents.<//>`} /></div>
    <div class="itemdetail stack">${!chosen ? html`<${Empty}>Choose a block to see and change it.<//>` : html`<${Back} of="block" /><${Loaded} of=${block}>${data => html`<${Card} title=${html`<${Name} text=${data.label} />`}><${BlockEditor} key=${data.id} block=${data} path=${`/v1/blocks/${data.id}`} done=${block.reload} /><${History} block=${data} done=${block.reload} />
      <h3>Agents</h3><${Loaded} of=${agents}>${rows => (rows.length === 0 ? html`<p class="small dim">No agent has it.</p>` : html`<ul class="lines">${rows.map(one => html`<li><a href=${link(["agents", one.id])}><${Name} text=${one.name} /></a></li>`)}</ul>`)}<//><${More} of=${agents} noun="agents" />
      <div class="row"><span class="grow"></span><${Act} kind="danger tiny" label="Delete the block" sure="Delete this block from the server and from all agents? This can't be undone." typed=${visible(data.label)} call=${() => ({ verb: "DELETE", path: `/v1/blocks/${data.id}` })} done=${() => { settle(); adjust({ block: "" }); pages.reload(); }} /></div><//>`}<//>`}</div></div>`;
}

const shownPassages = 20;
function Folders({ route }) {
  const folders = usePages("/v1/folders/");
  const chosen = route.query.folder;
  const path = `/v1/folders/${encodeURIComponent(chosen ?? "")}`;
  const files = usePages(`${path}/files`, { every: 3, skip: !chosen });
  const asked = route.query.find ?? "";
  const [said, say] = useState(asked);
  useEffect(() => { say(asked); }, [chosen]);
  useEffect(() => { const timer = setTimeout(() => { if (said.trim() !== asked) adjust({ find: said.trim() }); }, 250); return () => clearTimeout(timer); }, [said]);
  const passages = usePages(`${path}/passages`, { limit: shownPassages, every: 10, skip: !chosen });
  const found = useCall("/v1/search/explain", { verb: "POST", body: { source: "files", folder_id: chosen, query: asked, limit: shownPassages }, skip: !chosen || !asked });
  const chunks = (files.data ?? []).reduce((sum, one) => sum + (one.total_chunks ?? 0), 0);
  useEffect(() => { if (chunks) passages.reload(); }, [chunks]);
  const embeddings = useCall("/v1/models/embedding");
  const [name, setName] = useState("");
  const [handle, setHandle] = useState("");
  const preset = useCall("/v1/server/settings").data?.default_embedding_model;
  const embedding = handle || (preset ? "" : embeddings.data?.[0]?.handle);
  const known = folders.data?.find(one => one.id === chosen);
  const other = useCall(path, { skip: !chosen || !folders.data || Boolean(known) });
  const folder = known ?? other.data;
  return html`<div class="splitpage" data-pane=${chosen ? "item" : "list"}><div class="itemlist stack"><${Loaded} of=${folders}>${rows => (rows.length === 0 ? html`<${Empty}>No folders. A folder holds files that agents can read and search.<//>` : html`<ul class="items card">${rows.map(one => html`<li><a href=${link(["knowledge"], { part: "folders", folder: one.id })} aria-current=${one.id === chosen ? "true" : undefined}><${Name} text=${one.name} /><span class="xs dim block"><${Name} text=${one.description ?? ""} most=${80} /></span></a></li>`)}</ul>`)}<//><${More} of=${folders} noun="folders" />
      <${Card} title="New folder"><${Field} label="Name" value=${name} set=${setName} /><${Field} label="Embeddings" value=${embedding ?? ""} set=${setHandle} options=${handles(preset, null, embeddings.data)} />${embeddings.data?.length === 0 && html`<p class="small mid">No embedding model answers, and a folder needs one. <a href="#/settings?part=providers">Add a provider</a></p>`}<div class="row"><${Act} label="Create" disabled=${!name.trim() || (!embedding && !preset)} call=${() => ({ verb: "POST", path: "/v1/folders/", body: { name: name.trim(), embedding: embedding || undefined } })} done=${made => { setName(""); folders.reload(); adjust({ folder: made.id }); }} /></div><//></div>
    <div class="itemdetail stack">${!chosen ? html`<${Empty}>Choose a folder to see its files.<//>` : html`<${Back} of="folder" /><${Card} title=${html`<${Name} text=${folder?.name ?? short(chosen)} />`}><${Upload} key=${chosen} folder=${chosen} done=${files.reload} />
      <${Loaded} of=${files}>${rows => (rows.length === 0 ? html`<${Empty}>No files in this folder yet.<//>` : html`<div class="scroll"><table class="table"><thead><tr><th>File</th><th>State</th><th class="num">Size</th><th class="num hide-phone">Passages</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${rows.map(one => html`<tr><td><a href=${link(["knowledge"], { ...route.query, file: one.id })} aria-current=${one.id === route.query.file ? "true" : undefined}><${Name} text=${one.original_file_name ?? one.file_name} /></a></td><td><${Status} of=${one.processing_status} />${one.error_message && html`<div class="small err-text"><${Name} text=${one.error_message} most=${300} /></div>`}</td><td class="num">${bytes(one.file_size)}</td><td class="num hide-phone">${number(one.total_chunks)}</td><td><${Act} kind="tiny ghost" label="Delete" sure="Delete this file? Agents can't read it any more." call=${() => ({ verb: "DELETE", path: `${path}/${one.id}` })} done=${files.reload} /></td></tr>`)}</tbody></table></div>`)}<//><${More} of=${files} noun="files" />
      ${route.query.file && html`<${FileText} key=${route.query.file} folder=${chosen} id=${route.query.file} />`}
      <h3>Passages</h3><input class="input" type="search" aria-label="Find in this folder" placeholder="Find in this folder" value=${said} onInput=${event => say(event.target.value)} />
      <${Loaded} of=${asked ? found : passages}>${answer => { const rows = asked ? answer.results : answer; return rows.length === 0 ? html`<p class="small dim">${asked ? "No passage has these words, nor their meaning." : "None yet."}</p>` : html`<ol class="passages">${rows.map(one => html`<li key=${one.id}><div class="plain" dir="auto"><${Marked} text=${one.text} query=${asked} stems=${one.why?.matched} most=${1500} /></div><div class="xs dim"><${Name} text=${one.file_name ?? ""} /></div>${one.why && html`<${WhyFound} why=${one.why} search=${answer} />`}</li>`)}</ol>`; }}<//>${!asked && html`<${More} of=${passages} noun="passages" />`}
      ${folder && html`<div class="row"><span class="grow"></span><${Act} kind="danger tiny" label="Delete the folder" sure="Delete this folder with its files? This can't be undone." typed=${visible(folder.name)} call=${() => ({ verb: "DELETE", path })} done=${() => { adjust({ folder: "" }); folders.reload(); }} /></div>`}<//>`}</div></div>`;
}

export function Knowledge({ route, title }) {
  title("Knowledge");
  const part = route.query.part ?? "search";
  const Part = { search: Search, blocks: Blocks, archives: Archives, folders: Folders }[part] ?? Search;
  return html`<main id="main" tabindex="-1"><div class="stack"><${Tabs} label="Kinds of knowledge" tabs=${[["search", "Search"], ["blocks", "Blocks"], ["archives", "Archives"], ["folders", "Folders and files"]]} value=${part} set=${value => adjust({ part: value })} /><${Part} route=${route} /></div></main>`;
}
