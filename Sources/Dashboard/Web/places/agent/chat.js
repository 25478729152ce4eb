// The chat: what was said, the turns between, approvals, and the composer.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { call, events } from "../../api.js";
import { refresh } from "../../live.js";
import { Act, Copy, Problem, useCall, Waiting } from "../../parts/ui.js";
import { imagePart, kinds, Pictures } from "../../parts/images.js";
import { Markdown } from "../../parts/markdown.js";
import { cut, flat, Name, short, Time, visible } from "../../parts/text.js";
import { callsOf, merge, textOf, turns } from "../../parts/turns.js";
import { Approval } from "./approval.js";
import { Forget } from "./fork.js";
import { Turn } from "./turn.js";
import { Why } from "./why.js";

const page = 40;
/** More than these are taken out at the far end: the document stays small whatever the agent's age. */
const most = 240;

/** Reads messages, older ones on demand. */
function useMessages(agent, talk) {
  const path = talk ? `/v1/conversations/${encodeURIComponent(talk)}/messages` : `/v1/agents/${agent.id}/messages`;
  const [state, set] = useState({ messages: null, older: false, newer: false, error: null });
  const read = async query => {
    const list = await call("GET", path, { query: { limit: page, order: "desc", ...(talk ? {} : { conversation_id: "default" }), ...query }, quiet: Boolean(state.messages) });
    // Those of the agent's own conversation come in order of time.
    return talk ? list.reverse() : list;
  };
  const load = async () => {
    try {
      const messages = await read({});
      set({ messages, older: messages.length >= page, newer: false, error: null });
    } catch (error) { set(old => ({ ...old, error })); }
  };
  const before = async () => {
    const messages = await read({ before: state.messages[0].id });
    set(old => {
      const all = [...messages, ...old.messages];
      return { ...old, older: messages.length >= page, newer: old.newer || all.length > most, messages: all.slice(0, most) };
    });
  };
  const change = update => set(old => ({ ...old, messages: update(old.messages ?? []) }));
  useEffect(() => { load(); }, [path]);
  return { ...state, load, before, change };
}

/** What the server itself put into the context in a user's place; null for what somebody said. */
function noticeIn(text) {
  if (!text.startsWith("{")) return null;
  try {
    const { type, message, reason } = JSON.parse(text);
    return ["system_alert", "heartbeat", "login"].includes(type) ? String(message ?? reason ?? type) : null;
  } catch {
    return null;
  }
}

function Said({ message, name, why, context, changed }) {
  const [open, setOpen] = useState(false);
  const isUser = message.message_type === "user_message";
  const said = textOf(message.content);
  const notice = isUser && !message.name ? noticeIn(said) : null;
  const text = notice ?? said;
  const who = notice ? "Notice of the server" : isUser ? message.name || "You" : message.name || name;
  return html`<li class=${`says ${isUser ? "user" : ""}`}><header><strong><${Name} text=${who} most=${60} /></strong><${Time} at=${message.date} /><span class="grow"></span>${why && text && html`<button class="linkish xs" type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>why this answer</button>`}<${Forget} message=${message} context=${context} changed=${changed} />${text && html`<${Copy} text=${text} kind="ghost tiny" />`}</header>
    <div class="text">${isUser ? html`${text && html`<${Plain} text=${text} />`}<${Pictures} content=${message.content} />` : html`<${Markdown} text=${text} />`}</div>${open && html`<${Why} ...${why} answer=${text} step=${message.step_id} />`}</li>`;
}
function Plain({ text }) {
  const [all, setAll] = useState(false);
  return html`<div class="plain" dir="auto">${all ? visible(text) : cut(visible(text), 20000)}</div>${!all && text.length > 20000 && html`<button class="btn tiny" type="button" onClick=${() => setAll(true)}>Show all ${text.length.toLocaleString("en")} characters</button>`}`;
}

/** The request at the end that waits for a decision. */
function waiting(messages) {
  const last = messages.findLast(one => ["approval_request_message", "approval_response_message", "assistant_message", "user_message"].includes(one.message_type));
  return last?.message_type === "approval_request_message" && callsOf(last).length ? last : null;
}

