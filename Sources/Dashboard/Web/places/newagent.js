// A new agent: a name, a model, and what it should know. The rest has defaults.
import { html, useEffect, useState } from "../vendor/preact.js";
import { go } from "../route.js";
import { flat } from "../parts/text.js";
import { Act, Card, Empty, Field, Problem, putter, useCall } from "../parts/ui.js";
import { settle, useUnsaved } from "../parts/unsaved.js";

/** Handles to choose from; first what holds where none is sent. */
export const handles = (preset, none, rows) => [...(preset ? [["", `the server's default (${flat(preset)})`]] : none ? [["", none]] : []), ...(rows ?? []).map(one => [one.handle, one.handle])];

export function NewAgent({ title }) {
  title("Agents", "New agent");
  const models = useCall("/v1/models/");
  const embeddings = useCall("/v1/models/embedding");
  // Not for keys without admin: then nothing is known of defaults.
  const settings = useCall("/v1/server/settings");
  const { default_model: model, default_embedding_model: embedding } = settings.data ?? {};
  const [form, set] = useState({ name: "", description: "", model: "", embedding: "", human: "", persona: "", tags: "" });
  const put = putter(set);
  useEffect(() => { if (models.data?.length && !settings.loading && !model && !form.model) put("model")(models.data[0].handle); }, [models.data, settings.loading]);
  useUnsaved(["name", "description", "human", "persona", "tags"].some(name => form[name].trim()) && "the new agent");
  const body = () => {
    const blocks = ["human", "persona"].filter(label => form[label].trim()).map(label => ({ label, value: form[label] }));
    for (const label of ["human", "persona"]) if (!form[label].trim()) blocks.push({ label, value: "" });
    return {
      name: form.name.trim() || undefined, description: form.description.trim() || undefined, model: form.model || undefined,
      embedding: form.embedding || undefined, memory_blocks: blocks, tags: form.tags.split(",").map(tag => tag.trim()).filter(Boolean),
    };
  };
  const none = models.data && models.data.length === 0;
  return html`<main id="main" tabindex="-1"><div class="narrowpage stack"><${Card} title="New agent">
    <${Problem} error=${models.error} again=${models.reload} />
    ${none && html`<${Empty}>No model answers yet. <a class="btn" href="#/settings?part=providers">Add a provider</a> or run <code>letta-server models install</code>.<//>`}
    <${Field} label="Name" value=${form.name} set=${put("name")} hint="Left empty, the server makes one up." />
    <${Field} label="What it is for" value=${form.description} set=${put("description")} />
    <${Field} label="Model" value=${form.model} set=${put("model")} options=${handles(model, null, models.data)} />
    <${Field} label="Embeddings" value=${form.embedding} set=${put("embedding")} options=${handles(embedding, "none: found by words alone", embeddings.data)} />
    <${Field} label="What it should know about you" value=${form.human} set=${put("human")} rows=${4} hint="The block human, which the agent itself changes later." />
    <${Field} label="What it is like" value=${form.persona} set=${put("persona")} rows=${4} hint="The block persona." />
    <${Field} label="Tags, separated by commas" value=${form.tags} set=${put("tags")} />
    <div class="row"><span class="grow"></span><a class="btn" href="#/agents">Cancel</a><${Act} kind="primary" label="Create the agent" disabled=${!form.model && !model} call=${() => ({ verb: "POST", path: "/v1/agents/", body: body() })} done=${agent => { settle(); go(["agents", agent.id]); }} /></div><//></div></main>`;
}
