// One run: what it did and when, why it failed, what each step was told and answered. Follows a run that is not over.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { adjust, go, link } from "../route.js";
import { Act, Card, Empty, Id, Loaded, Long, Problem, RunState, useCall, Waiting } from "../parts/ui.js";
import { flat, Name, number, pretty, short, Time, took, visible } from "../parts/text.js";
import { Turn } from "./agent/turn.js";
import { Fork } from "./agent/fork.js";
import { AgentLink } from "./groups.js";
import { Markdown } from "../parts/markdown.js";
import { useWindow } from "../parts/rows.js";
import { see } from "../parts/seen.js";
import { textOf, turns } from "../parts/turns.js";

const remedies = [
  [/auth|api key|401|unauthenticated/i, "The model's service refused the key. Replace it, then send the message again; the steps before are kept.", "#/settings?part=providers", "Providers"],
  [/rate|429/i, "The model's service limits how much it answers. Wait a little, then send the message again.", null],
  [/context|too long|maximum.*tokens/i, "The context did not fit the model's window. Compact it in the agent's settings, or choose a model with a larger one.", null],
  [/local models are off|LETTA_LOCAL/i, "Local models are switched off on this server.", "#/settings?part=models", "Models"],
  [/connect|reach|timed? ?out|refused|unavailable|50\d/i, "The model's service did not answer. Check that it runs and its address, then send the message again.", "#/settings?part=models", "Models"],
];
function Failure({ run }) {
  const cause = run.metadata?.error ?? run.stop_reason ?? "";
  const text = typeof cause === "string" ? cause : JSON.stringify(cause);
  const [, remedy, to, name] = remedies.find(([pattern]) => pattern.test(text)) ?? [null, "Nothing that was stored is lost: the agent answers again when it is sent a message."];
  return html`<div class="note err" role="alert"><b>This run failed.</b> <bdi>${visible(text) || "No reason was stored."}</bdi> <span class="mid">${remedy}</span> ${to && html`<a href=${to}>${name}</a>`}</div>`;
}

const kindOf = name => (/tool|call/.test(name) && !/llm|model/.test(name) ? "k-tool" : /^agent_step|^chat|llm|model|request/.test(name) ? "k-model" : /compact|summar/.test(name) ? "k-summary" : /wait|approval/.test(name) ? "k-wait" : "k-system");

/** Spans in order of time, each with its depth in the tree; steps with their number. */
function rowsOf(spans) {
  const known = new Map(spans.map(one => [one.span_id, one]));
  const depth = span => {
    let level = 0;
    for (let up = span; up?.parent_span_id && level < 5; level++) up = known.get(up.parent_span_id);
    return level;
  };
  let steps = 0;
  return [...spans].sort((one, other) => one.start_time_ns - other.start_time_ns).map(span => ({ span, depth: depth(span), step: span.span_name === "agent_step" ? ++steps : 0 }));
}

const isBad = span => Boolean(span.status_code) && !["OK", "UNSET"].includes(span.status_code);

/** Spans as rows: where each is in time, and its place in the tree. Only those near the window are in the document. */
function Timeline({ rows, box, window: { first, last }, height, chosen, choose, scale }) {
  const { begin, end } = useMemo(() => {
    const begin = rows[0].span.start_time_ns;
    return { begin, end: rows.reduce((most, { span }) => Math.max(most, span.start_time_ns + (span.duration_ns ?? 0)), begin + 1) };
  }, [rows]);
  // The row that gets the focus next: keys may come faster than rows.
  const pending = useRef(null);
  const settle = () => {
    const row = pending.current === null ? null : box.current?.querySelector(`[data-index="${pending.current}"]`);
    if (row) { pending.current = null; row.focus(); }
  };
  // The row is there once the window has moved.
  useLayoutEffect(settle);
  const focus = at => {
    pending.current = at;
    const node = box.current;
    const top = at * height;
    if (top < node.scrollTop) node.scrollTop = top;
    else if (top + 2 * height > node.scrollTop + node.clientHeight) node.scrollTop = top + 2 * height - node.clientHeight;
    requestAnimationFrame(settle);
  };
  const keys = event => {
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const at = pending.current ?? Number(document.activeElement?.dataset.index ?? -1);
    if (by) { event.preventDefault(); focus(Math.max(0, Math.min(rows.length - 1, at + by))); }
    if (event.key === "e") { const bad = [...rows.keys()].filter(index => isBad(rows[index].span)); const next = bad.find(index => index > at) ?? bad[0]; if (next !== undefined) focus(next); }
  };
  return html`<div class="timeline" role="group" aria-label=${`Timeline of ${rows.length} events`} onKeyDown=${keys}><div class="trow top" aria-hidden="true"><span>What</span><span class="num">took</span><span class="tok"></span><span class="num">${took(end - begin)}</span></div>
    <div class="space" style=${{ height: `${rows.length * height}px` }}>${rows.slice(first, last).map(({ span, depth, step }, offset) => {
      const index = first + offset;
      const left = scale === "order" ? (index / rows.length) * 100 : ((span.start_time_ns - begin) / (end - begin)) * 100;
      const width = scale === "order" ? 100 / rows.length : ((span.duration_ns ?? 0) / (end - begin)) * 100;
      const bad = isBad(span);
      return html`<button type="button" key=${span.span_id} data-index=${index} class=${`trow ${bad ? "bad" : ""}`} style=${{ transform: `translateY(${index * height}px)` }} aria-pressed=${chosen === span.span_id} onClick=${() => choose(span.span_id)}><span class=${`nm d${depth}`}><i class=${`dot ${bad ? "k-error" : kindOf(span.span_name)}`}></i><span class="clip"><${Name} text=${step ? `Step ${step}` : (span.attributes?.tools?.join(", ") ?? span.attributes?.model ?? span.span_name)} most=${80} />${bad ? html` <span class="sr">failed</span>` : ""}</span></span><span class="num">${took(span.duration_ns)}</span><span class="tok num"></span><span class="lane"><i class=${bad ? "k-error" : kindOf(span.span_name)} style=${{ left: `${Math.min(99, left)}%`, width: `${Math.max(0.5, Math.min(100 - left, width))}%` }}></i></span></button>`;
    })}</div></div>`;
}

