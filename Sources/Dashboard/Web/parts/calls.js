// The calls behind a screen, and behind each of its actions, as curl.
import { html, useEffect, useState } from "../vendor/preact.js";
import { address, curl, forgetCalls, onCalls, recent } from "../api.js";
import { actions, Copy, Icon } from "./ui.js";
import { Dialog } from "./dialog.js";

const One = ({ title, request, note }) => html`<div class="stack tight"><div class="row"><h3 class="grow clip">${title}</h3><span class="xs dim">${note}</span><${Copy} text=${curl(request)} /></div><pre class="code" tabindex="0">${curl(request)}</pre></div>`;

function offered() {
  const seen = new Set();
  return [...actions.values()].flatMap(({ label, request }) => {
    try {
      const value = request();
      const key = curl(value);
      if (seen.has(key)) return [];
      seen.add(key);
      return [{ label, request: value }];
    } catch { return []; } // a form that is not filled in yet has no call
  });
}

export function CallsButton({ place }) {
  const [open, setOpen] = useState(false);
  const [, draw] = useState(0);
  useEffect(() => onCalls(() => { if (open) draw(value => value + 1); }), [open]);
  useEffect(() => forgetCalls, [place]);
  return html`<button class="btn" type="button" aria-label="curl: the calls behind this screen" onClick=${() => setOpen(true)}><${Icon} name="api" /><span class="hide-phone">curl</span></button>
    ${open && html`<${Dialog} label="Calls of this screen" kind="drawer" close=${() => setOpen(false)}>
      <header class="row"><h2>Calls of this screen</h2><span class="grow"></span><button class="btn tiny" type="button" onClick=${() => setOpen(false)}>Close</button></header>
      <div class="body"><pre class="code" tabindex="0">${`LETTA_URL=${address}\nLETTA_TOKEN=…   # the password; leave the header out where there is none`}</pre>
        ${offered().map(({ label, request }) => html`<${One} title=${label} request=${request} note="an action here" />`)}
        ${recent.map(({ request, status, ms }) => html`<${One} title=${`${request.verb} ${request.path}`} request=${request} note=${`${status ?? "…"}${ms === null ? "" : ` · ${ms} ms`}`} />`)}
      </div><//>`}`;
}
