// Which failed runs were looked at in this browser: they need nobody any more.
const [key, most] = ["seen-runs", 300];

export function seen() {
  try { return new Set(JSON.parse(localStorage.getItem(key) ?? "[]")); } catch { return new Set(); }
}
export function see(id) {
  const ids = seen();
  if (ids.has(id)) return;
  try { localStorage.setItem(key, JSON.stringify([...ids, id].slice(-most))); } catch { /* private windows may refuse it */ }
}
