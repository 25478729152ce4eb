// The place that is shown is in the address, behind the #: `#/agents/agent-…?part=memory`.
import { useEffect, useState } from "./vendor/preact.js";
import { isUnsaved, mayLeave } from "./parts/unsaved.js";

function here() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const decoded = path.split("/").filter(Boolean).map(part => { try { return decodeURIComponent(part); } catch { return part; } });
  return { path: decoded, query: Object.fromEntries(new URLSearchParams(query)) };
}
export const link = (path, query) => {
  const text = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== "" && value !== null)).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
};
export const go = (path, query) => { location.hash = link(path, query); };
/** Changes parts of the query without a further entry in the history. */
export function adjust(changes) {
  const { path, query } = here();
  history.replaceState(history.state, "", link(path, { ...query, ...changes }));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

const listeners = new Set();
let shown = here();
let asks = false;
/** Where the place is in the history, so that Back can be taken back. */
let position = history.state?.at ?? 0;
history.replaceState({ at: position }, "");
/** What the query says besides narrows a list or marks something of it: no form goes with that. */
const forms = ["part", "tool", "block", "archive", "folder", "person", "group", "operation"];
const leaves = (one, other) => one.path.join("/") !== other.path.join("/") || forms.some(name => (one.query[name] ?? "") !== (other.query[name] ?? ""));

function arrive() {
  shown = here();
  position = history.state?.at ?? position + 1;
  history.replaceState({ at: position }, "");
  for (const listener of listeners) listener(shown);
}
function stay() {
  const at = history.state?.at ?? position + 1;
  if (at !== position) history.go(position - at);
  else history.replaceState({ at }, "", link(shown.path, shown.query));
}
addEventListener("hashchange", async () => {
  if (asks) return;
  if (leaves(shown, here()) && isUnsaved()) {
    asks = true;
    const may = await mayLeave();
    asks = false;
    if (!may) { stay(); return; }
  }
  arrive();
});

export function useRoute() {
  const [route, set] = useState(shown);
  useEffect(() => { listeners.add(set); return () => listeners.delete(set); }, []);
  return route;
}
