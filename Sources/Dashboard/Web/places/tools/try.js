// A tool tried out: one's own in the sandbox, one of an MCP server there, one of the server as an agent that has it.
import { html, useState } from "../../vendor/preact.js";
import { Act, Field, Long, State } from "../../parts/ui.js";
import { Code } from "../../parts/code.js";
import { Name, pretty, visible } from "../../parts/text.js";
import { AgentPicker } from "../groups.js";

const inJSON = field => field.type === "object" || field.type === "array";
const parsed = (text, type) => { if (type === "string") return text; try { return JSON.parse(text); } catch { return text; } };
const notes = {
  custom: "Runs once in the sandbox, without network; nothing is stored.",
  external_mcp: "Calls the MCP server now. What that changes there stays changed.",
  own: "Runs as an agent that has the tool, between its turns. What it changes, memory too, stays changed.",
};

/** `source` and `language` are those of the editor, which may not be saved yet. */
export function Try({ tool, source, language, schema }) {
  const [values, set] = useState({});
  const [agent, setAgent] = useState(null);
  const [result, setResult] = useState(null);
  const kind = notes[tool?.tool_type ?? "custom"] ? tool?.tool_type ?? "custom" : "own";
  const fields = Object.entries(schema?.parameters?.properties ?? {}).filter(([name]) => name !== "request_heartbeat");
  const args = () => Object.fromEntries(fields.filter(([key]) => values[key] !== undefined && values[key] !== "").map(([key, field]) => [key, parsed(values[key], field.type)]));
  const requests = {
    custom: () => ({ verb: "POST", path: "/v1/tools/run", body: { source_code: source, source_type: language, args: args() } }),
    external_mcp: () => ({ verb: "POST", path: `/v1/mcp-servers/${tool.metadata_?.mcp?.server_id}/tools/${tool.id}/run`, body: { args: args() } }),
    own: () => ({ verb: "POST", path: `/v1/agents/${agent?.id}/tools/${encodeURIComponent(tool.name)}/run`, body: { args: args() } }),
  };
  const output = (title, lines) => lines?.length > 0 && html`<h3>${title}</h3><${Long} text=${[].concat(lines).join("\n")} />`;
  return html`<h3>Try it</h3><p class="xs dim">${notes[kind]}</p>
    ${kind === "own" && html`${agent && html`<p class="small">As <b><${Name} text=${agent.name} most=${80} /></b></p>`}<${AgentPicker} label="As the agent" without=${[agent?.id]} verb="Choose" choose=${setAgent} />`}
    ${fields.map(([key, field]) => html`<${inJSON(field) ? Code : Field} key=${key} label=${visible(key)} ...${inJSON(field) ? { language: "json", rows: 3, wraps: true } : {}} value=${values[key] ?? ""} set=${value => set(old => ({ ...old, [key]: value }))} hint=${[field.type, visible(field.description ?? "")].filter(Boolean).join(" · ")} />`)}
    <div class="row"><${Act} kind="primary" label="Run" disabled=${kind === "own" && !agent} call=${requests[kind]} done=${setResult} /></div>
    ${result && html`<div class=${`note ${result.status === "success" ? "ok" : "err"}`} role="status"><${State} kind=${result.status === "success" ? "ok" : "err"}>${result.status === "success" ? "returned" : "failed"}<//><${Long} text=${pretty(result.tool_return ?? result.func_return ?? "")} />${output("Output", result.stdout)}${output("Errors", result.stderr)}</div>`}`;
}
