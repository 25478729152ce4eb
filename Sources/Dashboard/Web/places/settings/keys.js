// Keys for people and programs, in the place of the password.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Copy, Empty, Field, Loaded } from "../../parts/ui.js";
import { More, usePages } from "../../parts/rows.js";
import { Name, Time, visible } from "../../parts/text.js";

const rights = [["read", "see everything"], ["write", "change and talk"], ["tools:run", "run tools by hand, bring code"], ["admin", "everything, keys too"]];

export function Keys() {
  const path = "/v1/api-keys/";
  const keys = usePages(path);
  const [form, set] = useState({ name: "", scopes: ["read", "write"], days: "" });
  const [made, setMade] = useState(null);
  const toggle = one => set(old => ({ ...old, scopes: old.scopes.includes(one) ? old.scopes.filter(scope => scope !== one) : [...old.scopes, one] }));
  const body = () => ({ name: form.name.trim(), scopes: form.scopes, ...(form.days ? { expires_at: new Date(Date.now() + Number(form.days) * 864e5).toISOString() } : {}) });
  return html`<div class="two"><${Card} title="Keys" flush><${Loaded} of=${keys}>${rows => (rows.length === 0 ? html`<${Empty}>No keys. A key is for a person or a program, with rights and an end of its own.<//>` : html`<div class="scroll"><table class="table"><thead><tr><th>Name</th><th>Rights</th><th>Ends</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${rows.map(one => html`<tr><td><${Name} text=${one.name} /><div class="xs dim">made <${Time} at=${one.created_at} /></div></td><td class="small">${(one.scopes ?? []).join(", ")}</td><td class="small">${one.expires_at ? html`<${Time} at=${one.expires_at} />` : "never"}</td><td><${Act} kind="tiny ghost" label="Delete" sure="Delete this key? Whoever has it is locked out at once." typed=${visible(one.name)} call=${() => ({ verb: "DELETE", path: `${path}${one.id}` })} done=${keys.reload} /></td></tr>`)}</tbody></table></div>`)}<//><${More} of=${keys} noun="keys" /><//>
    <${Card} title="New key"><${Field} label="Name" value=${form.name} set=${name => set({ ...form, name })} hint="Who or what it is for." /><fieldset class="checks-list"><legend class="label">Rights</legend>${rights.map(([key, text]) => html`<label class="row"><input type="checkbox" checked=${form.scopes.includes(key)} onChange=${() => toggle(key)} /><span><code>${key}</code> <span class="small mid">${text}</span></span></label>`)}</fieldset><${Field} label="Ends after days" type="number" min="1" value=${form.days} set=${days => set({ ...form, days })} hint="Left empty: never." />
      <div class="row"><${Act} kind="primary" label="Create" disabled=${!form.name.trim() || form.scopes.length === 0} call=${() => ({ verb: "POST", path, body: body() })} done=${answer => { setMade(answer.key); set({ ...form, name: "" }); keys.reload(); }} /></div>
      ${made && html`<div class="note ok" role="status"><p class="small">Shown once:</p><code class="wrapany">${made}</code> <${Copy} text=${made} /></div>`}<//></div>`;
}