function Step({ id }) {
  const trace = useCall(`/v1/steps/${id}/trace`);
  const metrics = useCall(`/v1/steps/${id}/metrics`);
  return html`<dl class="kv"><dt>Step</dt><dd><${Id} id=${id} /></dd>${metrics.data && html`<dt>Model</dt><dd>${took(metrics.data.llm_request_ns)}</dd><dt>Tools</dt><dd>${took(metrics.data.tool_execution_ns)}</dd><dt>In all</dt><dd>${took(metrics.data.step_ns)}</dd>`}</dl>
    <${Loaded} of=${trace}>${data => (data ? html`<details><summary class="small">Request as it was sent</summary><${Long} text=${pretty(data.request_json)} /></details><details open><summary class="small">Answer</summary><${Long} text=${pretty(data.response_json)} /></details>` : html`<p class="small dim">The request of this step is not stored any more.</p>`)}<//>`;
}

function Detail({ span, spans, agent }) {
  // A call of a model or a tool is of the step that is its parent.
  const near = [span, spans.find(one => one.span_id === span?.parent_span_id)].filter(Boolean);
  const step = near.flatMap(one => [one.attributes?.step_id, one.span_id, one.parent_span_id]).map(id => String(id ?? "").split("/")[0]).find(id => id.startsWith("step-"));
  const known = useCall(`/v1/steps/${step}`, { skip: !step }).data;
  return html`<aside class="detail" aria-label="Event" data-open=${span ? "" : undefined}>${!span ? html`<${Empty}>Choose an event to see what was sent and answered.<//>` : html`<section><div class="row"><h2 class="grow"><${Name} text=${span.span_name} /></h2><button class="btn tiny" type="button" onClick=${() => adjust({ event: "none" })}>Close</button></div><dl class="kv"><dt>Began</dt><dd><${Time} at=${new Date(span.start_time_ns / 1e6).toISOString()} seconds /></dd><dt>Took</dt><dd>${took(span.duration_ns)}</dd><dt>Ended</dt><dd><${Name} text=${span.status_code ?? "–"} /></dd></dl></section>
    ${known && html`<section><dl class="kv"><dt>Model</dt><dd><${Name} text=${known.model_handle ?? known.model ?? "–"} /></dd><dt>Tokens</dt><dd>${number(known.prompt_tokens)} in (${number(known.cached_input_tokens ?? 0)} cached), ${number(known.completion_tokens)} out</dd><dt>Ended by</dt><dd>${flat(known.stop_reason ?? "–")}</dd></dl>
      <div class="row wrap"><a class="btn tiny" href=${link(["agents", agent], { part: "context", step: known.id })}>What it saw</a><${Fork} step=${known.id} agent=${agent} />${["positive", "negative"].map(value => html`<${Act} kind="tiny" label=${value === "positive" ? "Good" : "Bad"} call=${() => ({ verb: "PATCH", path: `/v1/steps/${known.id}/feedback`, body: { feedback: value } })} />`)}</div></section>`}
    ${step && html`<section><${Step} key=${step} id=${step} /></section>`}
    <section><h3>Raw</h3><${Long} text=${pretty(span.attributes ?? {})} /></section>`}</aside>`;
}

