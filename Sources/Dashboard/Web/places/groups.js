// Groups of agents: who is in them and who leads, what they are sent, and what they say.
import { html, useState } from "../vendor/preact.js";
import { make } from "../api.js";
import { adjust, link } from "../route.js";
import { Act, Back, Card, Empty, Field, Id, Loaded, Problem, putter, State, useCall } from "../parts/ui.js";
import { Markdown } from "../parts/markdown.js";
import { More, usePages } from "../parts/rows.js";
import { counted, flat, Name, short, Time, visible } from "../parts/text.js";
import { settle, useUnsaved } from "../parts/unsaved.js";
import { textOf, turns } from "../parts/turns.js";
import { Turn } from "./agent/turn.js";

const kinds = [["round_robin", "One after the other"], ["dynamic", "The manager chooses who speaks"], ["supervisor", "The manager asks all"], ["sleeptime", "Companions think while the manager rests"]];
const kindName = kind => kinds.find(([key]) => key === kind)?.[1] ?? flat(kind).replaceAll("_", " ");
const isManaged = kind => kind !== "round_robin";

/** Agents that are found by name, as buttons. */
export function AgentPicker({ label, without, choose, verb = "Add" }) {
  const [text, setText] = useState("");
  const found = usePages("/v1/agents/", { query: { query_text: text }, limit: 6, skip: text.trim().length < 2 });
  return html`<${Field} label=${label} type="search" value=${text} set=${setText} placeholder="Name of the agent" />${(found.data ?? []).filter(one => !without.includes(one.id)).map(one => html`<div class="row"><span class="grow clip"><${Name} text=${one.name} most=${80} /></span><button class="btn tiny" type="button" onClick=${() => { choose(one); setText(""); }}>${verb}</button></div>`)}<${More} of=${found} noun="agents that fit" />`;
}

/** The name of an agent, with a link to it. */
export function AgentLink({ id }) {
  const agent = useCall(`/v1/agents/${id}`, { query: { include: [] } });
  return html`<a class="clip" href=${link(["agents", id])}><${Name} text=${agent.data?.name ?? short(id)} most=${80} /></a>`;
}

/** Who said something: the agent whose run it is. */
function Speaker({ message }) {
  const isUser = message.message_type === "user_message";
  const run = useCall(`/v1/runs/${message.run_id}`, { skip: !message.run_id || isUser });
  const name = html`<${Name} text=${run.data?.agent_name ?? message.name ?? (isUser ? "You" : "an agent")} most=${80} />`;
  return run.data ? html`<a class="clip" href=${link(["agents", run.data.agent_id])}>${name}</a>` : name;
}

/** What a form says of who manages, in the body's shape. */
function management(form) {
  const config = { manager_type: form.kind };
  if (isManaged(form.kind)) config.manager_agent_id = form.manager;
  if (form.kind === "dynamic" && form.word) config.termination_token = form.word;
  if (["round_robin", "dynamic"].includes(form.kind) && form.turns) config.max_turns = Number(form.turns);
  if (form.kind === "sleeptime" && form.every) config.sleeptime_agent_frequency = Number(form.every);
  return config;
}

function ManagementFields({ form, put, isNew }) {
  return html`${isNew && html`<${Field} label="Who decides" value=${form.kind} set=${put("kind")} options=${kinds} />`}
    ${isManaged(form.kind) && html`<p class="small row">Manager: ${form.manager ? html`<span class="chip"><${AgentLink} id=${form.manager} /></span>` : html`<span class="dim">nobody yet</span>`}</p><${AgentPicker} label="Choose a manager" without=${[form.manager]} choose=${one => put("manager")(one.id)} />`}
    ${form.kind === "dynamic" && html`<${Field} label="Word that ends the talk" value=${form.word} set=${put("word")} placeholder="DONE!" />`}
    ${["round_robin", "dynamic"].includes(form.kind) && html`<${Field} label="Maximum number of turns" type="number" min="1" value=${form.turns} set=${put("turns")} hint="Left empty, the server's default." />`}
    ${form.kind === "sleeptime" && html`<${Field} label="Companions think after every so many turns" type="number" min="1" value=${form.every} set=${put("every")} />`}`;
}

