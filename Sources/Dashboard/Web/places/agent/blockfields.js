// What a block is besides its value.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { Act, Field, putter } from "../../parts/ui.js";
import { useUnsaved } from "../../parts/unsaved.js";

export function BlockFields({ block, done }) {
  const start = { description: block.description ?? "", limit: String(block.limit ?? ""), read_only: Boolean(block.read_only) };
  const [form, set] = useState(start);
  useEffect(() => set(start), [start.description, start.limit, start.read_only]);
  const put = putter(set);
  const body = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== start[name]).map(([name, value]) => [name, name === "limit" ? Number(value) : value]));
  const isChanged = Object.keys(body).length > 0;
  useUnsaved(isChanged && "the limits of the block");
  return html`<details><summary class="small">Description, limit, who may write</summary><div class="stack pt"><${Field} label="What it is for" rows=${2} value=${form.description} set=${put("description")} hint="The agent reads this." /><${Field} label="Limit, in characters" type="number" min="1" value=${form.limit} set=${put("limit")} />
    <label class="row"><input type="checkbox" checked=${form.read_only} onChange=${event => put("read_only")(event.target.checked)} /><span>The agent may only read it</span></label>
    <div class="row"><${Act} kind="tiny" label="Save these" disabled=${!isChanged || !(Number(form.limit) > 0)} call=${() => ({ verb: "PATCH", path: `/v1/blocks/${block.id}`, body })} done=${done} /></div></div></details>`;
}