const firstSteps = 40;
const stepsOf = spans => (spans ?? []).filter(one => one.span_name === "agent_step").length;
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
  title("Runs", short(id));
  const box = useRef(null);
  const height = innerWidth > 720 ? 28 : 40;
  const rows = useMemo(() => rowsOf(spans.data ?? []), [spans.data]);
  const view = useWindow(box, height, rows.length);
  useEffect(view.look, [rows.length]);
  if (run.error && !run.data) return html`<main id="main" tabindex="-1"><div class="stack"><${Problem} error=${run.error} again=${run.reload} /><${Empty}><a class="btn" href="#/runs">Back to the runs</a><//></div></main>`;
  if (!run.data) return html`<main id="main" tabindex="-1"><${Waiting} lines=${8} /></main>`;
  const data = run.data;
  const failing = rows.findLast(one => isBad(one.span))?.span;
  const isPart = isLong && !whole.data;
  const chosen = route.query.event ?? (innerWidth > 720 ? failing?.span_id : undefined);
  const scale = route.query.scale ?? "time";
  const { groups, results } = turns(messages.data ?? []);
  return html`<main id="main" class="flush" tabindex="-1"><div class="column">
    <div class="runhead"><div class="row wrap"><${RunState} run=${data} />${data.background && html`<span class="tag">background</span>`}<${Id} id=${id} /><span class="grow"></span>
        ${!over(data) && html`<span class="small dim">following live</span><${Act} kind="tiny danger" label="Cancel" sure="Stop this run? What it has done so far stays." call=${() => ({ verb: "POST", path: `/v1/agents/${data.agent_id}/messages/cancel`, body: { run_ids: [id] } })} done=${run.reload} />`}
        ${over(data) && html`<${Act} kind="tiny ghost" label="Delete" sure="Delete this run? What was said stays." call=${() => ({ verb: "DELETE", path })} done=${() => go(["runs"])} />`}</div>
      <dl class="facts"><div><dt>Agent</dt><dd><${AgentLink} id=${data.agent_id} /></dd></div><div><dt>Began</dt><dd><${Time} at=${data.created_at} seconds /></dd></div><div><dt>Took</dt><dd>${took(data.total_duration_ns)}</dd></div><div><dt>First word</dt><dd>${took(data.ttft_ns)}</dd></div><div><dt>Steps</dt><dd>${spans.data && !isPart ? number(stepsOf(spans.data)) : "–"}</dd></div><div><dt>Tokens</dt><dd>${number(usage.data?.total_tokens)}</dd></div><div><dt>Cached</dt><dd>${number(usage.data?.prompt_tokens_details?.cached_tokens)}</dd></div><div><dt>Ended by</dt><dd>${flat(data.stop_reason ?? "–").replaceAll("_", " ")}</dd></div></dl>
      ${data.status === "failed" && html`<${Failure} run=${data} />`}</div>
    <div class="runbody"><div class="runcol"><div class="toolbar"><div class="seg" role="group" aria-label="Scale">${["time", "order"].map(one => html`<button type="button" aria-pressed=${scale === one} onClick=${() => adjust({ scale: one })}>${one === "time" ? "Time" : "Order"}</button>`)}</div><span class="small dim">${isPart ? "the first " : ""}${rows.length} ${rows.length === 1 ? "event" : "events"}</span></div>
      <div class="scroll grow" ref=${box} onScroll=${view.look}><${Problem} error=${spans.error} again=${spans.reload} />${rows.length > 0 ? html`<${Timeline} rows=${rows} box=${box} window=${view} height=${height} chosen=${chosen} scale=${scale} choose=${value => adjust({ event: value })} />` : spans.loading ? html`<${Waiting} />` : html`<${Empty}>No events yet.<//>`}
        <div class="pad stack"><${Card} title="What was said"><ol class="said">${groups.map(group => (group.said ? html`<li class=${`says ${group.said.message_type === "user_message" ? "user" : ""}`}><div class="text">${group.said.message_type === "user_message" ? html`<div class="plain" dir="auto">${visible(textOf(group.said.content)).slice(0, 5000)}</div>` : html`<${Markdown} text=${textOf(group.said.content)} />`}</div></li>` : group.turn && html`<${Turn} messages=${group.turn} results=${results} agent=${{ id: data.agent_id }} showStep=${step => go(["agents", data.agent_id], { part: "context", step })} changed=${() => {}} />`))}</ol>${messages.data?.length >= most && html`<button class="btn tiny" type="button" onClick=${() => setMost(most + 300)}>More messages</button>`}<//>
        <details><summary class="small">Raw</summary><${Long} text=${pretty(data)} /></details></div></div></div>
      <${Detail} span=${spans.data?.find(one => one.span_id === chosen)} spans=${spans.data ?? []} agent=${data.agent_id} /></div></div></main>`;
}
