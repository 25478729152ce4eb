// How each part of the server is, and what to do.
import { html } from "../vendor/preact.js";
import { State } from "./ui.js";
import { flat, Name, Time } from "./text.js";

export const checkNames = { database: "Database", disk: "Disk", sandbox: "Sandbox", local_model: "Local models", provider: "Provider", mcp_server: "MCP server", backup: "Backup", agents: "Agents" };
/** Where one does something about it. */
export const checkPlaces = { sandbox: "#/tools?part=sandbox", provider: "#/settings?part=models", local_model: "#/settings?part=models", mcp_server: "#/tools?part=mcp", backup: "#/settings?part=backups", agents: "#/agents?state=failed" };
const colours = { ok: "ok", warning: "warn", failed: "err" };

const form = "PATCH /v1/server/backup-schedule";
/** What to do; a call that has a form here is a link to it. */
export function Remedy({ text, most }) {
  if (!text.includes(form)) return html`<${Name} text=${text} most=${most} />`;
  return html`<a href="#/settings?part=backups">Set a schedule</a>${flat(text.slice(text.indexOf(form) + form.length))}`;
}

/** Remedies are shown where `remedies` is given. */
export function Checks({ rows, remedies }) {
  return html`<dl class="kv checks">${rows.map(one => html`<dt>${checkPlaces[one.kind] ? html`<a href=${checkPlaces[one.kind]}>${checkNames[one.kind]}</a>` : checkNames[one.kind] ?? flat(one.kind)}${one.name && html` <span class="mid"><${Name} text=${one.name} most=${60} /></span>`}</dt><dd><${State} kind=${colours[one.state] ?? ""}><span class="wrapany"><${Name} text=${one.seen} most=${300} />${one.seen_at && html` <${Time} at=${one.seen_at} />`}</span><//>${remedies && one.remedy && html`<div class="xs mid wrapany"><${Remedy} text=${one.remedy} most=${400} /></div>`}</dd>`)}</dl>`;
}
