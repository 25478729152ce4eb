// What all screens are made of.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { call, curl, make } from "../api.js";
import { refresh } from "../live.js";
import { adjust } from "../route.js";
import { cut, flat, short, visible } from "./text.js";
import { ask } from "./dialog.js";

const paths = {
  mark: "M8 1.5 14 5v6l-6 3.5L2 11V5z M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  overview: "M2 9h3l2-5 3 8 2-3h2",
  agents: "M8 2.5a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z M2.5 14c.6-3 2.8-4.3 5.5-4.3s4.9 1.3 5.5 4.3",
  runs: "M2 4h7 M5 8h8 M3 12h6",
  knowledge: "M3 2.5h7.5a2 2 0 0 1 2 2v9H5a2 2 0 0 1-2-2z M3 11.5a2 2 0 0 1 2-2h7.5",
  tools: "M9.5 3.2a3.3 3.3 0 0 1 4 4.2L11.8 6 10 7.8l1.3 1.7a3.3 3.3 0 0 1-4.2-1.6L3.4 12 2 10.6l4.2-3.7a3.3 3.3 0 0 1 3.3-3.7z",
  people: "M6 3a2.4 2.4 0 1 1 0 4.8A2.4 2.4 0 0 1 6 3z M1.5 13c.4-2.6 2.2-3.7 4.5-3.7s4.1 1.1 4.5 3.7 M11 3.4a2.2 2.2 0 0 1 0 4.2 M12.2 9.6c1.3.5 2.1 1.6 2.3 3.4",
  api: "M5.5 4 1.8 8l3.7 4 M10.5 4l3.7 4-3.7 4",
  settings: "M2 4.5h6 M11 4.5h3 M9.5 3v3 M2 11.5h3 M8 11.5h6 M6.5 10v3",
  more: "M3 8h.01 M8 8h.01 M13 8h.01",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z M10.5 10.5 14 14",
  theme: "M8 2a6 6 0 1 0 6 6 4.6 4.6 0 0 1-6-6z",
};
export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${paths[name]} /></svg>`;

/** Data of a call that stays while it is read again. `every` reads it again in seconds while the page is looked at, and when a notice says that it changed. */
export function useCall(path, { query, every, skip, verb = "GET", body } = {}) {
  const key = JSON.stringify([verb, path, query, body]);
  const [state, set] = useState({ data: undefined, error: null, key: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (skip || !path) return undefined;
    const stop = new AbortController();
    const read = async quiet => {
      try {
        const data = await call(verb, path, { query, body, signal: stop.signal, quiet });
        set({ data, error: null, key });
      } catch (error) {
        if (error.name === "AbortError") return;
        set(old => ({ data: old.key === key ? old.data : undefined, error, key }));
      }
    };
    const end = refresh(path, query, every, read, { quiet: turn > 0 });
    return () => { stop.abort(); end(); };
  }, [key, skip, turn, every]);
  const known = state.key === key ? state : { data: undefined, error: null };
  return { ...known, loading: !skip && known.data === undefined && !known.error, reload: () => setTurn(value => value + 1) };
}

export function Problem({ error, again }) {
  if (!error) return null;
  return html`<div class="note err" role="alert"><div class="row wrap"><span class="grow"><b>${error.status ? `${error.status} ` : ""}</b><bdi>${cut(visible(error.message), 2000)}</bdi></span>
    ${again && html`<button class="btn tiny" type="button" onClick=${again}>Try again</button>`}
    ${error.request && html`<${Copy} text=${curl(error.request)} label="Copy as curl" />`}</div></div>`;
}
export const Waiting = ({ lines = 3 }) => html`<div class="bones" aria-busy="true"><span class="sr">Loading</span>${Array.from({ length: lines }, () => html`<i></i>`)}</div>`;
export const Empty = ({ children }) => html`<div class="empty">${children}</div>`;

/** Shows a call's data, its error, or that it is on its way. */
export function Loaded({ of, children, lines }) {
  return html`${of.error && html`<${Problem} error=${of.error} again=${of.reload} />`}${of.loading ? html`<${Waiting} lines=${lines} />` : of.data !== undefined && children(of.data)}`;
}

export function Copy({ text, label = "Copy", kind = "tiny" }) {
  const [done, set] = useState(false);
  const copy = async () => {
    try { await navigator.clipboard.writeText(text); } catch { fallback(text); }
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`<button class=${`btn ${kind}`} type="button" onClick=${copy}>${done ? "Copied" : label}</button>`;
}
/** For pages without TLS beyond this machine, where browsers have no clipboard for scripts. */
function fallback(text) {
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}
export const Id = ({ id }) => html`<span class="row id"><code title=${flat(id)}>${short(id)}</code><${Copy} text=${id} label="Copy id" kind="ghost tiny" /></span>`;

/** The actions that the screen offers now, for the list of its calls. */
export const actions = new Map();

/** A button that makes a call, and has the focus before, meanwhile and after. `call` returns the request; `sure` asks before, and has `typed` typed when that is given. */
export function Act({ call: request, children, label, kind = "", done, sure, typed, disabled, failed, title }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const live = useRef(true);
  const key = useRef({});
  actions.set(key.current, { label, request });
  useEffect(() => { live.current = true; return () => { live.current = false; actions.delete(key.current); }; }, []);
  const run = async () => {
    if (disabled || busy) return;
    if (sure && !(await ask(sure, typed, label))) return;
    setBusy(true);
    setError(null);
    try {
      const answer = await make(request());
      await done?.(answer);
    } catch (problem) {
      if (failed) await failed(problem); else if (live.current) setError(problem);
    } finally {
      if (live.current) setBusy(false);
    }
  };
  return html`<button class=${`btn ${kind}`} type="button" aria-disabled=${disabled || busy ? "true" : undefined} aria-busy=${busy} title=${title} onClick=${run}>${children ?? label}</button>${error && html`<${Problem} error=${error} />`}`;
}

export const State = ({ kind, children }) => html`<span class=${`state ${kind}`}>${children}</span>`;
const kinds = { completed: "ok", success: "ok", running: "run", created: "run", pending: "run", parsing: "run", embedding: "run", failed: "err", error: "err", cancelled: "warn", cancelling: "warn" };
const words = { completed: "done", success: "done", created: "begins", error: "failed", pending: "waits" };
export function RunState({ run }) {
  if (run.stop_reason === "requires_approval") return html`<${State} kind="wait">needs approval<//>`;
  return html`<${State} kind=${kinds[run.status] ?? ""}>${words[run.status] ?? flat(run.status)}<//>`;
}
export const Status = ({ of }) => html`<${State} kind=${kinds[of] ?? ""}>${words[of] ?? flat(of)}<//>`;

