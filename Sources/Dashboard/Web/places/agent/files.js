// Folders of the agent and their files.
import { html, useState } from "../../vendor/preact.js";
import { link } from "../../route.js";
import { Act, Empty, Field, Loaded, useCall } from "../../parts/ui.js";
import { Name } from "../../parts/text.js";

export function Files({ agent, changed }) {
  const base = `/v1/agents/${agent.id}`;
  const folders = useCall(`${base}/folders`, { query: { limit: 100 } });
  const files = useCall(`${base}/files`, { query: { limit: 100 }, every: 10 });
  const all = useCall("/v1/folders/", { query: { limit: 200 } });
  const [chosen, choose] = useState("");
  const reload = () => { folders.reload(); files.reload(); changed(); };
  const attached = new Set((folders.data ?? []).map(one => one.id));
  const rows = files.data?.files ?? [];
  return html`<section class="stack" aria-label="Files"><h3>Folders</h3>
    <${Loaded} of=${folders}>${list => (list.length === 0 ? html`<${Empty}>No folder: this agent has no files. <a class="btn" href="#/knowledge?part=folders">Folders</a><//>` : html`<ul class="lines">${list.map(one => html`<li class="row"><a class="grow clip" href=${link(["knowledge"], { part: "folders", folder: one.id })}><${Name} text=${one.name} /></a><${Act} kind="tiny" label="Detach" call=${() => ({ verb: "PATCH", path: `${base}/folders/detach/${one.id}` })} done=${reload} /></li>`)}</ul>`)}<//>
    <div class="row"><div class="grow"><${Field} label="Attach a folder" value=${chosen} set=${choose} options=${[["", "–"], ...(all.data ?? []).filter(one => !attached.has(one.id)).map(one => [one.id, one.name])]} /></div></div>
    <div class="row"><${Act} label="Attach" disabled=${!chosen} call=${() => ({ verb: "PATCH", path: `${base}/folders/attach/${chosen}` })} done=${() => { choose(""); reload(); }} /></div>
    ${rows.length > 0 && html`<h3>Files (${rows.length}${files.data.has_more ? " and more" : ""})</h3><ul class="lines">${rows.map(one => html`<li class="row"><span class="grow clip"><${Name} text=${one.file_name} /></span><span class="xs dim">${one.is_open ? "open" : "closed"}</span>${one.is_open ? html`<${Act} kind="tiny" label="Close" call=${() => ({ verb: "PATCH", path: `${base}/files/${one.file_id}/close` })} done=${reload} />` : html`<${Act} kind="tiny" label="Open" title="Puts its text before the agent's eyes" call=${() => ({ verb: "PATCH", path: `${base}/files/${one.file_id}/open` })} done=${reload} />`}</li>`)}</ul>`}</section>`;
}
