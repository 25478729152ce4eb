// An agent file: what it would bring is shown before it is taken.
import { html, useRef, useState } from "../../vendor/preact.js";
import { call } from "../../api.js";
import { Act, Problem, Waiting } from "../../parts/ui.js";
import { Dialog } from "../../parts/dialog.js";
import { AgentLink } from "../groups.js";
import { counted, Name, number } from "../../parts/text.js";

const actions = { create: "new", replace: "replaces the one that is there", use: "is there already", skip: "is left out" };
const listed = (list, show = name => html`<${Name} text=${name} most=${60} />`) => list.map((one, index) => html`${index ? ", " : ""}${show(one)}`);
const does = one => html`<${Name} text=${one.name} most=${60} /> <span class="dim">(${actions[one.action] ?? one.action}${one.reached_by ? html`, <${Name} text=${one.reached_by} most=${120} />` : ""})</span>`;

function Preview({ answer: { preview, warnings } }) {
  const rows = [
    ["Tools", listed(preview.tools, does)], ["MCP servers", listed(preview.mcp_servers, does)],
    ["Calls", listed(preview.network.map(one => `${one.address}: ${one.reason}`))], ["Folders", listed(preview.folders)], ["Archives", listed(preview.archives)], ["People", listed(preview.identities)], ["Variables", listed(preview.environment_variables)], ["Skills", listed(preview.skills)],
    ["Besides", [["block", preview.blocks], ["file", preview.files], ["passage", preview.passages], ["conversation", preview.conversations], ["group", preview.groups]].filter(([, count]) => count).map(([noun, count]) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`).join(", ")],
  ].filter(([, what]) => what.length > 0);
  return html`<ul class="lines">${preview.agents.map(one => html`<li><b><${Name} text=${one.name} most=${80} /></b> <span class="small mid"><${Name} text=${one.model ?? "the server's default model"} /> · ${number(one.messages)} messages · blocks ${listed(one.blocks)}</span></li>`)}</ul>
    <dl class="kv">${rows.map(([name, what]) => html`<dt>${name}</dt><dd>${what}</dd>`)}</dl>
    ${warnings?.length > 0 && html`<div class="note warn"><ul>${warnings.map(text => html`<li><${Name} text=${text} most=${400} /></li>`)}</ul></div>`}`;
}

export function ImportAgent({ done }) {
  const [file, setFile] = useState(null);
  const [answer, setAnswer] = useState(null);
  const [came, setCame] = useState(null);
  const asked = useRef(null);
  const path = "/v1/agents/import";
  const choose = async event => {
    const chosen = event.target.files[0];
    event.target.value = "";
    if (!chosen) return;
    setAnswer(null);
    setCame(null);
    setFile(chosen);
    asked.current = chosen;
    const preview = await call("POST", path, { query: { preview: true }, file: chosen }).catch(error => ({ error }));
    // Another may be chosen by now.
    if (asked.current === chosen) setAnswer(preview);
  };
  const close = () => setFile(null);
  return html`<label class="btn">Import .af<input class="sr" type="file" accept=".af,.json" onChange=${choose} /></label>
    ${file && html`<${Dialog} label="Import an agent file" kind="question" close=${close}><div class="stack pad"><h2><${Name} text=${file.name} most=${60} /></h2>
      ${!answer ? html`<${Waiting} />` : answer.error ? html`<${Problem} error=${answer.error} />` : html`<p>It brings ${counted(answer.preview.agents, "agent")}:</p><${Preview} answer=${answer} />`}
      <div class="row"><span class="grow"></span><button class="btn" type="button" onClick=${close}>Cancel</button>${answer?.preview && html`<${Act} kind="primary" label="Import" call=${() => ({ verb: "POST", path, file })} done=${made => { close(); setCame(made); done(); }} />`}</div></div><//>`}
    <span class="small" role="status">${came && html`Imported: ${listed(came.agent_ids, id => html`<${AgentLink} id=${id} />`)}`}</span>`;
}
