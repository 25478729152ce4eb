// Files of a folder: sent one after the other, and their text.
import { html, useState } from "../vendor/preact.js";
import { make } from "../api.js";
import { adjust } from "../route.js";
import { Act, Card, Copy, Loaded, Long, Problem, useCall } from "./ui.js";
import { bytes, Name } from "./text.js";

export function Upload({ folder, done }) {
  const [files, setFiles] = useState([]);
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState([]);
  const choose = chosen => { setFiles([...chosen]); setRefused([]); };
  const request = file => ({ verb: "POST", path: `/v1/folders/${folder}/upload`, file });
  const refuse = (file, error) => setRefused(old => [...old, { file, error }]);
  // One that is refused does not hold those behind it.
  const rest = async () => {
    for (const [index, file] of files.entries()) {
      if (index) await make(request(file)).catch(error => refuse(file, error));
      done();
      setFiles(old => old.filter(one => one !== file));
    }
  };
  const [file] = files;
  return html`<div class=${`drop ${over ? "over" : ""}`} onDragOver=${event => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)} onDrop=${event => { event.preventDefault(); setOver(false); choose(event.dataTransfer.files); }}>
    <label class="btn">Choose files<input class="sr" type="file" multiple onChange=${event => choose(event.target.files)} /></label><span class="small mid">or drop them here</span>
    ${file && html`<span class="clip"><${Name} text=${file.name} most=${60} /> (${bytes(file.size)})${files.length > 1 ? ` and ${files.length - 1} more` : ""}</span><${Act} kind="primary" label="Upload" call=${() => request(file)} failed=${error => { refuse(file, error); return rest(); }} done=${rest} />`}
    ${refused.map(one => html`<div><span class="small"><${Name} text=${one.file.name} most=${80} /> was not taken:</span><${Problem} error=${one.error} /></div>`)}</div>`;
}

/** What agents read of a file. */
export function FileText({ folder, id }) {
  const file = useCall(`/v1/folders/${encodeURIComponent(folder)}/files/${encodeURIComponent(id)}`, { query: { include_content: true } });
  return html`<${Loaded} of=${file}>${data => html`<${Card} title=${html`<${Name} text=${data.original_file_name ?? data.file_name} />`} actions=${html`<${Copy} text=${data.content ?? ""} /><button class="btn tiny" type="button" onClick=${() => adjust({ file: "" })}>Close</button>`}>
    ${data.content ? html`<${Long} text=${data.content} />` : html`<p class="small dim">It has no text, or it was not read yet.</p>`}<//>`}<//>`;
}
