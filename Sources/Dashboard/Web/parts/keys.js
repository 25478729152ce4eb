// Keys of the whole page: they move in the screen's list, and press what says in aria-keyshortcuts that they are its own.

const lists = ".vlist [data-row] a[href]:first-of-type, .items a[href], tbody tr :is(a[href], button)";

/** Lists that have the focus move it themselves. */
export function pressed(event) {
  const main = document.getElementById("main");
  const by = { j: 1, k: -1 }[event.key];
  // A timeline has keys of its own.
  if (by && !main?.querySelector(".timeline")) {
    // Of a row of a table, its first link or button.
    const stops = [...(main?.querySelectorAll(lists) ?? [])].filter(one => one.offsetParent && !(one.closest("tr") && one !== one.closest("tr").querySelector("a[href], button")));
    const at = stops.findIndex(one => one === document.activeElement || one.closest("tr")?.contains(document.activeElement));
    const next = stops[at + by] ?? (at < 0 ? stops[0] : null);
    if (next) { event.preventDefault(); next.focus(); }
    return;
  }
  if (!["n", "t"].includes(event.key)) return;
  const own = main?.querySelector(`[aria-keyshortcuts="${event.key}"]`);
  if (!own) return;
  event.preventDefault();
  if (own.matches("a, button")) own.click();
  else own.querySelector("input, select, textarea")?.focus();
}
