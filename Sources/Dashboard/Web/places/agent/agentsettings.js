// Settings of the agent, its schedules, export, and what can't be undone.
import { html, useState } from "../../vendor/preact.js";
import { address } from "../../api.js";
import { go } from "../../route.js";
import { Act, Empty, Field, Id, Loaded, putter, useCall } from "../../parts/ui.js";
import { Name, Time, visible } from "../../parts/text.js";
import { settle, useUnsaved } from "../../parts/unsaved.js";

/** Only what the form changed is sent. */
function changes(form, agent) {
  const body = {};
  for (const name of ["name", "description", "system", "timezone"]) if (form[name] !== (agent[name] ?? "")) body[name] = form[name];
  if (form.model && form.model !== (agent.model ?? "")) body.model = form.model;
  const tags = form.tags.split(",").map(tag => tag.trim()).filter(Boolean);
  if (tags.join() !== [...(agent.tags ?? [])].join()) body.tags = tags;
  const window = Number(form.window);
  if (window && window !== agent.llm_config?.context_window) body.context_window_limit = window;
  return body;
}

function Schedules({ agent }) {
  const list = useCall(`/v1/agents/${agent.id}/schedule`, { every: 20 });
  const [form, set] = useState({ text: "", cron: "", at: "" });
  const put = putter(set);
  useUnsaved(form.text.trim() && "the message to schedule");
  const body = () => ({ messages: [{ role: "user", content: form.text }], schedule: form.cron ? { type: "recurring", cron_expression: form.cron } : { type: "one-time", scheduled_at: new Date(form.at).getTime() } });
  return html`<h3>Schedules</h3><${Loaded} of=${list}>${answer => { const rows = answer.scheduled_messages ?? answer; return rows.length === 0 ? html`<${Empty}>Nothing is scheduled.<//>` : html`<ul class="lines">${rows.map(one => html`<li class="row"><span class="grow clip"><${Name} text=${one.message?.messages?.[0]?.content ?? one.id} most=${80} /></span><span class="xs dim"><${Name} text=${one.schedule?.cron_expression ?? "once"} /> · next <${Time} at=${one.next_scheduled_time} /></span><${Act} kind="tiny ghost" label="Delete" sure="Delete this schedule?" call=${() => ({ verb: "DELETE", path: `/v1/agents/${agent.id}/schedule/${one.id}` })} done=${list.reload} /></li>`)}</ul>`; }}<//>
    <details><summary class="small">Schedule a message</summary><div class="stack pt"><${Field} label="Message" rows=${2} value=${form.text} set=${put("text")} /><${Field} label="Once at" type="datetime-local" value=${form.at} set=${put("at")} /><${Field} label="Or again and again (cron)" value=${form.cron} set=${put("cron")} placeholder="0 7 * * *" /><div class="row"><${Act} label="Schedule" disabled=${!form.text || !(form.cron || form.at)} call=${() => ({ verb: "POST", path: `/v1/agents/${agent.id}/schedule`, body: body() })} done=${() => { set({ text: "", cron: "", at: "" }); list.reload(); }} /></div></div></details>`;
}

export function AgentSettings({ agent, changed }) {
  const start = () => ({ name: agent.name ?? "", description: agent.description ?? "", system: agent.system ?? "", timezone: agent.timezone ?? "", model: agent.model ?? "", tags: (agent.tags ?? []).join(", "), window: String(agent.llm_config?.context_window ?? "") });
  const [form, set] = useState(start);
  const put = putter(set);
  const models = useCall("/v1/models/");
  const handles = (models.data ?? []).map(one => one.handle);
  const options = form.model && !handles.includes(form.model) ? [form.model, ...handles] : handles;
  const body = changes(form, agent);
  const isChanged = Object.keys(body).length > 0;
  useUnsaved(isChanged && "the settings");
  return html`<section class="stack" aria-label="Settings"><${Id} id=${agent.id} />
    <${Field} label="Name" value=${form.name} set=${put("name")} /><${Field} label="What it is for" value=${form.description} set=${put("description")} />
    <${Field} label="Model" value=${form.model} set=${put("model")} options=${options} /><${Field} label="Context window, in tokens" type="number" value=${form.window} set=${put("window")} />
    <${Field} label="Tags" value=${form.tags} set=${put("tags")} /><${Field} label="Timezone" value=${form.timezone} set=${put("timezone")} />
    <${Field} label="System prompt" rows=${8} value=${form.system} set=${put("system")} />
    <div class="row"><${Act} kind="primary" label="Save" disabled=${!isChanged} call=${() => ({ verb: "PATCH", path: `/v1/agents/${agent.id}`, body })} done=${changed} /><button class="btn ghost" type="button" disabled=${!isChanged} onClick=${() => set(start())}>Discard</button></div>
    <${Schedules} agent=${agent} />
    <h3>Take it along, begin anew</h3><div class="row wrap"><a class="btn" href=${`${address}/v1/agents/${agent.id}/export`} download=${`${visible(agent.name).replace(/[^\p{L}\p{N} _-]/gu, "") || "agent"}.af`}>Export .af</a>
      <${Act} label="Compact the context" sure="Have the older messages of the context summarized? They stay readable in the chat." call=${() => ({ verb: "POST", path: `/v1/agents/${agent.id}/summarize`, body: {} })} done=${changed} />
      <${Act} kind="danger" label="Empty the context" sure="Take all messages out of the context? The agent does not know any more what was said. It stays in the chat, where each message can be put back; memory blocks and archive stay." typed=${visible(agent.name)} call=${() => ({ verb: "PATCH", path: `/v1/agents/${agent.id}/reset-messages`, body: {} })} done=${changed} />
      <${Act} kind="danger" label="Delete the agent" sure="Delete this agent with its messages? This can't be undone." typed=${visible(agent.name)} call=${() => ({ verb: "DELETE", path: `/v1/agents/${agent.id}` })} done=${() => { settle(); go(["agents"]); }} /></div></section>`;
}
