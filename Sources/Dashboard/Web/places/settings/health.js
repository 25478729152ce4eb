// Whether the server is well, and what it counts.
import { html } from "../../vendor/preact.js";
import { Card, Loaded, Long, Problem, State, useCall } from "../../parts/ui.js";
import { Name, Time } from "../../parts/text.js";

function Backups({ schedule: { data, error } }) {
  if (!data) return error ? html`<${Name} text=${error.message} most=${300} />` : "–";
  if (data.error) return html`<${State} kind="err">the last one failed <${Time} at=${data.failed_at} />: <${Name} text=${data.error} most=${300} /><//>`;
  if (!data.every_hours && data.is_fixed) return html`<span class="dim">made with pg_dump</span>`;
  if (!data.every_hours) return html`<${State} kind="warn">no schedule; <a href="#/settings?part=backups">make one</a><//>`;
  return html`<${State} kind="ok">${data.last_at ? html`the last one <${Time} at=${data.last_at} />` : "the first one is on its way"}<//>`;
}

export function Health() {
  const health = useCall("/v1/health/", { every: 10 });
  const ready = useCall("/v1/ready/", { every: 10 });
  const policy = useCall("/v1/sandbox-config/policy");
  const schedule = useCall("/v1/server/backup-schedule", { every: 30 });
  const metrics = useCall("/metrics", { every: 10 });
  const missing = (policy.data?.measures ?? []).filter(one => !one.is_in_force);
  return html`<div class="two"><${Card} title="Checks"><dl class="kv checks">
      <dt>Server</dt><dd>${health.data ? html`<${State} kind="ok">answers, ${health.data.server_version}<//>` : html`<${State} kind="err">does not answer<//>`}</dd>
      <dt>Database</dt><dd>${ready.data ? html`<${State} kind="ok">accepts writes<//>` : ready.error ? html`<${State} kind="err"><${Name} text=${ready.error.message} most=${300} /><//>` : "–"}</dd>
      <dt>Sandbox</dt><dd>${policy.data ? html`<${State} kind=${policy.data.can_run ? (missing.length ? "warn" : "ok") : "err"}>${policy.data.can_run ? (missing.length ? `runs, without ${missing.map(one => one.name).join(", ")}` : "all measures in force") : "no tool can run"}<//>` : "–"}</dd>
      <dt>Backups</dt><dd><${Backups} schedule=${schedule} /></dd></dl><${Problem} error=${policy.error} />
      <p class="small mid">On the server's machine: <code>letta-server doctor</code> examines models, <code>letta-server config</code> prints the settings, <code>letta-server backup</code> copies the database while it is in use.</p><//>
    <${Card} title="Metrics"><${Loaded} of=${metrics}>${text => html`<${Long} text=${String(text)} wraps=${false} />`}<//><p class="xs dim">For Prometheus, at <code>/metrics</code>.</p><//></div>`;
}
