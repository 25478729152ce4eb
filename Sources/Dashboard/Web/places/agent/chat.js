// The chat: what was said, the turns between, approvals, and the composer.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { call, events } from "../../api.js";
import { refresh } from "../../live.js";
import { link } from "../../route.js";
import { Act, Copy, Problem, useCall, Waiting } from "../../parts/ui.js";
import { imagePart, kinds, Pictures } from "../../parts/images.js";
import { Markdown } from "../../parts/markdown.js";
import { cut, flat, Name, short, Time, visible } from "../../parts/text.js";
import { merge, textOf, turns } from "../../parts/turns.js";
import { Approval } from "./approval.js";
import { Again, Forget } from "./fork.js";
import { Ended, Turn } from "./turn.js";
import { Why } from "./why.js";

const page = 40;
/** More than these are taken out at the far end: the document stays small whatever the agent's age. */
const most = 240;

const isOver = run => !["created", "running"].includes(run.status);

/** Reads messages, older ones on demand, with the runs that they are of and the request that waits. */
function useTalk(agent, talk) {
  const path = talk ? `/v1/conversations/${encodeURIComponent(talk)}/messages` : `/v1/agents/${agent.id}/messages`;
  const [state, set] = useState({ messages: null, runs: new Map(), waiting: null, older: false, newer: false, error: null });
  // Polls would fill the list of calls.
  const quiet = useRef(false);
  const by = query => ({ query, quiet: quiet.current });
  const asked = more => ({ limit: page, order: "desc", conversation_id: talk ? undefined : "default", ...more });
  // The agent's own come in order of time, and "before" means time there.
  const sorted = list => (talk ? list.reverse() : list);
  const readRuns = async after => (await call("GET", "/v1/runs/", by({ agent_id: agent.id, conversation_id: talk ?? "default", limit: page, after }))).map(run => [run.id, run]);
  const load = async () => {
    try {
      const [messages, runs, approvals] = await Promise.all([call("GET", path, by(asked())).then(sorted), readRuns(), call("GET", "/v1/approvals/", by({ agent_id: agent.id }))]);
      quiet.current = true;
      const waiting = approvals.find(one => (one.conversation_id ?? undefined) === talk);
      set(old => ({ messages, runs: new Map([...old.runs, ...runs]), waiting, older: messages.length >= page, newer: false, error: null }));
      return messages;
    } catch (error) { set(old => ({ ...old, error })); }
  };
  const first = state.messages?.[0]?.id;
  const askOlder = () => ({ verb: "GET", path, query: asked({ [talk ? "after" : "before"]: first }) });
  const add = async list => {
    const oldest = [...state.runs.values()].toSorted((one, other) => (one.created_at < other.created_at ? -1 : 1))[0];
    const runs = await readRuns(oldest?.id);
    const messages = sorted(list);
    set(old => {
      if (old.messages[0]?.id !== first) return old;
      const all = [...messages, ...old.messages];
      return { ...old, runs: new Map([...runs, ...old.runs]), older: list.length >= page, newer: old.newer || all.length > most, messages: all.slice(0, most) };
    });
  };
  const change = update => set(old => ({ ...old, messages: update(old.messages ?? []) }));
  useEffect(() => { load(); }, [path]);
  return { ...state, load, askOlder, add, change };
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

export function Said({ message, name, why, step, context, changed }) {
  const [open, setOpen] = useState(false);
  const isUser = message.message_type !== "assistant_message";
  const said = textOf(message.content);
  const notice = isUser && !message.name ? noticeIn(said) : null;
  const text = notice ?? said;
  const who = notice ? "Notice of the server" : message.message_type === "system_message" ? "System" : isUser ? message.name || "You" : message.name || name;
  return html`<li class=${`says ${isUser ? "user" : ""}`}><header><strong><${Name} text=${who} most=${60} /></strong><${Time} at=${message.date} /><span class="grow"></span>${why && text && html`<button class="linkish xs" type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>why this answer</button>`}${step && !notice && html`<${Again} id=${message.id} text=${said} step=${step} agent=${context.agent} />`}<${Forget} message=${message} context=${context} changed=${changed} />${text && html`<${Copy} text=${text} kind="ghost tiny" />`}</header>
    <div class="text">${isUser ? html`${text && html`<${Plain} text=${text} />`}<${Pictures} content=${message.content} />` : html`<${Markdown} text=${text} />`}</div>${open && html`<${Why} ...${why} answer=${text} step=${message.step_id} />`}</li>`;
}
function Plain({ text }) {
  const [all, setAll] = useState(false);
  return html`<div class="plain" dir="auto">${all ? visible(text) : cut(visible(text), 20000)}</div>${!all && text.length > 20000 && html`<button class="btn tiny" type="button" onClick=${() => setAll(true)}>Show all ${text.length.toLocaleString("en")} characters</button>`}`;
}

export function Chat({ agent, talk, changed, showStep }) {
  const list = useTalk(agent, talk);
  // The run whose answer is read as it comes.
  const [busy, setBusy] = useState(null);
  const [error, setError] = useState(null);
  const draft = `draft ${talk ?? agent.id}`;
  const [text, setText] = useState(() => { try { return sessionStorage.getItem(draft) ?? ""; } catch { return ""; } });
  const [images, setImages] = useState([]);
  const [speaker, setSpeaker] = useState("");
  const people = useCall("/v1/identities/", { query: { limit: 50 } });
  const box = useRef(null);
  const isAtEnd = useRef(true);
  const left = useRef(null);
  left.current ??= new AbortController();
  const reading = useRef(false);
  // Whether newer messages are left out of the document.
  const newer = useRef(false);
  newer.current = list.newer;
  const conversation = useCall(talk && `/v1/conversations/${encodeURIComponent(talk)}`, { skip: !talk });
  const ids = talk ? conversation.data?.in_context_message_ids : agent.message_ids;
  const owner = talk ? conversation.data : agent;
  const at = owner && Math.max(...[owner.created_at, owner.last_run_completion, owner.last_message_at].map(time => Date.parse(time ?? 0)));
  const context = useMemo(() => ({ ids: new Set(ids ?? []), at, talk, agent: agent.id }), [ids, at, talk, agent.id]);
  const reread = () => { conversation.reload(); changed(); };
  useEffect(() => { try { sessionStorage.setItem(draft, text); } catch { /* a draft is lost then */ } }, [text]);
  // A run goes on without who left.
  useEffect(() => () => left.current.abort(), []);
  useLayoutEffect(() => { if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight; }, [list.messages, busy, error, people.data, images]);
  // Turns that others begin show here too.
  useEffect(() => refresh(`/v1/agents/${agent.id}/messages`, null, 8, async () => {
    if (!reading.current && isAtEnd.current && !newer.current) await list.load();
  }, { now: false }), [talk]);

  const streamed = { raw: true, signal: left.current.signal };
  const path = talk ? `/v1/conversations/${encodeURIComponent(talk)}/messages` : `/v1/agents/${agent.id}/messages/stream`;
  const turn = messages => ({ verb: "POST", path, body: { messages, stream_tokens: true, include_pings: true, ...(talk ? { streaming: true } : {}) }, ...streamed });
  /** Shows an answer as it comes. Returns what it failed by, and the messages that are stored then. */
  const play = async (answer, run) => {
    reading.current = true;
    setError(null);
    setBusy({ run });
    let [problem, pending, frame] = [null, [], 0];
    const paint = () => { const pieces = pending; [pending, frame] = [[], 0]; if (pieces.length) list.change(old => pieces.reduce(merge, old)); };
    try {
      for await (const event of events(answer)) {
        if (event.run_id) setBusy(old => (old?.run === event.run_id ? old : { run: event.run_id }));
        if (event.message_type === "error_message" || event.error) problem = event.detail ?? event.message ?? event.error?.message ?? "The turn failed.";
        else if (event.message_type && !["ping", "stop_reason", "usage_statistics"].includes(event.message_type)) {
          pending.push(event);
          frame ||= requestAnimationFrame(paint);
        }
      }
    } catch (error) {
      if (error.name === "AbortError") return {};
      problem = "The server does not answer.";
    }
    cancelAnimationFrame(frame);
    paint();
    const messages = await list.load();
    reading.current = false;
    setBusy(null);
    reread();
    return { problem, messages };
  };
  const said = text.trim();
  const content = images.length ? [...(said ? [{ type: "text", text: said }] : []), ...images.map(one => one.part)] : said;
  const attach = async event => {
    const files = [...event.target.files].filter(file => kinds.includes(file.type));
    event.target.value = "";
    const parts = await Promise.all(files.map(imagePart));
    setImages(old => [...old, ...parts.map((part, index) => ({ name: files[index].name, part }))]);
  };
  const role = speaker === "system" ? "system" : "user";
  const sent = async answer => {
    const known = new Set(list.messages?.map(one => one.id));
    setText(value => (value.trim() === said ? "" : value));
    setImages([]);
    isAtEnd.current = true;
    list.change(old => [...old, { id: `draft-${Date.now()}`, message_type: `${role}_message`, content, date: new Date().toISOString() }]);
    const { problem, messages } = await play(answer);
    // What was not taken comes back.
    if (!problem || messages?.some(one => !known.has(one.id) && textOf(one.content) === textOf(content))) return;
    setText(value => value || said);
    setImages(images);
    setError({ message: `${problem} ${messages ? "Your text was not taken" : "Whether your text was taken is not known"}: it is in the field again.` });
  };
  const open = [...list.runs.values()].filter(run => !isOver(run));
  // Others may wait for it.
  const active = open.find(run => run.status === "running") ?? open[0];
  // A run in the background can be read from its beginning.
  useEffect(() => {
    if (!active?.background || reading.current || !isAtEnd.current || newer.current) return;
    call("GET", `/v1/runs/${active.id}/stream`, streamed).then(answer => {
      list.change(old => old.filter(one => one.run_id !== active.id || one.message_type === "user_message"));
      return play(answer, active.id);
    }).catch(() => { /* it shows step by step then */ });
  }, [active?.id]);
  const works = busy?.run ?? active?.id;
  const waiting = busy ? null : list.waiting;
  const { groups, results } = turns(list.messages ?? []);
  const ends = new Map(groups.map((group, index) => [group.run, index]));
  /** What goes on from a turn that failed, where nothing came after it. */
  const onward = run => !works && !waiting && groups.at(-1).run === run.id && html`<${Act} kind="tiny" label=${list.messages.some(one => one.run_id === run.id && one.step_id) ? "Go on" : "Try again"} call=${() => ({ verb: "POST", path: `/v1/runs/${run.id}/continue` })} done=${() => { isAtEnd.current = true; return list.load(); }} />`;
  /** The step that answered what a user wrote. */
  const answered = message => typeof message.content === "string" && message.message_type === "user_message" && list.messages.find(one => one.run_id === message.run_id && one.step_id)?.step_id;
  const shown = (group, index) => {
    if (group.system) return html`<li class="xs dim" key=${group.key}>The conversation begins here. What the model is told before it is under Context.</li>`;
    if (group.turn) return html`<${Turn} key=${group.key} messages=${group.turn} results=${results} showStep=${showStep} agent=${agent} changed=${reread} context=${context} />`;
    return html`<${Said} key=${group.key} message=${group.said} step=${answered(group.said)} name=${agent.name} why=${group.said.message_type === "assistant_message" ? { agent, turn: groups[index - 1]?.turn, results, showStep } : null} context=${context} changed=${reread} />`;
  };
  const ended = (group, index) => {
    const run = ends.get(group.run) === index && list.runs.get(group.run);
    return run && isOver(run) && html`<${Ended} key=${run.id} run=${run}>${run.status === "failed" && onward(run)}<//>`;
  };
  return html`<section class="pane chat" aria-label="Chat">
    <div class="log" tabindex="0" role="log" aria-label="Messages" aria-busy=${Boolean(busy)} ref=${box} onScroll=${event => { const node = event.currentTarget; isAtEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < 60; }}><ol>
      ${list.error && html`<li><${Problem} error=${list.error} again=${list.load} /></li>`}
      ${list.messages === null && !list.error && html`<li><${Waiting} lines=${6} /></li>`}
      ${list.older && html`<li><${Act} kind="tiny" label="Older messages" call=${list.askOlder} done=${found => { isAtEnd.current = false; return list.add(found); }} /></li>`}
      ${list.messages?.length === 0 && html`<li class="empty">Say something: <${Name} text=${agent.name} /> knows only its blocks so far.</li>`}
      ${groups.flatMap((group, index) => [shown(group, index), ended(group, index)])}
      ${list.newer && html`<li><button class="btn tiny" type="button" onClick=${() => { isAtEnd.current = true; list.load(); }}>Back to the newest messages</button></li>`}
      ${(busy || active) && html`<li class="xs dim row"><span class="state run"><${Name} text=${agent.name} most=${40} /> works</span>${works && html`<${Act} kind="tiny" label="Stop" call=${() => ({ verb: "POST", path: `/v1/agents/${agent.id}/messages/cancel`, body: { run_ids: [works] } })} done=${() => (reading.current ? null : list.load())} /><a class="mono" href=${link(["runs", works])}>${short(works)}</a>`}</li>`}
      ${error && html`<li><${Problem} error=${error} /></li>`}
    </ol></div>
    <div class="composer"><div>
      ${waiting && html`<div class="note wait"><${Approval} key=${waiting.id} focus waiting=${waiting} who=${html`<${Name} text=${agent.name} most=${60} />`} change=${request => turn(request.body.messages)} done=${answer => { isAtEnd.current = true; return play(answer); }} /></div>`}
      <label class="sr" for="say">Message</label>
      <textarea class="input" id="say" rows="2" dir="auto" value=${text} placeholder=${waiting ? "Decide above before you go on" : `Message ${visible(cut(agent.name, 40))}`} onInput=${event => setText(event.target.value)} onKeyDown=${event => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); event.currentTarget.closest(".composer").querySelector(".send").click(); } }}></textarea>
      ${images.length > 0 && html`<div class="chips">${images.map(file => html`<button class="chip" type="button" title="Leave it out" onClick=${() => setImages(images.filter(one => one !== file))}><${Name} text=${file.name} most=${40} /> ×</button>`)}</div>`}
      <div class="row wrap"><select class="select narrow" aria-label="Who speaks" value=${speaker} onChange=${event => setSpeaker(event.target.value)}><option value="">Speak as …</option>${people.data?.map(one => html`<option value=${one.id} selected=${one.id === speaker}>as ${flat(one.name)}</option>`)}<option value="system">as the system</option></select>
        <label class="btn tiny">Attach images<input class="sr" type="file" accept=${kinds.join(",")} multiple onChange=${attach} /></label><span class="grow"></span><kbd class="hide-phone">Enter</kbd>${waiting && said && html`<span class="xs dim">Decide above first: your text stays.</span>`}<${Act} kind="primary send" label="Send" disabled=${Boolean(busy || waiting) || content.length === 0} call=${() => turn([{ role, content, ...(speaker && role === "user" ? { identity_id: speaker } : {}) }])} done=${sent} /></div>
    </div></div></section>`;
}
