// The place that is shown is in the address, behind the #: `#/agents/agent-…?part=memory`.
import { useEffect, useState } from "./vendor/preact.js";

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
  history.replaceState(null, "", link(path, { ...query, ...changes }));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
export function useRoute() {
  const [route, set] = useState(here);
  useEffect(() => { const change = () => set(here()); addEventListener("hashchange", change); return () => removeEventListener("hashchange", change); }, []);
  return route;
}
