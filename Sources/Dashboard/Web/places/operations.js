// Every operation of the server as a form with its curl: what has no screen is reachable here.
import { html, useMemo, useState } from "../vendor/preact.js";
import { curl, make } from "../api.js";
import { adjust } from "../route.js";
import { Copy, Empty, Field, Loaded, Long, Problem, useCall } from "../parts/ui.js";
import { ask } from "../parts/dialog.js";
import { pretty, visible } from "../parts/text.js";

/** A value of the shape that a schema describes, for a start. */
function sample(schema, document, deep = 0) {
  if (!schema || deep > 4) return null;
  if (schema.$ref) return sample(schema.$ref.split("/").slice(1).reduce((at, part) => at?.[part], document), document, deep + 1);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  const choice = (schema.anyOf ?? schema.oneOf)?.find(one => one.type !== "null");
  if (choice) return sample(choice, document, deep + 1);
  if (schema.type === "object" || schema.properties) return Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => (schema.required ?? []).includes(name)).map(([name, one]) => [name, sample(one, document, deep + 1)]));
  if (schema.type === "array") return schema.items ? [sample(schema.items, document, deep + 1)].filter(one => one !== null) : [];
  return { string: "", integer: 0, number: 0, boolean: false }[schema.type] ?? null;
}

function Operation({ verb, path, operation, document }) {
  const parameters = (operation.parameters ?? []).filter(one => one.in !== "header");
  const content = operation.requestBody?.content ?? {};
  const isFile = Boolean(content["multipart/form-data"]);
  const schema = content["application/json"]?.schema;
  const [values, set] = useState({});
  const [body, setBody] = useState(() => (schema ? JSON.stringify(sample(schema, document), null, 2) : ""));
  const [file, setFile] = useState(null);
  const [answer, setAnswer] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  let problem = null;
  let sent;
  if (schema && body.trim()) try { sent = JSON.parse(body); } catch (fault) { problem = fault.message; }
  const filled = path.replace(/\{(\w+)\}/g, (whole, name) => (values[name] ? encodeURIComponent(values[name]) : whole));
  const request = { verb, path: filled, query: Object.fromEntries(parameters.filter(one => one.in === "query" && values[one.name]).map(one => [one.name, one.schema?.type === "array" ? values[one.name].split(",") : values[one.name]])), body: isFile ? undefined : sent, file: file ?? undefined };
  const send = async () => {
    if (verb !== "GET" && !(await ask(`Send ${verb} ${filled}? It may change something.`, null, "Send"))) return;
    setBusy(true);
    setError(null);
    try { setAnswer(await make(request)); } catch (fault) { setError(fault); setAnswer(null); }
    setBusy(false);
  };
  return html`<div class="stack pad"><p class="small mid">${visible(operation.summary ?? "")}</p>
    ${parameters.map(one => html`<${Field} key=${one.name} label=${`${one.name}${one.required ? "" : " (may be left out)"}`} value=${values[one.name] ?? ""} set=${value => set(old => ({ ...old, [one.name]: value }))} hint=${[one.schema?.type, visible(one.description ?? "")].filter(Boolean).join(" · ")} />`)}
    ${isFile && html`<label class="field"><span class="label">File</span><input type="file" onChange=${event => setFile(event.target.files[0] ?? null)} /></label>`}
    ${schema && html`<${Field} label="Body" rows=${Math.min(14, body.split("\n").length + 1)} value=${body} set=${setBody} spellcheck=${false} mono=${true} hint=${problem ? `Not JSON yet: ${problem}` : "Required fields are filled in with examples."} />`}
    <pre class="code wraps" tabindex="0">${curl(request)}</pre>
    <div class="row"><${Copy} text=${curl(request)} label="Copy as curl" /><span class="grow"></span><button class="btn primary" type="button" disabled=${busy || Boolean(problem) || /\{\w+\}/.test(filled)} onClick=${send}>Send</button></div>
    <${Problem} error=${error} />${answer !== null && html`<h3>Answer</h3><${Long} text=${pretty(answer)} />`}</div>`;
}

export function API({ route, title }) {
  title("API");
  const document = useCall("/openapi.json");
  const text = (route.query.text ?? "").toLowerCase();
  const all = useMemo(() => Object.entries(document.data?.paths ?? {}).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => ({ key: `${verb} ${path}`, verb: verb.toUpperCase(), path, operation }))), [document.data]);
  const fitting = all.filter(one => `${one.verb} ${one.path} ${one.operation.summary ?? ""}`.toLowerCase().includes(text));
  const groups = Map.groupBy ? Map.groupBy(fitting, one => one.path.split("/")[2] ?? "") : new Map([["all", fitting]]);
  const open = route.query.operation;
  return html`<main id="main" tabindex="-1"><div class="stack"><div class="row wrap"><input class="input narrow" type="search" aria-label="Find an operation" placeholder="agents, messages, POST …" value=${route.query.text ?? ""} onInput=${event => adjust({ text: event.target.value, operation: "" })} /><span class="small dim">${fitting.length} of ${all.length} operations</span><span class="grow"></span><a class="small" href="./docs">As a page</a><a class="small" href="./openapi.json">OpenAPI</a></div>
    <${Loaded} of=${document} lines=${10}>${data => (fitting.length === 0 ? html`<${Empty}>No operation has “<bdi>${visible(text)}</bdi>”.<//>` : [...groups].map(([name, rows]) => html`<section class="card"><header><h2>${name || "/"}</h2><span class="dim">${rows.length}</span></header><ul class="operations">${rows.map(one => html`<li key=${one.key}><button type="button" class="operation" aria-expanded=${open === one.key} onClick=${() => adjust({ operation: open === one.key ? "" : one.key })}><code class=${`verb ${one.verb}`}>${one.verb}</code><code class="clip">${one.path}</code><span class="small mid clip hide-phone">${visible(one.operation.summary ?? "")}</span></button>${open === one.key && html`<${Operation} ...${one} document=${data} />`}</li>`)}</ul></section>`))}<//></div></main>`;
}
