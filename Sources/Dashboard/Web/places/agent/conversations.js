// The agent's conversations: its own one, and others beside it.
import { html } from "../../vendor/preact.js";
import { adjust, link } from "../../route.js";
import { Act, Loaded, useCall } from "../../parts/ui.js";
import { Name, short, Time } from "../../parts/text.js";

export function Conversations({ agent, talk }) {
  const list = useCall("/v1/conversations/", { query: { agent_id: agent.id, limit: 50 }, every: 20 });
  const current = value => (value === talk ? { "aria-current": "page" } : {});
  return html`<nav class="pane convs" aria-label="Conversations">
    <${Act} kind="tiny" label="New conversation" call=${() => ({ verb: "POST", path: "/v1/conversations/", query: { agent_id: agent.id }, body: {} })} done=${made => { list.reload(); adjust({ talk: made.id }); }} />
    <ul><li><a href=${link(["agents", agent.id])} ...${current(undefined)}>Main <span class="xs dim">the agent's own</span></a></li>
      <${Loaded} of=${list}>${rows => rows.map(one => html`<li><a href=${link(["agents", agent.id], { talk: one.id })} ...${current(one.id)}><${Name} text=${one.summary || short(one.id)} most=${60} /> <span class="xs dim"><${Time} at=${one.updated_at ?? one.created_at} /></span></a></li>`)}<//></ul></nav>`;
}
