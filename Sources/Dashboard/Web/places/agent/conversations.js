// The agent's conversations: its own one, and others beside it.
import { html, useState } from "../../vendor/preact.js";
import { adjust, link } from "../../route.js";
import { Act, Field, Loaded, State, useCall } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { Name, short, Time, visible } from "../../parts/text.js";

function Chosen({ talk, done }) {
  const path = `/v1/conversations/${encodeURIComponent(talk.id)}`;
  const [name, setName] = useState(talk.summary ?? "");
  return html`<details class="talk"><summary class="small">This conversation</summary><div class="stack pt">
    <${Field} label="Name" value=${name} set=${setName} /><div class="row wrap"><${Act} kind="tiny" label="Rename" disabled=${name === (talk.summary ?? "")} call=${() => ({ verb: "PATCH", path, body: { summary: name } })} done=${done} />
      <${Act} kind="tiny" label="Fork" title="A new conversation that begins with this one's context" call=${() => ({ verb: "POST", path: `${path}/fork` })} done=${made => { done(); if (made?.id) adjust({ talk: made.id }); }} />
      <${Act} kind="tiny danger" label="Delete" sure="Delete this conversation with its messages? This can't be undone." typed=${visible(talk.summary || "delete")} call=${() => ({ verb: "DELETE", path })} done=${() => { adjust({ talk: undefined }); done(); }} /></div></div></details>`;
}

export function Conversations({ agent, talk, waiting }) {
  const list = usePages("/v1/conversations/", { query: { agent_id: agent.id }, limit: 50, every: 20 });
  const current = value => (value === talk ? { "aria-current": "page" } : {});
  const mark = value => waiting.includes(value) && html` <${State} kind="wait">waits<//>`;
  const known = list.data?.find(one => one.id === talk);
  const other = useCall(talk && `/v1/conversations/${encodeURIComponent(talk)}`, { skip: !talk || !list.data || Boolean(known) });
  const chosen = known ?? other.data;
  return html`<nav class="pane convs" aria-label="Conversations">
    <${Act} kind="tiny" label="New conversation" call=${() => ({ verb: "POST", path: "/v1/conversations/", query: { agent_id: agent.id }, body: {} })} done=${made => { list.reload(); adjust({ talk: made.id }); }} />
    <ul><li><a href=${link(["agents", agent.id])} ...${current(undefined)}>Main <span class="xs dim">the agent's own</span>${mark(undefined)}</a></li>
      ${list.data ? list.data.map(one => html`<li><a href=${link(["agents", agent.id], { talk: one.id })} ...${current(one.id)}><${Name} text=${one.summary || short(one.id)} most=${60} /> <span class="xs dim"><${Time} at=${one.updated_at ?? one.created_at} /></span>${mark(one.id)}</a></li>`) : html`<li><${Loaded} of=${list}>${() => null}<//></li>`}</ul><${More} of=${list} noun="conversations" />
    <a class="small block apart" href=${link(["knowledge"], { part: "search", agent: agent.id })}>Search what was said</a>
    ${chosen && html`<${Chosen} key=${chosen.id} talk=${chosen} done=${list.reload} />`}</nav>`;
}
