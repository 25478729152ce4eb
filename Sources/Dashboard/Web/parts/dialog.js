// Questions before what can't be undone.
import { html, render, useEffect, useRef, useState } from "../vendor/preact.js";

/** A dialog that gives the focus back when it closes. */
export function Dialog({ label, close, children, kind = "" }) {
  const node = useRef(null);
  const gone = useRef(false);
  // Closed before it is taken away, because only then the browser gives the focus back.
  useEffect(() => { const dialog = node.current; if (!dialog.open) dialog.showModal(); return () => { gone.current = true; dialog.close(); }; }, []);
  const end = () => { if (!gone.current) close(); };
  return html`<dialog class=${kind} aria-label=${label} ref=${node} onClose=${end} onCancel=${end}>${children}</dialog>`;
}

function Question({ text, typed, label, answer }) {
  const [said, say] = useState("");
  const settle = value => answer(value);
  return html`<${Dialog} label=${label ?? "Are you sure?"} kind="question" close=${() => settle(false)}>
    <form class="stack pad" onSubmit=${event => { event.preventDefault(); if (!typed || said === typed) settle(true); }}>
      <p>${text}</p>
      ${typed && html`<label class="field"><span class="label">Type <bdi><b>${typed}</b></bdi> to confirm</span><input class="input" autofocus value=${said} onInput=${event => say(event.target.value)} /></label>`}
      <div class="row"><span class="grow"></span><button class="btn" type="button" onClick=${() => settle(false)}>Cancel</button><button class="btn danger" type="submit" disabled=${Boolean(typed) && said !== typed}>${label ?? "Yes"}</button></div>
    </form><//>`;
}

/** Asks, and has `typed` typed where it is given. */
export function ask(text, typed, label) {
  return new Promise(resolve => {
    const place = document.createElement("div");
    document.body.append(place);
    const answer = value => { render(null, place); place.remove(); resolve(value); };
    render(html`<${Question} text=${text} typed=${typed} label=${label} answer=${answer} />`, place);
  });
}
