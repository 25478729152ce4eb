// The blocks: read, edit with the difference shown, history with restore, attach and detach.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { Act, Empty, Field, Loaded, putter, useCall } from "../../parts/ui.js";
import { Dialog } from "../../parts/dialog.js";
import { Diff } from "../../parts/diff.js";
import { More, usePages } from "../../parts/rows.js";
import { flat, Name, number, Time } from "../../parts/text.js";
import { mayLeave, useUnsaved } from "../../parts/unsaved.js";

/** What a block is besides its value. */
function BlockFields({ block, done }) {
  const start = { description: block.description ?? "", limit: String(block.limit ?? ""), read_only: Boolean(block.read_only) };
  const [form, set] = useState(start);
  useEffect(() => set(start), [start.description, start.limit, start.read_only]);
  const put = putter(set);
  const body = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== start[name]).map(([name, value]) => [name, name === "limit" ? Number(value) : value]));
  const isChanged = Object.keys(body).length > 0;
  useUnsaved(isChanged && "the limits of the block");
  return html`<details><summary class="small">Description, limit, who may write</summary><div class="stack pt"><${Field} label="What it is for" rows=${2} value=${form.description} set=${put("description")} hint="The agent reads this." /><${Field} label="Limit, in characters" type="number" min="1" value=${form.limit} set=${put("limit")} />
    <label class="row"><input type="checkbox" checked=${form.read_only} onChange=${event => put("read_only")(event.target.checked)} /><span>The agent may only read it</span></label>
    <div class="row"><${Act} kind="tiny" label="Save these" disabled=${!isChanged || !(Number(form.limit) > 0)} call=${() => ({ verb: "PATCH", path: `/v1/blocks/${block.id}`, body })} done=${done} /></div></div></details>`;
}

/** Who wrote a version. */
function author(version, agent) {
  if (version.actor_type === "agent") return !agent ? "an agent" : version.actor_id === agent.id ? agent.name : "another agent";
  return version.actor_type === "user" ? "a client or this page" : "the server";
}

export function History({ block, agent, done, edition }) {
  const history = usePages(`/v1/blocks/${block.id}/history`, { limit: 50, cursor: version => ({ before: version.version }) });
  useEffect(() => { history.reload(); }, [block.value, edition]);
  const look = (version, isLast) => { setOpen(open === version ? null : version); if (isLast) history.more(); };
  const [open, setOpen] = useState(null);
  return html`<h3>History</h3><${Loaded} of=${history}>${rows => {
    const versions = [...rows].sort((one, other) => other.version - one.version);
    if (versions.length === 0) return html`<p class="small dim">Nothing has changed since it was made.</p>`;
    return html`<ol class="hist">${versions.map((version, index) => html`<li data-on=${version.value === block.value && index === 0 ? "" : undefined}><b>${version.version}</b><button class="linkish clip" type="button" aria-expanded=${open === version.version} onClick=${() => look(version.version, index === versions.length - 1)}><${Name} text=${author(version, agent)} most=${40} /> · <${Time} at=${version.created_at} /></button>
      ${version.value === block.value ? html`<span class="dim">as now</span>` : html`<${Act} kind="tiny" label="Restore" sure=${`Write version ${version.version} back? What is there now stays in the history.`} call=${() => ({ verb: "POST", path: `/v1/blocks/${block.id}/restore`, body: { version: version.version } })} done=${done} />`}</li>
      ${open === version.version && html`<li class="wideli"><${Diff} before=${versions[index + 1]?.value ?? ""} after=${version.value} /></li>`}`)}</ol>`;
  }}<//><${More} of=${history} noun="versions" />`;
}

export function BlockEditor({ block, agent, path, done }) {
  const [value, setValue] = useState(block.value);
  const [base, setBase] = useState(block.value);
  const [saved, setSaved] = useState(null);
  const dirty = value !== base;
  useUnsaved(dirty && `the block “${flat(block.label)}”`);
  // Changed by somebody else meanwhile: shown at once, unless there is something unsaved here.
  useEffect(() => { if (!dirty && block.value !== base) { setValue(block.value); setBase(block.value); } }, [block.value]);
  const conflict = dirty && block.value !== base;
  const over = block.limit && value.length > block.limit;
  const write = text => ({ verb: "PATCH", path, body: { value: text } });
  const wrote = (text, before) => { setBase(text); setValue(text); setSaved(before); setTimeout(() => setSaved(null), 10000); done(); };
  return html`<div class="field"><div class="row"><label class="label" for=${`block-${block.id}`}><${Name} text=${block.label} /></label><span class="xs dim clip grow"><${Name} text=${block.description ?? ""} /></span><span class=${`xs ${over ? "err-text" : "dim"}`}>${number(value.length)} of ${number(block.limit)}</span></div>
      <textarea class="input mono" id=${`block-${block.id}`} rows="8" dir="auto" spellcheck=${false} value=${value} onInput=${event => setValue(event.target.value)}></textarea></div>
    ${block.read_only && html`<p class="xs dim">The agent may only read this block.</p>`}
    ${conflict && html`<div class="note warn" role="status">It was changed meanwhile. Saving replaces that change; <button class="linkish" type="button" onClick=${() => { setValue(block.value); setBase(block.value); }}>show it instead</button>.</div>`}
    ${dirty && html`<${Diff} before=${conflict ? block.value : base} after=${value} />`}
    <div class="row wrap"><${Act} kind="primary" label="Save" disabled=${!dirty || over} call=${() => write(value)} done=${() => wrote(value, base)} /><button class="btn ghost" type="button" disabled=${!dirty} onClick=${() => setValue(base)}>Discard</button>
      ${saved !== null && !dirty && html`<span class="small" role="status">Saved. <${Act} kind="tiny" label="Undo" call=${() => write(saved)} done=${() => { wrote(saved, null); setSaved(null); }} /></span>`}</div><${BlockFields} block=${block} done=${done} />`;
}

