// Identities, and groups of agents.
import { html, useState } from "../vendor/preact.js";
import { make } from "../api.js";
import { adjust, link } from "../route.js";
import { Act, Back, Card, Empty, Field, Loaded, putter, Tabs, useCall } from "../parts/ui.js";
import { More, usePages } from "../parts/rows.js";
import { counted, Name, visible } from "../parts/text.js";
import { settle, useUnsaved } from "../parts/unsaved.js";
import { AgentPicker, Groups } from "./groups.js";

const kinds = ["user", "org", "other"];

/** Name, key, kind and properties of an identity. */
function Details({ data, path, done }) {
  const start = { name: data.name, identifier_key: data.identifier_key, identity_type: data.identity_type };
  const [form, set] = useState(start);
  const [property, setProperty] = useState({ key: "", value: "" });
  const put = putter(set);
  const body = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== start[name]));
  const isChanged = Object.keys(body).length > 0;
  useUnsaved((isChanged || property.key || property.value) && "the identity");
  const known = data.properties ?? [];
  return html`<details><summary class="small">Edit</summary><div class="stack pt"><${Field} label="Name of the identity" value=${form.name} set=${put("name")} /><${Field} label="Its key" value=${form.identifier_key} set=${put("identifier_key")} /><${Field} label="Its kind" value=${form.identity_type} set=${put("identity_type")} options=${kinds} />
    <div class="row"><${Act} kind="tiny" label="Save" disabled=${!isChanged || !form.name.trim() || !form.identifier_key.trim()} call=${() => ({ verb: "PATCH", path, body })} done=${done} /></div>
    ${known.length > 0 && html`<ul class="lines">${known.map(one => html`<li class="row"><span class="grow clip"><${Name} text=${one.key} /></span><${Act} kind="tiny ghost" label="Remove" sure="Remove this property?" call=${() => ({ verb: "PATCH", path, body: { properties: known.filter(each => each !== one) } })} done=${done} /></li>`)}</ul>`}
    <div class="row end wrap"><${Field} label="Property" value=${property.key} set=${key => setProperty({ ...property, key })} /><${Field} label="Value" value=${property.value} set=${value => setProperty({ ...property, value })} /><${Act} label="Set" disabled=${!property.key.trim()} call=${() => ({ verb: "PUT", path: `${path}/properties`, body: [{ key: property.key.trim(), value: property.value, type: "string" }] })} done=${() => { setProperty({ key: "", value: "" }); done(); }} /></div></div></details>`;
}

