// Long lists: pages by cursor, and only the visible rows exist.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { call } from "../api.js";
import { refresh } from "../live.js";
import { flat } from "./text.js";
import { Problem, Waiting } from "./ui.js";

const keyOf = row => row.id ?? row.version ?? row;
const behind = row => ({ after: row.id ?? row });
/** What moved in the order meanwhile may be there already. */
const joined = (rows, page) => { const ids = new Set(rows.map(keyOf)); return [...rows, ...page.filter(row => !ids.has(keyOf(row)))]; };
/** The rows with a further page, and whether it was the last one: a page that brings nothing new is. */
function extended(rows, page, limit) {
  const all = joined(rows, page);
  return { rows: all, end: page.length < limit || all.length === rows.length };
}
/** The rows of a list of the server, further pages as they are asked for. `cursor` makes the query of what comes after a row. It serves `Loaded`, too. A search that is posted has its query in the body. */
export function usePages(path, { query, limit = 100, every, skip, cursor = behind, verb = "GET" } = {}) {
  const key = JSON.stringify([path, query]);
  const [state, set] = useState({ key, rows: null, end: false, error: null });
  const [turn, setTurn] = useState(0);
  const busy = useRef(false);
  const seen = useRef(0);
  const now = useRef(null);
  now.current = state.key === key ? state : { key, rows: null, end: false, error: null };
  const read = async (last, signal, quiet) => {
    const page = await call(verb, path, { [verb === "GET" ? "query" : "body"]: { ...query, limit, ...(last && cursor(last)) }, signal, quiet });
    return Array.isArray(page) ? page.map(row => row.passage ?? row) : page.files ?? page.results ?? [];
  };
  useEffect(() => {
    if (skip) return undefined;
    const stop = new AbortController();
    const first = async quiet => {
      try {
        const isOwn = seen.current !== turn;
        seen.current = turn;
        let rows = await read(undefined, stop.signal, quiet);
        let end = rows.length < limit;
        // After a change of one's own all that is shown is read again; what others change behind the first page is not looked for.
        while (isOwn && !end && now.current.rows?.length > rows.length) {
          ({ rows, end } = extended(rows, await read(rows.at(-1), stop.signal, true), limit));
        }
        set(old => {
          const known = old.key === key && !isOwn && !end ? old.rows ?? [] : [];
          // Where the page ends among those that are known, they go on.
          const at = known.findIndex(row => keyOf(row) === keyOf(rows.at(-1)));
          const all = at < 0 ? rows : joined(rows, known.slice(at + 1));
          return { key, rows: all, end: all.length > rows.length ? old.end : end, error: null };
        });
      } catch (error) {
        if (error.name === "AbortError") return;
        set(old => ({ ...(old.key === key ? old : { key, rows: null, end: false }), error }));
      }
    };
    const end = refresh(path, query, every, first, { quiet: turn > 0 });
    return () => { stop.abort(); end(); };
  }, [key, turn, every, skip]);
  const more = async () => {
    const { rows, end } = now.current;
    if (busy.current || end || !rows?.length) return;
    busy.current = true;
    try {
      const page = await read(rows.at(-1));
      set(old => (old.key === key ? { key, ...extended(old.rows, page, limit), error: null } : old));
    } catch (error) {
      set(old => (old.key === key ? { ...old, error } : old));
    } finally {
      busy.current = false;
    }
  };
  return { ...now.current, data: now.current.rows ?? undefined, loading: !skip && !now.current.rows && !now.current.error, more, reload: () => setTurn(value => value + 1) };
}

/** Reads the next page, where there is one. */
export const More = ({ of, noun = "" }) => of.rows?.length > 0 && !of.end && html`<button class="btn tiny" type="button" onClick=${of.more}>More ${noun}</button>`;

const further = "…";
/** A choice among the rows of a list of the server, the last of which reads further ones. `bare` has no label above it. */
export function PagedSelect({ label, pages, value, set, first, text, bare }) {
  const rows = pages.rows ?? [];
  const change = event => {
    if (event.target.value !== further) { set(event.target.value); return; }
    event.target.value = value;
    pages.more();
  };
  const options = [["", first], ...(value && !rows.some(row => (row.id ?? row) === value) ? [[value, value]] : []), ...rows.map(row => [row.id ?? row, text(row)]), ...(pages.rows && !pages.end ? [[further, "more …"]] : [])];
  const box = html`<select class=${`select ${bare ? "narrow" : ""}`} aria-label=${label} onChange=${change}>${options.map(([key, name]) => html`<option key=${key} value=${key} selected=${key === value}>${flat(name)}</option>`)}</select>`;
  return bare ? box : html`<div class="field"><span class="label" aria-hidden="true">${label}</span>${box}</div>`;
}

/** Which of `count` rows of one height are near what is seen of the box that scrolls. */
export function useWindow(box, height, count) {
  const [view, setView] = useState({ top: 0, size: 600 });
  const look = () => { const node = box.current; if (node) setView({ top: node.scrollTop, size: node.clientHeight }); };
  useEffect(() => { look(); addEventListener("resize", look); return () => removeEventListener("resize", look); }, []);
  const first = Math.max(0, Math.min(count, Math.floor(view.top / height) - 6));
  return { first, last: Math.min(count, Math.ceil((view.top + view.size) / height) + 6), look };
}

/** A list with rows of one height. Only those near the window are in the document. */
export function Rows({ pages, height, row, head, label, empty, total }) {
  const box = useRef(null);
  const rows = pages.rows ?? [];
  const { first, last, look } = useWindow(box, height, rows.length);
  useEffect(() => { if (last > rows.length - 30) pages.more(); }, [last, rows.length]);
  const keys = event => {
    const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const links = [...box.current.querySelectorAll("[data-row] a[href]:first-of-type")];
    const at = links.indexOf(document.activeElement);
    event.preventDefault();
    (links[at + by] ?? links[0])?.focus();
  };
  return html`<div class="vlist" ref=${box} role="table" aria-label=${label} aria-rowcount=${total ?? (pages.end ? rows.length : -1)} onScroll=${look} onKeyDown=${keys}>
    ${head}
    <${Problem} error=${pages.error} again=${pages.reload} />
    ${pages.rows === null && !pages.error && html`<${Waiting} lines=${8} />`}
    ${pages.rows && rows.length === 0 && !pages.error && empty}
    <div class="space" role="rowgroup" style=${{ height: `${rows.length * height}px` }}>${rows.slice(first, last).map((value, index) =>
      html`<div class="vrow" role="row" data-row key=${value.id} aria-rowindex=${first + index + 1} style=${{ transform: `translateY(${(first + index) * height}px)`, height: `${height}px` }}>${row(value)}</div>`)}</div>
  </div>`;
}
