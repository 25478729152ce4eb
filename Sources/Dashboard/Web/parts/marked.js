// A text in which the words of a search are marked.
import { html } from "../vendor/preact.js";
import { cut, visible } from "./text.js";

export function Marked({ text, query, most = 3000 }) {
  const shown = cut(visible(text), most);
  const words = (query ?? "").split(/[^\p{L}\p{N}]+/u).filter(word => word.length > 1).map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (words.length === 0) return shown;
  return shown.split(new RegExp(`(${words.join("|")})`, "giu")).map((part, index) => (index % 2 ? html`<mark>${part}</mark>` : part));
}
