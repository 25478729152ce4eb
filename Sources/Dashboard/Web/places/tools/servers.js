// MCP servers: added, connected and authorized in one place; their tools, and why they fail.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { events, make } from "../../api.js";
import { link } from "../../route.js";
import { Act, Card, Empty, Field, Loaded, Problem, putter, State } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { cut, Name, number, visible } from "../../parts/text.js";
import { useUnsaved } from "../../parts/unsaved.js";

const asText = (values, mark) => Object.entries(values ?? {}).map(([name, value]) => `${name}${mark}${value}`).join("\n");
const parsed = (text, mark) => Object.fromEntries(text.split("\n").filter(line => line.includes(mark.trim())).map(line => { const at = line.indexOf(mark.trim()); return [line.slice(0, at).trim(), line.slice(at + 1).trim()]; }));

/** The address of a page that asks for the consent, with its host; null for anything else. */
function consent(text) {
  try { const url = new URL(text); return /^https?:$/.test(url.protocol) ? url : null; } catch { return null; }
}

/** Connects, and has somebody authorize it in another tab where the server wants that. */
function Authorize({ path, done }) {
  const [said, say] = useState(null);
  const stop = useRef(null);
  useEffect(() => () => stop.current?.abort(), []);
  const begin = async () => {
    stop.current = new AbortController();
    say({ event: "connection_attempt" });
    try {
      for await (const event of events(await make({ verb: "GET", path, raw: true, signal: stop.current.signal }))) say(old => ({ ...event, url: event.url ?? old.url }));
      done();
    } catch (error) { if (error.name !== "AbortError") say({ event: "error", message: error.message }); }
  };
  const url = said?.url && consent(said.url);
  const isOver = !said || ["success", "error"].includes(said.event);
  return html`<button class="btn tiny" type="button" disabled=${!isOver} onClick=${begin}>Authorize</button>
    ${said && html`<div class=${`note ${said.event === "error" ? "err" : ""}`} role="status">${said.event === "error" ? html`<${Name} text=${said.message} most=${400} />` : isOver ? "It is authorized." : url ? html`Its service asks for your consent: <a class="btn tiny" href=${url.href} target="_blank" rel="noopener noreferrer">Open ${visible(url.host)}</a>` : "Connecting …"}</div>`}`;
}

function Form({ server, done }) {
  const start = { name: server?.server_name ?? "", kind: server?.mcp_server_type ?? "streamable_http", url: server?.server_url ?? "", header: server?.auth_header ?? "Authorization", token: "", headers: asText(server?.custom_headers, ": "), command: server?.command ?? "", args: (server?.args ?? []).join("\n"), env: asText(server?.env, "=") };
  const [form, set] = useState(start);
  const [made, setMade] = useState(null);
  const put = putter(set);
  const isChanged = JSON.stringify(form) !== JSON.stringify(start);
  useUnsaved(isChanged && "the MCP server");
  const token = () => (form.header === "Authorization" && !form.token.includes(" ") ? `Bearer ${form.token}` : form.token);
  const config = () => (form.kind === "stdio" ? { mcp_server_type: "stdio", command: form.command.trim(), args: form.args.split("\n").filter(Boolean), env: parsed(form.env, "=") }
    : { mcp_server_type: form.kind, server_url: form.url.trim(), custom_headers: parsed(form.headers, ":"), ...(form.token ? { auth_header: form.header, auth_token: token() } : {}) });
  const kept = server ? " What is masked stays as it is." : "";
  const body = () => ({ server_name: form.name.trim(), config: config() });
  const request = () => (server ? { verb: "PATCH", path: `/v1/mcp-servers/${server.id}`, body: body() } : { verb: "POST", path: "/v1/mcp-servers/", body: body() });
  return html`<${Field} label="Name" value=${form.name} set=${put("name")} /><${Field} label="Kind" value=${form.kind} set=${put("kind")} options=${[["streamable_http", "HTTP"], ["sse", "HTTP, older (SSE)"], ["stdio", "a program on the server's machine"]]} />
    ${form.kind === "stdio" ? html`<${Field} label="Program" value=${form.command} set=${put("command")} placeholder="/usr/bin/some-server" /><${Field} label="Arguments, one a line" rows=${3} value=${form.args} set=${put("args")} hint="Only programs that the server's operator allows (LETTA_MCP_STDIO_COMMANDS)." /><${Field} label="Environment variables" rows=${2} value=${form.env} set=${put("env")} placeholder="NAME=value" hint=${`One a line, stored encrypted.${kept}`} autocomplete="off" />`
    : html`<${Field} label="Address" type="url" value=${form.url} set=${put("url")} placeholder="https://example.org/mcp" /><${Field} label="Token" type="password" autocomplete="off" value=${form.token} set=${put("token")} hint=${`Stored encrypted, never shown again.${server?.auth_token ? " One is set; left empty, it stays." : ""}`} />
      <details><summary class="small">Headers</summary><div class="stack pt"><${Field} label="Header of the token" value=${form.header} set=${put("header")} /><${Field} label="Other headers" rows=${2} value=${form.headers} set=${put("headers")} placeholder="Name: value" hint=${`One a line, stored encrypted.${kept}`} autocomplete="off" /></div></details>`}
    <div class="row"><${Act} kind="primary" label=${server ? "Save and connect" : "Add"} disabled=${!isChanged || !form.name.trim() || !(form.kind === "stdio" ? form.command : form.url).trim()} call=${request} done=${answer => { setMade(answer); set(start); return done(answer); }} />${made && html`<${State} kind=${made.last_error ? "err" : "ok"}>${made.last_error ? "Saved, but it does not work: why stands beside." : "Saved and connected."}<//>`}</div>`;
}

