// Archives: which there are; of one its agents and its passages.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { adjust, link } from "../../route.js";
import { Act, Back, Card, Empty, Field, Id, Loaded, useCall } from "../../parts/ui.js";
import { Marked } from "../../parts/marked.js";
import { More, usePages } from "../../parts/rows.js";
import { Name, Time, visible } from "../../parts/text.js";
import { settle, useUnsaved } from "../../parts/unsaved.js";

function Passages({ path, id }) {
  const [said, say] = useState("");
  const [asked, ask] = useState("");
  const [text, setText] = useState("");
  const [added, setAdded] = useState(false);
  useUnsaved(text.trim() && "the new passage");
  // Without a question it lists them, the oldest first; what has one is the best of all, and not read on.
  const passages = usePages("/v1/passages/search", { verb: "POST", limit: 50, query: { archive_id: id, query: asked || undefined } });
  const empty = asked ? html`<p class="small dim">Nothing is found for “<bdi>${visible(asked)}</bdi>”.</p>` : html`<p class="small dim">No passages yet.</p>`;
  return html`<h3>Passages</h3>
    <form class="searchline" onSubmit=${event => { event.preventDefault(); ask(said.trim()); }}><input class="input" type="search" aria-label="Search this archive" placeholder="Words, or a question" value=${said} onInput=${event => { say(event.target.value); if (!event.target.value) ask(""); }} /><button class="btn" type="submit">Search</button></form>
    <${Loaded} of=${passages}>${rows => (rows.length === 0 ? empty : html`<p class="xs dim">The ${asked ? "best" : "oldest"} first</p><ol class="passages" aria-label="Passages">${rows.map(one => html`<li key=${one.id}><div class="plain" dir="auto"><${Marked} text=${one.text} query=${asked} most=${1500} /></div><div class="row xs dim"><${Time} at=${one.created_at} />${(one.tags ?? []).map(tag => html`<span class="tag"><${Name} text=${tag} most=${40} /></span>`)}<span class="grow"></span><${Act} kind="tiny ghost" label="Forget" sure="Forget this passage? It can't be brought back." call=${() => ({ verb: "DELETE", path: `${path}/passages/${one.id}` })} done=${passages.reload} /></div></li>`)}</ol>`)}<//>${!asked && html`<${More} of=${passages} noun="passages" />`}
    <${Field} label="Add a passage" rows=${3} value=${text} set=${setText} /><div class="row"><${Act} label="Add" disabled=${!text.trim()} call=${() => ({ verb: "POST", path: `${path}/passages`, body: { text } })} done=${() => { setText(""); setAdded(true); passages.reload(); }} />${added && html`<span class="small" role="status">Added${passages.end ? "" : ", behind the others"}.</span>`}</div>`;
}

function Naming({ archive, path, done }) {
  const start = { name: archive.name, description: archive.description ?? "" };
  const [form, set] = useState(start);
  useEffect(() => set(start), [archive.name, archive.description]);
  const isChanged = form.name !== start.name || form.description !== start.description;
  useUnsaved(isChanged && "the name of the archive");
  return html`<${Field} label="Name" value=${form.name} set=${name => set({ ...form, name })} /><${Field} label="What it is for" value=${form.description} set=${description => set({ ...form, description })} />
    <div class="row"><${Act} kind="tiny" label="Save" disabled=${!isChanged || !form.name.trim()} call=${() => ({ verb: "PATCH", path, body: form })} done=${done} /></div>`;
}

function Chosen({ id, changed }) {
  const path = `/v1/archives/${encodeURIComponent(id)}`;
  const archive = useCall(path);
  const agents = usePages(`${path}/agents`, { limit: 50, query: { include: [] } });
  return html`<${Loaded} of=${archive}>${data => html`<${Card} title=${html`<${Name} text=${data.name} />`}><${Id} id=${id} />
    <p class="small mid">Embeddings: <${Name} text=${data.embedding_config?.embedding_model ?? "none, its passages are found by words alone"} /> · made <${Time} at=${data.created_at} /></p>
    <h3>Agents</h3><${Loaded} of=${agents}>${rows => (rows.length === 0 ? html`<p class="small dim">No agent has it.</p>` : html`<ul class="lines">${rows.map(one => html`<li><a href=${link(["agents", one.id])}><${Name} text=${one.name} /></a></li>`)}</ul>`)}<//><${More} of=${agents} noun="agents" />
    <${Passages} path=${path} id=${id} />
    <details><summary class="small">Rename, delete</summary><div class="stack pt"><${Naming} archive=${data} path=${path} done=${() => { archive.reload(); changed(); }} /><div class="row"><${Act} kind="danger tiny" label="Delete the archive" sure="Delete this archive with its passages? This can't be undone." typed=${visible(data.name)} call=${() => ({ verb: "DELETE", path })} done=${() => { settle(); adjust({ archive: "" }); changed(); }} /></div></div></details><//>`}<//>`;
}

export function Archives({ route }) {
  const chosen = route.query.archive;
  const archives = usePages("/v1/archives/");
  const [name, setName] = useState("");
  return html`<div class="splitpage" data-pane=${chosen ? "item" : "list"}><div class="itemlist stack"><${Loaded} of=${archives}>${rows => (rows.length === 0 ? html`<${Empty}>No archives. One is made when an agent stores its first passage.<//>` : html`<ul class="items card">${rows.map(one => html`<li key=${one.id}><a href=${link(["knowledge"], { part: "archives", archive: one.id })} aria-current=${one.id === chosen ? "true" : undefined}><${Name} text=${one.name} /><span class="xs dim block"><${Name} text=${one.embedding_config?.embedding_model ?? "words alone"} /> · <${Time} at=${one.created_at} /></span></a></li>`)}</ul>`)}<//><${More} of=${archives} noun="archives" />
      <div class="row end"><${Field} label="New archive" value=${name} set=${setName} /><${Act} label="Create" disabled=${!name.trim()} call=${() => ({ verb: "POST", path: "/v1/archives/", body: { name: name.trim() } })} done=${made => { setName(""); archives.reload(); adjust({ archive: made.id }); }} /></div></div>
    <div class="itemdetail stack">${chosen ? html`<${Back} of="archive" /><${Chosen} key=${chosen} id=${chosen} changed=${archives.reload} />` : html`<${Empty}>Choose an archive to see its passages.<//>`}</div></div>`;
}
