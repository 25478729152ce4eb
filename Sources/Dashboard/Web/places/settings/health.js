// Whether the server is well, and what it counts.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Loaded, Long, useCall } from "../../parts/ui.js";
import { Checks } from "../../parts/checks.js";
import { Name, number, took } from "../../parts/text.js";

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

function Metrics({ text }) {
  return html`${metrics(text).map(({ name, kind, rows }) => {
    const isTime = kind === "histogram";
    return html`<section class="stack tight" key=${name}><h3>${titles[name] ?? name.replaceAll("_", " ")}</h3><div class="scroll"><table class="table"><thead><tr><th>Of</th><th class="num">${isTime ? "How many" : "Value"}</th>${isTime && html`<th class="num">Mean</th>`}</tr></thead><tbody>${[...rows].map(([labels, row]) => html`<tr key=${labels}><td class="small"><${Name} text=${said(labels)} most=${160} /></td><td class="num">${number(row.value ?? row.count)}</td>${isTime && html`<td class="num">${row.count ? took((row.sum / row.count) * 1e9) : "–"}</td>`}</tr>`)}</tbody></table></div></section>`;
  })}<details><summary class="small">As Prometheus reads it</summary><${Long} text=${text} wraps=${false} /></details>`;
}

export function Health() {
  const checks = useCall("/v1/server/checks", { every: 15 });
  const metrics = useCall("/metrics", { every: 10 });
  const [asked, setAsked] = useState(null);
  const again = html`<${Act} kind="tiny" label="Ask the providers" title="Lists the models of all providers now" call=${() => ({ verb: "POST", path: "/v1/server/checks" })} done=${rows => { setAsked(rows); checks.reload(); }} />`;
  return html`<div class="stack"><${Card} title="Checks" actions=${again}><${Loaded} of=${checks}>${rows => html`<${Checks} rows=${rows} remedies />`}<//>
      <p class="small mid" role="status">${asked && "The providers were asked just now."}</p>
      <p class="small mid">On the server's machine: <code>letta-server doctor</code> examines models, <code>letta-server config</code> prints the settings, <code>letta-server backup</code> copies the database while it is in use.</p><//>
    <${Card} title="Metrics"><${Loaded} of=${metrics}>${text => html`<${Metrics} text=${String(text)} />`}<//><p class="xs dim">For Prometheus, at <code>/metrics</code>.</p><//></div>`;
}
