// What needs somebody, what runs, what was used, whether all is well, and how to connect.
import { html, useState } from "../vendor/preact.js";
import { address } from "../api.js";
import { useLive } from "../live.js";
import { adjust, link } from "../route.js";
import { Approval } from "./agent/approval.js";
import { Bars } from "../parts/bars.js";
import { Checks, checkNames, checkPlaces, Remedy } from "../parts/checks.js";
import { Card, Copy, Empty, Loaded, RunState, State, Tabs, useCall } from "../parts/ui.js";
import { seen } from "../parts/seen.js";
import { flat, money, Name, number, share, short, Time, took } from "../parts/text.js";

const mostFailures = 5;

function Needs({ of, reload }) {
  const { approvals, approval_count: waiting, failed_runs: failed, checks } = of.needs;
  const known = seen();
  const broken = failed.filter(run => !known.has(run.id));
  const count = waiting + broken.length + checks.length;
  return html`<section class="card"><header><h2>Needs you</h2><span class="dim">${number(count)}</span></header>
    ${count === 0 && html`<${Empty}>Nothing waits for you.<//>`}
    <ul class="needs">
      ${approvals.map(one => html`<li key=${one.id}><${State} kind="wait">Approval<//><div class="what">
        <${Approval} waiting=${one} done=${reload} who=${html`<a href=${link(["agents", one.agent_id], { talk: one.conversation_id })}><${Name} text=${of.names[one.agent_id] ?? short(one.agent_id)} /></a>`} /></div></li>`)}
      ${waiting > approvals.length && html`<li><${State} kind="wait">Approvals<//><div class="what">${number(waiting - approvals.length)} more wait</div><a class="btn tiny" href="#/agents?state=waiting">Look</a></li>`}
      ${broken.slice(0, mostFailures).map(run => html`<li key=${run.id}><${State} kind="err">Failed run<//><div class="what"><a href=${link(["runs", run.id])}><${Name} text=${of.names[run.agent_id] ?? short(run.agent_id)} /></a> <span class="dim small">· <${Time} at=${run.created_at} /> · </span><span class="small"><${Name} text=${run.metadata?.error ?? run.stop_reason ?? "no reason was stored"} most=${160} /></span></div><a class="btn tiny" href=${link(["runs", run.id])}>See why</a></li>`)}
      ${broken.length > mostFailures && html`<li><${State} kind="err">Failed runs<//><div class="what">${number(broken.length - mostFailures)} more failed</div><a class="btn tiny" href="#/runs?state=failed">Look</a></li>`}
      ${checks.map(one => html`<li key=${one.kind + one.name}><${State} kind="err">${checkNames[one.kind] ?? flat(one.kind)}<//><div class="what">${one.name && html`<${Name} text=${one.name} />: `}<${Name} text=${one.seen} most=${200} />${one.seen_at && html` <span class="dim small">· <${Time} at=${one.seen_at} /></span>`}${one.remedy && html`<div class="xs dim"><${Remedy} text=${one.remedy} most=${200} /></div>`}</div><a class="btn tiny" href=${checkPlaces[one.kind] ?? "#/settings?part=health"}>Look</a></li>`)}
    </ul></section>`;
}

function Steps({ agents, models }) {
  if (agents !== 0) return null;
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

const periods = { "24h": "24 hours", "7d": "7 days", "30d": "30 days" };
const hour = at => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function Tokens({ of }) {
  const name = bucket => (of.period === "24h" ? hour(bucket.starts_at) : bucket.starts_at.slice(0, 10));
  const what = of.period === "24h" ? "hour" : "day";
  return html`<section class="card"><header><h2>Tokens by ${what}</h2><span class="grow"></span><a class="small" href="#/settings?part=usage">Usage</a></header><div class="body"><${Bars} values=${of.buckets.map(one => one.tokens)} label=${`Tokens by ${what}; the table below says how many`} />
    <div class="row xs dim"><span class="grow">${name(of.buckets[0])}</span><span>peak ${number(Math.max(...of.buckets.map(one => one.tokens)))}</span><span class="grow num">now</span></div>
    <details><summary class="small">As a table</summary><table class="table"><thead><tr><th>${what === "hour" ? "From" : "Day"}</th><th class="num">Tokens</th></tr></thead><tbody>${of.buckets.map(one => html`<tr><td>${name(one)}</td><td class="num">${number(one.tokens)}</td></tr>`)}</tbody></table></details></div></section>`;
}

function Figures({ of }) {
  const { usage } = of;
  return html`<div class="tiles">
    <a class="card tile" href="#/agents"><span class="label">Agents</span><strong>${number(of.agent_count)}</strong></a>
    <a class="card tile" href="#/runs?state=running"><span class="label">Running now</span><strong>${number(of.running_count)}</strong></a>
    <a class="card tile" href="#/runs"><span class="label">Runs</span><strong>${number(of.run_count)}</strong><span class="small mid">${number(of.failed_run_count)} failed</span></a>
    <div class="card tile"><span class="label">Median turn</span><strong>${of.median_turn_ms === null ? "–" : took(of.median_turn_ms * 1e6)}</strong></div>
    <a class="card tile" href="#/settings?part=usage"><span class="label">Tokens</span><strong>${number(usage.total_tokens)}</strong><span class="small mid">${share(usage.cached_input_tokens, usage.prompt_tokens)} from cache</span></a>
    <a class="card tile" href="#/settings?part=usage"><span class="label">Cost</span><strong>${money(usage.cost)}</strong></a></div>`;
}

function Lately({ of }) {
  return html`<section class="card"><header><h2>Recently active agents</h2><span class="grow"></span><a class="small" href="#/agents?sort=last_run_completion">All agents</a></header>
      ${of.agents.length === 0 ? html`<${Empty}>No agents yet. <a class="btn" href="#/agents/new">New agent</a><//>` : html`<table class="table cards"><thead><tr><th>Agent</th><th>Model</th><th>Last run</th><th>Ended by</th></tr></thead><tbody>${of.agents.map(one => html`<tr key=${one.id}><td><a href=${link(["agents", one.id])}><${Name} text=${one.name} /></a></td><td class="mid small end"><${Name} text=${one.model ?? "–"} /></td><td class="small"><${Time} at=${one.last_run_completion} /></td><td class="small mid end">${flat(one.last_stop_reason ?? "–").replaceAll("_", " ")}</td></tr>`)}</tbody></table>`}</section>
    <section class="card"><header><h2>Recent runs</h2><span class="grow"></span><a class="small" href="#/runs">All runs</a></header>
      ${of.runs.length === 0 ? html`<${Empty}>Nothing ran yet.<//>` : html`<table class="table cards"><thead><tr><th>Run</th><th>Agent</th><th>State</th><th>Began</th><th class="num">Took</th></tr></thead><tbody>${of.runs.map(run => html`<tr key=${run.id}><td><a class="mono" href=${link(["runs", run.id])}>${short(run.id)}</a></td><td><a href=${link(["agents", run.agent_id])}><${Name} text=${of.names[run.agent_id] ?? short(run.agent_id)} /></a></td><td class="end"><${RunState} run=${run} /></td><td class="small"><${Time} at=${run.created_at} /></td><td class="num">${took(run.total_duration_ns)}</td></tr>`)}</tbody></table>`}</section>`;
}

export function Overview({ route, title }) {
  title("Overview");
  const period = periods[route.query.period] ? route.query.period : "24h";
  const overview = useCall("/v1/server/overview", { query: { period }, every: period === "24h" ? 5 : 60 });
  const models = useCall("/v1/models/");
  const checks = useCall("/v1/server/checks", { every: 60 });
  const isLive = useLive();
  return html`<main id="main" tabindex="-1"><div class="stack">
    <div class="head"><${State} kind="ok">Live <span class="dim small">· ${isLive ? "as it happens" : "every 5 s"}</span><//><span class="grow"></span><div class="seg" role="group" aria-label="Period">${Object.entries(periods).map(([key, name]) => html`<button type="button" aria-pressed=${key === period} onClick=${() => adjust({ period: key })}>${name}</button>`)}</div><a class="btn primary" href="#/agents/new">New agent</a></div>
    <${Loaded} of=${overview} lines=${6}>${data => html`<${Steps} agents=${data.agent_count} models=${models} /><${Needs} of=${data} reload=${overview.reload} /><${Figures} of=${data} />`}<//>
    <div class="two"><div class="stack">${overview.data && html`<${Lately} of=${overview.data} />`}</div>
    <div class="stack">${overview.data && html`<${Tokens} of=${overview.data} />`}<section class="card"><header><h2>Server</h2><span class="grow"></span><a class="small" href="#/settings?part=health">Health</a></header><div class="body"><${Loaded} of=${checks}>${rows => html`<${Checks} rows=${rows} />`}<//></div></section><${Connect} /></div></div>
  </div></main>`;
}
