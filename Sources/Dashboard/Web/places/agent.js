// One agent: conversations, the chat, and its mind.
import { html, useEffect, useState } from "../vendor/preact.js";
import { adjust, link } from "../route.js";
import { Empty, Id, Problem, State, Tabs, useCall, Waiting } from "../parts/ui.js";
import { flat, Name } from "../parts/text.js";
import { Around } from "./agent/around.js";
import { Chat } from "./agent/chat.js";
import { Conversations } from "./agent/conversations.js";
import { Context } from "./agent/context.js";
import { Memory } from "./agent/memory.js";
import { Archive } from "./agent/archive.js";
import { Files } from "./agent/files.js";
import { AgentTools } from "./agent/agenttools.js";
import { AgentSettings } from "./agent/agentsettings.js";

const parts = [["memory", "Memory"], ["context", "Context"], ["tools", "Tools"], ["archive", "Archive"], ["files", "Files"], ["settings", "Settings"]];
const screens = { memory: Memory, context: Context, tools: AgentTools, archive: Archive, files: Files, settings: AgentSettings };

/** What the agent knows, part by part. */
function Mind({ agent, step, part, changes, changed }) {
  const Part = screens[part] ?? Memory;
  return html`<aside class="pane inspector" aria-label="Mind of the agent">
    <${Context} agent=${agent} changes=${changes} brief=${true} step=${step} />
    <${Tabs} label="Parts of the mind" tabs=${parts} value=${part} set=${value => adjust({ part: value })} />
    <${Part} agent=${agent} step=${step} changes=${changes} changed=${changed} /></aside>`;
}

function Standing({ agent, talk, waiting }) {
  if (waiting.includes(talk)) return html`<${State} kind="wait">Waiting for your approval<//>`;
  if (waiting.length) return html`<${State} kind="wait"><a href=${link(["agents", agent.id], { talk: waiting[0] })}>Waiting for your approval in another conversation</a><//>`;
  if (/error|failed|invalid/.test(agent.last_stop_reason ?? "")) return html`<${State} kind="err">Last run failed<//>`;
  return html`<${State} kind="ok">Ready<//>`;
}

export function Agent({ id, route, title }) {
  const query = { include: ["agent.blocks", "agent.tools", "agent.tags", "agent.identities", "agent.sources"] };
  const agent = useCall(`/v1/agents/${encodeURIComponent(id)}`, { query, every: 15 });
  // The conversations in which a call waits, `undefined` for the agent's own.
  const waiting = (useCall("/v1/approvals/", { query: { agent_id: id }, every: 15 }).data ?? []).map(one => one.conversation_id ?? undefined);
  const [pane, setPane] = useState(route.query.part || route.query.step ? "mind" : "chat");
  useEffect(() => { if (route.query.part || route.query.step) setPane("mind"); }, [route.query.part, route.query.step]);
  // What the chat changed, the mind reads again.
  const [changes, setChanges] = useState(0);
  const changed = () => { setChanges(value => value + 1); agent.reload(); };
  useEffect(() => { title("Agents", agent.data ? agent.data.name || flat(id) : flat(id)); }, [agent.data?.name, id]);
  if (agent.error && !agent.data) {
    return html`<main id="main" tabindex="-1"><div class="stack"><${Problem} error=${agent.error} again=${agent.reload} /><${Empty}><a class="btn" href="#/agents">Back to the agents</a><//></div></main>`;
  }
  if (!agent.data) return html`<main id="main" tabindex="-1"><${Waiting} lines=${8} /></main>`;
  const data = agent.data;
  const { talk, step, message } = route.query;
  const showStep = value => { adjust({ step: value, part: "context" }); setPane("mind"); };
  return html`<main id="main" class="flush" tabindex="-1"><div class="column">
    <div class="toolbar">
      <div class="seg only-phone" role="group" aria-label="Pane"><button type="button" aria-pressed=${pane === "chat"} onClick=${() => setPane("chat")}>Chat</button><button type="button" aria-pressed=${pane === "mind"} onClick=${() => setPane("mind")}>Mind</button></div>
      <${Standing} agent=${data} talk=${talk} waiting=${waiting} /><span class="chip hide-phone"><${Name} text=${data.model ?? data.llm_config?.model ?? "no model"} /></span>
      ${(data.tags ?? []).slice(0, 4).map(tag => html`<span class="tag hide-phone"><${Name} text=${tag} most=${30} /></span>`)}
      <span class="grow"></span><span class="hide-phone"><${Id} id=${id} /></span>
      <a class="btn tiny" href=${link(["runs"], { agent: id })}>Runs</a>
      <button class="btn tiny" type="button" onClick=${() => { setPane("mind"); adjust({ part: "settings" }); }}>Settings</button>
    </div>
    <div class="three" data-pane=${pane}>
      <${Conversations} agent=${data} talk=${talk} waiting=${waiting} />
      ${message ? html`<${Around} agent=${data} talk=${talk} message=${message} showStep=${showStep} />` : html`<${Chat} key=${talk ?? "main"} agent=${data} talk=${talk} changed=${changed} showStep=${showStep} />`}
      <${Mind} agent=${data} step=${step} part=${route.query.part ?? "memory"} changes=${changes} changed=${changed} />
    </div></div></main>`;
}
