// All agents: found by name and tags, sorted by the server.
import { html, useEffect, useState } from "../vendor/preact.js";
import { adjust, link } from "../route.js";
import { Act, Empty, State, useCall } from "../parts/ui.js";
import { Rows, usePages } from "../parts/rows.js";
import { flat, Name, number, Time } from "../parts/text.js";

function ending(agent) {
  if (agent.last_stop_reason === "requires_approval") return html`<${State} kind="wait">needs approval<//>`;
  if (/error|failed|invalid/.test(agent.last_stop_reason ?? "")) return html`<${State} kind="err">failed<//>`;
  if (agent.last_stop_reason) return html`<${State} kind="ok">done<//>`;
  return html`<span class="dim">idle</span>`;
}

function row(agent) {
  return html`<div class="agrid">
    <div class="name" role="cell"><a class="clip block" href=${link(["agents", agent.id])}><${Name} text=${agent.name || "without a name"} /></a><div class="xs dim clip"><${Name} text=${agent.description || agent.id} /></div></div>
    <div class="clip mid opt" role="cell">${(agent.tags ?? []).slice(0, 4).map(tag => html`<span class="tag"><${Name} text=${tag} most=${24} /></span> `)}</div>
    <div class="clip mid small" role="cell"><${Name} text=${agent.model ?? agent.llm_config?.model ?? "–"} /></div>
    <div class="small opt" role="cell">${number(agent.llm_config?.context_window)}</div>
    <div class="last" role="cell">${ending(agent)}<div class="xs dim"><${Time} at=${agent.last_run_completion} /></div></div></div>`;
}
const head = html`<div class="agrid top" role="row"><span role="columnheader">Name</span><span class="opt" role="columnheader">Tags</span><span role="columnheader">Model</span><span class="opt" role="columnheader">Window</span><span role="columnheader">Last run</span></div>`;

export function Agents({ route, title }) {
  title("Agents");
  const { text = "", tag = "", sort = "created_at" } = route.query;
  const [said, say] = useState(text);
  useEffect(() => { const timer = setTimeout(() => { if (said !== text) adjust({ text: said }); }, 250); return () => clearTimeout(timer); }, [said]);
  const count = useCall("/v1/agents/count", { every: 15 });
  const tags = useCall("/v1/tags/", { query: { limit: 200 } });
  const pages = usePages("/v1/agents/", { limit: 60, every: 10, query: { query_text: text || undefined, tags: tag || undefined, order_by: sort, order: "desc", include: ["agent.tags"] } });
  const filtered = Boolean(text || tag);
  const empty = filtered
    ? html`<${Empty}>No agent fits ${text && html`the name “<bdi>${flat(text)}</bdi>”`}${text && tag && " and "}${tag && html`the tag “<bdi>${flat(tag)}</bdi>”`}. <button class="btn" type="button" onClick=${() => { say(""); adjust({ text: "", tag: "" }); }}>Drop the filter</button><//>`
    : html`<${Empty}>No agents yet. An agent remembers what it is told, over many days. <a class="btn primary" href="#/agents/new">New agent</a><//>`;
  return html`<main id="main" class="flush" tabindex="-1"><div class="column">
    <div class="toolbar"><input class="input narrow" type="search" aria-label="Find an agent by name" placeholder="Name" value=${said} onInput=${event => say(event.target.value)} />
      <select class="select narrow" aria-label="Tag" value=${tag} onChange=${event => adjust({ tag: event.target.value })}><option value="">All tags</option>${(tags.data ?? []).map(one => html`<option value=${one} selected=${one === tag}>${flat(one)}</option>`)}</select>
      <select class="select narrow" aria-label="Order" value=${sort} onChange=${event => adjust({ sort: event.target.value })}><option value="created_at" selected=${sort === "created_at"}>Newest first</option><option value="last_run_completion" selected=${sort !== "created_at"}>Last active first</option></select>
      <span class="dim small">${number(count.data)} agents</span><span class="grow"></span><${ImportAgent} done=${pages.reload} /><a class="btn primary" href="#/agents/new">New agent</a></div>
    <${Rows} pages=${pages} height=${52} row=${row} head=${head} label="Agents" empty=${empty} total=${filtered ? undefined : count.data} />
  </div></main>`;
}

function ImportAgent({ done }) {
  const [file, setFile] = useState(null);
  return html`<label class="btn">${file ? html`<${Name} text=${file.name} most=${30} />` : "Import .af"}<input class="sr" type="file" accept=".af,.json" onChange=${event => setFile(event.target.files[0] ?? null)} /></label>
    ${file && html`<${Act} kind="primary" label="Import it" call=${() => ({ verb: "POST", path: "/v1/agents/import", file })} done=${() => { setFile(null); done(); }} />`}`;
}
