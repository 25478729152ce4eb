// What happened between two things that were said: thoughts, calls with their results, memory edits.
import { html, useState } from "../../vendor/preact.js";
import { link } from "../../route.js";
import { Act, Empty, Loaded, Long, useCall } from "../../parts/ui.js";
import { filters, WhyFound } from "../../parts/found.js";
import { Diff } from "../../parts/diff.js";
import { Forget, Fork } from "./fork.js";
import { cut, flat, Name, number, pretty, short, took, visible } from "../../parts/text.js";
import { callsOf, textOf } from "../../parts/turns.js";

const memory = /^(core_memory|memory|archival_memory|rethink)/;
function parsed(text) { try { return JSON.parse(text) ?? {}; } catch { return {}; } }

/** The edit that a memory tool made, as before and after; nil for other calls. */
function edit(name, args) {
  const before = args.old_string ?? args.old_str ?? args.old_content;
  const after = args.new_string ?? args.new_str ?? args.new_content ?? args.insert_text;
  if (typeof after !== "string" && typeof before !== "string") return null;
  return { label: args.label ?? String(args.path ?? "").split("/").pop(), before: String(before ?? ""), after: String(after ?? "") };
}

/** Puts back what an edit took out, as far as the block still has what it put in. */
function undo(agent, change) {
  const block = agent.blocks?.find(one => one.label === change.label);
  if (!block || !change.after || !block.value.includes(change.after)) return null;
  const at = block.value.indexOf(change.after);
  const value = block.value.slice(0, at) + change.before + block.value.slice(at + change.after.length);
  return () => ({ verb: "PATCH", path: `/v1/agents/${agent.id}/core-memory/blocks/${encodeURIComponent(change.label)}`, body: { value } });
}

const text = value => (typeof value === "string" && value ? value : undefined);
const list = value => (Array.isArray(value) && value.length ? value : undefined);
const count = value => Math.max(1, Math.min(100, Number.isInteger(value) ? value : 10));
/** The searches of agents, as what is sent to have them explained: by a call's arguments, and not beyond its time. */
const searches = {
  archival_memory_search: (args, until) => ({ source: "archival_memory", tags: list(args.tags), tag_match_mode: text(args.tag_match_mode), start_date: text(args.start_datetime), end_date: text(args.end_datetime) ?? until, limit: count(args.top_k) }),
  conversation_search: (args, until) => ({ source: "messages", roles: list(args.roles), start_date: text(args.start_date), end_date: text(args.end_date) ?? until, limit: count(args.limit ?? 5) }),
  semantic_search_files: args => ({ source: "files", limit: count(args.limit ?? 5) }),
};

/** What a search of an agent finds, and why. It is made anew: nothing of it is kept. */
function Explained({ call, args, result, agent, date }) {
  // Dates of messages have no parts of seconds.
  const until = new Date(Date.parse(date) + 1000).toISOString();
  const body = { ...searches[call.name](args, until), query: text(args.query) ?? "", agent_id: agent.id };
  const found = useCall("/v1/search/explain", { verb: "POST", body });
  const had = one => result.text.includes(one.id) || [one.text, JSON.stringify(one.text).slice(1)].some(form => result.text.includes(form.trim().split("\n")[0].slice(0, 60)));
  return html`<p class="xs dim">Searched anew, among what was stored until then: what was changed or deleted since is as it is now.</p>
    <${Loaded} of=${found}>${answer => (answer.results.length === 0 ? html`<${Empty}>Nothing is found now.<//>` : html`<ol class="passages" aria-label="Found">${answer.results.map(one => html`<li key=${one.id}><div class="plain" dir="auto"><bdi>${cut(visible(one.text), 400)}</bdi></div><div class="xs dim">${one.file_name && html`<${Name} text=${one.file_name} /> · `}${had(one) ? "in the result" : "not in the result"}</div><${WhyFound} why=${one.why} search=${answer} by=${filters(body)} /></li>`)}</ol>`)}<//>`;
}

function Call({ call, result, agent, changed, waits, message, context }) {
  const [open, setOpen] = useState(false);
  const [explains, setExplains] = useState(false);
  const args = parsed(call.arguments);
  const change = memory.test(call.name ?? "") ? edit(call.name, args) : null;
  const back = change && result?.status === "success" ? undo(agent, change) : null;
  const summary = change ? `block ${cut(flat(change.label), 60)}` : cut(flat(Object.values(args).map(value => (typeof value === "string" ? value : JSON.stringify(value))).join(", ")), 140);
  const failed = result && result.status !== "success";
  return html`<div class=${`step ${failed ? "bad" : ""}`}><i class=${`dot ${failed ? "k-error" : memory.test(call.name ?? "") ? "k-memory" : "k-tool"}`}></i>
    <span><code><${Name} text=${call.name ?? "…"} /></code> <span class="mid"><bdi>${summary}</bdi></span></span>
    <span class="row">${back && html`<${Act} kind="tiny" label="Undo" call=${back} done=${changed} />`}<button class="btn tiny ghost" type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>${waits ? "waits" : result ? (failed ? "failed" : "result") : "no result yet"}</button></span>
    ${change && (change.before || change.after) && html`<div class="more"><${Diff} before=${change.before} after=${change.after} /></div>`}
    ${failed && !open && html`<div class="more small err-text"><bdi>${cut(visible(result.text), 300)}</bdi></div>`}
    ${open && html`<div class="more stack"><h3>Arguments</h3><${Long} text=${pretty(call.arguments ?? "")} />${result && html`<h3>Result</h3><${Long} text=${pretty(result.text)} />${result.stdout?.length > 0 && html`<h3>Output</h3><${Long} text=${[].concat(result.stdout).join("\n")} />`}${result.stderr?.length > 0 && html`<h3>Errors</h3><${Long} text=${[].concat(result.stderr).join("\n")} />`}`}${result && !failed && call.name in searches && html`<div class="row"><button class="btn tiny" type="button" aria-expanded=${explains} onClick=${() => setExplains(!explains)}>Why these were found</button></div>${explains && html`<${Explained} call=${call} args=${args} result=${result} agent=${agent} date=${message.date} />`}`}<div class="row"><${Forget} message=${message} context=${context} changed=${changed} waits=${!result} /></div></div>`}</div>`;
}

