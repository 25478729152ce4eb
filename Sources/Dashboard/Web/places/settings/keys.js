// Keys for people and programs, in the place of the password.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Copy, Empty, Field, Loaded } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { Name, Time, visible } from "../../parts/text.js";

const rights = [["read", "see everything"], ["write", "change and talk"], ["tools:run", "run tools by hand, bring code"], ["admin", "everything, keys too"]];

const path = "/v1/api-keys/";
const day = 864e5;

/** A new key, or one that is changed. */
function Form({ one, done }) {
  const start = { name: one?.name ?? "", scopes: one?.scopes ?? ["read", "write"], days: "" };
  const [form, set] = useState(start);
  const toggle = scope => set(old => ({ ...old, scopes: old.scopes.includes(scope) ? old.scopes.filter(each => each !== scope) : [...old.scopes, scope] }));
  const isChanged = JSON.stringify(form) !== JSON.stringify(start);
  const body = () => ({ name: form.name.trim(), scopes: form.scopes, ...(form.days ? { expires_at: form.days === "0" ? null : new Date(Date.now() + Number(form.days) * day).toISOString() } : {}) });
  return html`<${Field} label="Name" value=${form.name} set=${name => set({ ...form, name })} hint="Who or what it is for." /><fieldset class="checks-list"><legend class="label">Rights</legend>${rights.map(([key, text]) => html`<label class="row"><input type="checkbox" checked=${form.scopes.includes(key)} onChange=${() => toggle(key)} /><span><code>${key}</code> <span class="small mid">${text}</span></span></label>`)}</fieldset>
    <${Field} label=${one ? "Ends in days from now" : "Ends after days"} type="number" min=${one ? 0 : 1} value=${form.days} set=${days => set({ ...form, days })} hint=${one ? "Left empty: as it is. 0: never." : "Left empty: never."} />
    <div class="row">${one ? html`<${Act} kind="primary" label="Save" disabled=${!isChanged || !form.name.trim() || form.scopes.length === 0} call=${() => ({ verb: "PATCH", path: `${path}${one.id}`, body: body() })} done=${done} />` : html`<${Act} kind="primary" label="Create" disabled=${!form.name.trim() || form.scopes.length === 0} call=${() => ({ verb: "POST", path, body: body() })} done=${answer => { set({ ...form, name: "" }); done(answer); }} />`}</div>`;
}

export function Keys() {
  const keys = usePages(path);
  const [made, setMade] = useState(null);
  const [editing, edit] = useState(null);
  const row = one => html`<tr key=${one.id}><td><${Name} text=${one.name} /><div class="xs dim">made <${Time} at=${one.created_at} /></div></td><td class="small">${(one.scopes ?? []).join(", ")}</td><td class="small"><${Time} at=${one.last_used_at} /></td><td class="small">${one.expires_at ? html`<${Time} at=${one.expires_at} />` : "never"}</td><td class="row"><button class="btn tiny ghost" type="button" onClick=${() => edit(one)}>Edit</button><${Act} kind="tiny ghost" label="Delete" sure="Delete this key? Whoever has it is locked out at once." typed=${visible(one.name)} call=${() => ({ verb: "DELETE", path: `${path}${one.id}` })} done=${keys.reload} /></td></tr>`;
  return html`<div class="two"><${Card} title="Keys" flush><${Loaded} of=${keys}>${rows => (rows.length === 0 ? html`<${Empty}>No keys. A key is for a person or a program, with rights and an end of its own.<//>` : html`<div class="scroll"><table class="table"><thead><tr><th>Name</th><th>Rights</th><th>Last used</th><th>Ends</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${rows.map(row)}</tbody></table></div>`)}<//><${More} of=${keys} noun="keys" /><//>
    <div class="stack">${editing && html`<${Card} title=${html`Change <${Name} text=${editing.name} most=${40} />`} actions=${html`<button class="btn tiny" type="button" onClick=${() => edit(null)}>Cancel</button>`}><${Form} key=${editing.id} one=${editing} done=${() => { edit(null); keys.reload(); }} /><//>`}
      <${Card} title="New key"><${Form} done=${answer => { setMade(answer.key); keys.reload(); }} />${made && html`<div class="note ok" role="status"><p class="small">Shown once:</p><code class="wrapany">${made}</code> <${Copy} text=${made} /></div>`}<//></div></div>`;
}
