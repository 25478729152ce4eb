// MCP servers: added and tried in one form; their tools, and why they fail.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Empty, Field, Loaded, Problem, State, useCall } from "../../parts/ui.js";
import { counted, cut, Name, visible } from "../../parts/text.js";

function Server({ server, done }) {
  const [answer, setAnswer] = useState(null);
  const tools = useCall(`/v1/mcp-servers/${server.id}/tools`, { query: { limit: 200 } });
  const path = `/v1/mcp-servers/${server.id}`;
  return html`<${Card} title=${html`<${Name} text=${server.server_name} />`} actions=${html`<span class="tag"><${Name} text=${server.mcp_server_type} /></span>`}>
    <p class="mono small"><bdi>${cut(visible(server.server_url ?? [server.command, ...(server.args ?? [])].join(" ")), 400)}</bdi></p>
    <div class="row wrap"><${Act} kind="tiny" label="Connect and read its tools" call=${() => ({ verb: "PATCH", path: `${path}/refresh` })} failed=${error => setAnswer(error)} done=${value => { setAnswer(value); tools.reload(); }} /><span class="grow"></span><${Act} kind="tiny danger" label="Delete" sure="Delete this server and its tools, also from agents? This can't be undone." typed=${visible(server.server_name)} call=${() => ({ verb: "DELETE", path })} done=${done} /></div>
    ${answer instanceof Error ? html`<${Problem} error=${answer} />` : answer && html`<${State} kind="ok">It answered.<//>`}
    <${Loaded} of=${tools}>${rows => (rows.length === 0 ? html`<p class="small dim">No tools are known of it yet.</p>` : html`<details><summary class="small">${counted(rows, "tool")}</summary><ul class="lines">${rows.map(one => html`<li><code><${Name} text=${one.name} /></code> <span class="small mid"><${Name} text=${one.description ?? ""} most=${160} /></span></li>`)}</ul></details>`)}<//><//>`;
}

function Add({ done }) {
  const [form, set] = useState({ name: "", kind: "streamable_http", url: "", token: "", command: "", args: "" });
  const [made, setMade] = useState(null);
  const put = name => value => set(old => ({ ...old, [name]: value }));
  const config = () => (form.kind === "stdio" ? { mcp_server_type: "stdio", command: form.command.trim(), args: form.args.split("\n").filter(Boolean) } : { mcp_server_type: form.kind, server_url: form.url.trim(), ...(form.token ? { auth_header: "Authorization", auth_token: `Bearer ${form.token}` } : {}) });
  return html`<${Card} title="Add an MCP server"><${Field} label="Name" value=${form.name} set=${put("name")} /><${Field} label="Kind" value=${form.kind} set=${put("kind")} options=${[["streamable_http", "HTTP"], ["sse", "HTTP, older (SSE)"], ["stdio", "a program on the server's machine"]]} />
    ${form.kind === "stdio" ? html`<${Field} label="Program" value=${form.command} set=${put("command")} placeholder="/usr/bin/some-server" /><${Field} label="Arguments, one a line" rows=${3} value=${form.args} set=${put("args")} hint="Only programs that the server's operator allows (LETTA_MCP_STDIO_COMMANDS)." />` : html`<${Field} label="Address" type="url" value=${form.url} set=${put("url")} placeholder="https://example.org/mcp" /><${Field} label="Token" type="password" autocomplete="off" value=${form.token} set=${put("token")} hint="Stored encrypted, never shown again." />`}
    <div class="row"><${Act} kind="primary" label="Add" disabled=${!form.name.trim() || !(form.kind === "stdio" ? form.command : form.url).trim()} call=${() => ({ verb: "POST", path: "/v1/mcp-servers/", body: { server_name: form.name.trim(), config: config() } })} done=${answer => { setMade(answer); set({ ...form, name: "", url: "", token: "", command: "", args: "" }); done(); }} />${made && html`<${State} kind="ok">Saved. Connect it beside.<//>`}</div><//>`;
}

export function Servers() {
  const servers = useCall("/v1/mcp-servers/", { every: 20 });
  return html`<div class="two"><div class="stack"><${Loaded} of=${servers}>${rows => (rows.length === 0 ? html`<${Empty}>No MCP servers. They bring tools of other programs.<//>` : rows.map(one => html`<${Server} key=${one.id} server=${one} done=${servers.reload} />`))}<//></div><div class="stack"><${Add} done=${servers.reload} /></div></div>`;
}
