// The spans of a run as rows: where each is in time, what it used, and its place in the tree.
import { html, useEffect, useLayoutEffect, useMemo, useRef } from "../vendor/preact.js";
import { money, Name, number, took } from "./text.js";

const kindOf = name => (/^execute_tool|^tool/.test(name) ? "k-tool" : /^agent_step|^chat|llm|model|request/.test(name) ? "k-model" : /compact|summar/.test(name) ? "k-summary" : /wait|approval/.test(name) ? "k-wait" : "k-system");
export const isBad = span => Boolean(span.status_code) && !["OK", "UNSET"].includes(span.status_code);
const isWait = span => span.span_name === "wait_for_approval";
export const stepsOf = spans => (spans ?? []).filter(one => one.span_name === "agent_step").length;

/** Spans in the order of their tree, parts behind their wholes by time, each with its depth; steps with their number. */
export function rowsOf(spans) {
  const known = new Set(spans.map(one => one.span_id));
  const parts = new Map();
  for (const span of [...spans].sort((one, other) => one.start_time_ns - other.start_time_ns)) {
    const whole = known.has(span.parent_span_id) ? span.parent_span_id : span.parent_span_id ? spans[0].span_id : null;
    if (!parts.has(whole)) parts.set(whole, []);
    parts.get(whole).push(span);
  }
  const rows = [];
  let steps = 0;
  const add = (whole, depth) => {
    for (const span of parts.get(whole) ?? []) {
      rows.push({ span, depth, step: span.span_name === "agent_step" ? ++steps : 0 });
      if (depth < 6) add(span.span_id, depth + 1);
    }
  };
  add(null, 0);
  return rows;
}

/** What a span is, in words. */
export function title({ span, step }) {
  const { attributes = {}, span_name: name } = span;
  if (step) return `Step ${step}`;
  if (isWait(span)) return `waits for approval: ${attributes.tools?.join(", ") ?? "a tool"}`;
  if (name === "compact_context") return `compaction: ${attributes["letta.compaction.messages_before"]} → ${attributes["letta.compaction.messages_after"]} messages`;
  const text = attributes.tools?.join(", ") ?? attributes.model ?? name;
  return attributes["letta.try"] ? `${text} · try ${attributes["letta.try"]}` : text;
}

/** Why a span failed; what it used. */
export const reason = span => span.attributes?.["error.message"];
export function used({ attributes = {} }) {
  const [told, said] = [attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]];
  const tokens = told === undefined && said === undefined ? null : (told ?? 0) + (said ?? 0);
  return [tokens === null ? "" : number(tokens), attributes.cost === undefined ? "" : money(attributes.cost)].filter(Boolean).join(" · ");
}

/** Only the rows near the window are in the document. */
export function Timeline({ rows, box, window: { first, last }, height, chosen, choose, scale }) {
  // A wait of days that ended with the run would leave no room for the run itself.
  const { begin, end } = useMemo(() => {
    const own = rows.map(one => one.span).filter(span => !isWait(span));
    const begin = own.reduce((least, span) => Math.min(least, span.start_time_ns), Infinity);
    return { begin, end: own.reduce((most, span) => Math.max(most, span.start_time_ns + (span.duration_ns ?? 0)), begin + 1) };
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
  useKeys(rows, chosen, choose, pending, focus);
  const place = value => Math.max(0, Math.min(100, ((value - begin) / (end - begin)) * 100));
  return html`<div class="timeline" role="group" aria-label=${`Timeline of ${rows.length} events`}><div class="trow top" aria-hidden="true"><span>What</span><span class="num">took</span><span class="tok num">tokens · cost</span><span class="num">${took(end - begin)}</span></div>
    <div class="space" style=${{ height: `${rows.length * height}px` }}>${rows.slice(first, last).map((row, offset) => {
      const { span, depth } = row;
      const index = first + offset;
      const left = scale === "order" ? (index / rows.length) * 100 : place(span.start_time_ns);
      const width = scale === "order" ? 100 / rows.length : place(span.start_time_ns + (span.duration_ns ?? 0)) - left;
      const bad = isBad(span);
      const kind = bad ? "k-error" : kindOf(span.span_name);
      return html`<button type="button" key=${span.span_id} data-index=${index} class=${`trow ${bad ? "bad" : ""}`} style=${{ transform: `translateY(${index * height}px)` }} aria-pressed=${chosen === span.span_id} onClick=${() => choose(span.span_id)}><span class=${`nm d${depth}`}><i class=${`dot ${kind}`}></i><span class="clip"><${Name} text=${title(row)} most=${80} />${bad ? html` <span class="sr">failed</span>` : ""}</span>${bad && reason(span) && html`<span class="clip xs"><${Name} text=${reason(span)} most=${160} /></span>`}</span><span class="num">${took(span.duration_ns)}</span><span class="tok num">${used(span)}</span><span class="lane"><i class=${kind} style=${{ left: `${Math.min(99, left)}%`, width: `${Math.max(0.5, Math.min(100 - left, width))}%` }}></i></span></button>`;
    })}</div></div>`;
}

const isSteps = row => row.step > 0;
/** The keys of the timeline work wherever the focus is, but in fields and dialogs. */
function useKeys(rows, chosen, choose, pending, focus) {
  const leader = useRef(-Infinity);
  const now = useRef(null);
  now.current = event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog, .editor")) return;
    // What follows `g` is the letter of a place.
    if (event.key === "g") { leader.current = performance.now(); return; }
    if (performance.now() - leader.current < 1500) { leader.current = -Infinity; return; }
    const focused = document.activeElement?.closest?.(".timeline [data-index]");
    const at = pending.current ?? (focused ? Number(focused.dataset.index) : rows.findIndex(row => row.span.span_id === chosen));
    const next = fits => { for (let index = at + 1; index < rows.length; index++) if (fits(rows[index])) return index; return -1; };
    const before = fits => { for (let index = (at < 0 ? rows.length : at) - 1; index >= 0; index--) if (fits(rows[index])) return index; return -1; };
    const open = index => { if (index >= 0) { focus(index); choose(rows[index].span.span_id); } };
    const any = () => true;
    const { key } = event;
    if (key === "j" || (focused && key === "ArrowDown")) focus(Math.max(0, next(any) < 0 ? at : next(any)));
    else if (key === "k" || (focused && key === "ArrowUp")) focus(Math.max(0, before(any)));
    else if (key === "e") { const isError = row => isBad(row.span); const after = next(isError); open(after < 0 ? rows.findIndex(isError) : after); }
    else if (key === "]") open(next(isSteps));
    else if (key === "[") open(before(isSteps));
    else if (key === "Escape") choose("none");
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    const key = event => now.current(event);
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
}
