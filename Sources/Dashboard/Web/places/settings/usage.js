// Tokens, turns and costs by day, agent and model.
import { html, useState } from "../../vendor/preact.js";
import { Card, Empty, Loaded, useCall } from "../../parts/ui.js";
import { Bars } from "../../parts/bars.js";
import { money, Name, number, share, short } from "../../parts/text.js";

const groups = { day: ["Day", one => one.day], agent: ["Agent", one => one.agent_id && html`<a href=${`#/agents/${one.agent_id}`}>${short(one.agent_id)}</a>`], model: ["Model", one => one.model && html`<${Name} text=${one.model} />`], identity: ["Person", one => one.identity_id && short(one.identity_id)], key: ["Key", one => one.key_id && short(one.key_id)] };

export function Usage() {
  const [by, setBy] = useState("day");
  const usage = useCall("/v1/usage/summary", { query: { group_by: by, limit: 200 } });
  return html`<div class="stack"><div class="seg" role="group" aria-label="By">${Object.entries(groups).map(([key, [name]]) => html`<button type="button" aria-pressed=${by === key} onClick=${() => setBy(key)}>${name}</button>`)}</div>
    <${Loaded} of=${usage}>${data => html`<div class="tiles"><div class="card tile"><span class="label">Turns</span><strong>${number(data.total.turns)}</strong></div><div class="card tile"><span class="label">Tokens</span><strong>${number(data.total.total_tokens)}</strong><span class="small mid">${share(data.total.cached_input_tokens, data.total.prompt_tokens)} read from cache</span></div><div class="card tile"><span class="label">Cost</span><strong>${money(data.total.cost)}</strong><span class="small mid">of models whose prices are known</span></div><div class="card tile"><span class="label">From, to</span><span class="small">${data.start_date} – ${data.end_date}</span></div></div>
      <${Card} title=${`By ${groups[by][0].toLowerCase()}`} flush>${data.items.length === 0 ? html`<${Empty}>Nothing was used in this time.<//>` : html`${by === "day" && html`<div class="pad"><${Bars} values=${data.items.map(one => one.usage.total_tokens).reverse()} label="Tokens by day; the table says how many" /></div>`}<div class="scroll"><table class="table"><thead><tr><th>${groups[by][0]}</th><th class="num">Turns</th><th class="num">Steps</th><th class="num">In</th><th class="num">Cached</th><th class="num">Out</th><th class="num">Cost</th></tr></thead><tbody>${data.items.map(one => html`<tr><td>${groups[by][1](one) || html`<span class="dim">none</span>`}</td><td class="num">${number(one.usage.turns)}</td><td class="num">${number(one.usage.steps)}</td><td class="num">${number(one.usage.prompt_tokens)}</td><td class="num">${number(one.usage.cached_input_tokens)}</td><td class="num">${number(one.usage.completion_tokens)}</td><td class="num">${money(one.usage.cost)}</td></tr>`)}</tbody></table></div>`}<//>`}<//></div>`;
}
