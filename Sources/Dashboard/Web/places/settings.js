// Providers, models, keys and tokens, usage, schedules, backups, health, the log, and what this page looks like.
import { html } from "../vendor/preact.js";
import { adjust } from "../route.js";
import { Tabs } from "../parts/ui.js";
import { Providers } from "./settings/providers.js";
import { Models } from "./settings/models.js";
import { Keys } from "./settings/keys.js";
import { Tokens } from "./settings/tokens.js";
import { Usage } from "./settings/usage.js";
import { Schedules } from "./settings/schedules.js";
import { Backups } from "./settings/backups.js";
import { Log } from "./settings/log.js";
import { Health } from "./settings/health.js";
import { Appearance } from "./settings/appearance.js";

const parts = [["providers", "Providers"], ["models", "Models"], ["keys", "Keys"], ["tokens", "Tokens"], ["usage", "Usage"], ["schedules", "Schedules"], ["backups", "Backups"], ["health", "Health"], ["log", "Log"], ["appearance", "This page"]];
const screens = { providers: Providers, models: Models, keys: Keys, tokens: Tokens, usage: Usage, schedules: Schedules, backups: Backups, health: Health, log: Log, appearance: Appearance };

export function Settings({ route, title }) {
  title("Settings");
  const part = route.query.part ?? "providers";
  const Part = screens[part] ?? Providers;
  return html`<main id="main" tabindex="-1"><div class="stack"><${Tabs} label="Settings" tabs=${parts} value=${part} set=${value => adjust({ part: value })} /><${Part} /></div></main>`;
}
