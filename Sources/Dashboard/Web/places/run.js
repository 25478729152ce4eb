// One run: what it did and when, why it failed, what each step was told and answered. Follows a run that is not over.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { call } from "../api.js";
import { adjust, go, link } from "../route.js";
import { Act, Card, Empty, Id, Loaded, Long, Problem, RunState, useCall, Waiting } from "../parts/ui.js";
import { flat, money, Name, number, pretty, short, Time, took, visible } from "../parts/text.js";
import { Turn } from "./agent/turn.js";
import { Fork } from "./agent/fork.js";
import { Markdown } from "../parts/markdown.js";
import { useWindow } from "../parts/rows.js";
import { see } from "../parts/seen.js";
import { isBad, reason, rowsOf, stepsOf, Timeline, title as titleOf, used } from "../parts/timeline.js";
import { textOf, turns } from "../parts/turns.js";

/** Where a remedy is carried out. */
const settings = [[/key|credits|provider/i, "providers", "Providers"], [/model|max_tokens/i, "models", "Models"]];
function Failure({ run, goOn }) {
  const cause = run.error ?? run.stop_reason ?? "";
  const remedy = run.remedy ?? "";
  const [, part, name] = settings.find(([pattern]) => pattern.test(remedy)) ?? [];
  return html`<div class="note err" role="alert"><div class="row wrap"><span class="grow"><b>This run failed.</b> <bdi>${visible(cause) || "No reason was stored."}</bdi> <span class="mid">${remedy}</span> ${part && html`<a href=${link(["settings"], { part })}>${name}</a>`}</span>${goOn}</div></div>`;
}

function Step({ id }) {
  const trace = useCall(`/v1/steps/${id}/trace`);
  const metrics = useCall(`/v1/steps/${id}/metrics`);
  return html`<dl class="kv"><dt>Step</dt><dd><${Id} id=${id} /></dd>${metrics.data && html`<dt>Model</dt><dd>${took(metrics.data.llm_request_ns)}</dd><dt>Tools</dt><dd>${took(metrics.data.tool_execution_ns)}</dd><dt>In all</dt><dd>${took(metrics.data.step_ns)}</dd>`}</dl>
    <${Loaded} of=${trace}>${data => (data ? html`<details><summary class="small">Request as it was sent</summary><${Long} text=${pretty(data.request_json)} /></details><details open><summary class="small">Answer</summary><${Long} text=${pretty(data.response_json)} /></details>` : html`<p class="small dim">The request of this step is not stored any more.</p>`)}<//>`;
}

function Detail({ row, spans, agent }) {
  const span = row?.span;
  // A call of a model or a tool is of the step that is its parent.
  const near = [span, spans.find(one => one.span_id === span?.parent_span_id)].filter(Boolean);
  const step = near.flatMap(one => [one.attributes?.step_id, one.span_id, one.parent_span_id]).map(id => String(id ?? "").split("/")[0]).find(id => id.startsWith("step-"));
  const known = useCall(`/v1/steps/${step}`, { skip: !step }).data;
  return html`<aside class="detail" aria-label="Event" data-open=${span ? "" : undefined}>${!span ? html`<${Empty}>Choose an event to see what was sent and answered.<//>` : html`<section><div class="row"><h2 class="grow"><${Name} text=${titleOf(row)} /></h2><button class="btn tiny" type="button" onClick=${() => adjust({ event: "none" })}>Close</button></div><dl class="kv"><dt>Began</dt><dd><${Time} at=${new Date(span.start_time_ns / 1e6).toISOString()} seconds /></dd><dt>Took</dt><dd>${took(span.duration_ns)}</dd>${used(span) && html`<dt>Used</dt><dd>${used(span)}</dd>`}<dt>Ended</dt><dd><${Name} text=${span.status_code ?? "–"} /></dd></dl>${reason(span) && html`<p class="note err"><bdi>${visible(reason(span))}</bdi></p>`}</section>
    ${known && html`<section><dl class="kv"><dt>Model</dt><dd><${Name} text=${known.model_handle ?? known.model ?? "–"} /></dd><dt>Tokens</dt><dd>${number(known.prompt_tokens)} in (${number(known.cached_input_tokens ?? 0)} cached), ${number(known.completion_tokens)} out</dd><dt>Cost</dt><dd>${money(known.cost)}</dd><dt>Ended by</dt><dd>${flat(known.stop_reason ?? "–")}</dd></dl>
      <div class="row wrap"><a class="btn tiny" href=${link(["agents", agent], { part: "context", step: known.id })}>What it saw</a><${Fork} step=${known.id} agent=${agent} />${["positive", "negative"].map(value => html`<${Act} kind="tiny" label=${value === "positive" ? "Good" : "Bad"} call=${() => ({ verb: "PATCH", path: `/v1/steps/${known.id}/feedback`, body: { feedback: value } })} />`)}</div></section>`}
    ${step && html`<section><${Step} key=${step} id=${step} /></section>`}
    <section><h3>Raw</h3><${Long} text=${pretty(span.attributes ?? {})} /></section>`}</aside>`;
}

