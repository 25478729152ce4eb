// Runs of all agents, or of one.
import { html } from "../vendor/preact.js";
import { useLive } from "../live.js";
import { adjust, link } from "../route.js";
import { Empty, RunState, Status, Loaded, Tabs, Act } from "../parts/ui.js";
import { More, Rows, usePages } from "../parts/rows.js";
import { flat, Name, number, short, Time, took } from "../parts/text.js";

const row = run => html`<div class="agrid runs">
  <div class="name" role="cell"><a class="mono clip block" href=${link(["runs", run.id])}>${short(run.id)}</a><div class="xs dim clip">${run.background ? "background · " : ""}<${Name} text=${run.metadata?.error ?? String(run.metadata?.run_type ?? "").replaceAll("_", " ")} most=${120} /></div></div>
  <div class="clip small opt" role="cell"><a href=${link(["agents", run.agent_id])}>${short(run.agent_id)}</a></div>
  <div class="small" role="cell"><${Time} at=${run.created_at} /></div>
  <div class="num small opt" role="cell">${took(run.total_duration_ns)}</div>
  <div class="last" role="cell"><${RunState} run=${run} /><div class="xs dim">${flat(run.stop_reason ?? "").replaceAll("_", " ")}</div></div></div>`;
const head = html`<div class="agrid runs top" role="row"><span role="columnheader">Run</span><span class="opt" role="columnheader">Agent</span><span role="columnheader">Began</span><span class="num opt" role="columnheader">Took</span><span role="columnheader">State</span></div>`;

function List({ route }) {
  const { state = "", agent = "", kind = "" } = route.query;
  const pages = usePages("/v1/runs/", { limit: 60, every: 5, query: { statuses: state ? [state] : undefined, agent_id: agent || undefined, background: kind || undefined } });
  const isLive = useLive();
  const filtered = state || agent || kind;
  const empty = filtered ? html`<${Empty}>No run fits. <button class="btn" type="button" onClick=${() => adjust({ state: "", agent: "", kind: "" })}>Drop the filter</button><//>` : html`<${Empty}>Nothing ran yet. A run is one turn of an agent. <a class="btn" href="#/agents">Agents</a><//>`;
  return html`<div class="toolbar">
    <select class="select narrow" aria-label="State" value=${state} onChange=${event => adjust({ state: event.target.value })}><option value="">All states</option>${["running", "completed", "failed", "cancelled"].map(one => html`<option value=${one} selected=${one === state}>${one}</option>`)}</select>
    <select class="select narrow" aria-label="Kind" value=${kind} onChange=${event => adjust({ kind: event.target.value })}><option value="">All kinds</option><option value="true" selected=${kind === "true"}>in the background</option><option value="false" selected=${kind === "false"}>in the foreground</option></select>
    ${agent && html`<button class="chip" type="button" onClick=${() => adjust({ agent: "" })}>only ${short(agent)} ×</button>`}<span class="dim small">Read again ${isLive ? "as they change" : "every 5 s"}</span></div>
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
