// What the server logged lately, followed as it comes.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { call } from "../../api.js";
import { Card, Empty, Field, Problem, Waiting } from "../../parts/ui.js";
import { cut, flat, Name, Time, visible } from "../../parts/text.js";

const most = 500;
const levels = [["", "All levels"], ["notice", "Notices and worse"], ["warning", "Warnings and worse"], ["error", "Errors"]];
const colour = { warning: "warn", error: "err", critical: "err" };

/** The newest entries that fit, newer ones every few seconds. */
function useLog(level, text, follows) {
  const key = `${level} ${text}`;
  const [state, set] = useState({ key, rows: null, error: null });
  useEffect(() => {
    const stop = new AbortController();
    let timer;
    let last = 0;
    const read = async quiet => {
      try {
        const rows = await call("GET", "/v1/server/log", { query: { level, text, after: last || undefined, count: most }, signal: stop.signal, quiet });
        last = rows.at(-1)?.id ?? last;
        set(old => ({ key, error: null, rows: [...(old.key === key ? old.rows ?? [] : []), ...rows].slice(-most) }));
      } catch (error) {
        if (error.name === "AbortError") return;
        // After a restart the numbers begin anew.
        last = 0;
        set({ key, rows: [], error });
      }
      if (follows && !stop.signal.aborted) timer = setTimeout(() => read(true), 3000);
    };
    set({ key, rows: null, error: null });
    read(false);
    return () => { stop.abort(); clearTimeout(timer); };
  }, [key, follows]);
  return state.key === key ? state : { rows: null, error: null };
}

function Entry({ of }) {
  const details = Object.entries(of.metadata).sort();
  return html`<li class="entry"><span class="xs dim"><${Time} at=${of.time} seconds /></span><span class=${`state ${colour[of.level] ?? ""}`}>${of.level}</span><span class="wrapany"><bdi>${cut(visible(of.message), 2000)}</bdi> <span class="xs dim"><${Name} text=${of.source} most=${60} /></span>${details.length > 0 && html`<span class="xs mid block wrapany">${details.map(([name, value]) => html`<bdi>${flat(name)}=${cut(flat(value), 500)}</bdi> `)}</span>`}</span></li>`;
}

export function Log() {
  const [level, setLevel] = useState("");
  const [text, setText] = useState("");
  const [follows, setFollows] = useState(true);
  const log = useLog(level, text, follows);
  return html`<${Card} title="Log" actions=${html`<button class="btn tiny" type="button" aria-pressed=${follows} onClick=${() => setFollows(!follows)}>Follow</button>`}>
    <div class="fields"><${Field} label="Level" value=${level} set=${setLevel} options=${levels} /><${Field} label="Has the text" type="search" value=${text} set=${setText} /></div>
    <${Problem} error=${log.error} />${log.rows === null && !log.error && html`<${Waiting} />`}
    ${log.rows?.length === 0 && !log.error && html`<${Empty}>Nothing ${level || text ? "of this" : ""} was logged since the server started.<//>`}
    ${log.rows?.length > 0 && html`<ol class="entries" tabindex="0" aria-label="Entries, newest first">${[...log.rows].reverse().map(one => html`<${Entry} key=${one.id} of=${one} />`)}</ol>`}
    <p class="xs dim">The newest entries since the start, as on standard error. Older ones are where standard error is kept: <code>journalctl</code>, Docker.</p><//>`;
}
