// What a change changes: lines, and the words inside of changed lines.
import { html, useMemo } from "../vendor/preact.js";
import { diffLines, diffWordsWithSpace } from "../vendor/diff.js";
import { visible } from "./text.js";

/** With a newline at its end, so that a last line is the same line when more follow it. */
const ended = text => (text && !text.endsWith("\n") ? `${text}\n` : text);
const lines = part => part.value.replace(/\n$/, "").split("\n");
function Words({ before, after, side }) {
  return diffWordsWithSpace(before, after).filter(part => !(side === "cut" ? part.added : part.removed)).map(part => {
    const text = visible(part.value);
    if (!part.added && !part.removed) return text;
    return side === "cut" ? html`<del>${text}</del>` : html`<ins>${text}</ins>`;
  });
}
/** Comparing takes the product of both lengths at worst. */
const longest = 40000;
export function Diff({ before, after }) {
  return useMemo(() => {
    if (before.length + after.length > longest) return html`<p class="small mid">Too long to compare here: ${before.length.toLocaleString("en")} characters before, ${after.length.toLocaleString("en")} after.</p>`;
    const parts = diffLines(ended(before), ended(after));
    return html`<div class="diff" role="group" aria-label="Changes">${parts.flatMap((part, index) => {
      const kind = part.added ? "add" : part.removed ? "cut" : "same";
      const other = part.removed && parts[index + 1]?.added ? parts[index + 1] : part.added && parts[index - 1]?.removed ? parts[index - 1] : null;
      const all = lines(part);
      const shown = kind === "same" && all.length > 6 ? [...all.slice(0, 2), null, ...all.slice(-2)] : all;
      return shown.map((line, row) => {
        if (line === null) return html`<div class="same"><span class="dim">… ${all.length - 4} lines</span></div>`;
        const pair = other && lines(other)[row];
        return html`<div class=${kind}><span class="sr">${kind === "add" ? "added: " : kind === "cut" ? "removed: " : ""}</span><span>${pair !== undefined && pair !== null ? html`<${Words} side=${kind} before=${kind === "cut" ? line : pair} after=${kind === "cut" ? pair : line} />` : visible(line)}</span></div>`;
      });
    })}</div>`;
  }, [before, after]);
}
