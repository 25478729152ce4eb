// Why a search found a text: its words, its meaning, and what each of them adds to its score.
import { html } from "../vendor/preact.js";
import { flat, Name } from "./text.js";

const decimals = value => Number(value).toFixed(2);
const added = value => (value === null || value === undefined ? "" : `adds ${value < 0 ? "−" : "+"}${decimals(Math.abs(value))}`);

const when = time => (/T.*Z$/.test(time) ? new Date(time).toLocaleString() : time);

/** What a search is narrowed by, in words. */
export function filters(body) {
  const { tags, tag_match_mode: mode, roles, start_date: from, end_date: to } = body;
  return [tags?.length && `${mode === "all" ? "all" : "one"} of the tags ${tags.join(", ")}`, roles?.length && `said by ${roles.join(", ")}`, from && `from ${when(from)}`, to && `until ${when(to)}`].filter(Boolean).map(flat).join("; ");
}

/** Opens to the numbers. `search` is the answer that the result is of, `by` the filters in words. */
export function WhyFound({ why, search, by = "" }) {
  const { matched, similarity } = why;
  const isMeant = similarity !== null && similarity !== undefined;
  const reason = [matched.length > 0 && matched.join(", "), isMeant && `meaning ${decimals(similarity)}`].filter(Boolean).join(" · ") || "a part of a word, or its time";
  const row = (name, said, share) => html`<tr><th scope="row">${name}</th><td>${said}</td><td class="num">${added(share)}</td></tr>`;
  return html`<details class="whyfound"><summary class="xs"><span class="dim">Why found:</span> <${Name} text=${reason} most=${160} /></summary>
    <table class="small"><tbody>
      ${row("Words", html`${matched.length} of ${search.words.length} (<${Name} text=${search.words.join(", ")} most=${300} />), ${decimals(why.words)}`, why.word_share)}
      ${row("Meaning", isMeant ? `cosine ${decimals(similarity)}` : search.uses_meaning ? "has no vector yet" : "no embedding model answered, or nothing has a vector", isMeant ? why.meaning_share : null)}
      ${why.neighbour_share !== null && row("Said next to it", "the same words", why.neighbour_share)}
      ${why.other_share !== null && row("Besides", "speaker, day, how new it is", why.other_share)}
      ${row("Score", decimals(why.score), null)}
      ${row("Filters", by ? html`<${Name} text=${by} most=${400} />` : "none", null)}
    </tbody></table>${search.uses_meaning && html`<p class="xs dim">What a signal adds is how far it is above or below the average of all that was considered.</p>`}</details>`;
}