function NewGroup({ done }) {
  const start = { description: "", kind: "round_robin", manager: "", word: "", turns: "", every: "", members: [] };
  const [form, set] = useState(start);
  const put = putter(set);
  useUnsaved((form.description.trim() || form.members.length > 0) && "the new group");
  const ready = form.description.trim() && form.members.length > 0 && (!isManaged(form.kind) || form.manager);
  return html`<${Card} title="New group"><${Field} label="What it is for" value=${form.description} set=${put("description")} />
    <div class="chips" role="group" aria-label="Members">${form.members.length === 0 ? html`<span class="small dim">No members yet.</span>` : form.members.map(one => html`<button class="chip" type="button" title="Leave it out" onClick=${() => put("members")(form.members.filter(each => each !== one))}><${Name} text=${one.name} most=${40} /> ×</button>`)}</div>
    <${AgentPicker} label="Add a member" without=${form.members.map(one => one.id)} choose=${one => put("members")([...form.members, one])} />
    <${ManagementFields} form=${form} put=${put} isNew=${true} />
    <div class="row"><${Act} kind="primary" label="Create" disabled=${!ready} call=${() => ({ verb: "POST", path: "/v1/groups/", body: { description: form.description.trim(), agent_ids: form.members.map(one => one.id), manager_config: management(form) } })} done=${made => { set(start); done(made); }} /></div><//>`;
}

