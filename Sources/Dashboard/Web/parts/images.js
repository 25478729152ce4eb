// Images of messages, shown from what the message itself has: nothing is fetched, and never an image that could hold a script.
import { html, useEffect, useState } from "../vendor/preact.js";

export const kinds = ["image/png", "image/jpeg", "image/webp", "image/gif"];

function Picture({ kind, data }) {
  const [address, set] = useState(null);
  useEffect(() => {
    let made;
    try {
      made = URL.createObjectURL(new Blob([Uint8Array.from(atob(data), character => character.charCodeAt(0))], { type: kind }));
      set(made);
    } catch { set(null); }
    return () => { if (made) URL.revokeObjectURL(made); };
  }, [data]);
  return address ? html`<img class="picture" src=${address} alt="Image in the message" />` : html`<span class="small dim">an image that can't be shown</span>`;
}

/** The images of a message's content. */
export function Pictures({ content }) {
  if (!Array.isArray(content)) return null;
  const images = content.filter(part => part.type === "image");
  return images.map(part => (kinds.includes(part.source?.media_type) && part.source?.data ? html`<${Picture} kind=${part.source.media_type} data=${part.source.data} />` : html`<span class="small dim">an image kept elsewhere</span>`));
}

/** A file as the part of a message. */
export async function imagePart(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return { type: "image", source: { type: "base64", media_type: file.type, data: btoa(text) } };
}
