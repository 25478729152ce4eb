// Markdown of models and users as nodes. The lexer's tokens become elements by the list below; everything else, HTML too, stays text.
import { html, useMemo } from "../vendor/preact.js";
import { lexer } from "../vendor/marked.js";
import { visible } from "./text.js";

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
// The lexer escapes text for HTML, and nodes need none of it.
const plain = text => visible(String(text ?? "").replace(/&(amp|lt|gt|quot|#39);/g, (whole, name) => entities[name]));

function Link({ to, children }) {
  let address;
  try { address = new URL(String(to).replaceAll("&amp;", "&")); } catch { return children; }
  if (!["http:", "https:", "mailto:"].includes(address.protocol)) return children;
  return html`<a href=${address.href} rel="noopener noreferrer nofollow" target="_blank">${children}</a>${address.host && html` <span class="xs dim">(${address.host})</span>`}`;
}

const cells = (row, tag) => row.map(cell => (tag === "th" ? html`<th>${inline(cell.tokens)}</th>` : html`<td>${inline(cell.tokens)}</td>`));

function inline(tokens) {
  return (tokens ?? []).map(token => {
    switch (token.type) {
      case "text": case "escape": return token.tokens ? inline(token.tokens) : plain(token.text);
      case "strong": return html`<strong>${inline(token.tokens)}</strong>`;
      case "em": return html`<em>${inline(token.tokens)}</em>`;
      case "del": return html`<s>${inline(token.tokens)}</s>`;
      case "codespan": return html`<code>${plain(token.text)}</code>`;
      case "br": return html`<br />`;
      case "link": return html`<${Link} to=${token.href}>${inline(token.tokens)}<//>`;
      // An address of an image could carry what the model knows to whoever owns it.
      case "image": return html`<${Link} to=${token.href}>image: ${plain(token.text) || "without a description"}<//>`;
      default: return visible(token.raw);
    }
  });
}

function block(token) {
  switch (token.type) {
    case "space": return null;
    case "paragraph": return html`<p dir="auto">${inline(token.tokens)}</p>`;
    case "text": return token.tokens ? inline(token.tokens) : plain(token.text);
    case "heading": return html`<p class="heading" dir="auto"><strong>${inline(token.tokens)}</strong></p>`;
    case "code": return html`<pre class="code" tabindex="0">${visible(token.text)}</pre>`;
    case "blockquote": return html`<blockquote>${token.tokens.map(block)}</blockquote>`;
    case "list": return token.ordered ? html`<ol start=${token.start || 1}>${token.items.map(item)}</ol>` : html`<ul>${token.items.map(item)}</ul>`;
    case "hr": return html`<hr />`;
    case "table": return html`<div class="scroll" tabindex="0"><table class="table"><thead><tr>${cells(token.header, "th")}</tr></thead><tbody>${token.rows.map(row => html`<tr>${cells(row, "td")}</tr>`)}</tbody></table></div>`;
    default: return html`<p dir="auto">${visible(token.raw)}</p>`;
  }
}
const item = entry => html`<li dir="auto">${entry.task ? (entry.checked ? "☑ " : "☐ ") : null}${entry.tokens.map(block)}</li>`;

/** Longer texts are shown as they are: no lexer is fast on everything that can be written. */
const longest = 60000;
export function Markdown({ text }) {
  return useMemo(() => {
    const all = String(text ?? "");
    // One line of this length is no prose.
    if (all.length > longest || /[^\n]{20000}/.test(all)) return html`<div class="plain" dir="auto">${visible(all.slice(0, longest))}${all.length > longest && html` <span class="dim">… ${all.length.toLocaleString("en")} characters</span>`}</div>`;
    return lexer(all).map(block);
  }, [text]);
}
