// What needs somebody, what runs, whether all is well, and how to connect.
import { html, useEffect, useState } from "../vendor/preact.js";
import { address } from "../api.js";
import { useLive } from "../live.js";
import { link } from "../route.js";
import { Act, Card, Copy, Empty, Loaded, RunState, State, Tabs, useCall } from "../parts/ui.js";
import { bytes, cut, flat, Name, number, short, Time, took, visible } from "../parts/text.js";

const decide = (waiting, approve) => () => ({
  verb: "POST", path: `/v1/agents/${waiting.agent_id}/messages`,
  body: { messages: [{ type: "approval", approvals: waiting.tool_calls.map(one => ({ type: "approval", tool_call_id: one.tool_call_id, approve })) }] },
});

function Needs({ approvals, failed, doctor, backups, names }) {
  const bad = (doctor.data?.services ?? []).filter(one => !one.is_reached);
  const waiting = approvals.data ?? [];
  const broken = failed.data ?? [];
  const unsaved = backups.data?.error ? [backups.data] : [];
  const count = bad.length + waiting.length + broken.length + unsaved.length;
  return html`<section class="card"><header><h2>Needs you</h2><span class="dim">${count}</span></header>
    ${count === 0 && html`<${Empty}>${approvals.loading ? "Looking …" : "Nothing waits for you."}<//>`}
    <ul class="needs">
      ${waiting.map(one => html`<li><${State} kind="wait">Approval<//><div class="what"><a href=${link(["agents", one.agent_id])}><${Name} text=${names[one.agent_id] ?? short(one.agent_id)} /></a> wants to run ${one.tool_calls.map((call, index) => html`${index ? ", " : ""}<code><${Name} text=${call.name} /></code>`)} <span class="dim small">· <${Time} at=${one.created_at} /></span><pre class="code wraps args" tabindex="0">${one.tool_calls.map(call => cut(visible(call.arguments), 2000)).join("\n")}</pre></div>
        <span class="row"><${Act} kind="tiny" label="Deny" call=${decide(one, false)} done=${approvals.reload} /><${Act} kind="tiny primary" label="Approve" call=${decide(one, true)} done=${approvals.reload} /></span></li>`)}
      ${broken.slice(0, 5).map(run => html`<li><${State} kind="err">Failed run<//><div class="what"><a href=${link(["runs", run.id])}><${Name} text=${names[run.agent_id] ?? short(run.agent_id)} /></a> <span class="dim small">· <${Time} at=${run.created_at} /> · </span><span class="small"><${Name} text=${run.metadata?.error ?? run.stop_reason ?? "no reason was stored"} most=${160} /></span></div><a class="btn tiny" href=${link(["runs", run.id])}>See why</a></li>`)}
      ${unsaved.map(one => html`<li><${State} kind="err">Backup<//><div class="what">The last copy of the database failed <span class="small mid">· <${Time} at=${one.failed_at} /> · <${Name} text=${one.error} most=${200} /></span></div><a class="btn tiny" href="#/settings?part=backups">Look</a></li>`)}
      ${bad.map(one => html`<li><${State} kind="warn">Models<//><div class="what"><${Name} text=${one.provider_name} /> does not answer <span class="small mid">· <${Name} text=${one.error ?? ""} most=${200} /></span></div><a class="btn tiny" href="#/settings?part=models">Look</a></li>`)}
    </ul></section>`;
}

function Steps({ agents, models }) {
  if (agents.data !== 0) return null;
  const ready = (models.data ?? []).length > 0;
  return html`<${Card} title="Begin here"><ol class="begin">
    <li><${State} kind=${ready ? "ok" : "warn"}>${ready ? "A model answers." : html`No model yet. <a href="#/settings?part=providers">Add a provider</a>, or run <code>letta-server models install</code>.`}<//></li>
    <li><a class="btn primary" href="#/agents/new">Make the first agent</a></li>
    <li class="mid">Tell it something, and watch its memory change beside the chat.</li></ol><//>`;
}

