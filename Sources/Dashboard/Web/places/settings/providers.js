// Model services: added and tried in one form.
import { html, useState } from "../../vendor/preact.js";
import { Act, Card, Empty, Field, Loaded, Problem, State, useCall } from "../../parts/ui.js";
import { Name, Time, visible } from "../../parts/text.js";

const kinds = ["openai", "anthropic", "google_ai", "ollama", "openrouter", "groq", "mistral", "deepseek", "together", "xai", "azure", "bedrock", "vllm", "sglang", "llamacpp", "lmstudio_openai", "cerebras", "fireworks"];
const keyless = new Set(["ollama", "vllm", "sglang", "llamacpp", "lmstudio_openai"]);

function Provider({ provider, done }) {
  const path = `/v1/providers/${provider.id}`;
  const [answer, setAnswer] = useState(null);
  const [key, setKey] = useState(null);
  return html`<${Card} title=${html`<${Name} text=${provider.name} />`} actions=${html`<span class="tag"><${Name} text=${provider.provider_type} /></span>`}>
    <dl class="kv"><dt>Address</dt><dd><${Name} text=${provider.base_url || "its own"} /></dd><dt>Key</dt><dd>${provider.api_key || provider.api_key_enc ? "set" : "none"}</dd><dt>Models listed</dt><dd><${Time} at=${provider.last_synced} /></dd>${provider.last_error && html`<dt>Last error</dt><dd class="err-text"><${Name} text=${provider.last_error} most=${500} /></dd>`}</dl>
    <div class="row wrap"><${Act} kind="tiny" label="Test" call=${() => ({ verb: "POST", path: `${path}/check` })} failed=${setAnswer} done=${setAnswer} /><${Act} kind="tiny" label="List its models again" call=${() => ({ verb: "PATCH", path: `${path}/refresh` })} done=${done} /><button class="btn tiny" type="button" onClick=${() => setKey(key === null ? "" : null)}>Replace the key</button><span class="grow"></span><${Act} kind="tiny danger" label="Delete" sure="Delete this provider? Its agents can't answer any more." typed=${visible(provider.name)} call=${() => ({ verb: "DELETE", path })} done=${done} /></div>
    ${key !== null && html`<div class="row end"><div class="grow"><${Field} label="New key" type="password" autocomplete="off" value=${key} set=${setKey} /></div><${Act} label="Replace" disabled=${!key} call=${() => ({ verb: "PATCH", path, body: { api_key: key } })} done=${() => { setKey(null); done(); }} /></div>`}
    ${answer instanceof Error ? html`<${Problem} error=${answer} />` : answer && html`<span role="status"><${State} kind="ok"><${Name} text=${answer.message ?? "It answers."} most=${300} /><//></span>`}<//>`;
}

function Add({ done }) {
  const empty = { kind: "openai", name: "", key: "", url: "", region: "" };
  const [form, set] = useState(empty);
  const [answer, setAnswer] = useState(null);
  const put = name => value => { setAnswer(null); set(old => ({ ...old, [name]: value })); };
  const body = name => ({ ...(name ? { name: form.name.trim() || form.kind } : {}), provider_type: form.kind, api_key: form.key || "none", ...(form.url.trim() ? { base_url: form.url.trim() } : {}), ...(form.region.trim() ? { region: form.region.trim() } : {}) });
  const lacksKey = !form.key && !keyless.has(form.kind);
  return html`<${Card} title="Add a provider"><${Field} label="Kind" value=${form.kind} set=${put("kind")} options=${kinds} /><${Field} label="Name" value=${form.name} set=${put("name")} placeholder=${form.kind} hint="Its models are called NAME/model." />
    <${Field} label="Key" type="password" autocomplete="off" value=${form.key} set=${put("key")} hint=${keyless.has(form.kind) ? "May be left empty." : "Stored encrypted, never shown again."} /><${Field} label="Address" type="url" value=${form.url} set=${put("url")} placeholder="the service's own" />${form.kind === "bedrock" && html`<${Field} label="Region" value=${form.region} set=${put("region")} />`}
    <div class="row"><${Act} label="Test" disabled=${lacksKey} call=${() => ({ verb: "POST", path: "/v1/providers/check", body: body(false) })} failed=${setAnswer} done=${setAnswer} /><${Act} kind="primary" label="Add" disabled=${lacksKey} call=${() => ({ verb: "POST", path: "/v1/providers/", body: body(true) })} failed=${setAnswer} done=${() => { set(empty); setAnswer(null); done(); }} /></div>
    ${answer instanceof Error ? html`<${Problem} error=${answer} />` : answer && html`<span role="status"><${State} kind="ok"><${Name} text=${answer.message ?? "It answers."} most=${300} /><//></span>`}<//>`;
}

export function Providers() {
  const providers = useCall("/v1/providers/", { query: { limit: 100 } });
  return html`<div class="two"><div class="stack"><p class="small mid">Providers that you add here. Those of the server's environment are listed under Models.</p><${Loaded} of=${providers}>${rows => (rows.length === 0 ? html`<${Empty}>None yet.<//>` : rows.map(one => html`<${Provider} key=${one.id} provider=${one} done=${providers.reload} />`))}<//></div><div class="stack"><${Add} done=${providers.reload} /></div></div>`;
}
