// Going another way from a past step, and taking what spoils the context out of it.
import { html } from "../../vendor/preact.js";
import { go } from "../../route.js";
import { Act } from "../../parts/ui.js";

/** A conversation that begins with what the step was told. */
export const Fork = ({ step, agent, kind = "tiny" }) => html`<${Act} kind=${kind} label="Fork from here" title="A new conversation that begins with what this step was told, without its answer. Memory is as it is now." call=${() => ({ verb: "POST", path: `/v1/steps/${step}/fork` })} done=${made => go(["agents", agent], { talk: made.id })} />`;

/** Takes a message out of the context; nothing where it is not in it. `context` is the agent's, with `ids`, `talk` and `agent`. */
export function Forget({ id, context, changed }) {
  if (!context?.ids.has(id)) return null;
  return html`<${Act} kind="ghost tiny" label="Leave out" title="Take this message out of the context" sure="Take this message out of the context? The agent is not told it any more; a call goes with its results. It stays in this list." call=${() => ({ verb: "DELETE", path: `/v1/agents/${context.agent}/context/messages/${encodeURIComponent(id)}`, query: { conversation_id: context.talk } })} done=${changed} />`;
}
