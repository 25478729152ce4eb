// Runs of all agents, or of one.
import { html, useEffect, useState } from "../vendor/preact.js";
import { useLive } from "../live.js";
import { adjust, link } from "../route.js";
import { Empty, RunState, Status, Loaded, Tabs, Act, useCall } from "../parts/ui.js";
import { More, Rows, usePages } from "../parts/rows.js";
import { cut, flat, money, Name, number, short, Time, took } from "../parts/text.js";
import { askedBy } from "./run.js";

const row = run => html`<div class="agrid runs">
  <div class="name" role="cell"><a class="clip block" href=${link(["runs", run.id])}>${run.title ? html`<${Name} text=${run.title} most=${120} />` : html`<span class="mono">${short(run.id)}</span>`}</a><div class="xs dim clip"><${Name} text=${[run.background ? "background" : "", run.error ?? askedBy(run)].filter(Boolean).join(" · ")} most=${160} /></div></div>
  <div class="clip small opt" role="cell"><a href=${link(["agents", run.agent_id])}><${Name} text=${run.agent_name ?? short(run.agent_id)} most=${60} /></a></div>
  <div class="small" role="cell"><${Time} at=${run.created_at} /></div>
  <div class="num small opt" role="cell">${took(run.total_duration_ns)}</div>
  <div class="num small opt" role="cell">${number(run.num_steps)}</div>
  <div class="num small opt" role="cell">${number(run.total_tokens)}</div>
  <div class="num small opt" role="cell">${money(run.cost)}</div>
  <div class="last" role="cell"><${RunState} run=${run} /><div class="xs dim">${flat(run.stop_reason ?? "").replaceAll("_", " ")}</div></div></div>`;
const heading = text => html`<span class="num opt" role="columnheader">${text}</span>`;
const head = html`<div class="agrid runs top" role="row"><span role="columnheader">Run</span><span class="opt" role="columnheader">Agent</span><span role="columnheader">Began</span>${["Took", "Steps", "Tokens", "Cost"].map(heading)}<span role="columnheader">State</span></div>`;

const durations = [["", "Any duration"], ["1", "over 1 s"], ["10", "over 10 s"], ["60", "over 1 min"], ["600", "over 10 min"]];
const filters = ["state", "agent", "kind", "tool", "over", "from", "to"];
const noFilter = Object.fromEntries(filters.map(name => [name, ""]));

const Choice = ({ label, name, value, options }) => html`<select class="select narrow" aria-label=${label} value=${value} onChange=${event => adjust({ [name]: event.target.value })}>${options.map(([key, text]) => html`<option value=${key} selected=${key === value}>${cut(flat(text), 60)}</option>`)}</select>`;
const Day = ({ label, name, value }) => html`<label class="row small dim">${label}<input class="input day" type="date" value=${value} onChange=${event => adjust({ [name]: event.target.value })} /></label>`;

/** Finds an agent by its name; shows the one whose runs are listed. */
function AgentFilter({ id }) {
  const [text, setText] = useState("");
  const chosen = useCall(`/v1/agents/${encodeURIComponent(id)}`, { query: { include: [] }, skip: !id });
  const found = useCall("/v1/server/agents", { query: { query: text, limit: 8 }, skip: text.trim().length < 1 || Boolean(id) });
  const agents = (id ? null : found.data) ?? [];
  // Agents may have one name.
  const named = one => (agents.filter(agent => agent.name === one.name).length > 1 ? `${one.name} (${short(one.id)})` : one.name);
  useEffect(() => { const one = agents.find(agent => named(agent) === text); if (one) { setText(""); adjust({ agent: one.id }); } }, [text, found.data]);
  if (id) return html`<button class="chip" type="button" onClick=${() => adjust({ agent: "" })}>only <${Name} text=${chosen.data?.name ?? short(id)} most=${40} /> ×</button>`;
  return html`<input class="input narrow" type="search" list="agents" aria-label="Agent" placeholder="Agent" value=${text} onInput=${event => setText(event.target.value)} /><datalist id="agents">${agents.map(agent => html`<option value=${named(agent)}></option>`)}</datalist>`;
}

