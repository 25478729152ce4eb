// A call that waits for somebody: the whole arguments, and a decision.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { Long } from "../../parts/ui.js";
import { Name, pretty } from "../../parts/text.js";
import { callsOf } from "../../parts/turns.js";

export function Approval({ request, agent, decide }) {
  const [reason, setReason] = useState(null);
  const node = useRef(null);
  const calls = callsOf(request);
  const answer = approve => decide(calls.map(one => ({ type: "approval", tool_call_id: one.tool_call_id, approve, ...(approve || !reason ? {} : { reason }) })));
  useEffect(() => { node.current?.focus({ preventScroll: true }); }, []);
  const key = event => {
    if (event.target.closest("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "a" || event.key === "A") { event.preventDefault(); answer(true); }
    if (event.key === "d" || event.key === "D") { event.preventDefault(); setReason(""); }
  };
  return html`<div class="note wait" role="group" aria-label="Open approval" tabindex="-1" ref=${node} onKeyDown=${key}>
    ${calls.map(one => html`<div class="row wrap"><strong><${Name} text=${agent.name} most=${60} /> wants to run <code><${Name} text=${one.name} /></code></strong></div><${Long} text=${pretty(one.arguments)} most=${4000} />`)}
    ${reason === null
      ? html`<div class="row wrap"><button class="btn primary" type="button" onClick=${() => answer(true)}>Approve <kbd>A</kbd></button><button class="btn" type="button" onClick=${() => setReason("")}>Deny with a reason <kbd>D</kbd></button></div>`
      : html`<form class="row wrap" onSubmit=${event => { event.preventDefault(); answer(false); }}><input class="input grow" autofocus aria-label="Why not" placeholder="Why not (the agent reads it)" value=${reason} onInput=${event => setReason(event.target.value)} /><button class="btn danger" type="submit">Deny</button><button class="btn" type="button" onClick=${() => setReason(null)}>Back</button></form>`}
  </div>`;
}
