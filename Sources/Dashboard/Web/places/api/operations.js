// Every operation of the server as a form with its curl: what has no screen is reachable here.
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { curl, make } from "../../api.js";
import { adjust } from "../../route.js";
import { Copy, Empty, Field, Loaded, Problem, useCall } from "../../parts/ui.js";
import { ask } from "../../parts/dialog.js";
import { Tree } from "../../parts/tree.js";
import { visible } from "../../parts/text.js";
import { Body } from "./body.js";
import { named, resolved, sample } from "./schema.js";

function Parameter({ of, document, value, set }) {
  const schema = resolved(of.schema, document);
  const label = `${of.name}${of.required ? "" : " (optional)"}`;
  const hint = [schema.type === "array" ? `${named(of.schema, document)}, separated by commas` : named(of.schema, document), visible(of.description ?? "")].filter(Boolean).join(" · ");
  const options = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : null);
  return html`<${Field} label=${label} value=${value} set=${set} hint=${hint} ...${options ? { options: [["", "–"], ...options] } : {}} />`;
}

const question = (verb, path) => (verb === "DELETE" ? `Send DELETE ${path}? What it deletes can't be brought back.` : `Send ${verb} ${path}? It may change something.`);

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
  const stop = useRef(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => () => stop.current?.abort(), []);
  let problem = null;
  let sent;
  if (schema && body.trim()) try { sent = JSON.parse(body); } catch (fault) { problem = fault.message; }
  const filled = path.replace(/\{(\w+)\}/g, (whole, name) => (values[name] ? encodeURIComponent(values[name]) : whole));
  const list = one => (resolved(one.schema, document).type === "array" ? values[one.name].split(",").map(each => each.trim()) : values[one.name]);
  const request = { verb, path: filled, query: Object.fromEntries(parameters.filter(one => one.in === "query" && values[one.name]).map(one => [one.name, list(one)])), body: isFile ? undefined : sent, file: file ?? undefined };
  const missing = parameters.filter(one => one.required && !values[one.name]).map(one => one.name);
  const send = async () => {
    if (verb !== "GET" && !(await ask(question(verb, filled), null, "Send"))) return;
    stop.current = new AbortController();
    setBusy(true);
    setError(null);
    setAnswer(null);
    const started = performance.now();
    try {
      const value = await make({ ...request, signal: stop.current.signal });
      setAnswer({ value, ms: Math.round(performance.now() - started) });
    } catch (fault) { if (fault.name !== "AbortError") setError(fault); }
    setBusy(false);
  };
  return html`<div class="stack pad"><p class="small mid">${visible(operation.summary ?? "")}</p>
    ${parameters.length > 0 && html`<div class="fields">${parameters.map(one => html`<${Parameter} key=${one.name} of=${one} document=${document} value=${values[one.name] ?? ""} set=${value => set(old => ({ ...old, [one.name]: value }))} />`)}</div>`}
    ${isFile && html`<label class="field"><span class="label">File</span><input type="file" onChange=${event => setFile(event.target.files[0] ?? null)} /></label>`}
    ${schema && html`<${Body} schema=${schema} document=${document} text=${body} set=${setBody} problem=${problem} />`}
    <pre class="code wraps" tabindex="0" aria-label="curl">${curl(request)}</pre>
    <div class="row wrap"><${Copy} text=${curl(request)} label="Copy as curl" /><span class="grow"></span>${missing.length > 0 && html`<span class="xs dim">needs ${missing.join(", ")}</span>`}${busy && html`<button class="btn" type="button" onClick=${() => stop.current.abort()}>Stop</button>`}<button class=${`btn ${verb === "DELETE" ? "danger" : "primary"}`} type="button" aria-busy=${busy} disabled=${busy || Boolean(problem) || missing.length > 0} onClick=${send}>Send</button></div>
    <${Problem} error=${error} />${answer && html`<div role="status" class="row"><h3 class="grow">Answer</h3><span class="xs dim">${answer.ms} ms</span></div><${Tree} value=${answer.value} />`}</div>`;
}

/** Operations by the second part of their path. */
function grouped(operations) {
  const groups = new Map();
  for (const one of operations) {
    const name = one.path.split("/")[2] ?? "";
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups];
}

export function API({ route, title }) {
  title("API");
  const document = useCall("/openapi.json");
  const text = (route.query.text ?? "").toLowerCase();
  const all = useMemo(() => Object.entries(document.data?.paths ?? {}).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => ({ key: `${verb} ${path}`, verb: verb.toUpperCase(), path, operation }))), [document.data]);
  const fitting = all.filter(one => `${one.verb} ${one.path} ${one.operation.summary ?? ""}`.toLowerCase().includes(text));
  const open = route.query.operation;
  return html`<main id="main" tabindex="-1"><div class="stack"><div class="row wrap"><input class="input narrow" type="search" aria-label="Find an operation" placeholder="agents, messages, POST …" value=${route.query.text ?? ""} onInput=${event => adjust({ text: event.target.value, operation: "" })} /><span class="small dim">${fitting.length} of ${all.length} operations</span><span class="grow"></span><a class="small" href="./docs">Documentation</a><a class="small" href="./openapi.json">OpenAPI</a></div>
    <${Loaded} of=${document} lines=${10}>${data => (fitting.length === 0 ? html`<${Empty}>No operation has “<bdi>${visible(text)}</bdi>”.<//>` : grouped(fitting).map(([name, rows]) => html`<section class="card" key=${name}><header><h2>${name || "/"}</h2><span class="dim">${rows.length}</span></header><ul class="operations">${rows.map(one => html`<li key=${one.key}><button type="button" class="operation" aria-expanded=${open === one.key} onClick=${() => adjust({ operation: open === one.key ? "" : one.key })}><code class=${`verb ${one.verb}`}>${one.verb}</code><code class="clip">${one.path}</code><span class="small mid clip hide-phone">${visible(one.operation.summary ?? "")}</span></button>${open === one.key && html`<${Operation} ...${one} document=${data} />`}</li>`)}</ul></section>`))}<//></div></main>`;
}
