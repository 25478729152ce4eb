// The metrics of Prometheus as tables, one below a heading for each.
import { html } from "../vendor/preact.js";
import { Long } from "./ui.js";
import { Name, number, took } from "./text.js";

const titles = { http_requests_total: "Requests", http_requests_by_key_total: "Requests by key", http_request_seconds: "Time of requests", metrics_series_dropped: "Series left out" };

/** Each metric with its values by their labels; of a histogram the sum and the count alone. */
function metrics(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const [, name, kind] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (name) { found.push({ name, kind, rows: new Map() }); continue; }
    const [, series, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const metric = found.at(-1);
    if (!metric || !series?.startsWith(metric.name)) continue;
    const part = series.slice(metric.name.length + 1) || "value";
    if (part === "bucket") continue;
    const row = metric.rows.get(labels) ?? {};
    metric.rows.set(labels, { ...row, [part]: Number(value) });
  }
  return found;
}
const said = labels => [...labels.matchAll(/\w+="((?:[^"\\]|\\.)*)"/g)].map(([, value]) => value.replace(/\\(.)/g, "$1")).join(" ") || "all";

export function Metrics({ text }) {
  return html`${metrics(text).map(({ name, kind, rows }) => {
    const isTime = kind === "histogram";
    return html`<section class="stack tight" key=${name}><h3>${titles[name] ?? name.replaceAll("_", " ")}</h3><div class="scroll"><table class="table"><thead><tr><th>Of</th><th class="num">${isTime ? "How many" : "Value"}</th>${isTime && html`<th class="num">Mean</th>`}</tr></thead><tbody>${[...rows].map(([labels, row]) => html`<tr key=${labels}><td class="small"><${Name} text=${said(labels)} most=${160} /></td><td class="num">${number(row.value ?? row.count)}</td>${isTime && html`<td class="num">${row.count ? took((row.sum / row.count) * 1e9) : "–"}</td>`}</tr>`)}</tbody></table></div></section>`;
  })}<details><summary class="small">As Prometheus reads it</summary><${Long} text=${text} wraps=${false} /></details>`;
}
