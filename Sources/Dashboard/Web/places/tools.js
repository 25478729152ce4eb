// Tools, MCP servers, and the sandbox.
import { html, useState } from "../vendor/preact.js";
import { adjust, link } from "../route.js";
import { Act, Back, Card, Empty, Field, Id, Loaded, Long, Tabs, useCall } from "../parts/ui.js";
import { Code } from "../parts/code.js";
import { Rows, usePages } from "../parts/rows.js";
import { Name, number, pretty, visible } from "../parts/text.js";
import { settle, useUnsaved } from "../parts/unsaved.js";
import { Servers } from "./tools/servers.js";
import { Sandbox } from "./tools/sandbox.js";
import { Try } from "./tools/try.js";

const languages = [["python", "Python"], ["typescript", "TypeScript"]];
const examples = { python: `def roll_dice(sides: int = 6) -> int:
    """
    Rolls a die.

    Args:
        sides (int): How many sides it has.

    Returns:
        int: What came up.
    """
    import random
    return random.randint(1, sides)
`, typescript: `/**
 * Rolls a die.
 * @param sides How many sides it has.
 */
export function roll_dice(sides: number = 6): number {
  return 1 + Math.floor(Math.random() * sides);
}
` };

function Editor({ tool, done }) {
  const [language, setLanguage] = useState(tool?.source_type === "typescript" ? "typescript" : "python");
  const [source, setSource] = useState(tool?.source_code ?? examples[language]);
  const [schema, setSchema] = useState(tool?.json_schema ?? null);
  const choose = value => { setLanguage(value); if (source === examples[language]) setSource(examples[value]); };
  useUnsaved(source !== (tool?.source_code ?? examples[language]) && "the source of the tool");
  const mine = !tool || tool.tool_type === "custom";
  return html`<${Card} title=${tool ? html`<code><${Name} text=${tool.name} /></code>` : "New tool"} actions=${tool && html`<span class="tag"><${Name} text=${tool.tool_type} /></span>`}>
    ${tool && html`<${Id} id=${tool.id} /><p class="small mid plain"><bdi>${visible(tool.description ?? "")}</bdi></p>`}
    ${mine ? html`${!tool && html`<${Field} label="Language" value=${language} set=${choose} options=${languages} />`}<${Code} label=${languages.find(([key]) => key === language)[1]} language=${language} rows=${16} value=${source} set=${setSource} />
      <div class="row wrap"><${Act} label="Check" call=${() => ({ verb: "POST", path: "/v1/tools/generate-schema", body: { code: source, source_type: language } })} done=${setSchema} />
      ${tool ? html`<${Act} kind="primary" label="Save" disabled=${source === tool.source_code} call=${() => ({ verb: "PATCH", path: `/v1/tools/${tool.id}`, body: { source_code: source } })} done=${done} />` : html`<${Act} kind="primary" label="Create" call=${() => ({ verb: "POST", path: "/v1/tools/", body: { source_code: source, source_type: language } })} done=${made => done(made)} />`}</div>` : html`<p class="small dim">It belongs to the server or to an MCP server; its source is not changed here.</p>`}
    ${schema && html`<details><summary class="small">What the model is told · ≈ ${number(Math.round(JSON.stringify(schema).length / 4))} tokens in every step</summary><${Long} text=${pretty(schema)} /></details>`}
    <${Try} tool=${tool} source=${source} language=${language} schema=${schema} />
    ${tool && html`<div class="row wrap"><${Act} kind="tiny" label=${tool.default_requires_approval ? "Let it run without approval" : "Require approval"} call=${() => ({ verb: "PATCH", path: `/v1/tools/${tool.id}`, body: { default_requires_approval: !tool.default_requires_approval } })} done=${done} /><span class="grow"></span>${mine && html`<${Act} kind="tiny danger" label="Delete the tool" sure="Delete this tool and take it from all agents? This can't be undone." typed=${visible(tool.name)} call=${() => ({ verb: "DELETE", path: `/v1/tools/${tool.id}` })} done=${() => { settle(); adjust({ tool: "" }); done(); }} />`}</div>`}<//>`;
}

function List({ route }) {
  const { tool: chosen, text = "", kind = "" } = route.query;
  const pages = usePages("/v1/tools/", { limit: 100, query: { search: text || undefined, tool_types: kind || undefined } });
  const tool = useCall(chosen && chosen !== "new" && `/v1/tools/${encodeURIComponent(chosen)}`, { skip: !chosen || chosen === "new" });
  const row = one => html`<div class="brow" role="cell"><a class="clip block" href=${link(["tools"], { ...route.query, tool: one.id })} aria-current=${one.id === chosen ? "true" : undefined}><code><${Name} text=${one.name} /></code> <span class="mid small"><${Name} text=${one.description ?? ""} most=${120} /></span></a></div>`;
  return html`<div class="splitpage" data-pane=${chosen ? "item" : "list"}><div class="itemlist column">
      <div class="row"><input class="input grow" type="search" aria-label="Find a tool" placeholder="Name" value=${text} onInput=${event => adjust({ text: event.target.value })} /><select class="select narrow" aria-label="Origin" value=${kind} onChange=${event => adjust({ kind: event.target.value })}>${[["", "All"], ["custom", "Yours"], ["external_mcp", "MCP"], ["letta_core", "Core"], ["letta_builtin", "Built in"], ["letta_files_core", "Files"]].map(([value, name]) => html`<option value=${value} selected=${value === kind}>${name}</option>`)}</select></div>
      <div class="row"><button class="btn" type="button" aria-keyshortcuts="n" onClick=${() => adjust({ tool: "new" })}>Write a tool</button><${Act} kind="ghost" label="Restore built-in ones" call=${() => ({ verb: "POST", path: "/v1/tools/add-base-tools" })} done=${pages.reload} /></div>
      <${Rows} pages=${pages} height=${40} row=${row} label="Tools" empty=${html`<${Empty}>No tool fits.<//>`} /></div>
    <div class="itemdetail stack">${chosen && html`<${Back} of="tool" />`}${chosen === "new" ? html`<${Editor} key="new" done=${made => { pages.reload(); if (made?.id) { settle(); adjust({ tool: made.id }); } }} />` : chosen ? html`<${Loaded} of=${tool}>${data => html`<${Editor} key=${data.id} tool=${data} done=${() => { tool.reload(); pages.reload(); }} />`}<//>` : html`<${Empty}>Choose a tool, or write one: a Python function with a docstring.<//>`}</div></div>`;
}

export function Tools({ route, title }) {
  title("Tools");
  const part = route.query.part ?? "tools";
  return html`<main id="main" tabindex="-1"><div class="stack"><${Tabs} label="Kinds of tools" tabs=${[["tools", "Tools"], ["mcp", "MCP servers"], ["sandbox", "Sandbox"]]} value=${part} set=${value => adjust({ part: value, tool: "" })} />
    ${part === "mcp" ? html`<${Servers} />` : part === "sandbox" ? html`<${Sandbox} />` : html`<${List} route=${route} />`}</div></main>`;
}
