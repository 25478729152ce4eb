// Providers, models, keys and tokens, usage, schedules, backups, health, the log, and what this page looks like.
import { html, useEffect, useState } from "../vendor/preact.js";
import { call } from "../api.js";
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
/** Parts that not every server has, and what they call. */
const optional = { keys: "/v1/api-keys/", usage: "/v1/usage/summary" };
let served = null;

/** The paths that the server's own description has. */
function useServed() {
  const [known, set] = useState(served);
  useEffect(() => {
    if (served) return;
    call("GET", "/openapi.json", { quiet: true }).then(document => { served = new Set(Object.keys(document.paths)); set(served); }, () => {});
  }, []);
  return known;
}

export function Settings({ route, title }) {
  title("Settings");
  const paths = useServed();
  const part = route.query.part ?? "providers";
  const shown = parts.filter(([key]) => !optional[key] || paths?.has(optional[key]));
  const Part = shown.some(([key]) => key === part) ? screens[part] : Providers;
  return html`<main id="main" tabindex="-1"><div class="stack"><${Tabs} label="Settings" tabs=${shown} value=${part} set=${value => adjust({ part: value })} /><${Part} /></div></main>`;
}
