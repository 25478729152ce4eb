// A text in which the words of a search are marked.
import { html } from "../vendor/preact.js";
import { cut, visible } from "./text.js";

const literal = word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** A word in any of its forms, as far as its beginning tells. */
const forms = word => `(?<![\\p{L}\\p{N}])${literal(word.slice(0, Math.max(3, word.length - 3)))}\\p{L}*`;

/** `stems` are words that the text is known to have in some form. */
export function Marked({ text, query, stems = [], most = 3000 }) {
  const shown = cut(visible(text), most);
  const words = (query ?? "").split(/[^\p{L}\p{N}]+/u).filter(word => word.length > 1).map(literal);
  const all = [...words, ...stems.map(forms)];
  if (all.length === 0) return shown;
  return shown.split(new RegExp(`(${all.join("|")})`, "giu")).map((part, index) => (index % 2 ? html`<mark>${part}</mark>` : part));
}
