// Copies of the database: made, checked and deleted here, restored by a command.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { quoted } from "../../api.js";
import { Act, Card, Copy, Empty, Field, Loaded, putter, State, useCall } from "../../parts/ui.js";
import { bytes, cut, Name, number, Time, visible } from "../../parts/text.js";

const kinds = { made: "made here", scheduled: "made by the schedule", before_migration: "before a newer version changed the database", replaced: "replaced by a restored copy", other: "put there" };

function Checked({ check }) {
  if (!check) return null;
  if (!check.is_sound) return html`<div class="note err" role="alert"><b>Can't be restored.</b> <bdi>${cut(visible(check.problem ?? ""), 1000)}</bdi></div>`;
  return html`<div class="note ok" role="status"><${State} kind="ok">Sound<//>, version ${check.version}: ${check.rows.map(one => `${number(one.count)} ${one.table}${one.count === 1 ? "" : "s"}`).join(", ")}</div>`;
}

const often = [["", "never"], ["1", "every hour"], ["6", "every 6 hours"], ["12", "every 12 hours"], ["24", "every day"], ["168", "every week"]];

function Scheduled({ schedule, done }) {
  const start = { every: String(schedule.every_hours ?? ""), keep: String(schedule.keep) };
  const [form, set] = useState(start);
  useEffect(() => set(start), [start.every, start.keep]);
  const put = putter(set);
  const body = { every_hours: form.every ? Number(form.every) : null, keep: form.keep ? Number(form.keep) : null };
  const options = often.some(([hours]) => hours === start.every) ? often : [...often, [start.every, `every ${start.every} hours`]];
  return html`${schedule.error && html`<div class="note err" role="alert"><b>The last copy failed</b> <${Time} at=${schedule.failed_at} />: <bdi>${cut(visible(schedule.error), 1000)}</bdi></div>`}
    ${schedule.is_fixed && !schedule.every_hours ? html`<p class="small mid">This database is PostgreSQL's. Copy it with <code>pg_dump</code>, by a schedule of the machine.</p>` : schedule.is_fixed ? html`<p class="small mid">Every ${number(schedule.every_hours)} hours, the newest ${number(schedule.keep)} are kept: the server's configuration says so (<code>LETTA_BACKUP_EVERY</code>).</p>` : html`
      <div class="fields"><${Field} label="Copy the database" value=${form.every} set=${put("every")} options=${options} /><${Field} label="Keep the newest" type="number" min="1" max="1000" value=${form.keep} set=${put("keep")} hint="Older copies of the schedule are deleted, others stay." /></div>
      <div class="row"><${Act} label="Save" disabled=${JSON.stringify(form) === JSON.stringify(start)} call=${() => ({ verb: "PATCH", path: "/v1/server/backup-schedule", body })} done=${done} /></div>`}
    <dl class="kv"><dt>Last</dt><dd><${Time} at=${schedule.last_at} /></dd><dt>Next</dt><dd>${schedule.next_at ? html`<${Time} at=${schedule.next_at} />` : "none"}</dd></dl>`;
}

export function Backups() {
  const path = "/v1/server/backups";
  const list = useCall(path, { every: 30 });
  const schedule = useCall("/v1/server/backup-schedule", { every: 30 });
  const [checks, setChecks] = useState({});
  const command = `letta-server restore --data-dir . --replace ${quoted(`backups/${list.data?.[0]?.name ?? "NAME"}`)}`;
  return html`<div class="two"><${Card} title="Copies of the database" flush><${Loaded} of=${list}>${rows => (rows.length === 0 ? html`<${Empty}>No copies yet. A copy holds everything but the encryption key and uploaded tools' packages.<//>` : html`<ul class="lines padded" aria-label="Copies">${rows.map(one => html`<li class="stack tight" key=${one.name}><div class="row wrap"><span class="grow"><b class="wrapany block"><${Name} text=${one.name} most=${100} /></b><span class="xs dim block"><${Time} at=${one.created_at} /> · ${bytes(one.bytes)} · ${kinds[one.kind] ?? "put there"}</span></span>
        <${Act} kind="tiny" label="Check" title="Reads all of it" call=${() => ({ verb: "POST", path: `${path}/${encodeURIComponent(one.name)}/check` })} done=${check => setChecks(old => ({ ...old, [one.name]: check }))} /><${Act} kind="tiny ghost" label="Delete" sure="Delete this copy? It can't be brought back." typed=${visible(one.name)} call=${() => ({ verb: "DELETE", path: `${path}/${encodeURIComponent(one.name)}` })} done=${list.reload} /></div><${Checked} check=${checks[one.name]} /></li>`)}</ul>`)}<//><//>
    <div class="stack"><${Card} title="Back up"><p class="small mid">Copies the database while it is in use, into <code>backups/</code> beside it. Keep the encryption key too, and a copy on another machine: <code>letta-server backup FILE</code> writes one anywhere.</p>
      <div class="row"><${Act} kind="primary" label="Back up now" call=${() => ({ verb: "POST", path })} done=${list.reload} /></div><//>
    <${Card} title="Schedule"><${Loaded} of=${schedule}>${data => html`<${Scheduled} schedule=${data} done=${() => { schedule.reload(); setTimeout(list.reload, 2000); }} />`}<//><//>
    <${Card} title="Restore"><p class="small mid">A command, on the server's machine, while the server is stopped. Run it in the server's data folder, which its <code>--data-dir</code> or <code>LETTA_DIR</code> names (<code>~/.local/share/letta-server</code> without them). From elsewhere, give that folder and the path of the copy. The present database is kept beside the copies.</p><pre class="code wraps" tabindex="0">${visible(command)}</pre><div class="row"><${Copy} text=${command} label="Copy" /></div><//></div></div>`;
}