function Talk({ group }) {
  const path = `/v1/groups/${encodeURIComponent(group.id)}`;
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  useUnsaved(!busy && text.trim() && "the message to the group");
  const list = usePages(`${path}/messages`, { limit: 60, every: 6, query: { order: "desc" } });
  const request = () => ({ verb: "POST", path: `${path}/messages`, body: { messages: [{ role: "user", content: text.trim() }] } });
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    setError(null);
    try { await make(request()); setText(old => (old === text ? "" : old)); } catch (fault) { setError(fault); }
    setBusy(false);
    list.reload();
  };
  const rows = [...(list.rows ?? [])].reverse();
  const { groups, results } = turns(rows);
  return html`<h3>What was said</h3><${Problem} error=${list.error} again=${list.reload} />
    <ol class="said talked" tabindex="0" aria-label="Messages of the group" aria-busy=${busy}>${list.rows?.length === 0 && html`<li class="empty">Nothing yet. Say something below, and its agents answer.</li>`}
      ${!list.end && rows.length > 0 && html`<li><button class="btn tiny" type="button" onClick=${list.more}>Older messages</button></li>`}
      ${groups.map(one => (one.said ? html`<li key=${one.key} class=${`says ${one.said.message_type === "user_message" ? "user" : ""}`}><header><strong><${Speaker} message=${one.said} /></strong><${Time} at=${one.said.date} /></header><div class="text"><${Markdown} text=${textOf(one.said.content)} /></div></li>` : one.turn && html`<${Turn} key=${one.key} messages=${one.turn} run=${one.run} results=${results} agent=${{ id: group.manager_agent_id ?? group.agent_ids[0] }} showStep=${() => adjust({})} changed=${list.reload} />`))}</ol>
    ${busy && html`<p class="small"><${State} kind="run">The group talks<//></p>`}<${Problem} error=${error} />
    <form class="stack tight" onSubmit=${event => { event.preventDefault(); send(); }}><${Field} label="Message to the group" rows=${2} value=${text} set=${setText} onKeyDown=${event => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); } }} /><div class="row wrap"><${Act} kind="tiny danger" label="Reset messages" sure="Empty this list? Its messages leave the contexts of the agents too, and stay in the chats of each, where they can be put back. The list itself can't be brought back." call=${() => ({ verb: "PATCH", path: `${path}/reset-messages` })} done=${list.reload} /><span class="grow"></span><button class="btn primary" type="submit" disabled=${busy || !text.trim()}>Send</button></div></form>`;
}

function Settings({ group, done }) {
  const path = `/v1/groups/${encodeURIComponent(group.id)}`;
  const start = { description: group.description ?? "", kind: group.manager_type, manager: group.manager_agent_id ?? "", word: group.termination_token ?? "", turns: String(group.max_turns ?? ""), every: String(group.sleeptime_agent_frequency ?? "") };
  const [form, set] = useState(start);
  const put = putter(set);
  const changed = JSON.stringify(form) !== JSON.stringify(start);
  useUnsaved(changed && "the settings of the group");
  const members = ids => ({ verb: "PATCH", path, body: { agent_ids: ids } });
  const [more, setMore] = useState(null);
  return html`<h3>Members</h3><ul class="lines" aria-label="Members">${group.agent_ids.map(id => html`<li class="row" key=${id}><span class="grow clip"><${AgentLink} id=${id} /></span><${Act} kind="tiny ghost" label="Remove" sure="Take this agent out of the group? The agent stays." call=${() => members(group.agent_ids.filter(one => one !== id))} done=${done} /></li>`)}</ul>
    <${AgentPicker} label="Add a member" without=${group.agent_ids} choose=${setMore} />${more && html`<div class="row"><span class="grow clip"><${Name} text=${more.name} /></span><${Act} kind="primary tiny" label="Add to the group" call=${() => members([...group.agent_ids, more.id])} done=${() => { setMore(null); done(); }} /></div>`}
    <h3>Settings</h3><${Field} label="What it is for" value=${form.description} set=${put("description")} /><${ManagementFields} form=${form} put=${put} isNew=${false} />
    <div class="row wrap"><${Act} kind="primary tiny" label="Save" disabled=${!changed} call=${() => ({ verb: "PATCH", path, body: { description: form.description, manager_config: management(form) } })} done=${done} /><span class="grow"></span><${Act} kind="tiny danger" label="Delete the group" sure="Delete this group? Its agents stay." typed=${visible(group.description) || group.id} call=${() => ({ verb: "DELETE", path })} done=${() => { settle(); adjust({ group: "" }); done(); }} /></div>`;
}

function Chosen({ id, done }) {
  const group = useCall(`/v1/groups/${encodeURIComponent(id)}`);
  const again = () => { group.reload(); done(); };
  return html`<${Loaded} of=${group}>${data => html`<${Card} title=${html`<${Name} text=${data.description || short(data.id)} most=${120} />`} actions=${html`<span class="tag">${kindName(data.manager_type)}</span>`}><${Id} id=${data.id} />
    <${Talk} group=${data} /><details><summary class="small">Members and settings</summary><div class="stack pt"><${Settings} key=${JSON.stringify(data)} group=${data} done=${again} /></div></details><//>`}<//>`;
}

export function Groups({ route }) {
  const list = usePages("/v1/groups/", { limit: 100 });
  const chosen = route.query.group;
  return html`<div class="splitpage" data-pane=${chosen ? "item" : "list"}><div class="itemlist stack"><${Problem} error=${list.error} again=${list.reload} />
      ${list.rows?.length === 0 && html`<${Empty}>No groups. A group has several agents answer together.<//>`}
      ${list.rows?.length > 0 && html`<ul class="items card">${list.rows.map(one => html`<li key=${one.id}><a href=${link(["people"], { part: "groups", group: one.id })} aria-current=${one.id === chosen ? "true" : undefined}><${Name} text=${one.description || short(one.id)} most=${80} /><span class="xs dim block">${kindName(one.manager_type)} · ${counted(one.agent_ids, "agent")}</span></a></li>`)}</ul><${More} of=${list} noun="groups" />`}
      <${NewGroup} done=${made => { list.reload(); settle(); adjust({ group: made.id }); }} /></div>
    <div class="itemdetail stack">${chosen ? html`<${Back} of="group" /><${Chosen} key=${chosen} id=${chosen} done=${list.reload} />` : html`<${Empty}>Choose a group.<//>`}</div></div>`;
}
