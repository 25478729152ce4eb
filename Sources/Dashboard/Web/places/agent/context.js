// The context window: the share of each part, now, and what the model saw at a past step.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { call } from "../../api.js";
import { adjust, useRoute } from "../../route.js";
import { Empty, Loaded, Long, Problem, useCall, Waiting } from "../../parts/ui.js";
import { Name, number, pretty, share, Time } from "../../parts/text.js";
import { textOf } from "../../parts/turns.js";

/** Parts of `GET …/context`: its members, names and colours. */
function shares(context) {
  const parts = [
    ["System prompt", "k-system", context.num_tokens_system, context.system_prompt],
    [`Tool definitions (${context.functions_definitions?.length ?? 0})`, "k-tool", context.num_tokens_functions_definitions, JSON.stringify(context.functions_definitions ?? [], null, 2)],
    ["Memory blocks", "k-memory", context.num_tokens_core_memory, context.core_memory],
    ["Tool rules, open files", "k-rules", (context.num_tokens_tool_usage_rules ?? 0) + (context.num_tokens_directories ?? 0) + (context.num_tokens_memory_filesystem ?? 0), [context.tool_usage_rules, context.directories, context.memory_filesystem].filter(Boolean).join("\n\n")],
    ["Summary, counts", "k-summary", (context.num_tokens_summary_memory ?? 0) + (context.num_tokens_external_memory_summary ?? 0), [context.summary_memory, context.external_memory_summary].filter(Boolean).join("\n\n")],
    [`Messages (${Math.max(0, (context.messages?.length ?? 1) - 1)})`, "k-message", context.num_tokens_messages, (context.messages ?? []).slice(1).map(one => `[${one.role}] ${textOf(one.content)}${one.tool_calls ? ` ${JSON.stringify(one.tool_calls)}` : ""}`).join("\n\n")],
  ];
  return parts.map(([name, kind, tokens, text]) => ({ name, kind, tokens: tokens ?? 0, text: text ?? "" }));
}

const kinds = { system_prompt: ["System prompt", "k-system"], tools: ["Tool definitions", "k-tool"], memory_blocks: ["Memory blocks", "k-memory"], tool_rules: ["Tool rules", "k-rules"], directories: ["Open files", "k-rules2"], metadata: ["Counts, times", "k-summary"], messages: ["Messages", "k-message"] };
/** A message of a request as a line to read. */
function spoken(line) {
  let message;
  try { message = JSON.parse(line); } catch { return line; }
  return `[${message.role ?? message.type}] ${textOf(message.content ?? message.output ?? "")}${message.tool_calls ? ` ${JSON.stringify(message.tool_calls)}` : ""}`;
}
/** Parts of `GET /v1/steps/…/context`. */
const partsOf = context => context.parts.map(({ name, tokens, text, count }) => {
  const [title, kind] = kinds[name] ?? [name, "k-system"];
  return { kind, tokens, name: count === null || count === undefined ? title : `${title} (${count})`, text: name === "messages" ? text.split("\n").map(spoken).join("\n\n") : name === "tools" ? text.split("\n").map(pretty).join("\n") : text };
});

function Shares({ parts, most, past, before, chosen, choose }) {
  const used = parts.reduce((sum, part) => sum + part.tokens, 0);
  // Messages are all that can be compacted.
  const mends = !past && used - (parts.find(part => part.kind === "k-message")?.tokens ?? 0) < most;
  const old = name => before?.find(part => part.kind === name)?.tokens;
  return html`<div><div class="share" role="img" aria-label=${`${number(used)} of ${number(most)} tokens used; the table says by what`}>${parts.filter(part => part.tokens).map(part => html`<i class=${part.kind} style=${{ width: `${Math.min(100, (part.tokens / Math.max(most, used, 1)) * 100)}%` }}></i>`)}</div>
    <div class="row xs dim pt"><span><b class="mid">${number(used)}</b> of ${number(most)} tokens · ${most > 0 && used > most ? `more than the window${mends ? "; the next turn compacts it" : ""}` : share(used, most)}</span></div></div>
    <table class="parts"><thead class="xs dim"><tr><th scope="col">Part</th><th scope="col" class="num">tokens</th><th scope="col" class="num">share</th>${before && html`<th scope="col" class="num">change</th>`}</tr></thead><tbody>${parts.map(part => {
      const by = before ? part.tokens - (old(part.kind) ?? 0) : 0;
      return html`<tr data-on=${chosen === part.kind ? "" : undefined}><th scope="row"><i class=${`dot ${part.kind}`}></i>${choose ? html`<button type="button" aria-pressed=${chosen === part.kind} onClick=${() => choose(chosen === part.kind ? null : part.kind)}>${part.name}</button>` : part.name}</th><td class="num">${number(part.tokens)}</td><td class="num mid">${share(part.tokens, used)}</td>${before && html`<td class=${`num ${by ? "up" : "dim"}`}>${by > 0 ? "+" : ""}${by || "–"}</td>`}</tr>`;
    })}</tbody></table>`;
}

