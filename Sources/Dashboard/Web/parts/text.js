// Texts of users and models, made harmless to look at; numbers and times.
import { html } from "../vendor/preact.js";

export const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;
const code = character => `\\u${character.codePointAt(0).toString(16).padStart(4, "0")}`;
/** Shows what the eye would not see: control and direction characters as escapes. */
export const visible = text => String(text ?? "").replace(invisible, code);
/** On one line. */
export const flat = text => visible(String(text ?? "").replace(/[\t\n\r]+/g, " "));
export const cut = (text, most) => { const all = String(text ?? ""); return all.length > most ? `${all.slice(0, most)}…` : all; };

/** A name or another short text of somebody's. */
export const Name = ({ text, most = 200 }) => html`<bdi>${cut(flat(text), most)}</bdi>`;

export const number = value => (value === null || value === undefined ? "–" : Number(value).toLocaleString("en"));
/** `1 agent`, `2 agents`. */
export const counted = (list, noun) => `${number(list?.length ?? 0)} ${noun}${list?.length === 1 ? "" : "s"}`;
export const share = (part, whole) => (whole > 0 ? `${Math.round((part / whole) * 100)} %` : "–");
/** US dollars. */
export const money = value => (value === null || value === undefined ? "–" : `$ ${value < 1 ? value.toFixed(4) : value.toFixed(2)}`);
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  for (const unit of ["B", "kB", "MB", "GB"]) { if (value < 1000 || unit === "GB") return `${value < 10 && unit !== "B" ? value.toFixed(1) : Math.round(value)} ${unit}`; value /= 1000; }
}
export function took(nanoseconds) {
  if (nanoseconds === null || nanoseconds === undefined) return "–";
  const seconds = nanoseconds / 1e9;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

const moment = value => new Date(/[zZ]$|[+-]\d\d:\d\d$/.test(value) ? value : `${value}Z`);
export function Time({ at, seconds = false }) {
  if (!at) return html`<span class="dim">never</span>`;
  const date = moment(at);
  if (Number.isNaN(date.getTime())) return html`<span>${flat(at)}</span>`;
  const age = (Date.now() - date) / 1000;
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) });
  let text;
  if (age < 60 && age > -5 && !seconds) text = "just now";
  else if (age < 3600 && age > 0 && !seconds) text = `${Math.floor(age / 60)} min ago`;
  else if (date.toDateString() === new Date().toDateString()) text = clock;
  else text = `${date.toLocaleDateString([], { day: "numeric", month: "short", ...(date.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }) })} ${clock}`;
  return html`<time datetime=${date.toISOString()} title=${date.toLocaleString()}>${text}</time>`;
}

/** `agent-01a2…887b`. */
export const short = id => { const text = flat(id); return text.length > 18 ? `${text.slice(0, text.indexOf("-") + 5)}…${text.slice(-4)}` : text; };

/** Arguments of a call: JSON as readable lines, anything else as it is. */
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try { return JSON.stringify(JSON.parse(value), null, 2); } catch { return value; }
}
