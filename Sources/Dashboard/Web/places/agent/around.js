// A message of the past where it was said: what came before and after it.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { call } from "../../api.js";
import { adjust } from "../../route.js";
import { Problem, Waiting } from "../../parts/ui.js";
import { turns } from "../../parts/turns.js";
import { Said } from "./chat.js";
import { Turn } from "./turn.js";

const page = 20;

export function Around({ agent, talk, message, showStep }) {
  const [state, set] = useState({ messages: null, older: true, newer: true, error: null });
  const found = useRef(null);
  const path = talk ? `/v1/conversations/${encodeURIComponent(talk)}/messages` : `/v1/agents/${agent.id}/messages`;
  const near = query => call("GET", path, { query: { limit: page, ...(talk ? {} : { conversation_id: "default" }), ...query } });
  // In a conversation what comes before depends on the order; lists of an agent are in order of time, whatever it is.
  const before = id => near({ before: id, order: talk ? "asc" : "desc" });
  const after = id => near({ after: id, order: "asc" });
  const attempt = async work => { try { await work(); } catch (error) { set(old => ({ ...old, error })); } };
  const read = () => attempt(async () => {
    const own = await call("GET", `/v1/messages/${encodeURIComponent(message)}`);
    // A message tells its run, and that its conversation.
    const run = own[0]?.run_id && await call("GET", `/v1/runs/${own[0].run_id}`).catch(() => null);
    const place = run?.conversation_id ?? undefined;
    if (run && place !== talk) { adjust({ talk: place }); return; }
    const [past, next] = await Promise.all([before(message), after(message)]);
    set({ messages: [...past, ...own, ...next], older: past.length >= page, newer: next.length >= page, error: null });
  });
  useEffect(() => { set(old => ({ ...old, messages: null })); read(); }, [message, path]);
  useLayoutEffect(() => { found.current?.scrollIntoView({ block: "center" }); }, [state.messages === null, message]);
  const more = (reading, isOlder) => attempt(async () => {
    const list = await reading(state.messages.at(isOlder ? 0 : -1).id);
    set(old => (isOlder ? { ...old, messages: [...list, ...old.messages], older: list.length >= page } : { ...old, messages: [...old.messages, ...list], newer: list.length >= page }));
  });
  const { groups, results } = turns(state.messages ?? []);
  const isFound = group => (group.said ?? group.turn?.find(one => one.id === message))?.id === message;
  const back = html`<button class="btn tiny" type="button" onClick=${() => adjust({ message: undefined })}>Back to the newest messages</button>`;
  return html`<section class="pane chat" aria-label="Chat"><div class="log" tabindex="0" role="log" aria-label="Messages" aria-busy=${state.messages === null}><ol>
    ${state.error ? html`<li><${Problem} error=${state.error} again=${read} /></li>` : state.messages === null && html`<li><${Waiting} lines=${6} /></li>`}
    ${state.messages && state.older && html`<li><button class="btn tiny" type="button" onClick=${() => more(before, true)}>Older messages</button></li>`}
    ${groups.map(group => html`${isFound(group) && html`<li class="found xs dim" ref=${found} key="found">What you looked for</li>`}${group.said ? html`<${Said} key=${group.key} message=${group.said} name=${agent.name} />` : group.turn && html`<${Turn} key=${group.key} messages=${group.turn} run=${group.run} results=${results} showStep=${showStep} agent=${agent} changed=${read} />`}`)}
    ${state.messages && state.newer && html`<li><button class="btn tiny" type="button" onClick=${() => more(after, false)}>Newer messages</button></li>`}
    </ol></div><div class="composer"><div class="row wrap"><span class="small mid grow">A part of what was said earlier.</span>${back}</div></div></section>`;
}
