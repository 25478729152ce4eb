// Colours, matching brackets and indentation by CodeMirror's modes, which read each line from its start to its end.
import { Decoration, EditorSelection, EditorState, StringStream, ViewPlugin, keymap, modes } from "../vendor/codemirror.js";

/** What the modes tell, by what it is shown as. */
const kinds = { keyword: "keyword", meta: "name", def: "name", builtin: "name", property: "name", type: "name", string: "string", regexp: "string", number: "value", bool: "value", atom: "value", comment: "comment", error: "error" };
const marks = Object.fromEntries(Object.values(kinds).map(kind => [kind, Decoration.mark({ class: `tok-${kind}` })]));
const [fits, fails] = ["cm-matchingBracket", "cm-nonmatchingBracket"].map(name => Decoration.mark({ class: name }));
const brackets = "()[]{}";
/** What a line has behind so many characters is shown without colours. */
const longest = 10000;

const copy = state => Object.fromEntries(Object.entries(state).map(([name, value]) => [name, Array.isArray(value) ? value.slice() : value]));

/** A mode with its states at the starts of lines, as far as they were needed. */
class Lines {
  constructor(language, unit) {
    this.mode = modes[language]();
    this.unit = unit;
    this.starts = [this.mode.startState(unit)];
  }

  read(text, state, tell) {
    const stream = new StringStream(text.slice(0, longest), 4, this.unit);
    if (!text) this.mode.blankLine?.(state, this.unit);
    // A mode may only change its state, and read on when it is asked again.
    for (let tries = 0; !stream.eol(); tries++) {
      stream.start = stream.pos;
      const told = this.mode.token(stream, state);
      if (stream.pos > stream.start) tries = 0;
      else if (tries > 9) stream.next();
      const kind = told?.split(" ").map(word => kinds[word.split(".")[0]]).findLast(Boolean);
      if (kind && stream.pos > stream.start) tell?.(stream.start, stream.pos, kind);
    }
    return state;
  }

  /** The state at the start of the line with the number, to change at will. */
  before(doc, number) {
    for (let last = this.starts.length; last < number; last++) this.starts.push(this.read(doc.line(last).text, copy(this.starts[last - 1])));
    return copy(this.starts[number - 1]);
  }

  changed(changes, doc) {
    changes.iterChangedRanges(from => { this.starts.length = Math.min(this.starts.length, doc.lineAt(from).number); });
  }

  /** The columns before `after` in a line of its own behind the position; null where those of the line before are right. */
  indentation(doc, position, after) {
    const line = doc.lineAt(position);
    return this.mode.indent(this.read(line.text.slice(0, position - line.from), this.before(doc, line.number)), after, { unit: this.unit });
  }
}

const colours = lines => ViewPlugin.fromClass(class {
  constructor(view) { this.paint(view); }

  update({ changes, docChanged, selectionSet, startState, view, viewportChanged }) {
    if (docChanged) lines.changed(changes, startState.doc);
    if (docChanged || viewportChanged || selectionSet) this.paint(view);
  }

  paint({ state: { doc, selection }, viewport }) {
    const found = [];
    for (let number = doc.lineAt(viewport.from).number, { number: last } = doc.lineAt(viewport.to); number <= last; number++) {
      const { from, text } = doc.line(number);
      lines.read(text, lines.before(doc, number), (start, end, kind) => found.push(marks[kind].range(from + start, from + end)));
    }
    this.decorations = Decoration.set(found);
    const { head, empty } = selection.main;
    const pair = empty && [head - 1, head].map(at => this.pair(doc, viewport, at)).find(Boolean);
    if (pair) this.decorations = this.decorations.update({ add: pair.at.map(at => (pair.fits ? fits : fails).range(at, at + 1)), sort: true });
  }

  kind(position) {
    let kind = null;
    this.decorations.between(position, position + 1, (from, to, mark) => { if (from <= position && position < to) kind = mark; });
    return kind;
  }

  /** The bracket there and its other one, as far as they are seen. Brackets in texts and comments are apart from those of the code. */
  pair(doc, { from, to }, at) {
    const text = doc.sliceString(from, Math.min(to, from + 10 * longest));
    const own = text[at - from] ? brackets.indexOf(text[at - from]) : -1;
    if (own < 0) return null;
    const by = own % 2 ? -1 : 1;
    const kind = this.kind(at);
    let depth = 0;
    for (let place = at; text[place - from]; place += by) {
      const other = brackets.indexOf(text[place - from]);
      if (other < 0 || this.kind(place) !== kind) continue;
      depth += other % 2 === own % 2 ? 1 : -1;
      if (depth === 0) return { at: [at, place].sort((a, b) => a - b), fits: other >> 1 === own >> 1 };
    }
    return (by > 0 ? from + text.length === doc.length : from === 0) ? { at: [at], fits: false } : null;
  }
}, { decorations: plugin => plugin.decorations });

const newline = lines => ({ state, dispatch }) => {
  dispatch(state.update(state.changeByRange(({ from, to }) => {
    const line = state.doc.lineAt(from);
    const [own] = /^[ \t]*/.exec(line.text);
    const rest = state.doc.lineAt(to).text.slice(to - state.doc.lineAt(to).from);
    const after = rest.trimStart();
    const columns = lines.indentation(state.doc, from, after);
    const inside = columns === null ? own : " ".repeat(columns);
    const isBetween = after && /[([{]\s*$/.test(line.text.slice(0, from - line.from)) && after[0] === brackets[brackets.indexOf(line.text.slice(0, from - line.from).trimEnd().at(-1)) + 1];
    const open = isBetween ? own + " ".repeat(lines.unit) : inside;
    // Lines of blanks alone are left empty.
    const begin = line.text.slice(0, from - line.from).trim() ? from : line.from;
    return { changes: { from: begin, to: to + rest.length - after.length, insert: `\n${open}${isBetween ? `\n${own}` : ""}` }, range: EditorSelection.cursor(begin + 1 + open.length) };
  }), { scrollIntoView: true, userEvent: "input" }));
  return true;
};

/** Has a line that begins with what was typed, as a closing bracket or `else:`, where that belongs. */
const settling = lines => EditorState.transactionFilter.of(change => {
  if (!change.docChanged || !change.isUserEvent("input.type")) return change;
  const { newDoc: doc, startState, newSelection: { main: { head } } } = change;
  const line = doc.lineAt(head);
  const [own] = /^[ \t]*/.exec(line.text);
  // The states of the lines before are those of both texts.
  let isHere = true;
  change.changes.iterChangedRanges(from => { isHere &&= startState.doc.lineAt(from).number === line.number; });
  if (!isHere || line.number === 1 || !lines.mode.languageData.indentOnInput.test(line.text.slice(0, head - line.from))) return change;
  const columns = lines.mode.indent(lines.before(startState.doc, line.number), line.text.slice(own.length), { unit: lines.unit });
  return columns === null || columns === own.length ? change : [change, { changes: { from: line.from, to: line.from + own.length, insert: " ".repeat(columns) }, sequential: true }];
});

/** What an editor of the language has for its code. */
export function code(language) {
  const lines = new Lines(language, language === "python" ? 4 : 2);
  return [colours(lines), settling(lines), EditorState.languageData.of(() => [lines.mode.languageData]), keymap.of([{ key: "Enter", run: newline(lines), shift: newline(lines) }])];
}
