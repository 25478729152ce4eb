// CodeMirror as a field, in a shadow root: there its styles are adopted sheets, which the policy of the page allows. code.js loads it.
import { html, useLayoutEffect, useRef } from "../vendor/preact.js";
import * as cm from "../vendor/codemirror.js";
import { code } from "./stream.js";
import { invisible, visible } from "./text.js";

const { EditorState, EditorView, keymap } = cm;

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "1.5" },
  ".cm-content": { padding: "4px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 9px 0 6px" },
  ".cm-gutters": { color: "var(--ink-3)", backgroundColor: "var(--sunken)", borderRight: "1px solid var(--line)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--err-soft)", outline: "1px solid var(--err)" },
  ".cm-specialChar, .tok-error": { color: "var(--err)" },
  ".tok-keyword": { color: "var(--wait)" },
  ".tok-string": { color: "var(--ok)" },
  ".tok-value": { color: "var(--warn)" },
  ".tok-name": { color: "var(--accent)" },
  ".tok-comment": { color: "var(--ink-3)", fontStyle: "italic" },
});
/** What a key does, what it does with Shift, and the key on a Mac where that is another one. */
const keys = [
  ["ArrowLeft", cm.cursorCharLeft, cm.selectCharLeft], ["Mod-ArrowLeft", cm.cursorGroupLeft, cm.selectGroupLeft, "Alt-ArrowLeft"],
  ["ArrowRight", cm.cursorCharRight, cm.selectCharRight], ["Mod-ArrowRight", cm.cursorGroupRight, cm.selectGroupRight, "Alt-ArrowRight"],
  ["ArrowUp", cm.cursorLineUp, cm.selectLineUp], ["ArrowDown", cm.cursorLineDown, cm.selectLineDown],
  ["PageUp", cm.cursorPageUp, cm.selectPageUp, "Ctrl-ArrowUp"], ["PageDown", cm.cursorPageDown, cm.selectPageDown, "Ctrl-ArrowDown"],
  ["Home", cm.cursorLineBoundaryBackward, cm.selectLineBoundaryBackward], ["End", cm.cursorLineBoundaryForward, cm.selectLineBoundaryForward],
  ["Mod-Home", cm.cursorDocStart, cm.selectDocStart, "Cmd-ArrowUp"], ["Mod-End", cm.cursorDocEnd, cm.selectDocEnd, "Cmd-ArrowDown"],
  ["Backspace", cm.deleteCharBackward, cm.deleteCharBackward], ["Delete", cm.deleteCharForward],
  ["Mod-Backspace", cm.deleteGroupBackward, null, "Alt-Backspace"], ["Mod-Delete", cm.deleteGroupForward, null, "Alt-Delete"],
  ["Mod-a", cm.selectAll], ["Mod-/", cm.toggleComment], ["Mod-[", cm.indentLess], ["Mod-]", cm.indentMore], ["Tab", cm.indentMore, cm.indentLess],
  ["Alt-ArrowUp", cm.moveLineUp], ["Alt-ArrowDown", cm.moveLineDown],
].map(([key, run, shift, mac]) => ({ key, run, shift: shift ?? undefined, mac, preventDefault: true }));
const macKeys = [
  ["Cmd-ArrowLeft", cm.cursorLineBoundaryLeft, cm.selectLineBoundaryLeft], ["Cmd-ArrowRight", cm.cursorLineBoundaryRight, cm.selectLineBoundaryRight],
  ["Cmd-Backspace", cm.deleteLineBoundaryBackward], ["Cmd-Delete", cm.deleteLineBoundaryForward], ["PageUp", cm.cursorPageUp, cm.selectPageUp],
  ["PageDown", cm.cursorPageDown, cm.selectPageDown], ...cm.emacsStyleKeymap.map(({ key, run, shift }) => [key, run, shift]),
].map(([mac, run, shift]) => ({ mac, run, shift, preventDefault: true }));
const help = "Tab indents once a key was pressed here or the mouse was used. Press Escape, then Tab, to leave the field.";

/** Whoever goes through the page with Tab is not held: it indents only after another key, or where the mouse put the caret. */
function leaving() {
  let isPointed = false;
  return EditorView.domEventHandlers({
    mousedown(_, view) { isPointed = true; view.setTabFocusMode(false); },
    focus(_, view) { view.setTabFocusMode(!isPointed); },
    blur() { isPointed = false; },
    keydown(event, view) {
      if (event.key === "Escape") view.setTabFocusMode(true);
      else if (!["Tab", "Shift", "Control", "Alt", "Meta"].includes(event.key)) view.setTabFocusMode(false);
    },
  });
}

/** Left to itself, the browser gives text that replaces other text its colours in a style attribute, which the policy refuses and reports. */
const replacing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || event.data === null || event.isComposing || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

function shown(code) {
  const node = document.createElement("span");
  node.className = "cm-specialChar";
  node.textContent = visible(String.fromCodePoint(code));
  return node;
}

/** `view` gets its view; `selection` says where it takes the place of a field that has the focus. */
export function Editor({ view, label, language, rows, value, set, wraps, selection }) {
  const box = useRef(null);
  // What the owner has: the text of the editor, but for the ends of its lines.
  const known = useRef(value);
  const change = useRef(set);
  change.current = set;
  useLayoutEffect(() => {
    const root = box.current.attachShadow({ mode: "open" });
    const description = document.createElement("span");
    description.id = "help";
    description.hidden = true;
    description.textContent = help;
    root.append(description);
    view.current = new EditorView({ root, parent: root, doc: value, selection: selection ?? undefined, extensions: [
      cm.lineNumbers(), cm.history(), cm.highlightSpecialChars({ specialChars: invisible, render: shown }), leaving(), replacing, code(language), look,
      cm.indentUnit.of(language === "python" ? "    " : "  "), EditorState.tabSize.of(4), keymap.of([...keys, ...macKeys, ...cm.historyKeymap]), wraps ? EditorView.lineWrapping : [],
      EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": "help", tabindex: "0" }),
      EditorView.updateListener.of(update => {
        if (!update.docChanged) return;
        known.current = update.state.doc.toString();
        change.current(known.current);
      }),
    ] });
    if (selection) view.current.focus();
    return () => { view.current.destroy(); view.current = null; };
  }, []);
  useLayoutEffect(() => {
    if (value === known.current) return;
    known.current = value;
    view.current.dispatch({ changes: { from: 0, to: view.current.state.doc.length, insert: value } });
  }, [value]);
  return html`<div class="input mono editor" ref=${box} style=${{ "--rows": rows }}></div><span class="leave xs dim" aria-hidden="true">Tab indents · Esc, then Tab leaves</span>`;
}
