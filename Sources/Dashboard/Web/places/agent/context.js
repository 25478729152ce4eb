// The context window: the share of each part, now, and what the model saw at a past step.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { call } from "../../api.js";
import { adjust } from "../../route.js";
import { Empty, Loaded, Long, Problem, useCall } from "../../parts/ui.js";
import { cut, flat, Name, number, pretty, share, Time, visible } from "../../parts/text.js";
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

const section = (text, name) => text.match(new RegExp(`<${name}>[\\s\\S]*?</${name}>`))?.[0] ?? "";
/** The same parts of a request as it was sent. Tokens are measured by the provider for the whole; parts have their share of characters. */
function sharesOf(trace, tokens) {
  const sent = trace.request_json ?? {};
  const messages = sent.messages ?? sent.input ?? [];
  const system = textOf(sent.system ?? messages.find(one => ["system", "developer"].includes(one.role))?.content ?? sent.instructions ?? "");
  const blocks = section(system, "memory_blocks");
  const rules = ["tool_usage_rules", "directories"].map(name => section(system, name)).join("");
  const counts = section(system, "memory_metadata");
  const tools = sent.tools ?? [];
  const rest = messages.filter(one => !["system", "developer"].includes(one.role));
  const said = rest.map(one => `[${one.role ?? one.type}] ${textOf(one.content ?? one.output ?? "")}${one.tool_calls ? ` ${JSON.stringify(one.tool_calls)}` : ""}`).join("\n\n");
  const bare = [blocks, rules, counts].reduce((text, part) => (part ? text.replace(part, "") : text), system);
  const parts = [["System prompt", "k-system", bare], [`Tool definitions (${tools.length})`, "k-tool", JSON.stringify(tools, null, 2)], ["Memory blocks", "k-memory", blocks], ["Tool rules, open files", "k-rules", rules], ["Summary, counts", "k-summary", counts], [`Messages (${rest.length})`, "k-message", said]];
  const all = parts.reduce((sum, [, , text]) => sum + text.length, 0) || 1;
  return parts.map(([name, kind, text]) => ({ name, kind, tokens: Math.round((text.length / all) * tokens), text }));
}

function Shares({ parts, most, before, chosen, choose }) {
  const used = parts.reduce((sum, part) => sum + part.tokens, 0);
  const old = name => before?.find(part => part.kind === name)?.tokens;
  return html`<div><div class="share" role="img" aria-label=${`${number(used)} of ${number(most)} tokens used; the table says by what`}>${parts.filter(part => part.tokens).map(part => html`<i class=${part.kind} style=${{ width: `${Math.min(100, (part.tokens / Math.max(most, used, 1)) * 100)}%` }}></i>`)}</div>
    <div class="row xs dim pt"><span><b class="mid">${number(used)}</b> of ${number(most)} tokens · ${share(used, most)}</span></div></div>
    <table class="parts"><thead class="xs dim"><tr><th scope="col">Part</th><th scope="col" class="num">tokens</th><th scope="col" class="num">share</th>${before && html`<th scope="col" class="num">change</th>`}</tr></thead><tbody>${parts.map(part => {
      const by = before ? part.tokens - (old(part.kind) ?? 0) : 0;
      return html`<tr data-on=${chosen === part.kind ? "" : undefined}><th scope="row"><i class=${`dot ${part.kind}`}></i>${choose ? html`<button type="button" aria-pressed=${chosen === part.kind} onClick=${() => choose(chosen === part.kind ? null : part.kind)}>${part.name}</button>` : part.name}</th><td class="num">${number(part.tokens)}</td><td class="num mid">${share(part.tokens, used)}</td>${before && html`<td class=${`num ${by ? "up" : "dim"}`}>${by > 0 ? "+" : ""}${by || "–"}</td>`}</tr>`;
    })}</tbody></table>`;
}