export function Chat({ agent, talk, changed, showStep }) {
  const list = useMessages(agent, talk);
  const [busy, setBusy] = useState(null);
  const [error, setError] = useState(null);
  const [note, setNote] = useState("");
  const draft = `draft ${talk ?? agent.id}`;
  const [text, setText] = useState(() => { try { return sessionStorage.getItem(draft) ?? ""; } catch { return ""; } });
  const [images, setImages] = useState([]);
  const [speaker, setSpeaker] = useState("");
  const people = useCall("/v1/identities/", { query: { limit: 50 } });
  const box = useRef(null);
  const isAtEnd = useRef(true);
  const stop = useRef(null);
  // Whether newer messages are left out of the document.
  const newer = useRef(false);
  newer.current = list.newer;
  const conversation = useCall(talk && `/v1/conversations/${encodeURIComponent(talk)}`, { skip: !talk });
  const ids = talk ? conversation.data?.in_context_message_ids : agent.message_ids;
  const owner = talk ? conversation.data : agent;
  const at = owner && Math.max(...[owner.created_at, owner.last_run_completion, owner.last_message_at].map(time => Date.parse(time ?? 0)));
  const context = useMemo(() => ({ ids: new Set(ids ?? []), at, talk, agent: agent.id }), [ids, at, talk, agent.id]);
  const forgotten = () => { conversation.reload(); changed(); };
  useEffect(() => { try { sessionStorage.setItem(draft, text); } catch { /* a draft is lost then */ } }, [text]);
  useEffect(() => () => stop.current?.abort(), []);
  useLayoutEffect(() => { if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight; }, [list.messages, busy, error, people.data, images]);
  // Turns that others begin show here too.
  useEffect(() => refresh(talk ? `/v1/conversations/${talk}/messages` : `/v1/agents/${agent.id}/messages`, null, 8, async () => {
    if (!stop.current && isAtEnd.current && !newer.current) await list.load();
  }, { now: false }), [talk]);

  const turn = async (messages, shown) => {
    setError(null);
    setNote("");
    isAtEnd.current = true;
    stop.current = new AbortController();
    setBusy({ since: Date.now() });
    if (shown) list.change(old => [...old, shown]);
    const request = { verb: "POST", path: talk ? `/v1/conversations/${encodeURIComponent(talk)}/messages` : `/v1/agents/${agent.id}/messages/stream`, body: { messages, stream_tokens: true, streaming: true, include_pings: true } };
    if (!talk) delete request.body.streaming;
    let pending = [];
    const paint = () => { const pieces = pending; pending = []; if (pieces.length) list.change(old => pieces.reduce(merge, old)); };
    let frame = 0;
    try {
      for await (const event of events(request, stop.current.signal)) {
        if (event.message_type === "stop_reason") { if (!["end_turn", "requires_approval", "cancelled"].includes(event.stop_reason)) setNote(`The turn ended: ${event.stop_reason}.`); continue; }
        if (event.message_type === "usage_statistics") { setNote(`${event.total_tokens?.toLocaleString("en") ?? "–"} tokens in ${event.step_count ?? "–"} steps`); continue; }
        if (event.message_type === "error_message" || event.error) { setError({ status: 0, message: event.message ?? event.error?.message ?? "The turn failed.", request }); continue; }
        if (!event.message_type || event.message_type === "ping") continue;
        pending.push(event);
        if (!frame) frame = requestAnimationFrame(() => { frame = 0; paint(); });
      }
    } catch (problem) {
      if (problem.name !== "AbortError") {
        setError(problem);
        if (problem.status && shown) { setText(value => value || textOf(messages[0].content)); }
      }
    }
    cancelAnimationFrame(frame);
    paint();
    stop.current = null;
    setBusy(null);
    await list.load();
    if (talk) conversation.reload();
    changed();
  };
  const send = async () => {
    const said = text.trim();
    if ((!said && images.length === 0) || busy) return;
    const content = images.length ? [...(said ? [{ type: "text", text: said }] : []), ...(await Promise.all(images.map(imagePart)))] : said;
    setText("");
    setImages([]);
    turn([{ role: "user", content, ...(speaker ? { identity_id: speaker } : {}) }], { id: `draft-${Date.now()}`, message_type: "user_message", content, date: new Date().toISOString() });
  };
  const request = list.messages && !busy ? waiting(list.messages) : null;
  const { groups, results } = turns(list.messages ?? []);
  return html`<section class="pane chat" aria-label="Chat">
    <div class="log" tabindex="0" role="log" aria-label="Messages" aria-busy=${Boolean(busy)} ref=${box} onScroll=${event => { const node = event.currentTarget; isAtEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < 60; }}><ol>
      ${list.error && html`<li><${Problem} error=${list.error} again=${list.load} /></li>`}
      ${list.messages === null && !list.error && html`<li><${Waiting} lines=${6} /></li>`}
      ${list.older && html`<li><button class="btn tiny" type="button" onClick=${() => { isAtEnd.current = false; list.before(); }}>Older messages</button></li>`}
      ${list.messages?.length === 0 && html`<li class="empty">Say something: <${Name} text=${agent.name} /> knows only its blocks so far.</li>`}
      ${groups.map((group, index) => (group.said ? html`<${Said} key=${group.key} message=${group.said} name=${agent.name} why=${group.said.message_type === "assistant_message" ? { agent, turn: groups[index - 1]?.turn, results, showStep } : null} context=${context} changed=${forgotten} />` : group.system
        ? html`<li class="xs dim" key=${group.key}>The conversation begins here. What the model is told before it is under Context.</li>`
        : html`<${Turn} key=${group.key} messages=${group.turn} run=${group.run} results=${results} showStep=${showStep} agent=${agent} changed=${forgotten} context=${context} />`))}
      ${list.newer && html`<li><button class="btn tiny" type="button" onClick=${() => { isAtEnd.current = true; list.load(); }}>Back to the newest messages</button></li>`}
      ${busy && html`<li class="xs dim row"><span class="state run">${short(agent.name)} works</span><${Act} kind="tiny" label="Stop" call=${() => ({ verb: "POST", path: talk ? `/v1/conversations/${encodeURIComponent(talk)}/cancel` : `/v1/agents/${agent.id}/messages/cancel`, body: {} })} /></li>`}
      ${error && html`<li><${Problem} error=${error} /></li>`}
      ${note && html`<li class="xs dim">${note}</li>`}
    </ol></div>
    <div class="composer"><div>
      ${request && html`<div class="note wait"><${Approval} key=${callsOf(request)[0].tool_call_id} focus waiting=${{ agent_id: agent.id, conversation_id: talk, tool_calls: callsOf(request) }} who=${html`<${Name} text=${agent.name} most=${60} />`} done=${async () => { await list.load(); changed(); }} /></div>`}
      <label class="sr" for="say">Message</label>
      <textarea class="input" id="say" rows="2" dir="auto" value=${text} placeholder=${request ? "Decide above before you go on" : `Message ${visible(cut(agent.name, 40))}`} onInput=${event => setText(event.target.value)} onKeyDown=${event => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); } }}></textarea>
      ${images.length > 0 && html`<div class="chips">${images.map(file => html`<button class="chip" type="button" title="Leave it out" onClick=${() => setImages(images.filter(one => one !== file))}><${Name} text=${file.name} most=${40} /> ×</button>`)}</div>`}
      <div class="row wrap">${people.data?.length > 0 && html`<select class="select narrow" aria-label="Who speaks" value=${speaker} onChange=${event => setSpeaker(event.target.value)}><option value="">Speak as …</option>${people.data.map(one => html`<option value=${one.id} selected=${one.id === speaker}>as ${flat(one.name)}</option>`)}</select>`}
        <label class="btn tiny">Attach images<input class="sr" type="file" accept=${kinds.join(",")} multiple onChange=${event => { setImages([...images, ...[...event.target.files].filter(file => kinds.includes(file.type))]); event.target.value = ""; }} /></label><span class="grow"></span><kbd class="hide-phone">Enter</kbd><button class="btn primary" type="button" disabled=${Boolean(busy) || (!text.trim() && images.length === 0)} onClick=${send}>Send</button></div>
    </div></div></section>`;
}
