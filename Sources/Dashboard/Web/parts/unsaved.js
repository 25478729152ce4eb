// What was typed and is not saved yet: it is asked before that is lost.
import { useLayoutEffect, useRef } from "../vendor/preact.js";
import { ask } from "./dialog.js";

const open = new Map();

/** Has it asked before the place is left as long as `what` names something unsaved. */
export function useUnsaved(what) {
  const key = useRef({}).current;
  useLayoutEffect(() => {
    if (what) open.set(key, what);
    return () => { open.delete(key); };
  }, [what]);
}
export const isUnsaved = () => open.size > 0;
/** Whether what is unsaved may be lost. */
export const mayLeave = async () => !isUnsaved() || ask(`Leave without saving ${[...new Set(open.values())].join(" and ")}?`, null, "Leave");
/** For what leads away once it has saved or deleted. */
export const settle = () => open.clear();

addEventListener("beforeunload", event => { if (isUnsaved()) event.preventDefault(); });
