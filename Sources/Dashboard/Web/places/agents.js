// All agents at a glance: found by name, state, model, tag and person, sorted by the server.
import { html, useEffect, useState } from "../vendor/preact.js";
import { adjust, link } from "../route.js";
import { Empty, State, useCall } from "../parts/ui.js";
import { PagedSelect, Rows, usePages } from "../parts/rows.js";
import { ImportAgent } from "./agents/import.js";
import { Many } from "./agents/many.js";
import { flat, money, Name, number, share, Time } from "../parts/text.js";

const states = { waiting: ["waiting for me", "wait", "needs approval"], running: ["running", "run", "running"], failed: ["failed last", "err", "failed"], idle: ["idle", "ok", "done"] };
const orders = { created_at: "Newest first", last_run_completion: "Last active first", name: "By name", cost: "Highest cost first" };

export function AgentState({ agent }) {
  if (agent.state === "idle" && !agent.last_run_completion) return html`<span class="dim">idle</span>`;
  const [, kind, text] = states[agent.state] ?? ["", "", flat(agent.state)];
  return html`<${State} kind=${kind}>${text}<//>`;
}

function row(agent, isChosen, toggle) {
  return html`<div class="agrid">
    <div class="name picked" role="cell"><input type="checkbox" aria-label=${`Choose ${flat(agent.name)}`} checked=${isChosen} onChange=${toggle} /><div class="clip"><a class="clip block" href=${link(["agents", agent.id])}><${Name} text=${agent.name || "without a name"} /></a><div class="xs dim clip"><${Name} text=${agent.description || agent.id} /></div></div></div>
    <div class="clip mid opt" role="cell">${agent.tags.slice(0, 4).map(tag => html`<span class="tag"><${Name} text=${tag} most=${24} /></span> `)}</div>
    <div class="clip mid small" role="cell"><${Name} text=${agent.model ?? "–"} /></div>
    <div class="small opt" role="cell" title=${`${number(agent.context_tokens)} of ${number(agent.context_window)} tokens, ${number(agent.block_count)} blocks, ${number(agent.message_count)} messages`}>${agent.context_tokens === null ? "–" : agent.context_tokens > agent.context_window ? "over 100 %" : share(agent.context_tokens, agent.context_window)}<div class="xs dim">${number(agent.context_window)}</div></div>
    <div class="num small opt" role="cell">${money(agent.cost)}</div>
    <div class="last" role="cell"><${AgentState} agent=${agent} /><div class="xs dim"><${Time} at=${agent.last_run_completion} /></div></div></div>`;
}
const head = html`<div class="agrid top" role="row"><span role="columnheader">Name</span><span class="opt" role="columnheader">Tags</span><span role="columnheader">Model</span><span class="opt" role="columnheader">Window</span><span class="num opt" role="columnheader">Cost, 30 days</span><span role="columnheader">Last run</span></div>`;

function Choice({ label, value, name, all, options }) {
  return html`<select class="select narrow" aria-label=${label} value=${value} onChange=${event => adjust({ [name]: event.target.value })}>${all && html`<option value="">${all}</option>`}${options.map(([key, text]) => html`<option value=${key} selected=${key === value}>${flat(text)}</option>`)}</select>`;
}

// Not a state of its own: what waits may be nearly full too.
const [full, nearly] = ["full", "context nearly full"];

export function Agents({ route, title }) {
  title("Agents");
  const { text = "", tag = "", state = "", model = "", person = "", sort = "created_at" } = route.query;
  const [said, say] = useState(text);
  useEffect(() => { const timer = setTimeout(() => { if (said !== text) adjust({ text: said }); }, 250); return () => clearTimeout(timer); }, [said]);
  const count = useCall("/v1/agents/count", { every: 15 });
  const tags = usePages("/v1/tags/");
  const models = useCall("/v1/models/");
  const people = usePages("/v1/identities/");
  const pages = usePages("/v1/server/agents", { limit: 60, every: 10, query: { query: text || undefined, tag: tag || undefined, state: state && state !== full ? state : undefined, nearly_full: state === full || undefined, model: model || undefined, identity_id: person || undefined, order_by: sort } });
  const filters = [text && html`the name “<bdi>${flat(text)}</bdi>”`, tag && html`the tag “<bdi>${flat(tag)}</bdi>”`, state && html`the state “${state === full ? nearly : states[state]?.[0] ?? flat(state)}”`, model && html`the model “<bdi>${flat(model)}</bdi>”`, person && html`the person “<bdi>${flat((people.data ?? []).find(one => one.id === person)?.name ?? person)}</bdi>”`].filter(Boolean);
  const [chosen, choose] = useState(new Map());
  const toggle = agent => choose(old => { const next = new Map(old); if (!next.delete(agent.id)) next.set(agent.id, agent); return next; });
  const key = event => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.target.closest("[data-row]")?.querySelector("input").click();
  };
  const handles = new Set((models.data ?? []).map(one => one.handle).filter(Boolean));
  if (model) handles.add(model);
  const empty = filters.length > 0
    ? html`<${Empty}>No agent fits ${filters.map((one, index) => html`${index ? " and " : ""}${one}`)}. <button class="btn" type="button" onClick=${() => { say(""); adjust({ text: "", tag: "", state: "", model: "", person: "" }); }}>Drop the filter</button><//>`
    : html`<${Empty}>No agents yet. An agent remembers what it is told, over many days. <a class="btn primary" href="#/agents/new">New agent</a><//>`;
  return html`<main id="main" class="flush" tabindex="-1"><div class="column">
    <div class="toolbar"><input class="input narrow" type="search" aria-label="Find an agent by name" placeholder="Name" value=${said} onInput=${event => say(event.target.value)} />
      <${Choice} label="State" name="state" value=${state} all="All states" options=${[...Object.entries(states).map(([key, [text]]) => [key, text]), [full, nearly]]} />
      <${PagedSelect} bare label="Tag" pages=${tags} value=${tag} set=${value => adjust({ tag: value })} first="All tags" text=${one => one} />
      <${Choice} label="Model" name="model" value=${model} all="All models" options=${[...handles].sort().map(one => [one, one])} />
      <${PagedSelect} bare label="Person" pages=${people} value=${person} set=${value => adjust({ person: value })} first="All people" text=${one => one.name} />
      <${Choice} label="Order" name="sort" value=${sort} options=${Object.entries(orders)} />
      <span class="dim small">${number(count.data)} agents</span>${pages.rows?.length > 0 && html`<button class="btn tiny ghost" type="button" onClick=${() => choose(new Map(pages.rows.map(one => [one.id, one])))}>Choose the ${number(pages.rows.length)} listed</button>`}<span class="grow"></span><${ImportAgent} done=${pages.reload} /><a class="btn primary" href="#/agents/new" aria-keyshortcuts="n">New agent</a></div>
    <${Many} chosen=${chosen} choose=${choose} models=${[...handles].sort()} done=${() => { pages.reload(); count.reload(); tags.reload(); }} />
    <div class="column" onKeyDown=${key}><${Rows} pages=${pages} height=${52} row=${agent => row(agent, chosen.has(agent.id), () => toggle(agent))} head=${head} label="Agents" empty=${empty} total=${filters.length ? undefined : count.data} /></div>
  </div></main>`;
}
