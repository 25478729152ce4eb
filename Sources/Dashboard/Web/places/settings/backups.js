// Copies of the database: made, checked and deleted here, restored by a command.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Copy, Empty, Loaded, Problem, State, useCall } from "../../parts/ui.js";
import { bytes, cut, Name, number, Time, visible } from "../../parts/text.js";

const kinds = { made: "made here", before_migration: "before a newer version changed the database", replaced: "replaced by a restored copy", other: "put there" };

function Checked({ check }) {
  if (!check) return null;
  if (!check.is_sound) return html`<div class="note err" role="alert"><b>Can't be restored.</b> <bdi>${cut(visible(check.problem ?? ""), 1000)}</bdi></div>`;
  return html`<div class="note ok" role="status"><${State} kind="ok">Sound<//>, version ${check.version}: ${check.rows.map(one => `${number(one.count)} ${one.table}${one.count === 1 ? "" : "s"}`).join(", ")}</div>`;
}

export function Backups() {
  const path = "/v1/server/backups";
  const list = useCall(path, { every: 30 });
  const [checks, setChecks] = useState({});
  const command = `letta-server restore --replace "backups/${list.data?.[0]?.name ?? "NAME"}"`;
  return html`<div class="two"><${Card} title="Copies of the database" flush><${Loaded} of=${list}>${rows => (rows.length === 0 ? html`<${Empty}>No copies yet. A copy holds everything but the encryption key and uploaded tools' packages.<//>` : html`<ul class="lines padded" aria-label="Copies">${rows.map(one => html`<li class="stack tight" key=${one.name}><div class="row wrap"><span class="grow clip"><b><${Name} text=${one.name} most=${100} /></b><span class="xs dim block"><${Time} at=${one.created_at} /> · ${bytes(one.bytes)} · ${kinds[one.kind] ?? "put there"}</span></span>
        <${Act} kind="tiny" label="Check" title="Reads all of it" call=${() => ({ verb: "POST", path: `${path}/${encodeURIComponent(one.name)}/check` })} done=${check => setChecks(old => ({ ...old, [one.name]: check }))} /><${Act} kind="tiny ghost" label="Delete" sure="Delete this copy? It can't be brought back." typed=${visible(one.name)} call=${() => ({ verb: "DELETE", path: `${path}/${encodeURIComponent(one.name)}` })} done=${list.reload} /></div><${Checked} check=${checks[one.name]} /></li>`)}</ul>`)}<//><//>
    <div class="stack"><${Card} title="Back up"><p class="small mid">Copies the database while it is in use, into <code>backups/</code> beside it. Keep the encryption key too, and a copy on another machine: <code>letta-server backup FILE</code> writes one anywhere.</p>
      <div class="row"><${Act} kind="primary" label="Back up now" call=${() => ({ verb: "POST", path })} done=${list.reload} /></div><//>
    <${Card} title="Restore"><p class="small mid">A command, on the server's machine, in its data folder, while the server is stopped. The present database is kept beside the copies.</p><pre class="code wraps" tabindex="0">${visible(command)}</pre><div class="row"><${Copy} text=${command} label="Copy" /></div><//></div></div>`;
}