function Part({ message, results, agent, changed, context }) {
  switch (message.message_type) {
    case "reasoning_message": return html`<div class="step"><i class="dot k-model"></i><span class="mid plain"><bdi>${cut(visible(message.reasoning), 4000)}</bdi></span><span class="xs dim">thought</span></div>`;
    case "hidden_reasoning_message": return html`<div class="step"><i class="dot k-model"></i><span class="dim">thought, hidden by the provider</span></div>`;
    case "tool_call_message": case "approval_request_message":
      return callsOf(message).map(call => html`<${Call} call=${call} result=${results.get(call.tool_call_id)} agent=${agent} changed=${changed} message=${message} context=${context} waits=${message.message_type === "approval_request_message" && !results.has(call.tool_call_id)} />`);
    case "approval_response_message": return html`<div class="step"><i class="dot k-system"></i><span>${message.approve === false || message.approvals?.some(one => one.approve === false) ? "Denied" : "Approved"}${message.reason ? html`: <bdi>${visible(message.reason)}</bdi>` : ""}</span><span class="xs dim">you</span></div>`;
    case "tool_return_message": return html`<div class="step"><i class="dot k-tool"></i><span class="plain mid"><bdi>${cut(visible(textOf(message.tool_return)), 1000)}</bdi></span><span class="xs dim">result</span></div>`;
    case "summary_message": return html`<div class="step"><i class="dot k-summary"></i><span class="plain"><bdi>${cut(visible(message.summary ?? textOf(message.content)), 2000)}</bdi></span><span class="xs dim">summary of what is older</span></div>`;
    default: return html`<div class="step"><i class="dot k-system"></i><span class="plain mid"><bdi>${cut(visible(textOf(message.content ?? message.message_type)), 1000)}</bdi></span><span class="xs dim">${flat(message.message_type).replaceAll("_", " ").replace(" message", "")}</span></div>`;
  }
}

export function Turn({ messages, results, showStep, agent, changed, context }) {
  const steps = [];
  for (const message of messages) {
    if (steps.at(-1)?.id !== message.step_id) steps.push({ id: message.step_id, messages: [] });
    steps.at(-1).messages.push(message);
  }
  const counted = steps.filter(step => step.id);
  const calls = messages.flatMap(message => (["tool_call_message", "approval_request_message"].includes(message.message_type) ? callsOf(message) : []));
  const failed = calls.filter(one => results.has(one.tool_call_id) && results.get(one.tool_call_id).status !== "success").length;
  return html`<li><details class="turn" open><summary><strong>${counted.length === 0 ? "Decision" : `${counted.length} ${counted.length === 1 ? "step" : "steps"}`}</strong>${calls.length > 0 && html`<span>${calls.length} ${calls.length === 1 ? "call" : "calls"}</span>`}${failed > 0 && html`<span class="state err">${failed} failed</span>`}</summary>
    ${steps.map(step => html`${step.id && html`<div class="step head3"><span></span><span>Step ${counted.indexOf(step) + 1}</span><span class="row"><button class="linkish xs" type="button" onClick=${() => showStep(step.id)}>what it saw</button><${Fork} step=${step.id} agent=${agent.id} kind="linkish xs" /></span></div>`}${step.messages.map(message => html`<${Part} message=${message} results=${results} agent=${agent} changed=${changed} context=${context} />`)}`)}
  </details></li>`;
}

const usual = ["end_turn", "requires_approval", null];
/** What a run that is over took and used; where it failed, why, and the `children` that go on from there. */
export function Ended({ run, children }) {
  const to = link(["runs", run.id]);
  const cause = run.metadata?.error ?? run.stop_reason ?? "No reason was stored.";
  const facts = [took(run.total_duration_ns), run.total_tokens > 0 && `${number(run.total_tokens)} tokens`, run.status !== "failed" && !usual.includes(run.stop_reason) && `ended by ${flat(run.stop_reason).replaceAll("_", " ")}`];
  return html`<li class="ended">${run.status === "failed" && html`<div class="note err" role="group" aria-label="Failed turn"><b>This turn failed.</b> <bdi>${cut(visible(typeof cause === "string" ? cause : JSON.stringify(cause)), 2000)}</bdi> <div class="row wrap"><a href=${to}>See why</a>${children}</div></div>`}
    <span class="xs dim">${facts.filter(Boolean).join(" · ")} · <a class="mono" href=${to}>${short(run.id)}</a></span></li>`;
}
