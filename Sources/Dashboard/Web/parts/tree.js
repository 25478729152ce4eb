// JSON as a tree that opens. Only what is open is in the document.
import { html, useState } from "../vendor/preact.js";
import { Long } from "./ui.js";
import { cut, flat, Name, visible } from "./text.js";

/** More members of one value are shown on demand. */
const most = 100;

const isBranch = value => value !== null && typeof value === "object";
function brief(value) {
  if (Array.isArray(value)) return `[${value.length}]`;
  const names = Object.keys(value);
  const text = value.name ?? value.label ?? value.id ?? names.slice(0, 4).join(", ");
  return `{${names.length}} ${typeof text === "string" ? cut(flat(text), 60) : ""}`;
}

function Leaf({ value }) {
  const [all, setAll] = useState(false);
  if (typeof value !== "string") return html`<code>${String(value)}</code>`;
  const long = value.length > 300;
  return html`<span class="plain leaf" dir="auto"><bdi>${all || !long ? visible(value) : cut(visible(value), 300)}</bdi></span>${long && !all && html` <button class="linkish xs" type="button" onClick=${() => setAll(true)}>all ${value.length.toLocaleString("en")} characters</button>`}`;
}

function Members({ value }) {
  const [shown, setShown] = useState(most);
  const names = Object.keys(value);
  return html`<ul class="tree">${names.slice(0, shown).map(name => html`<${Member} key=${name} name=${name} value=${value[name]} alone=${names.length === 1} />`)}
    ${names.length > shown && html`<li><button class="btn tiny" type="button" onClick=${() => setShown(shown + 1000)}>More of ${names.length.toLocaleString("en")}</button></li>`}</ul>`;
}

/** One that is alone is open at once. */
function Member({ name, value, alone }) {
  const [open, setOpen] = useState(alone);
  if (!isBranch(value)) return html`<li><span class="key"><${Name} text=${name} most=${80} /></span> <${Leaf} value=${value} /></li>`;
  return html`<li><button type="button" class="branch" aria-expanded=${open} onClick=${() => setOpen(!open)}><span class="key"><${Name} text=${name} most=${80} /></span> <span class="dim">${brief(value)}</span></button>${open && html`<${Members} value=${value} />`}</li>`;
}

/** A value as a tree, or as text when that is asked for. */
export function Tree({ value }) {
  const [raw, setRaw] = useState(false);
  if (!isBranch(value)) return html`<${Long} text=${typeof value === "string" ? value : JSON.stringify(value)} />`;
  return html`<div class="stack tight"><div class="row"><span class="small dim">${Array.isArray(value) ? `${value.length} elements` : `${Object.keys(value).length} members`}</span><span class="grow"></span><button class="btn tiny" type="button" aria-pressed=${raw} onClick=${() => setRaw(!raw)}>As JSON</button></div>
    ${raw ? html`<${Long} text=${JSON.stringify(value, null, 2)} />` : html`<div class="code treebox" tabindex="0"><${Members} value=${value} /></div>`}</div>`;
}
