// Settings of the agent, its schedules, export, and what can't be undone.
import { html, useState } from "../../vendor/preact.js";
import { address } from "../../api.js";
import { go } from "../../route.js";
import { Act, Empty, Field, Id, Loaded, putter, useCall } from "../../parts/ui.js";
import { Name, Time, visible } from "../../parts/text.js";
import { settle, useUnsaved } from "../../parts/unsaved.js";

const valuesOf = agent => ({ ...Object.fromEntries(["name", "description", "system", "timezone", "model"].map(name => [name, agent[name] ?? ""])), tags: (agent.tags ?? []).join(", "), context_window_limit: String(agent.llm_config?.context_window ?? "") });

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
  const [form, set] = useState(() => valuesOf(agent));
  // Only what differs from it is sent.
  const [start, setStart] = useState(form);
  const put = putter(set);
  const models = useCall("/v1/models/");
  const handles = (models.data ?? []).map(one => one.handle);
  const options = form.model && !handles.includes(form.model) ? [form.model, ...handles] : handles;
  const body = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== start[name]));
  if ("tags" in body) body.tags = body.tags.split(",").map(tag => tag.trim()).filter(Boolean);
  if ("context_window_limit" in body) body.context_window_limit = Number(body.context_window_limit) || undefined;
  const isChanged = Object.keys(body).length > 0;
  useUnsaved(isChanged && "the settings");
  const saved = answer => {
    const next = valuesOf(answer);
    setStart(next);
    // What was typed meanwhile stays.
    set(old => Object.fromEntries(Object.entries(old).map(([name, value]) => [name, value === form[name] ? next[name] : value])));
    changed();
  };
  const field = (label, name, more) => html`<${Field} label=${label} value=${form[name]} set=${put(name)} ...${more} />`;
  return html`<section class="stack" aria-label="Settings"><${Id} id=${agent.id} />
    ${field("Name", "name")}${field("What it is for", "description")}${field("Model", "model", { options })}${field("Context window, in tokens", "context_window_limit", { type: "number" })}${field("Tags", "tags")}${field("Timezone", "timezone")}${field("System prompt", "system", { rows: 8 })}
    <div class="row"><${Act} kind="primary" label="Save" disabled=${!isChanged} call=${() => ({ verb: "PATCH", path: `/v1/agents/${agent.id}`, body })} done=${saved} /><button class="btn ghost" type="button" disabled=${!isChanged} onClick=${() => set(start)}>Discard</button></div>
    <${Schedules} agent=${agent} />
    <h3>Take it along, begin anew</h3><div class="row wrap"><a class="btn" href=${`${address}/v1/agents/${agent.id}/export`} download=${`${visible(agent.name).replace(/[^\p{L}\p{N} _-]/gu, "") || "agent"}.af`}>Export .af</a>
      <${Act} label="Compact the context" sure="Have the older messages of the context summarized? They stay readable in the chat." call=${() => ({ verb: "POST", path: `/v1/agents/${agent.id}/summarize`, body: {} })} done=${changed} />
      <${Act} kind="danger" label="Empty the context" sure="Take all messages out of the context? The agent does not know any more what was said. It stays in the chat, where each message can be put back; memory blocks and archive stay." typed=${visible(agent.name)} call=${() => ({ verb: "PATCH", path: `/v1/agents/${agent.id}/reset-messages`, body: {} })} done=${changed} />
      <${Act} kind="danger" label="Delete the agent" sure="Delete this agent with its messages? This can't be undone." typed=${visible(agent.name)} call=${() => ({ verb: "DELETE", path: `/v1/agents/${agent.id}` })} done=${() => { settle(); go(["agents"]); }} /></div></section>`;
}
