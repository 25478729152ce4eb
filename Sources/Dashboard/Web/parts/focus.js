// Where a keyboard and a screen reader go on: at the heading of a new place, and near what had the focus and has gone.

/** What has the focus, and all that it is in; nothing once somebody leaves it for no other. */
let trail = [];

const shown = node => node.isConnected && node.checkVisibility();
const controls = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary";

function take(node) {
  if (!node.matches(controls) && !node.hasAttribute("tabindex")) node.tabIndex = -1;
  node.focus({ preventScroll: true });
  return document.activeElement === node;
}
export const focusHeading = () => { take(document.querySelector("header.bar h1")); };

/** The row, the list or the heading that is left of where the focus was. */
function goOn() {
  const [gone, ...above] = trail;
  if (shown(gone) && take(gone)) return;
  for (const node of above.filter(shown)) {
    // A button that can't be pressed any more stands among others that can.
    const inside = [...node.querySelectorAll(gone.isConnected || node.matches("dialog") ? `${controls}, h2, h3` : "h2, h3")].find(shown);
    if (take(node.matches("li, tr, [role=row], [role=table]") && shown(node) ? node : inside ?? gone)) return;
  }
  focusHeading();
}
const look = () => { if (trail.length && document.activeElement === document.body) goOn(); };

/** Begins to watch. What takes the focus away is seen by what changes in the document: browsers tell nothing then. */
export function keepFocus() {
  addEventListener("focusin", ({ target }) => {
    trail = [];
    for (let node = target; node && node !== document.body; node = node.parentElement) trail.push(node);
  });
  // Somebody pressed beside everything: then nothing has the focus, as it should be.
  addEventListener("focusout", ({ target, relatedTarget }) => queueMicrotask(() => { if (!relatedTarget && target === trail[0] && shown(target) && !target.matches(":disabled")) trail = []; }));
  let timer;
  new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(look, 60); }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled", "data-pane", "class"] });
}
