// What all agents are going to be told, and when.
import { html } from "../../vendor/preact.js";
import { link } from "../../route.js";
import { Act, Card, Empty, Problem, Waiting } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { Name, short, Time } from "../../parts/text.js";
import { textOf } from "../../parts/turns.js";

export function Schedules() {
  const list = usePages("/v1/server/schedules", { limit: 50, every: 20 });
  return html`<${Card} title="Schedules of all agents" flush><${Problem} error=${list.error} again=${list.reload} />${list.rows === null && !list.error && html`<${Waiting} />`}
    ${list.rows?.length === 0 && html`<${Empty}>Nothing is scheduled. A schedule sends an agent a message once, or again and again: it is made in the settings of the agent.<//>`}
    ${list.rows?.length > 0 && html`<div class="scroll"><table class="table cards"><thead><tr><th>Message</th><th>Next</th><th>Agent</th><th>When</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${list.rows.map(one => html`<tr key=${one.id}><td><div class="wrapany"><${Name} text=${textOf(one.message?.messages?.[0]?.content ?? "")} most=${160} /></div></td><td class="small">${one.next_scheduled_time ? html`<${Time} at=${one.next_scheduled_time} />` : html`<span class="dim">not again</span>`}</td><td class="small"><a href=${link(["agents", one.agent_id], { part: "settings" })}><${Name} text=${one.agent_name || short(one.agent_id)} most=${60} /></a></td><td class="small"><code><${Name} text=${one.schedule?.cron_expression ?? "once"} most=${60} /></code>${one.schedule?.timezone && html`<div class="xs dim"><${Name} text=${one.schedule.timezone} /></div>`}</td><td><${Act} kind="tiny ghost" label="Delete" sure="Delete this schedule? The message is not sent any more." call=${() => ({ verb: "DELETE", path: `/v1/agents/${one.agent_id}/schedule/${one.id}` })} done=${list.reload} /></td></tr>`)}</tbody></table></div><div class="pad"><${More} of=${list} /></div>`}<//>`;
}
