// A message of the past where it was said: what came before and after it.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { call, make } from "../../api.js";
import { adjust } from "../../route.js";
import { Act, Problem, Waiting } from "../../parts/ui.js";
import { turns } from "../../parts/turns.js";
import { Said } from "./chat.js";
import { Turn } from "./turn.js";

const page = 20;

export function Around({ agent, talk, message, showStep }) {
  const [state, set] = useState({ messages: null, older: true, newer: true, error: null });
  const found = useRef(null);
  const path = talk ? `/v1/conversations/${encodeURIComponent(talk)}/messages` : `/v1/agents/${agent.id}/messages`;
  const near = query => ({ verb: "GET", path, query: { limit: page, conversation_id: talk ? undefined : "default", ...query } });
  // In a conversation what comes before depends on the order; lists of an agent are in order of time, whatever it is.
  const before = id => near({ before: id, order: talk ? "asc" : "desc" });
  const after = id => near({ after: id, order: "asc" });
  const asked = useRef(null);
  const read = async () => {
    // Only the answer to what was asked last is shown.
    const mine = asked.current = {};
    try {
      const own = await call("GET", `/v1/messages/${encodeURIComponent(message)}`);
      // A message tells its run, and that its conversation.
      const run = own[0]?.run_id && await call("GET", `/v1/runs/${own[0].run_id}`).catch(() => null);
      const place = run?.conversation_id ?? undefined;
      const isHere = !run || place === talk;
      const [past, next] = isHere ? await Promise.all([before(message), after(message)].map(make)) : [];
      if (asked.current !== mine) return;
      if (isHere) set({ messages: [...past, ...own, ...next], older: past.length >= page, newer: next.length >= page, error: null });
      else adjust({ talk: place });
    } catch (error) { if (asked.current === mine) set(old => ({ ...old, error })); }
  };
  useEffect(() => { set(old => ({ ...old, messages: null })); read(); return () => { asked.current = null; }; }, [message, path]);
  useLayoutEffect(() => { found.current?.scrollIntoView({ block: "center" }); }, [state.messages === null, message]);
  const more = (label, side, request, end, add) => {
    const id = state.messages?.at(end)?.id;
    return state.messages && state[side] && html`<li><${Act} kind="tiny" label=${label} call=${() => request(id)} done=${list => set(old => (old.messages?.at(end)?.id === id ? { ...old, messages: add(list, old.messages), [side]: list.length >= page } : old))} /></li>`;
  };
  const { groups, results } = turns(state.messages ?? []);
  const isFound = group => (group.said ?? group.turn?.find(one => one.id === message))?.id === message;
  const back = html`<button class="btn tiny" type="button" onClick=${() => adjust({ message: undefined })}>Back to the newest messages</button>`;
  return html`<section class="pane chat" aria-label="Chat"><div class="log" tabindex="0" role="log" aria-label="Messages" aria-busy=${state.messages === null}><ol>
    ${state.error ? html`<li><${Problem} error=${state.error} again=${read} /></li>` : state.messages === null && html`<li><${Waiting} lines=${6} /></li>`}
    ${more("Older messages", "older", before, 0, (list, all) => [...list, ...all])}
    ${groups.map(group => html`${isFound(group) && html`<li class="found xs dim" ref=${found} key="found">What you looked for</li>`}${group.said ? html`<${Said} key=${group.key} message=${group.said} name=${agent.name} />` : group.turn && html`<${Turn} key=${group.key} messages=${group.turn} run=${group.run} results=${results} showStep=${showStep} agent=${agent} changed=${read} />`}`)}
    ${more("Newer messages", "newer", after, -1, (list, all) => [...all, ...list])}
    </ol></div><div class="composer"><div class="row wrap"><span class="small mid grow">A part of what was said earlier.</span>${back}</div></div></section>`;
}