/** The traces of a step and of the one before it. */
function useStep(agent, step) {
  const [state, set] = useState({});
  useEffect(() => {
    if (!step) { set({}); return undefined; }
    const stop = new AbortController();
    const get = path => call("GET", path, { signal: stop.signal });
    (async () => {
      try {
        const [one, trace, steps] = await Promise.all([get(`/v1/steps/${encodeURIComponent(step)}`), get(`/v1/steps/${encodeURIComponent(step)}/trace`), call("GET", "/v1/steps/", { query: { agent_id: agent.id, limit: 200 }, signal: stop.signal })]);
        const at = steps.findIndex(row => row.id === step);
        const earlier = at >= 0 ? steps[at + 1] : undefined;
        const older = earlier ? await get(`/v1/steps/${earlier.id}/trace`) : null;
        set({ step, one, trace, earlier, older, next: at > 0 ? steps[at - 1] : undefined });
      } catch (error) { if (error.name !== "AbortError") set({ step, error }); }
    })();
    return () => stop.abort();
  }, [agent.id, step]);
  return state.step === step ? state : {};
}

export function Context({ agent, changes, brief, step }) {
  const now = useCall(`/v1/agents/${agent.id}/context`, { query: { _: undefined }, skip: Boolean(step) && brief, every: brief ? undefined : undefined });
  const [chosen, choose] = useState(null);
  const past = useStep(agent, brief ? null : step);
  useEffect(() => { if (changes) now.reload(); }, [changes]);
  if (brief) {
    if (step) return html`<section class="row"><span class="small mid grow">Showing a past step.</span><button class="btn tiny" type="button" onClick=${() => adjust({ step: undefined })}>Back to now</button></section>`;
    return html`<section class="stack"><h2>Context window</h2><${Loaded} of=${now}>${context => html`<${Shares} parts=${shares(context)} most=${context.context_window_size_max} />`}<//></section>`;
  }
  if (!step) {
    return html`<section class="stack"><p class="small mid">What the model would be told now. “What it saw” beside a step of the chat shows what it was told then.</p><${Loaded} of=${now}>${context => {
      const parts = shares(context);
      const part = parts.find(one => one.kind === chosen) ?? parts[2];
      return html`<${Shares} parts=${parts} most=${context.context_window_size_max} chosen=${part.kind} choose=${choose} /><h3>${part.name}</h3>${part.text ? html`<${Long} text=${part.text} />` : html`<${Empty}>Nothing of this is in the window.<//>`}`;
    }}<//></section>`;
  }
  return html`<section class="stack"><div class="row"><h2>What it saw</h2><span class="grow"></span>
      <button class="btn tiny square" type="button" aria-label="Step before" disabled=${!past.earlier} onClick=${() => adjust({ step: past.earlier.id })}>◀</button>
      <button class="btn tiny square" type="button" aria-label="Step after" disabled=${!past.next} onClick=${() => adjust({ step: past.next.id })}>▶</button></div>
    <p class="xs dim clip"><${Name} text=${step} /></p><${Problem} error=${past.error} />
    ${past.one && !past.trace && html`<${Empty}>The request of this step is not stored any more: traces are kept for some days. <span class="small">${number(past.one.prompt_tokens)} tokens were sent.</span><//>`}
    ${past.trace && html`<${Past} past=${past} chosen=${chosen} choose=${choose} />`}</section>`;
}

function Past({ past, chosen, choose }) {
  const { one, trace, older, earlier } = past;
  const parts = sharesOf(trace, one.prompt_tokens ?? 0);
  const before = older ? sharesOf(older, earlier.prompt_tokens ?? 0) : null;
  const part = parts.find(row => row.kind === chosen) ?? parts[5];
  return html`<p class="small mid"><${Name} text=${one.model_handle ?? one.model} /> · <${Time} at=${trace.created_at} seconds /> · ${number(one.prompt_tokens)} tokens in (${number(one.cached_input_tokens ?? 0)} cached), ${number(one.completion_tokens)} out. The total is the provider's; the parts are estimated by their length.</p>
    <${Shares} parts=${parts} most=${one.context_window_limit ?? 0} before=${before} chosen=${part.kind} choose=${choose} />
    <h3>${part.name}, exactly</h3>${part.text ? html`<${Long} text=${part.text} />` : html`<${Empty}>Nothing of this was sent.<//>`}
    <details><summary class="small">The whole request</summary><${Long} text=${pretty(trace.request_json)} /></details>
    <details><summary class="small">The answer</summary><${Long} text=${pretty(trace.response_json)} /></details>`;
}
