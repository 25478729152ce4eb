// What holds where nobody says otherwise: the models of new agents, and how long traces are kept.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { Act, Card, Field, Loaded, putter, useCall } from "../../parts/ui.js";

const path = "/v1/server/settings";
const gibibyte = 1024 ** 3;

/** The handles to choose from, with the present one even where it is not listed. */
const choices = (rows, present) => [["", "the local model, if one is installed"], ...[...new Set([present, ...rows.map(one => one.handle)])].filter(Boolean).map(handle => [handle, handle])];

function Form({ settings, models, embeddings, done }) {
  const start = { default_model: settings.default_model ?? "", default_embedding_model: settings.default_embedding_model ?? "", days: String(settings.trace_retention_days), size: String(settings.trace_max_bytes / gibibyte) };
  const [form, set] = useState(start);
  const text = JSON.stringify(start);
  useEffect(() => set(JSON.parse(text)), [text]);
  const put = putter(set);
  const isFixed = name => settings.fixed.includes(name);
  const changed = {};
  for (const name of ["default_model", "default_embedding_model"]) if (form[name] !== start[name]) changed[name] = form[name] || null;
  if (form.days !== start.days) changed.trace_retention_days = form.days ? Number(form.days) : null;
  if (form.size !== start.size) changed.trace_max_bytes = form.size ? Math.round(Number(form.size) * gibibyte) : null;
  const fixed = hint => (name, variable) => (isFixed(name) ? { disabled: true, hint: `The server's configuration says so: ${variable}` } : { hint });
  return html`<div class="fields"><${Field} label="Model of new agents" value=${form.default_model} set=${put("default_model")} options=${choices(models, start.default_model)} ...${fixed("For agents that are created without a model.")("default_model", "LETTA_DEFAULT_LLM_HANDLE")} />
      <${Field} label="Embedding model of new agents and folders" value=${form.default_embedding_model} set=${put("default_embedding_model")} options=${choices(embeddings, start.default_embedding_model)} /></div>
    <div class="fields"><${Field} label="Keep traces for (days)" type="number" min="1" max="1000000" value=${form.days} set=${put("days")} ...${fixed("Traces are the exact requests to models, and their answers.")("trace_retention_days", "LETTA_TRACE_RETENTION_DAYS")} />
      <${Field} label="Keep traces up to (GiB)" type="number" min="0.001" step="any" value=${form.size} set=${put("size")} ...${fixed("Above that, the oldest are deleted first.")("trace_max_bytes", "LETTA_TRACE_MAX_BYTES")} /></div>
    <div class="row"><${Act} label="Save" disabled=${Object.keys(changed).length === 0} sure=${changed.trace_retention_days < settings.trace_retention_days || changed.trace_max_bytes < settings.trace_max_bytes ? "Delete older traces within the hour? They can't be brought back." : undefined} call=${() => ({ verb: "PATCH", path, body: changed })} done=${done} /></div>`;
}

export function Defaults({ models, embeddings }) {
  const settings = useCall(path);
  return html`<${Card} title="Defaults"><${Loaded} of=${settings}>${data => html`<${Form} settings=${data} models=${models.data ?? []} embeddings=${embeddings.data ?? []} done=${settings.reload} />`}<//><//>`;
}
