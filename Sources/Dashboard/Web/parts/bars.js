// Numbers over time as bars. What they say stands in a table beside them.
import { html } from "../vendor/preact.js";

export function Bars({ values, label }) {
  const most = Math.max(...values, 1);
  return html`<svg class="plot" viewBox=${`0 0 ${values.length * 10} 60`} preserveAspectRatio="none" height="90" role="img" aria-label=${label}>${values.map((value, index) => html`<rect class="a" x=${index * 10 + 1} width="8" y=${60 - (value / most) * 58} height=${(value / most) * 58} />`)}</svg>`;
}