function Server({ server, done }) {
  const path = `/v1/mcp-servers/${server.id}`;
  const tools = usePages(`${path}/tools`, { every: 20 });
  const [answer, setAnswer] = useState(null);
  const [editing, edit] = useState(false);
  const refresh = { verb: "PATCH", path: `${path}/refresh` };
  const again = () => { tools.reload(); done(); };
  useEffect(() => { tools.reload(); }, [server.last_error]);
  const isWanting = /authoriz/i.test(server.last_error ?? "");
  const state = server.last_error ? ["err", "does not work"] : tools.data?.length ? ["ok", "ready"] : ["", "not connected yet"];
  return html`<${Card} title=${html`<${Name} text=${server.server_name} />`} actions=${html`<${State} kind=${state[0]}>${state[1]}<//><span class="tag"><${Name} text=${server.mcp_server_type} /></span>`}>
    <p class="mono small"><bdi>${cut(visible(server.server_url ?? [server.command, ...(server.args ?? [])].join(" ")), 400)}</bdi></p>
    ${server.last_error && html`<div class="note err"><${Name} text=${server.last_error} most=${600} /></div>`}
    <div class="row wrap"><${Act} kind="tiny" label="Connect and read its tools" call=${() => refresh} failed=${error => { setAnswer(error); done(); }} done=${value => { setAnswer(value); again(); }} />${isWanting && html`<${Authorize} path=${`/v1/mcp-servers/connect/${server.id}`} done=${again} />`}<button class="btn tiny" type="button" aria-expanded=${editing} onClick=${() => edit(!editing)}>Edit</button><span class="grow"></span><${Act} kind="tiny danger" label="Delete" sure="Delete this server and its tools, also from agents? This can't be undone." typed=${visible(server.server_name)} call=${() => ({ verb: "DELETE", path })} done=${done} /></div>
    ${answer instanceof Error ? !server.last_error && html`<${Problem} error=${answer} />` : answer && html`<${State} kind="ok">It answered: ${answer.added.length} new, ${answer.updated.length} changed, ${answer.deleted.length} gone.<//>`}
    ${editing && html`<${Form} server=${server} done=${async () => { edit(false); await make(refresh).then(setAnswer, setAnswer); again(); }} />`}
    <${Loaded} of=${tools}>${rows => (rows.length === 0 ? html`<p class="small dim">No tools are known of it.</p>` : html`<details><summary class="small">${number(rows.length)}${tools.end ? "" : " and more"} tools</summary><ul class="lines">${rows.map(one => html`<li><a href=${link(["tools"], { tool: one.id })} title="See its schema and try it"><code><${Name} text=${one.name} /></code></a> <span class="small mid"><${Name} text=${one.description ?? ""} most=${160} /></span></li>`)}</ul><${More} of=${tools} noun="tools" /></details>`)}<//><//>`;
}

export function Servers() {
  const servers = usePages("/v1/mcp-servers/", { every: 20 });
  return html`<div class="two"><div class="stack"><${Loaded} of=${servers}>${rows => (rows.length === 0 ? html`<${Empty}>No MCP servers. They bring tools of other programs.<//>` : rows.map(one => html`<${Server} key=${one.id} server=${one} done=${servers.reload} />`))}<//><${More} of=${servers} noun="servers" /></div><div class="stack"><${Card} title="Add an MCP server"><${Form} done=${servers.reload} /><//></div></div>`;
}