function List({ route }) {
  const { state, agent, kind, tool, over, from, to } = { ...noFilter, ...route.query };
  const tools = useCall("/v1/tools/", { query: { limit: 200 } });
  const query = { statuses: state ? [state] : undefined, agent_id: agent || undefined, background: kind || undefined, tools_used: tool ? [tool] : undefined, duration_value: over ? Number(over) * 1e9 : undefined, duration_operator: over ? "gt" : undefined, start_date: from || undefined, end_date: to || undefined };
  const pages = usePages("/v1/runs/", { limit: 60, every: 5, query });
  const isLive = useLive();
  const isFiltered = [state, agent, kind, tool, over, from, to].some(Boolean);
  const empty = isFiltered ? html`<${Empty}>No run fits. <button class="btn" type="button" onClick=${() => adjust(noFilter)}>Drop the filter</button><//>` : html`<${Empty}>Nothing ran yet. A run is one turn of an agent. <a class="btn" href="#/agents">Agents</a><//>`;
  return html`<div class="toolbar">
    <${Choice} label="State" name="state" value=${state} options=${[["", "All states"], ...["running", "completed", "failed", "cancelled"].map(one => [one, one])]} />
    <${AgentFilter} id=${agent} />
    <${Choice} label="Tool" name="tool" value=${tool} options=${[["", "Any tool"], ...(tools.data ?? []).map(one => [one.id, one.name])]} />
    <${Choice} label="Duration" name="over" value=${over} options=${durations} />
    <${Choice} label="Kind" name="kind" value=${kind} options=${[["", "All kinds"], ["true", "in the background"], ["false", "in the foreground"]]} />
    <${Day} label="from" name="from" value=${from} /><${Day} label="to" name="to" value=${to} />
    <span class="dim small">Read again ${isLive ? "as they change" : "every 5 s"}</span></div>
    <${Rows} pages=${pages} height=${52} row=${row} head=${head} label="Runs" empty=${empty} />`;
}

function Jobs() {
  const jobs = usePages("/v1/jobs/", { every: 5 });
  return html`<div class="pad scroll"><${Loaded} of=${jobs}>${rows => (rows.length === 0 ? html`<${Empty}>No jobs: nothing was sent to be done later.<//>` : html`<table class="table"><thead><tr><th>Job</th><th>Kind</th><th>State</th><th>Began</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${rows.map(one => html`<tr><td class="mono">${short(one.id)}</td><td><${Name} text=${one.job_type ?? one.metadata?.type ?? "–"} /></td><td><${Status} of=${one.status} /></td><td class="small"><${Time} at=${one.created_at} /></td><td>${["created", "running", "pending"].includes(one.status) && html`<${Act} kind="tiny" label="Cancel" call=${() => ({ verb: "PATCH", path: `/v1/jobs/${one.id}/cancel` })} done=${jobs.reload} />`}</td></tr>`)}</tbody></table>`)}<//><${More} of=${jobs} noun="jobs" /></div>`;
}

/** Of the requests of a batch: all, done, failed, left to do. */
const counts = of => [of.item_count, of.completed ?? 0, of.failed ?? 0, of.item_count - (of.completed ?? 0) - (of.failed ?? 0) - (of.cancelled ?? 0)];

function Batches() {
  const batches = usePages("/v1/messages/batches", { every: 5 });
  return html`<div class="pad scroll"><${Loaded} of=${batches}>${rows => (rows.length === 0 ? html`<${Empty}>No batches.<//>` : html`<table class="table"><thead><tr><th>Batch</th><th>State</th><th class="num">Requests</th><th class="num">Done</th><th class="num">Failed</th><th class="num">Left</th><th>Began</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${rows.map(one => html`<tr><td class="mono">${short(one.id)}</td><td><${Status} of=${one.status} /></td>${counts(one.metadata ?? {}).map(value => html`<td class="num">${number(value)}</td>`)}<td class="small"><${Time} at=${one.created_at} /></td><td>${["created", "running"].includes(one.status) && html`<${Act} kind="tiny" label="Cancel" call=${() => ({ verb: "PATCH", path: `/v1/messages/batches/${one.id}/cancel` })} done=${batches.reload} />`}</td></tr>`)}</tbody></table>`)}<//><${More} of=${batches} noun="batches" /></div>`;
}

export function Runs({ route, title }) {
  title("Runs");
  const part = route.query.part ?? "runs";
  return html`<main id="main" class="flush" tabindex="-1"><div class="column"><${Tabs} label="Kinds of work" tabs=${[["runs", "Runs"], ["jobs", "Jobs"], ["batches", "Batches"]]} value=${part} set=${value => adjust({ part: value })} />
    ${part === "jobs" ? html`<${Jobs} />` : part === "batches" ? html`<${Batches} />` : html`<${List} route=${route} />`}</div></main>`;
}
