// The body of an operation: each field by its schema, or the whole as JSON.
import { html, useState } from "../../vendor/preact.js";
import { Field, Tabs } from "../../parts/ui.js";
import { Code } from "../../parts/code.js";
import { visible } from "../../parts/text.js";
import { named, resolved, sample } from "./schema.js";

/** How the value of a field is written: as itself where that is plain, else as JSON. */
const isPlain = schema => ["string", "integer", "number", "boolean"].includes(schema.type);
const shown = (value, schema) => (value === undefined ? "" : typeof value === "string" || (isPlain(schema) && typeof value !== "object") ? String(value) : JSON.stringify(value, null, 2));
/** Whether a text is one of the values. */
const takesText = (schema, document) => !schema.type && (schema.anyOf ?? schema.oneOf ?? [{ type: "string" }]).some(one => resolved(one, document).type === "string");
function read(text, schema, document) {
  if (schema.type === "string") return text;
  if (schema.type === "integer" || schema.type === "number") { const value = Number(text); if (Number.isNaN(value)) throw new Error("a number is needed"); return value; }
  if (schema.type === "boolean") return text === "true";
  if (takesText(schema, document) && !/^\s*[[{"]/.test(text)) return text;
  return JSON.parse(text);
}

function Property({ name, schema, document, needed, value, set }) {
  const one = resolved(schema, document);
  const [text, setText] = useState(() => shown(value, one));
  const [problem, setProblem] = useState(null);
  const write = next => {
    setText(next);
    if (next === "") { setProblem(null); set(undefined); return; }
    try { set(read(next, one, document)); setProblem(null); } catch (fault) { setProblem(`Not valid yet: ${fault.message}`); }
  };
  const hint = problem ?? [named(schema, document), visible(one.description ?? "")].filter(Boolean).join(" · ");
  const label = `${name}${needed ? "" : " (optional)"}`;
  const options = one.enum ?? (one.type === "boolean" ? ["true", "false"] : null);
  if (options) return html`<${Field} label=${label} value=${text} set=${write} hint=${hint} options=${[["", "–"], ...options.map(String)]} />`;
  if (isPlain(one)) return html`<${Field} label=${label} value=${text} set=${write} hint=${hint} ...${one.type === "string" && text.length > 60 ? { rows: 4 } : {}} />`;
  const add = sample(schema, document);
  return html`<div class="stack tight"><${Code} label=${label} language="json" rows=${Math.min(10, Math.max(2, text.split("\n").length))} value=${text} set=${write} hint=${hint} wraps />${text === "" && add !== null && html`<div><button class="btn tiny" type="button" onClick=${() => write(JSON.stringify(add, null, 2))}>Begin with an example</button></div>`}</div>`;
}

/** `text` is the JSON of the body. */
export function Body({ schema, document, text, set, problem }) {
  const one = resolved(schema, document);
  const fields = Object.entries(one.properties ?? {});
  const [as, setAs] = useState(fields.length > 0 ? "fields" : "json");
  let value = {};
  try { value = JSON.parse(text || "{}") ?? {}; } catch { /* the field of JSON says so */ }
  const put = name => next => set(JSON.stringify(next === undefined ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)) : { ...value, [name]: next }, null, 2));
  const needed = one.required ?? [];
  const sorted = [...fields.filter(([name]) => needed.includes(name)), ...fields.filter(([name]) => !needed.includes(name))];
  const json = html`<${Code} label="Body" language="json" rows=${Math.min(16, text.split("\n").length + 1)} value=${text} set=${set} wraps hint=${problem ? `Not JSON yet: ${problem}` : "Required fields are filled in with examples."} />`;
  if (fields.length === 0) return json;
  return html`<${Tabs} label="How the body is written" tabs=${[["fields", `Body: ${fields.length} fields`], ["json", "Body as JSON"]]} value=${as} set=${setAs} />
    ${as === "json" ? json : html`<div class="fields">${sorted.map(([name, schema]) => html`<${Property} key=${name} name=${name} schema=${schema} document=${document} needed=${needed.includes(name)} value=${value[name]} set=${put(name)} />`)}</div>`}`;
}
