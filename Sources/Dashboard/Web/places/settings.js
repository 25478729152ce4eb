// Providers, models, tokens, health, and what this page looks like.
import { html } from "../vendor/preact.js";
import { adjust } from "../route.js";
import { Tabs } from "../parts/ui.js";
import { Providers } from "./settings/providers.js";
import { Models } from "./settings/models.js";
import { Tokens } from "./settings/tokens.js";
import { Health } from "./settings/health.js";
import { Appearance } from "./settings/appearance.js";

const parts = [["providers", "Providers"], ["models", "Models"], ["tokens", "Tokens"], ["health", "Health"], ["appearance", "This page"]];
const screens = { providers: Providers, models: Models, tokens: Tokens, health: Health, appearance: Appearance };

export function Settings({ route, title }) {
  title("Settings");
  const part = route.query.part ?? "providers";
  const Part = screens[part] ?? Providers;
  return html`<main id="main" tabindex="-1"><div class="stack"><${Tabs} label="Settings" tabs=${parts} value=${part} set=${value => adjust({ part: value })} /><${Part} /></div></main>`;
}