// The key n goes to what makes something new, which its title says.
export const Card = ({ title, actions: buttons, children, flush }) => html`<section class="card" aria-keyshortcuts=${/^(New|Add an?) /.test(title) ? "n" : undefined}><header><h2>${title}</h2><span class="grow"></span>${buttons}</header>${flush ? children : html`<div class="body stack">${children}</div>`}</section>`;

let fields = 0;
/** A labelled field. */
export function Field({ label, value, set, type = "text", hint, rows, options, ...rest }) {
  const [id] = useState(() => `field-${++fields}`);
  const change = event => set(event.target.value);
  let box;
  if (options) box = html`<select class="select" id=${id} value=${value} onChange=${change} ...${rest}>${options.map(option => { const [key, text] = Array.isArray(option) ? option : [option, option]; return html`<option value=${key} selected=${key === value}>${flat(text)}</option>`; })}</select>`;
  else if (rows) box = html`<textarea class="input" id=${id} rows=${rows} value=${value} onInput=${change} ...${rest}></textarea>`;
  else box = html`<input class="input" id=${id} type=${type} value=${value} onInput=${change} ...${rest} />`;
  return html`<div class="field"><label for=${id}>${label}</label>${box}${hint && html`<span class="xs dim">${hint}</span>`}</div>`;
}

/** A long text as it is, cut where it would slow the page down. */
export function Long({ text, most = 20000, wraps = true }) {
  const [all, setAll] = useState(false);
  const shown = visible(text);
  const isCut = !all && shown.length > most;
  return html`<pre class=${`code ${wraps ? "wraps" : ""}`} tabindex="0"><bdi>${isCut ? shown.slice(0, most) : shown}</bdi></pre>${isCut && html`<button class="btn tiny" type="button" onClick=${() => setAll(true)}>Show all ${shown.length.toLocaleString("en")} characters</button>`}`;
}

export function Tabs({ tabs, value, set, label }) {
  const box = useRef(null);
  // On a phone the chosen one may be beside the window.
  useEffect(() => { const tab = box.current?.querySelector('[aria-selected="true"]'); if (tab) box.current.scrollLeft = tab.offsetLeft - box.current.offsetLeft - 12; }, [value]);
  const step = event => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = tabs[(tabs.findIndex(([key]) => key === value) + by + tabs.length) % tabs.length];
    set(next[0]);
    event.currentTarget.querySelector(`[data-key="${next[0]}"]`)?.focus();
  };
  return html`<div class="tabs" role="tablist" ref=${box} aria-label=${label} onKeyDown=${step}>${tabs.map(([key, text]) => html`<button type="button" role="tab" data-key=${key} aria-selected=${key === value} tabindex=${key === value ? 0 : -1} onClick=${() => set(key)}>${text}</button>`)}</div>`;
}

/** Sets a member of the state that `set` sets. */
export const putter = set => name => value => set(old => ({ ...old, [name]: value }));

/** On a phone, leads from what is chosen back to its list. */
export const Back = ({ of }) => html`<button class="btn tiny only-phone" type="button" onClick=${() => adjust({ [of]: "" })}>Back to the list</button>`;