function Person({ id, done }) {
  const path = `/v1/identities/${encodeURIComponent(id)}`;
  const person = useCall(path);
  const agents = usePages(`${path}/agents`, { limit: 50 });
  const blocks = usePages(`${path}/blocks`, { limit: 50 });
  const [more, setMore] = useState(null);
  const gone = () => { settle(); adjust({ person: "" }); done(); };
  // The identity goes last: it knows the blocks.
  const forget = async ({ block_ids: ids }) => {
    for (const block of ids) await make({ verb: "DELETE", path: `/v1/blocks/${block}` }).catch(error => { if (error.status !== 404) throw error; });
    await make({ verb: "DELETE", path });
    gone();
  };
  return html`<${Loaded} of=${person}>${data => html`<${Card} title=${html`<${Name} text=${data.name} />`} actions=${html`<span class="tag"><${Name} text=${data.identity_type} /></span>`}>
    <dl class="kv"><dt>Key</dt><dd><code><${Name} text=${data.identifier_key} /></code></dd>${(data.properties ?? []).map(one => html`<dt><${Name} text=${one.key} /></dt><dd><${Name} text=${typeof one.value === "object" ? JSON.stringify(one.value) : String(one.value)} /></dd>`)}</dl><${Details} key=${JSON.stringify(data)} data=${data} path=${path} done=${() => { person.reload(); done(); }} />
    <h3>Agents</h3><${Loaded} of=${agents}>${rows => (rows.length === 0 ? html`<p class="small dim">None: name this identity in a message's sender, or attach it.</p>` : html`<ul class="lines">${rows.map(one => html`<li class="row"><a class="grow clip" href=${link(["agents", one.id])}><${Name} text=${one.name} /></a><${Act} kind="tiny" label="Detach" call=${() => ({ verb: "PATCH", path: `/v1/agents/${one.id}/identities/detach/${id}` })} done=${agents.reload} /></li>`)}</ul>`)}<//><${More} of=${agents} noun="agents" />
    <${AgentPicker} label="Attach to an agent" without=${(agents.rows ?? []).map(one => one.id)} verb="Choose" choose=${setMore} />${more && html`<div class="row"><span class="grow clip"><${Name} text=${more.name} /></span><${Act} kind="tiny primary" label="Attach" call=${() => ({ verb: "PATCH", path: `/v1/agents/${more.id}/identities/attach/${id}` })} done=${() => { setMore(null); agents.reload(); }} /></div>`}
    <h3>Blocks</h3><${Loaded} of=${blocks}>${rows => (rows.length === 0 ? html`<p class="small dim">None.</p>` : html`<ul class="lines">${rows.map(one => html`<li><a href=${link(["knowledge"], { part: "blocks", block: one.id })}><${Name} text=${one.label} /></a></li>`)}</ul>`)}<//><${More} of=${blocks} noun="blocks" />
    <div class="row wrap"><span class="grow"></span>${data.block_ids?.length > 0 && html`<${Act} kind="tiny danger" label="Forget this person" sure=${`Delete this identity and ${data.block_ids.length === 1 ? "its block" : `its ${data.block_ids.length} blocks`}, from all agents, too? What was said stays. This can't be undone.`} typed=${visible(data.name)} call=${() => ({ verb: "GET", path })} done=${forget} />`}<${Act} kind="tiny danger" label="Delete the identity" sure="Delete this identity? Agents and blocks stay." typed=${visible(data.name)} call=${() => ({ verb: "DELETE", path })} done=${gone} /></div><//>`}<//>`;
}

function Identities({ route }) {
  const { name = "" } = route.query;
  const list = usePages("/v1/identities/", { query: { name: name || undefined } });
  const [form, set] = useState({ name: "", key: "", kind: "user" });
  const put = putter(set);
  const chosen = route.query.person;
  useUnsaved((form.name.trim() || form.key.trim()) && "the new identity");
  return html`<div class="splitpage" data-pane=${chosen ? "item" : "list"}><div class="itemlist stack"><input class="input" type="search" aria-label="Find somebody by name" placeholder="Name" value=${name} onInput=${event => adjust({ name: event.target.value })} />
      <${Loaded} of=${list}>${rows => (rows.length === 0 ? html`<${Empty}>${name ? html`Nobody has “<bdi>${visible(name)}</bdi>” in the name.` : "Nobody yet. An identity says who speaks to an agent, so that one agent can know many people."}<//>` : html`<ul class="items card">${rows.map(one => html`<li><a href=${link(["people"], { ...route.query, person: one.id })} aria-current=${one.id === chosen ? "true" : undefined}><${Name} text=${one.name} /><span class="xs dim block"><${Name} text=${one.identifier_key} most=${60} /> · ${counted(one.agent_ids, "agent")}</span></a></li>`)}</ul>`)}<//><${More} of=${list} noun="people" />
      <${Card} title="New identity"><${Field} label="Name" value=${form.name} set=${put("name")} /><${Field} label="Key" value=${form.key} set=${put("key")} hint="What your program knows the person by." /><${Field} label="Kind" value=${form.kind} set=${put("kind")} options=${kinds} /><div class="row"><${Act} label="Create" disabled=${!form.name.trim() || !form.key.trim()} call=${() => ({ verb: "POST", path: "/v1/identities/", body: { name: form.name.trim(), identifier_key: form.key.trim(), identity_type: form.kind } })} done=${made => { set({ name: "", key: "", kind: "user" }); list.reload(); settle(); adjust({ person: made.id }); }} /></div><//></div>
    <div class="itemdetail stack">${chosen ? html`<${Back} of="person" /><${Person} key=${chosen} id=${chosen} done=${list.reload} />` : html`<${Empty}>Choose somebody.<//>`}</div></div>`;
}

export function People({ route, title }) {
  title("People");
  const part = route.query.part ?? "identities";
  return html`<main id="main" tabindex="-1"><div class="stack"><${Tabs} label="People and groups" tabs=${[["identities", "Identities"], ["groups", "Groups"]]} value=${part} set=${value => adjust({ part: value })} />${part === "groups" ? html`<${Groups} route=${route} />` : html`<${Identities} route=${route} />`}</div></main>`;
}
