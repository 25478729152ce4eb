// What the agent knows: the context window now or at a past step, memory, tools, archive, files, settings.
import { html } from "../../vendor/preact.js";
import { adjust } from "../../route.js";
import { Tabs } from "../../parts/ui.js";
import { Context } from "./context.js";
import { Memory } from "./memory.js";
import { Archive } from "./archive.js";
import { Files } from "./files.js";
import { AgentTools } from "./agenttools.js";
import { AgentSettings } from "./agentsettings.js";

const parts = [["memory", "Memory"], ["context", "Context"], ["tools", "Tools"], ["archive", "Archive"], ["files", "Files"], ["settings", "Settings"]];
const screens = { memory: Memory, context: Context, tools: AgentTools, archive: Archive, files: Files, settings: AgentSettings };

export function Mind({ agent, step, part, changes, changed }) {
  const Part = screens[part] ?? Memory;
  return html`<aside class="pane inspector" aria-label="Mind of the agent">
    <${Context} agent=${agent} changes=${changes} brief=${true} step=${step} />
    <${Tabs} label="Parts of the mind" tabs=${parts} value=${part} set=${value => adjust({ part: value })} />
    <${Part} agent=${agent} step=${step} changes=${changes} changed=${changed} /></aside>`;
}
