// What tools may do, and the variables they see.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Empty, Field, Loaded, State, useCall } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { bytes, Name, number } from "../../parts/text.js";

function Variables({ config }) {
  const path = `/v1/sandbox-config/${config.id}/environment-variable`;
  const list = usePages(path);
  const [form, set] = useState({ key: "", value: "" });
  return html`<${Loaded} of=${list}>${rows => (rows.length === 0 ? html`<p class="small dim">No variables.</p>` : html`<ul class="lines">${rows.map(one => html`<li class="row"><code class="grow clip"><${Name} text=${one.key} /></code><span class="xs dim">${one.value ? "set" : "empty"}</span><${Act} kind="tiny ghost" label="Delete" sure="Delete this variable?" call=${() => ({ verb: "DELETE", path: `/v1/sandbox-config/environment-variable/${one.id}` })} done=${list.reload} /></li>`)}</ul>`)}<//><${More} of=${list} noun="variables" />
    <div class="row end wrap"><${Field} label="Name" value=${form.key} set=${key => set({ ...form, key })} /><${Field} label="Value" type="password" autocomplete="off" value=${form.value} set=${value => set({ ...form, value })} /><${Act} label="Set" disabled=${!form.key.trim()} call=${() => ({ verb: "POST", path, body: { key: form.key.trim(), value: form.value } })} done=${() => { set({ key: "", value: "" }); list.reload(); }} /></div>`;
}

export function Sandbox() {
  const policy = useCall("/v1/sandbox-config/policy");
  const configs = useCall("/v1/sandbox-config/");
  return html`<div class="two"><${Card} title="What holds for every tool"><${Loaded} of=${policy}>${data => html`<${State} kind=${data.can_run ? "ok" : "err"}>${data.can_run ? "Tools can run." : "No tool can run on this machine."}<//>
      <div class="scroll" role="group" aria-label="Measures" tabindex="0"><table class="table"><thead><tr><th>Measure</th><th>State</th><th>By</th></tr></thead><tbody>${(data.measures ?? []).map(one => html`<tr><td><${Name} text=${one.name} /></td><td><${State} kind=${one.is_in_force ? "ok" : "warn"}>${one.is_in_force ? "in force" : "missing"}<//></td><td class="small mid"><${Name} text=${one.reason ?? ""} most=${300} /></td></tr>`)}</tbody></table></div>
      <dl class="kv">${Object.entries(data.limits ?? {}).map(([name, value]) => html`<dt><${Name} text=${name.replaceAll("_", " ")} /></dt><dd>${/memory|size|folder|output|result/.test(name) ? bytes(value) : number(value)}</dd>`)}</dl>`}<//><//>
    <${Card} title="Settings and variables"><${Loaded} of=${configs}>${rows => (rows.length === 0 ? html`<${Empty}>None yet. <${Act} label="Make the local one" call=${() => ({ verb: "POST", path: "/v1/sandbox-config/local/default" })} done=${configs.reload} /><//>` : rows.map(one => html`<h3><${Name} text=${one.type} /></h3><${Variables} key=${one.id} config=${one} />`))}<//><//></div>`;
}
