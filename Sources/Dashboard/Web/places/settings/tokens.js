// Tokens for web pages: each opens some agents, for a time.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Copy, Empty, Field, Loaded, putter, useCall } from "../../parts/ui.js";
import { Name, short, Time } from "../../parts/text.js";

export function Tokens() {
  const path = "/v1/client-side-access-tokens";
  const tokens = useCall(path, { query: { limit: 100 } });
  const agents = useCall("/v1/agents/", { query: { limit: 100 } });
  const [form, set] = useState({ hostname: "", agent: "", hours: "24" });
  const [made, setMade] = useState(null);
  const put = putter(set);
  const body = () => ({ hostname: form.hostname.trim(), policy: [{ type: "agent", id: form.agent, access: ["read_messages", "write_messages", "read_agent"] }], expires_at: new Date(Date.now() + Number(form.hours) * 36e5).toISOString() });
  return html`<div class="two"><${Card} title="Tokens for web pages" flush><${Loaded} of=${tokens}>${data => (data.tokens.length === 0 ? html`<${Empty}>None. A token lets one web page talk to one agent without the password.<//>` : html`<div class="scroll"><table class="table"><thead><tr><th>Page</th><th>Agents</th><th>Ends</th><th><span class="sr">Actions</span></th></tr></thead><tbody>${data.tokens.map(one => html`<tr><td><${Name} text=${one.hostname} /></td><td class="mono small">${(one.policy?.data ?? []).map(item => html`${short(item.id)} `)}</td><td class="small"><${Time} at=${one.expiresAt} /></td><td><${Act} kind="tiny ghost" label="Delete" sure="Delete this token? Its page is locked out at once." call=${() => ({ verb: "DELETE", path: `${path}/${encodeURIComponent(one.token)}`, body: {} })} done=${tokens.reload} /></td></tr>`)}</tbody></table></div>`)}<//><//>
    <${Card} title="New token"><${Field} label="Address of the page" type="url" value=${form.hostname} set=${put("hostname")} placeholder="https://example.org" /><${Field} label="Agent" value=${form.agent} set=${put("agent")} options=${[["", "–"], ...(agents.data ?? []).map(one => [one.id, one.name])]} /><${Field} label="Hours" type="number" min="1" value=${form.hours} set=${put("hours")} />
      <div class="row"><${Act} kind="primary" label="Create" disabled=${!form.hostname.trim() || !form.agent} call=${() => ({ verb: "POST", path, body: body() })} done=${answer => { setMade(answer.token); tokens.reload(); }} /></div>
      ${made && html`<div class="note ok" role="status"><p class="small">Shown once:</p><code class="wrapany">${made}</code> <${Copy} text=${made} /></div>`}<//></div>`;
}