function Sharing({ block, agent }) {
  const others = useCall(`/v1/blocks/${block.id}/agents`, { query: { limit: 50 } });
  const rest = (others.data ?? []).filter(one => one.id !== agent.id);
  return rest.length > 0 && html`<div class="note warn">Shared with ${rest.length}${others.data.length === 50 ? " or more" : ""} other ${rest.length === 1 ? "agent" : "agents"}: ${rest.slice(0, 3).map((one, index) => html`${index ? ", " : ""}<a href=${`#/agents/${one.id}`}><${Name} text=${one.name} most=${40} /></a>`)}${rest.length > 3 ? " …" : ""}</div>`;
}

function Add({ agent, close, done }) {
  const [form, set] = useState({ label: "", value: "", description: "" });
  const put = putter(set);
  const [asked, ask] = useState("");
  const blocks = usePages("/v1/blocks/", { limit: 30, query: { label_search: asked.trim() || undefined } });
  const attach = id => ({ verb: "PATCH", path: `/v1/agents/${agent.id}/core-memory/blocks/attach/${id}` });
  const [made, setMade] = useState(null);
  const attached = () => { done(); close(); };
  const own = new Set((agent.blocks ?? []).map(one => one.id));
  return html`<${Dialog} label="Add a block" kind="question" close=${close}><div class="stack pad">
    <h2>Add a block</h2><${Field} label="Label" value=${form.label} set=${put("label")} hint="What the agent calls it." /><${Field} label="What it is for" value=${form.description} set=${put("description")} hint="The agent reads this." /><${Field} label="Value" rows=${3} value=${form.value} set=${put("value")} />
    ${made ? html`<${Act} kind="primary" label="Attach it" call=${() => attach(made.id)} done=${attached} />` : html`<${Act} kind="primary" label="Create" disabled=${!form.label.trim()} call=${() => ({ verb: "POST", path: "/v1/blocks/", body: { label: form.label.trim(), value: form.value, description: form.description || undefined } })} done=${setMade} />`}
    <h3>Or one that exists</h3><${Field} label="Block" type="search" value=${asked} set=${ask} placeholder="Label" />
    <${Loaded} of=${blocks}>${rows => html`<ul class="lines">${rows.filter(one => !own.has(one.id)).map(one => html`<li class="row" key=${one.id}><span class="grow clip"><b><${Name} text=${one.label} most=${40} /></b> <span class="small mid"><${Name} text=${one.value} most=${80} /></span></span><${Act} kind="tiny" label="Attach" call=${() => attach(one.id)} done=${attached} /></li>`)}</ul>`}<//><${More} of=${blocks} noun="blocks" />
    <div class="row"><span class="grow"></span><button class="btn" type="button" onClick=${close}>Close</button></div></div><//>`;
}

export function Memory({ agent, changed }) {
  const blocks = agent.blocks ?? agent.memory?.blocks ?? [];
  const [label, setLabel] = useState(null);
  const [adding, setAdding] = useState(false);
  const [edition, setEdition] = useState(0);
  const block = blocks.find(one => one.label === label) ?? blocks[0];
  const done = () => { setEdition(value => value + 1); changed(); };
  return html`<section class="stack" aria-label="Memory">
    <div class="blocks">${blocks.map(one => html`<button class="chip" type="button" aria-pressed=${one === block} onClick=${async () => { if (one === block || await mayLeave()) setLabel(one.label); }}><${Name} text=${one.label} most=${40} /></button>`)}<button class="chip" type="button" onClick=${() => setAdding(true)}>+ block</button></div>
    ${adding && html`<${Add} agent=${agent} close=${() => setAdding(false)} done=${done} />`}
    ${block ? html`<${Sharing} key=${`s${block.id}`} block=${block} agent=${agent} />
      <${BlockEditor} key=${block.id} block=${block} agent=${agent} path=${`/v1/agents/${agent.id}/core-memory/blocks/${encodeURIComponent(block.label)}`} done=${done} />
      <${History} key=${`h${block.id}`} block=${block} agent=${agent} done=${done} edition=${edition} />
      <div class="row"><span class="grow"></span><${Act} kind="tiny" label="Detach from this agent" sure="Detach this block? It stays on the server and can be attached again." call=${() => ({ verb: "PATCH", path: `/v1/agents/${agent.id}/core-memory/blocks/detach/${block.id}` })} done=${() => { setLabel(null); done(); }} /></div>`
    : html`<${Empty}>No blocks: nothing is always before this agent's eyes. <button class="btn" type="button" onClick=${() => setAdding(true)}>Add a block</button><//>`}</section>`;
}
