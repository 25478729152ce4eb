// A call that waits for somebody: the whole arguments, and a decision.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { Act } from "../../parts/ui.js";
import { Name, number, pretty, Time, visible } from "../../parts/text.js";

/** So much of the arguments of a call is shown at once. */
const most = 600, lines = 12;

/** What decides a waiting approval, in the conversation that waits. */
const decision = (waiting, approve, reason) => ({
  verb: "POST", path: waiting.conversation_id ? `/v1/conversations/${encodeURIComponent(waiting.conversation_id)}/messages` : `/v1/agents/${waiting.agent_id}/messages`,
  body: {
    messages: [{ type: "approval", approvals: waiting.tool_calls.map(one => ({ type: "approval", tool_call_id: one.tool_call_id, approve, ...(!approve && reason ? { reason } : {}) })) }],
    ...(waiting.conversation_id ? { streaming: false } : {}),
  },
});

/** `who` wants to run the calls. They can be approved once all of them is on the screen; `change` makes another request of the decision. */
export function Approval({ waiting, who, done, change = request => request, focus }) {
  const [reason, setReason] = useState("");
  const [all, setAll] = useState(false);
  const node = useRef(null);
  const texts = waiting.tool_calls.map(one => visible(pretty(one.arguments)));
  const shown = texts.map(text => (all ? text : text.slice(0, most).split("\n").slice(0, lines).join("\n")));
  const isCut = shown.some((text, index) => text !== texts[index]);
  // Whoever writes in a field goes on there: the next key must not decide.
  useEffect(() => { if (focus && !document.activeElement?.matches("input, textarea, select, .cm-content")) node.current.focus({ preventScroll: true }); }, []);
  const leads = useRef(false);
  const key = event => {
    // After g comes a key that leads to a place.
    const isLed = leads.current;
    leads.current = event.key === "g";
    if (isLed || event.target.closest("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = { a: ".primary", d: ".deny" }[event.key.toLowerCase()];
    if (button) { event.preventDefault(); node.current.querySelector(button).click(); }
  };
  const showAll = () => { setAll(true); node.current.focus({ preventScroll: true }); };
  const decide = approve => () => change(decision(waiting, approve, reason.trim()));
  return html`<div class="approval" role="group" aria-label="Open approval" tabindex="-1" ref=${node} onKeyDown=${key}>
    ${waiting.tool_calls.map((one, index) => html`<div class="what">${who} wants to run <code><${Name} text=${one.name} /></code> <span class="dim">· <${Time} at=${waiting.created_at} /></span></div><pre class="code wraps" tabindex="0"><bdi>${shown[index]}${shown[index] === texts[index] ? "" : "…"}</bdi></pre>`)}
    ${isCut && html`<div class="row wrap"><button class="btn tiny" type="button" onClick=${showAll}>Show all ${number(texts.join("").length)} characters</button><span class="small">It can be approved once everything is shown.</span></div>`}
    <div class="row wrap"><${Act} kind="primary" label="Approve" disabled=${isCut} title=${isCut ? "Show all of it first" : undefined} call=${decide(true)} done=${done}>Approve <kbd aria-hidden="true">A</kbd><//><${Act} kind="deny" label="Deny" call=${decide(false)} done=${done}>Deny <kbd aria-hidden="true">D</kbd><//><input class="input grow" aria-label="Why not" placeholder="Why not (the agent reads it when denied)" value=${reason} onInput=${event => setReason(event.target.value)} /></div>
  </div>`;
}