const clients = {
  python: ["Python", url => `# pip install letta-client\nfrom letta_client import Letta\n\nclient = Letta(base_url="${url}", api_key="YOUR_PASSWORD")\nfor agent in client.agents.list():\n    print(agent.id, agent.name)`],
  typescript: ["TypeScript", url => `// npm install @letta-ai/letta-client\nimport Letta from "@letta-ai/letta-client";\n\nconst client = new Letta({ baseURL: "${url}", apiKey: "YOUR_PASSWORD" });\nfor await (const agent of client.agents.list()) console.log(agent.id, agent.name);`],
  swift: ["Swift", url => `import LettaAPI\nimport LettaClient\n\nlet letta = LettaClient(baseURL: "${url}", token: "YOUR_PASSWORD")\nlet agents = try await letta.call(API.Agents.list, query: ListAgents())`],
  curl: ["curl", url => `export LETTA_URL=${url}\nexport LETTA_TOKEN=YOUR_PASSWORD\n\ncurl "$LETTA_URL/v1/agents/" -H "Authorization: Bearer $LETTA_TOKEN"`],
  openai: ["OpenAI's clients", url => `from openai import OpenAI\n\nclient = OpenAI(base_url="${url}/v1", api_key="YOUR_PASSWORD")\nanswer = client.chat.completions.create(model="agent-…", messages=[{"role": "user", "content": "Hello"}])`],
  mcp: ["MCP", url => `{\n  "mcpServers": {\n    "letta": {\n      "type": "http",\n      "url": "${url}/mcp",\n      "headers": { "Authorization": "Bearer YOUR_PASSWORD" }\n    }\n  }\n}`],
};

function Connect() {
  const [which, set] = useState("python");
  const text = clients[which][1](address);
  return html`<${Card} title="Connect a client" actions=${html`<${Copy} text=${address} label="Copy the address" />`}>
    <p class="small mid">This server is at <code><bdi>${address}</bdi></code>. Leave the key out where no password is set.</p>
    <${Tabs} label="Clients" value=${which} set=${set} tabs=${Object.entries(clients).map(([key, [name]]) => [key, name])} />
    <pre class="code" tabindex="0">${text}</pre><div class="row"><${Copy} text=${text} label="Copy" /><span class="grow"></span><a class="small" href="./docs">Documentation of the API</a><a class="small" href="./openapi.json">OpenAPI</a></div><//>`;
}

