// A field for code: a plain one until the editor is loaded, and where it can't be.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

let loaded = null;
let fields = 0;

/** `language` is "python", "typescript" or "json"; `wraps` breaks long lines. */
export function Code({ label, language, value, set, rows, hint, wraps = false }) {
  const [id] = useState(() => `code-${++fields}`);
  const [editor, setEditor] = useState(() => loaded && { Editor: loaded });
  const plain = useRef(null);
  const view = useRef(null);
  useEffect(() => {
    let live = true;
    if (!editor) import("./editor.js").then(module => {
      loaded = module.Editor;
      if (!live) return;
      const box = plain.current;
      setEditor({ Editor: loaded, selection: document.activeElement === box ? { anchor: box.selectionStart, head: box.selectionEnd } : null });
    }, () => { /* the plain field stays */ });
    return () => { live = false; };
  }, []);
  return html`<div class="field code-field"><label for=${id} onClick=${() => view.current?.focus()}>${label}</label>${editor
    ? html`<${editor.Editor} key=${`${language} ${label}`} view=${view} label=${label} language=${language} rows=${rows} value=${value} set=${set} wraps=${wraps} selection=${editor.selection} />`
    : html`<textarea class="input mono" id=${id} ref=${plain} rows=${rows} wrap=${wraps ? "soft" : "off"} spellcheck=${false} value=${value} onInput=${event => set(event.target.value)}></textarea>`}${hint && html`<span class="xs dim">${hint}</span>`}</div>`;
}
