// The agent's tools: which ask first, attach and detach.
import { html, useState } from "../../vendor/preact.js";
import { link } from "../../route.js";
import { Act, Empty, Field, Loaded } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { Name, number } from "../../parts/text.js";

export function AgentTools({ agent, changed }) {
  const base = `/v1/agents/${agent.id}/tools`;
  const tools = usePages(base);
  const [text, setText] = useState("");
  const found = usePages("/v1/tools/", { query: { search: text }, limit: 20, skip: text.trim().length < 2 });
  const asks = name => (agent.tool_rules ?? []).some(rule => rule.type === "requires_approval" && rule.tool_name === name);
  const own = new Set((tools.data ?? []).map(one => one.id));
  const reload = () => { tools.reload(); changed(); };
  return html`<section class="stack" aria-label="Tools">
    <${Loaded} of=${tools}>${rows => (rows.length === 0 ? html`<${Empty}>No tools: this agent can only answer.<//>` : html`<p class="small mid">${rows.length}${tools.end ? "" : " and more"} tools. The model reads the definition of each in every step.</p><ul class="lines">${rows.map(one => html`<li class="row"><a class="grow clip" href=${link(["tools"], { tool: one.id })}><code><${Name} text=${one.name} /></code></a><span class="xs dim">≈ ${number(Math.round(JSON.stringify(one.json_schema ?? {}).length / 4))} tokens</span>
      <${Act} kind="tiny" label=${asks(one.name) ? "asks first" : "runs alone"} title=${asks(one.name) ? "Have it run without asking" : "Have it ask before it runs"} call=${() => ({ verb: "PATCH", path: `${base}/approval/${encodeURIComponent(one.name)}`, body: { requires_approval: !asks(one.name) } })} done=${reload} />
      <${Act} kind="tiny ghost" label="Detach" call=${() => ({ verb: "PATCH", path: `${base}/detach/${one.id}` })} done=${reload} /></li>`)}</ul>`)}<//><${More} of=${tools} noun="tools" />
    <${Field} label="Attach a tool" type="search" value=${text} set=${setText} placeholder="Name" />
    ${text.trim().length > 1 && html`<${Loaded} of=${found}>${rows => { const other = rows.filter(one => !own.has(one.id)); return other.length === 0 ? html`<p class="small dim">No other tool of that name.</p>` : html`<ul class="lines">${other.map(one => html`<li class="row"><code class="grow clip"><${Name} text=${one.name} /></code><${Act} kind="tiny" label="Attach" call=${() => ({ verb: "PATCH", path: `${base}/attach/${one.id}` })} done=${reload} /></li>`)}</ul>`; }}<//><${More} of=${found} noun="tools that fit" />`}
    ${(agent.tool_rules ?? []).length > 0 && html`<h3>Rules</h3><ul class="lines">${agent.tool_rules.map(rule => html`<li class="small"><code><${Name} text=${rule.tool_name} /></code> <span class="mid"><${Name} text=${String(rule.type).replaceAll("_", " ")} /></span></li>`)}</ul>`}</section>`;
}