/** What a step and the one before it in its conversation were told. */
function useStep(step) {
  const [state, set] = useState({});
  useEffect(() => {
    if (!step) { set({}); return undefined; }
    const stop = new AbortController();
    const get = path => call("GET", path, { signal: stop.signal });
    (async () => {
      try {
        const seen = await get(`/v1/steps/${encodeURIComponent(step)}/context`);
        set({ step, seen });
        const before = seen.previous_step_id ? await get(`/v1/steps/${seen.previous_step_id}/context`).catch(() => null) : null;
        set({ step, seen, before });
      } catch (error) { if (error.name !== "AbortError") set({ step, error }); }
    })();
    return () => stop.abort();
  }, [step]);
  return state.step === step ? state : {};
}

const Arrow = ({ label, sign, to }) => html`<button class="btn tiny square" type="button" aria-label=${label} title=${label} disabled=${!to} onClick=${() => adjust({ step: to })}>${sign}</button>`;

export function Context({ agent, changes, brief, step }) {
  const now = useCall(`/v1/agents/${agent.id}/context`, { skip: Boolean(step) && brief });
  const [chosen, choose] = useState(null);
  const past = useStep(brief ? null : step);
  const { talk } = useRoute().query;
  const last = useCall("/v1/steps/", { query: { agent_id: agent.id, conversation_id: talk ?? "default", limit: 1 }, skip: brief || Boolean(step) });
  useEffect(() => { if (changes) { now.reload(); last.reload(); } }, [changes]);
  if (brief) {
    if (step) return html`<section class="row"><span class="small mid grow">Showing a past step.</span><button class="btn tiny" type="button" onClick=${() => adjust({ step: undefined })}>Back to now</button></section>`;
    return html`<section class="stack"><h2>Context window</h2><${Loaded} of=${now}>${context => html`<${Shares} parts=${shares(context)} most=${context.context_window_size_max} />`}<//></section>`;
  }
  if (!step) {
    return html`<section class="stack"><div class="row"><p class="small mid grow">What the model would be told now. “What it saw” beside a step of the chat shows what it was told then.</p><${Arrow} label="The last step" sign="◀" to=${last.data?.[0]?.id} /></div><${Loaded} of=${now}>${context => {
      const parts = shares(context);
      const part = parts.find(one => one.kind === chosen) ?? parts[2];
      return html`<${Shares} parts=${parts} most=${context.context_window_size_max} chosen=${part.kind} choose=${choose} /><h3>${part.name}</h3>${part.text ? html`<${Long} text=${part.text} />` : html`<${Empty}>Nothing of this is in the window.<//>`}`;
    }}<//></section>`;
  }
  return html`<section class="stack"><div class="row"><h2>What it saw</h2><span class="grow"></span>
      <${Arrow} label="Step before" sign="◀" to=${past.seen?.previous_step_id} /><span class="small mid">${past.seen && `step ${number(past.seen.number)} of ${number(past.seen.count)}`}</span>
      <${Arrow} label="Step after" sign="▶" to=${past.seen?.next_step_id} /></div>
    <p class="xs dim clip"><${Name} text=${step} /></p><${Problem} error=${past.error} />
    ${past.seen ? html`<${Past} past=${past} chosen=${chosen} choose=${choose} />` : !past.error && html`<${Waiting} />`}</section>`;
}

function Whole({ step }) {
  const trace = useCall(`/v1/steps/${step}/trace`);
  return html`<${Loaded} of=${trace}>${data => html`<h3>Request</h3><${Long} text=${pretty(data?.request_json ?? "")} /><h3>Answer</h3><${Long} text=${pretty(data?.response_json ?? "")} />`}<//>`;
}

function Past({ past, chosen, choose }) {
  const { seen, before } = past;
  const [whole, setWhole] = useState(false);
  const parts = partsOf(seen);
  const part = parts.find(row => row.kind === chosen) ?? parts.at(-1);
  return html`<p class="small mid"><${Name} text=${seen.model_handle ?? "a model"} /> · <${Time} at=${seen.created_at} seconds /> · the service counted ${number(seen.prompt_tokens)} tokens (${number(seen.cached_input_tokens ?? 0)} cached) and answered ${number(seen.completion_tokens)}; the parts are estimated by their length.</p>
    <${Shares} parts=${parts} most=${seen.context_window_size_max ?? 0} past before=${before && partsOf(before)} chosen=${part.kind} choose=${choose} />
    <h3>${part.name}</h3>${part.text ? html`<${Long} text=${part.text} />` : html`<${Empty}>Nothing of this was sent.<//>`}
    <button class="btn tiny" type="button" aria-expanded=${whole} onClick=${() => setWhole(!whole)}>The whole request and answer</button>${whole && html`<${Whole} step=${seen.step_id} />`}`;
}