/** Who asked: a person, or else what begins runs without one. */
export const askedBy = run => run.asked_by ?? (run.metadata?.run_type === "sleeptime_agent_send_message_async" ? "sleeptime" : "");

/** The run and its whole trace as a file. */
function Export({ run, path }) {
  const save = async () => {
    const trace = await call("GET", `${path}/trace`);
    const address = URL.createObjectURL(new Blob([JSON.stringify({ run, trace }, null, 2)], { type: "application/json" }));
    const anchor = Object.assign(document.createElement("a"), { href: address, download: `${run.id}.json` });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };
  const [error, setError] = useState(null);
  return html`<button class="btn tiny ghost" type="button" onClick=${() => { setError(null); save().catch(setError); }}>Export JSON</button><${Problem} error=${error} />`;
}

const firstSteps = 40;
const over = run => !["created", "running"].includes(run?.status);

export function Run({ id, route, title }) {
  const path = `/v1/runs/${encodeURIComponent(id)}`;
  const [live, setLive] = useState(true);
  const run = useCall(path, { every: live ? 1.5 : undefined });
  const every = live && run.data && !over(run.data) ? 1.5 : undefined;
  // The first steps at once, the others when those are drawn.
  const begin = useCall(`${path}/trace`, { query: { steps: firstSteps }, every, skip: !run.data });
  const isLong = stepsOf(begin.data) >= firstSteps;
  const whole = useCall(`${path}/trace`, { every, skip: !isLong });
  const spans = isLong && whole.data ? whole : begin;
  const usage = useCall(`${path}/usage`, { every, skip: !spans.data || (isLong && !whole.data) });
  const [most, setMost] = useState(40);
  const messages = useCall(`${path}/messages`, { query: { limit: most }, every, skip: !spans.data });
  const ran = useRef(false);
  useEffect(() => {
    if (!run.data) return;
    if (!over(run.data)) { ran.current = true; return; }
    setLive(false);
    // What was read while it ran may lack its end.
    if (ran.current) for (const one of [begin, whole, usage, messages]) one.reload();
  }, [run.data?.status]);
  // With the text itself: whoever leaves at once has seen it too.
  useLayoutEffect(() => { if (run.data?.status === "failed") see(id); }, [run.data?.status, id]);
  title("Runs", run.data?.title ?? short(id));
  const box = useRef(null);
  const height = innerWidth > 720 ? 28 : 40;
  const rows = useMemo(() => rowsOf(spans.data ?? []), [spans.data]);
  const view = useWindow(box, height, rows.length);
  useEffect(view.look, [rows.length]);
  if (run.error && !run.data) return html`<main id="main" tabindex="-1"><div class="stack"><${Problem} error=${run.error} again=${run.reload} /><${Empty}><a class="btn" href="#/runs">Back to the runs</a><//></div></main>`;
  if (!run.data) return html`<main id="main" tabindex="-1"><${Waiting} lines=${8} /></main>`;
  const data = run.data;
  const failing = rows.findLast(one => isBad(one.span))?.span;
  const asked = askedBy(data);
  const isPart = isLong && !whole.data;
  const chosen = route.query.event ?? (innerWidth > 720 ? failing?.span_id : undefined);
  const scale = route.query.scale ?? "time";
  const { groups, results } = turns(messages.data ?? []);
  return html`<main id="main" class="flush" tabindex="-1"><div class="column">
    <div class="runhead"><div class="row wrap"><${RunState} run=${data} />${data.background && html`<span class="tag">background</span>`}<${Id} id=${id} /><span class="grow"></span><${Export} run=${data} path=${path} />
        ${!over(data) && html`<span class="small dim">following live</span><${Act} kind="tiny danger" label="Cancel" sure="Stop this run? What it has done so far stays." call=${() => ({ verb: "POST", path: `/v1/agents/${data.agent_id}/messages/cancel`, body: { run_ids: [id] } })} done=${run.reload} />`}
        ${over(data) && html`<${Act} kind="tiny ghost" label="Delete" sure="Delete this run? What was said stays." call=${() => ({ verb: "DELETE", path })} done=${() => go(["runs"])} />`}</div>
      <dl class="facts"><div><dt>Agent</dt><dd><a class="clip" href=${link(["agents", data.agent_id])}><${Name} text=${data.agent_name ?? short(data.agent_id)} most=${80} /></a></dd></div>${asked && html`<div><dt>Asked by</dt><dd><${Name} text=${asked} most=${60} /></dd></div>`}<div><dt>Began</dt><dd><${Time} at=${data.created_at} seconds /></dd></div><div><dt>Took</dt><dd>${took(data.total_duration_ns)}</dd></div><div><dt>First word</dt><dd>${took(data.ttft_ns)}</dd></div><div><dt>Steps</dt><dd>${spans.data && !isPart ? number(stepsOf(spans.data)) : "–"}</dd></div><div><dt>Tokens</dt><dd>${number(usage.data?.total_tokens)}</dd></div><div><dt>Cost</dt><dd>${money(data.cost)}</dd></div><div><dt>Cached</dt><dd>${number(usage.data?.prompt_tokens_details?.cached_tokens)}</dd></div><div><dt>Ended by</dt><dd>${flat(data.stop_reason ?? "–").replaceAll("_", " ")}</dd></div></dl>
      ${data.status === "failed" && html`<${Failure} run=${data} goOn=${html`<${Act} kind="tiny" label="Go on" title="Answers in a new run from what this one left. Nothing is said twice." call=${() => ({ verb: "POST", path: `${path}/continue` })} done=${next => go(["runs", next.id])} />`} />`}</div>
    <div class="runbody"><div class="runcol"><div class="toolbar"><div class="seg" role="group" aria-label="Scale">${["time", "order"].map(one => html`<button type="button" aria-pressed=${scale === one} aria-keyshortcuts=${scale === one ? undefined : "t"} onClick=${() => adjust({ scale: one })}>${one === "time" ? "Time" : "Order"}</button>`)}</div><span class="small dim">${isPart ? "the first " : ""}${rows.length} ${rows.length === 1 ? "event" : "events"}</span></div>
      <div class="scroll grow" ref=${box} onScroll=${view.look}><${Problem} error=${spans.error} again=${spans.reload} />${rows.length > 0 ? html`<${Timeline} rows=${rows} box=${box} window=${view} height=${height} chosen=${chosen} scale=${scale} choose=${value => adjust({ event: value })} />` : spans.loading ? html`<${Waiting} />` : html`<${Empty}>No events yet.<//>`}
        <div class="pad stack"><${Card} title="What was said"><ol class="said">${groups.map(group => (group.said ? html`<li class=${`says ${group.said.message_type === "user_message" ? "user" : ""}`}><div class="text">${group.said.message_type === "user_message" ? html`<div class="plain" dir="auto">${visible(textOf(group.said.content)).slice(0, 5000)}</div>` : html`<${Markdown} text=${textOf(group.said.content)} />`}</div></li>` : group.turn && html`<${Turn} messages=${group.turn} results=${results} agent=${{ id: data.agent_id }} showStep=${step => go(["agents", data.agent_id], { part: "context", step })} changed=${() => {}} />`))}</ol>${messages.data?.length >= most && html`<button class="btn tiny" type="button" onClick=${() => setMost(most + 300)}>More messages</button>`}<//>
        <details><summary class="small">Raw</summary><${Long} text=${pretty(data)} /></details></div></div></div>
      <${Detail} row=${rows.find(one => one.span.span_id === chosen)} spans=${spans.data ?? []} agent=${data.agent_id} /></div></div></main>`;
}
