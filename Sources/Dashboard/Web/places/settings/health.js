// Whether the server is well, and what it counts.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Loaded, useCall } from "../../parts/ui.js";
import { Checks } from "../../parts/checks.js";
import { Metrics } from "../../parts/metrics.js";

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
