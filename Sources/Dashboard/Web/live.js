// Notices of what changes on the server: one stream for all tabs of the browser, so that screens need not ask again and again.
import { useEffect, useState } from "./vendor/preact.js";
import { address } from "./api.js";

/** The server says something at least every 15 seconds. */
const longestSilence = 40000;
const listeners = new Set();
/** Whether notices come, and whether they tell of everything: other servers on the same database tell nothing here. */
const live = { on: false, all: false };
/** Without locks, as on plain HTTP beyond this machine, each tab has a stream of its own. */
const channel = navigator.locks && "BroadcastChannel" in globalThis ? new BroadcastChannel(`letta-live ${address}`) : null;

/** Calls `listener` with each notice, with `{resync: true}` when some may have been missed, and when `live` changes. */
function onNotice(listener) { listeners.add(listener); return () => listeners.delete(listener); }
function tell(notice) { for (const listener of listeners) listener(notice); }

function hear(message) {
  if (message.state) {
    const was = live.on;
    Object.assign(live, message.state);
    tell(live.on && !was ? { resync: true } : {});
  } else if (message.notice) tell(message.notice);
}

/** The tab that has the stream tells the others. */
function say(message) { hear(message); channel?.postMessage(message); }

let holds = false;
if (channel) {
  channel.onmessage = ({ data }) => { if (!data.hello) hear(data); else if (holds) channel.postMessage({ state: { ...live } }); };
  channel.postMessage({ hello: true });
}

/** Follows the stream until it breaks, and says whether there was one. */
function follow() {
  return new Promise(end => {
    const source = new EventSource(`${address}/v1/server/events`);
    let timer;
    const stop = () => { const wasOn = live.on; clearTimeout(timer); source.close(); say({ state: { on: false, all: false } }); end(wasOn); };
    const heard = () => { clearTimeout(timer); timer = setTimeout(stop, longestSilence); };
    source.addEventListener("ready", event => { heard(); say({ state: { on: true, all: JSON.parse(event.data).covers_all } }); });
    source.addEventListener("change", event => { heard(); say({ notice: JSON.parse(event.data) }); });
    source.addEventListener("resync", () => { heard(); say({ notice: { resync: true } }); });
    source.addEventListener("beat", heard);
    source.onerror = stop;
    heard();
  });
}

async function hold() {
  holds = true;
  for (let pause = 5000; ; ) {
    const wasOn = await follow();
    pause = wasOn ? 5000 : Math.min(2 * pause, 60000);
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}

/** Begins once the page may call. Another tab takes over when the one that holds the stream is closed. */
let hasBegun = false;
export function begin() {
  if (hasBegun || !("EventSource" in globalThis)) return;
  hasBegun = true;
  if (channel) navigator.locks.request(`letta-live ${address}`, hold);
  else hold();
}

const covered = new Set(["agents", "runs", "approvals", "steps", "overview"]);
/** Runs are among what lists of agents and approvals show. */
const related = { agents: ["runs"], approvals: ["runs"], overview: ["agents", "runs", "approvals", "steps"] };
/** The parts of a path below `/v1`, and for lists made for screens below `/v1/server`. */
const parts = path => path.split("/").filter(Boolean).slice(path.startsWith("/v1/server/") ? 2 : 1);

/** Whether a call's answer may be another one after a notice. */
function concerns(path, query, notice) {
  if (notice.resync) return true;
  const [noun, id] = parts(path);
  if (id && /-[0-9a-f-]{36}$/.test(id)) return notice.ids.includes(id);
  if (query?.agent_id && notice.ids.length && !notice.ids.includes(query.agent_id)) return false;
  return notice.kind === noun || (related[noun] ?? []).includes(notice.kind);
}
/** Whether notices tell of all changes of a call's answer; asking again and again is the fall-back then. */
const isCovered = path => live.on && live.all && covered.has(parts(path)[0]);
const fallBack = 30;

/** Calls `read` every so many seconds while the page is looked at, and soon after a notice that concerns the path; never twice at a time. Returns how to end it. */
export function refresh(path, query, every, read, { now = true, quiet = false } = {}) {
  const pause = Math.max(1000, every * 200);
  let [timer, last, busy, due, ended] = [0, 0, false, false, false];
  const rest = () => (isCovered(path) ? Math.max(every, fallBack) : every) * 1000;
  const plan = wait => { clearTimeout(timer); if (every && !ended) timer = setTimeout(look, wait, true); };
  const look = async quietly => {
    if (quietly && document.hidden) { plan(1000); return; }
    [busy, due, last] = [true, false, Date.now()];
    await read(quietly);
    busy = false;
    plan(due ? pause : rest());
  };
  const off = onNotice(notice => {
    if (!every || (busy && !notice.kind && !notice.resync)) return;
    if (!notice.kind && !notice.resync) plan(rest());
    else if (concerns(path, query, notice)) { if (busy) due = true; else plan(Math.max(0, last + pause - Date.now())); }
  });
  if (now) look(quiet); else plan(rest());
  return () => { ended = true; clearTimeout(timer); off(); };
}

/** Whether notices come. */
export function useLive() {
  const [on, set] = useState(live.on);
  useEffect(() => onNotice(() => set(live.on)), []);
  return on;
}
