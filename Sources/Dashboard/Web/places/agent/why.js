// What an answer may rest on: the lines of memory and of results that have its words. A guess, and said to be one.
import { html, useMemo } from "../../vendor/preact.js";
import { Marked } from "../../parts/marked.js";
import { Name } from "../../parts/text.js";
import { callsOf } from "../../parts/turns.js";

const common = new Set("about after also answer been before could does from have here into just like more much only other over said same some such than that their them then there these they this those very want what when where which while will with would your yours".split(" "));
const words = text => new Set((text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []).filter(word => !common.has(word)));

/** Lines with where they are from. */
function sources(agent, turn, results) {
  const blocks = (agent.blocks ?? []).flatMap(block => (block.value ?? "").split("\n").map(line => ({ from: `block ${block.label}`, line })));
  const calls = (turn ?? []).flatMap(message => callsOf(message).map(call => ({ call, result: results.get(call.tool_call_id) })));
  const found = calls.flatMap(({ call, result }) => (result ? result.text.slice(0, 200000).split(/\n|(?<=[.!?])\s+|\\n/).map(line => ({ from: `result of ${call.name}`, line })) : []));
  return [...blocks, ...found].filter(one => one.line.trim());
}

/** The lines that share most with the answer; rare words count more. */
function reasons(answer, agent, turn, results, most = 6) {
  const said = words(answer);
  const all = sources(agent, turn, results).slice(0, 5000).map(one => ({ ...one, shared: [...words(one.line)].filter(word => said.has(word)) }));
  const times = new Map();
  for (const one of all) for (const word of one.shared) times.set(word, (times.get(word) ?? 0) + 1);
  return all.filter(one => one.shared.length).map(one => ({ ...one, weight: one.shared.reduce((sum, word) => sum + 1 / times.get(word), 0) }))
    .sort((one, other) => other.weight - one.weight).slice(0, most);
}

export function Why({ answer, agent, turn, results, step, showStep }) {
  const found = useMemo(() => reasons(answer, agent, turn, results), [answer, turn, results]);
  return html`<div class="note whynote" role="group" aria-label="Why this answer"><p class="xs dim">What it may rest on, by the words it shares. A guess: only “what it saw” is certain.</p>
    ${found.length === 0 ? html`<p class="small">Nothing in its blocks, nor in a result of this turn, has the words of this answer. It may come from earlier messages, or from the model alone.</p>`
    : html`<ol class="passages">${found.map(one => html`<li><div class="plain" dir="auto"><${Marked} text=${one.line} query=${one.shared.join(" ")} most=${600} /></div><div class="xs dim"><${Name} text=${one.from} most=${80} /></div></li>`)}</ol>`}
    ${step && html`<button class="linkish xs" type="button" onClick=${() => showStep(step)}>what it saw</button>`}</div>`;
}
