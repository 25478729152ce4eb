// What is done to several agents at once, one after the other.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { call, make } from "../../api.js";
import { Field, Problem } from "../../parts/ui.js";
import { ask } from "../../parts/dialog.js";
import { counted, Name, number } from "../../parts/text.js";
import { useUnsaved } from "../../parts/unsaved.js";

/** `chosen` has the agents by their ids; `choose` sets which stay chosen. */
export function Many({ chosen, choose, models, done }) {
  const [tag, setTag] = useState("");
  const [model, setModel] = useState("");
  // How many of how many are done.
  const [at, setAt] = useState(null);
  const [faults, setFaults] = useState([]);
  const gone = useRef(false);
  useEffect(() => () => { gone.current = true; }, []);
  useUnsaved(at && "what is not done yet");
  const agents = [...chosen.values()];
  const count = counted(agents, "agent");
  const run = async (question, label, typed, verb, body) => {
    if (!(await ask(question, typed, label))) return;
    const failed = [];
    for (const [index, agent] of agents.entries()) {
      if (gone.current) return;
      setAt([index, agents.length]);
      const path = `/v1/agents/${agent.id}`;
      try { await make({ verb, path, body: await body?.(path) }); } catch (error) { failed.push({ agent, error }); }
    }
    setAt(null);
    setFaults(failed);
    choose(new Map(failed.map(({ agent }) => [agent.id, agent])));
    done();
  };
  const addTag = () => run(`Add the tag “${tag.trim()}” to ${count}?`, "Add the tag", null, "PATCH", async path => ({ tags: [...new Set([...(await call("GET", path, { query: { include: "agent.tags" } })).tags, tag.trim()])] }));
  const change = () => run(`Have ${count} use the model ${model} from now on?`, "Change the model", null, "PATCH", () => ({ model }));
  const remove = () => run(`Delete ${count} with their messages? This can't be undone.`, "Delete them", count, "DELETE");
  const fault = faults.map(({ agent, error }) => html`<div><${Name} text=${agent.name} most=${60} />: <${Problem} error=${error} /></div>`);
  if (at) return html`<div class="toolbar" role="status"><progress max=${at[1]} value=${at[0]} aria-label="Progress"></progress><span class="small">${number(at[0])} of ${number(at[1])} are done</span></div>`;
  if (agents.length === 0) return null;
  return html`<div class="toolbar end" role="group" aria-label="The chosen agents"><b>${count} chosen</b>${faults.length > 0 && html`<div>Not done, and still chosen: ${fault}</div>`}<span class="grow"></span>
    <${Field} label="Tag" value=${tag} set=${setTag} /><button class="btn" type="button" disabled=${!tag.trim()} onClick=${addTag}>Add the tag</button>
    <${Field} label="New model" value=${model} set=${setModel} options=${[["", "–"], ...models.map(handle => [handle, handle])]} /><button class="btn" type="button" disabled=${!model} onClick=${change}>Change the model</button>
    <button class="btn danger" type="button" onClick=${remove}>Delete</button><button class="btn ghost" type="button" onClick=${() => choose(new Map())}>Choose none</button></div>`;
}