function Server({ ready, models, doctor, policy }) {
  return html`<section class="card"><header><h2>Server</h2><span class="grow"></span><a class="small" href="#/settings?part=health">Health</a></header><div class="body"><dl class="kv">
    <dt>State</dt><dd>${ready.error ? html`<${State} kind="err"><${Name} text=${ready.error.message} /><//>` : html`<${State} kind="ok">reaches its database<//>`}</dd>
    <dt>Version</dt><dd>${ready.data ? `${ready.data.server_version} · API ${ready.data.version}` : "–"}</dd>
    <dt>Models</dt><dd><a href="#/settings?part=models">${models.data ? number(models.data.length) : "–"}</a></dd>
    ${(doctor.data?.services ?? []).map(one => html`<dt><${Name} text=${one.provider_name} /></dt><dd><${State} kind=${one.is_reached ? "ok" : "err"}>${one.is_reached ? `answers, ${one.models} models` : "does not answer"}<//></dd>`)}
    <dt>Tools' sandbox</dt><dd>${policy.data ? html`<${State} kind=${policy.data.can_run ? "ok" : "warn"}>${policy.data.can_run ? `ready, ${bytes(policy.data.limits?.memory)} each` : "no tool can run"}<//>` : "–"}</dd>
  </dl></div></section>`;
}

export function Overview({ title }) {
  title("Overview");
  const approvals = useCall("/v1/approvals/", { every: 5 });
  const runs = useCall("/v1/runs/", { query: { limit: 12 }, every: 5 });
  const failed = useCall("/v1/runs/", { query: { statuses: ["failed"], limit: 5, start_date: new Date(Date.now() - 864e5).toISOString().slice(0, 10) }, every: 15 });
  const lately = useCall("/v1/agents/", { query: { limit: 10, order_by: "last_run_completion", order: "desc" }, every: 10 });
  const agents = useCall("/v1/agents/count", { every: 15 });
  const models = useCall("/v1/models/");
  const doctor = useCall("/v1/models/doctor");
  const policy = useCall("/v1/sandbox-config/policy");
  const backups = useCall("/v1/server/backup-schedule", { every: 60 });
  const ready = useCall("/v1/ready/", { every: 10 });
  const isLive = useLive();
  const [names, setNames] = useState({});
  useEffect(() => { if (lately.data) setNames(old => ({ ...old, ...Object.fromEntries(lately.data.map(one => [one.id, one.name])) })); }, [lately.data]);
  const active = (runs.data ?? []).filter(run => ["created", "running"].includes(run.status)).length;
  return html`<main id="main" tabindex="-1"><div class="stack">
    <div class="head"><${State} kind="ok">Live <span class="dim small">· ${isLive ? "as it happens" : "every 5 s"}</span><//><span class="grow"></span><a class="btn primary" href="#/agents/new">New agent</a></div>
    <${Steps} agents=${agents} models=${models} />
    <${Needs} approvals=${approvals} failed=${failed} doctor=${doctor} backups=${backups} names=${names} />
    <div class="tiles">
      <a class="card tile" href="#/agents"><span class="label">Agents</span><strong>${number(agents.data)}</strong></a>
      <a class="card tile" href="#/runs"><span class="label">Running now</span><strong>${runs.data ? active : "–"}</strong></a>
      <div class="card tile"><span class="label">Waiting for you</span><strong>${approvals.data ? approvals.data.length : "–"}</strong></div>
      <a class="card tile" href="#/settings?part=models"><span class="label">Models</span><strong>${models.data ? number(models.data.length) : "–"}</strong></a>
    </div>
    <div class="two"><div class="stack">
      <section class="card"><header><h2>Agents with last activity</h2><span class="grow"></span><a class="small" href="#/agents">All agents</a></header>
        <${Loaded} of=${lately}>${rows => rows.length === 0 ? html`<${Empty}>No agents yet. <a class="btn" href="#/agents/new">New agent</a><//>` : html`<table class="table cards"><thead><tr><th>Agent</th><th>Model</th><th>Last run</th><th>Ended by</th></tr></thead><tbody>${rows.map(one => html`<tr><td><a href=${link(["agents", one.id])}><${Name} text=${one.name} /></a></td><td class="mid small end"><${Name} text=${one.model ?? one.llm_config?.model ?? "–"} /></td><td class="small"><${Time} at=${one.last_run_completion} /></td><td class="small mid end">${flat(one.last_stop_reason ?? "–").replaceAll("_", " ")}</td></tr>`)}</tbody></table>`}<//></section>
      <section class="card"><header><h2>Now and lately</h2><span class="grow"></span><a class="small" href="#/runs">All runs</a></header>
        <${Loaded} of=${runs}>${rows => rows.length === 0 ? html`<${Empty}>Nothing ran yet.<//>` : html`<table class="table cards"><thead><tr><th>Run</th><th>Agent</th><th>State</th><th>Began</th><th class="num">Took</th></tr></thead><tbody>${rows.map(run => html`<tr><td><a class="mono" href=${link(["runs", run.id])}>${short(run.id)}</a></td><td><a href=${link(["agents", run.agent_id])}><${Name} text=${names[run.agent_id] ?? short(run.agent_id)} /></a></td><td class="end"><${RunState} run=${run} /></td><td class="small"><${Time} at=${run.created_at} /></td><td class="num">${took(run.total_duration_ns)}</td></tr>`)}</tbody></table>`}<//></section>
    </div><div class="stack"><${Server} ready=${ready} models=${models} doctor=${doctor} policy=${policy} /><${Connect} /></div></div>
  </div></main>`;
}
