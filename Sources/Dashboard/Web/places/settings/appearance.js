// How this page looks here, and what it is made of.
import { html, useState } from "../../vendor/preact.js";
import { address } from "../../api.js";
import { Card, Long, useCall } from "../../parts/ui.js";

export function Appearance() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? "system");
  const choose = value => {
    setTheme(value);
    if (value === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = value;
    try { if (value === "system") localStorage.removeItem("theme"); else localStorage.setItem("theme", value); } catch { /* private windows may refuse it */ }
  };
  const licences = useCall(new URL("../../vendor/LICENCES.txt", import.meta.url).href.slice(address.length));
  return html`<div class="two"><${Card} title="Light and dark"><div class="seg" role="group" aria-label="Theme">${["system", "light", "dark"].map(one => html`<button type="button" aria-pressed=${theme === one} onClick=${() => choose(one)}>${one}</button>`)}</div><p class="small mid">Kept in this browser.</p><//>
    <${Card} title="Parts of others"><p class="small mid">This page is part of the server and loads nothing from elsewhere.</p><details><summary class="small">Licences</summary><${Long} text=${licences.data ?? ""} /></details><//></div>`;
}
