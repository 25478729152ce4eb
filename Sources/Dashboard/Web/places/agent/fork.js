// Going another way from a past step, and taking what spoils the context out of it, or back into it.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { call as make } from "../../api.js";
import { go } from "../../route.js";
import { Act } from "../../parts/ui.js";

/** A conversation that begins with what the step was told. */
export const Fork = ({ step, agent, kind = "tiny" }) => html`<${Act} kind=${kind} label="Fork from here" title="A new conversation that begins with what this step was told, without its answer. Memory is as it is now." call=${() => ({ verb: "POST", path: `/v1/steps/${step}/fork` })} done=${made => go(["agents", agent], { talk: made.id })} />`;

/** A conversation that begins before the message, which is the draft there. `step` answered it. */
export const Again = ({ id, text, step, agent }) => html`<${Act} kind="ghost tiny" label="Edit and send again" title="A new conversation that begins before this message, with its text in the field. Memory is as it is now." call=${() => ({ verb: "POST", path: `/v1/steps/${step}/fork` })} done=${async made => {
  await make("DELETE", `/v1/agents/${agent}/context/messages/${encodeURIComponent(id)}`, { query: { conversation_id: made.id } });
  try { sessionStorage.setItem(`draft ${made.id}`, text); } catch { /* it is to be written anew then */ }
  go(["agents", agent], { talk: made.id });
}} />`;

const lately = 10000;
/** Whether the context was read after the message was stored: a newer one may be in it already. */
const isKnown = (date, context) => context.at !== undefined && Date.parse(date) <= context.at;

/** Takes a message out of the context, and puts it back. `context` is the agent's or the conversation's: `ids`, `at` (the time that they are of), `talk`, `agent`. */
export function Forget({ message: { id, date }, context, changed, waits }) {
  // Whether it was put back or left out a moment ago; null later.
  const [came, setCame] = useState(null);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const isIn = came ?? context?.ids.has(id);
  if (!context || (!isIn && came === null && !isKnown(date, context))) return null;
  const done = () => {
    clearTimeout(timer.current);
    setCame(came === null ? !isIn : null);
    timer.current = setTimeout(() => setCame(null), lately);
    changed();
  };
  const call = () => ({ verb: isIn ? "DELETE" : "PUT", path: `/v1/agents/${context.agent}/context/messages/${encodeURIComponent(id)}`, query: { conversation_id: context.talk } });
  return html`<span class="row tight"><span class="xs dim" role="status">${came === null ? "" : came ? "Put back." : "Left out."}</span><${Act} kind="ghost tiny" label=${came !== null ? "Undo" : isIn ? "Leave out" : "Put back"} title=${isIn ? "Takes this message out of the context: the agent is not told it any more. A call goes with its results. It stays in this list." : "Not in the context. Puts it back where it stood: the agent is told it again. A call comes with its results."} sure=${isIn && waits ? "Take this request out of the context? It is dropped, and can't be put back." : undefined} call=${call} done=${done} /></span>`;
}
