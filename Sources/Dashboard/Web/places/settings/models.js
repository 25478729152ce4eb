// Models that can be used, which services answer, and what one model can do.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Empty, Loaded, Long, Problem, State, useCall } from "../../parts/ui.js";
import { Name, number, pretty } from "../../parts/text.js";
import { Defaults } from "./defaults.js";

function Diagnosis({ model }) {
  const facts = Object.entries(model).filter(([, value]) => value !== null && typeof value !== "object");
  return html`<dl class="kv">${facts.map(([name, value]) => html`<dt>${name.replaceAll("_", " ")}</dt><dd><${Name} text=${String(value)} most=${400} /></dd>`)}</dl><details><summary class="small">All of it</summary><${Long} text=${pretty(model)} /></details>`;
}

export function Models() {
  const models = useCall("/v1/models/");
  const embeddings = useCall("/v1/models/embedding");
  const doctor = useCall("/v1/models/doctor");
  const [tried, setTried] = useState(null);
  return html`<div class="two begins"><${Defaults} models=${models} embeddings=${embeddings} /><div class="stack"><${Card} title="Models" flush><${Loaded} of=${models}>${rows => (rows.length === 0 ? html`<${Empty}>None. <a class="btn" href="#/settings?part=providers">Add a provider</a> or run <code>letta-server models install</code>.<//>` : html`<div class="scroll"><table class="table"><thead><tr><th>Handle</th><th class="num">Window</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${rows.map(one => html`<tr><td><code><${Name} text=${one.handle} /></code></td><td class="num">${number(one.max_context_window ?? one.context_window)}</td><td><${Act} kind="tiny" label="Examine" title="Asks the model a few questions: tools, output, speed" call=${() => ({ verb: "GET", path: "/v1/models/doctor", query: { handle: one.handle } })} failed=${error => setTried({ handle: one.handle, error })} done=${answer => setTried({ handle: one.handle, answer })} /></td></tr>`)}</tbody></table></div>`)}<//><//>
      <${Card} title="Embeddings" flush><${Loaded} of=${embeddings}>${rows => (rows.length === 0 ? html`<${Empty}>None: memories are found by their words.<//>` : html`<table class="table"><tbody>${rows.map(one => html`<tr><td><code><${Name} text=${one.handle} /></code></td><td class="num">${number(one.embedding_dim)} dimensions</td></tr>`)}</tbody></table>`)}<//><//></div>
    <div class="stack">${tried && html`<${Card} title=${html`<${Name} text=${tried.handle} />`}>${tried.error ? html`<${Problem} error=${tried.error} />` : html`<${Diagnosis} model=${tried.answer.model ?? tried.answer} />`}<//>`}
      <${Card} title="Services" actions=${html`<button class="btn tiny" type="button" onClick=${doctor.reload}>Ask again</button>`}><${Loaded} of=${doctor}>${data => ((data.services ?? []).length === 0 ? html`<${Empty}>No service is set.<//>` : data.services.map(one => html`<div class="stack tight"><${State} kind=${one.is_reached ? "ok" : "err"}><b><${Name} text=${one.provider_name} /></b> ${one.is_reached ? `answers, ${number(one.models)} models` : "does not answer"}<//><span class="small mid"><${Name} text=${one.endpoint ?? ""} most=${200} /></span>${one.error && html`<span class="small err-text"><${Name} text=${one.error} most=${400} /></span>`}${(one.advice ?? []).map(text => html`<span class="small"><${Name} text=${(typeof text === "string" ? text : JSON.stringify(text)).replaceAll("`", "")} most=${400} /></span>`)}</div>`))}<//><//></div></div>`;
}
