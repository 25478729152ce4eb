// The one way to call the server. The same value makes the request and prints the curl.

/** The address of the server: this file is at <address>/ui/<version>/api.js. */
export const address = new URL("../../", import.meta.url).href.replace(/\/$/, "");

export class Refusal extends Error {
  constructor(status, text, request, body) {
    super(text);
    Object.assign(this, { status, request, body });
  }
}

const listeners = new Set();
/** The calls made last, newest first. */
export const recent = [];
let signIn = null;

/** Has `ask` called when the server wants the password. It returns a promise of having signed in. */
export function onSignedOut(ask) { signIn = ask; }
export function onCalls(listener) { listeners.add(listener); return () => listeners.delete(listener); }
export function forgetCalls() { recent.length = 0; tell(); }
function tell() { for (const listener of listeners) listener(); }

function target({ path, query }) {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== null && one !== "") parts.append(name, one);
  }
  const text = parts.toString();
  return path + (text ? `?${text}` : "");
}

export const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;
/** What a shell runs for the same effect. Passwords, keys and the values of variables are never printed. */
export function curl(request) {
  const lines = [`curl ${request.verb === "GET" ? "" : `-X ${request.verb} `}"$LETTA_URL"${quoted(target(request))}`, `  -H "Authorization: Bearer $LETTA_TOKEN"`];
  if (request.file) lines.push(`  -F "file=@$FILE"`);
  if (request.body !== undefined) lines.push(`  -H "Content-Type: application/json"`, `  -d ${quoted(JSON.stringify(hidden(request.body, request.path.includes("/environment-variable") ? /^value$/ : never)))}`);
  return lines.join(" \\\n");
}
const secrets = /^(api_key|access_key|password|auth_token|token|value_enc)$/;
// By the names of variables and headers.
const maps = /^(secrets|env|env_vars|headers|custom_headers|environment_variables|tool_exec_environment_variables)$/;
const [all, never] = [/^/, /(?!)/];
/** `also` are names of this object alone. */
function hidden(value, also = never) {
  if (Array.isArray(value)) return value.map(one => hidden(one, also));
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, (secrets.test(name) || also.test(name)) && one ? "$SECRET" : hidden(one, maps.test(name) ? all : never)]));
}

/** What the server says is wrong, as a sentence. */
function reason(body, status) {
  const detail = body?.error ?? body?.detail ?? body;
  if (typeof detail === "string") return detail || `The server answered ${status}.`;
  if (Array.isArray(detail)) return detail.map(one => `${(one.loc ?? []).slice(1).join(".")}: ${one.msg}`).join("; ");
  return [detail?.message, detail?.detail].filter(part => typeof part === "string").join(" ") || JSON.stringify(detail) || `The server answered ${status}.`;
}

async function send(request, signal) {
  const { verb, body, file } = request;
  // Lists without the relationships of each row, as today's clients get them.
  const headers = { "X-Stainless-Package-Version": "1.0.0", ...request.headers };
  let payload;
  if (file) { payload = new FormData(); payload.append("file", file, file.name); }
  else if (body !== undefined) { headers["Content-Type"] = "application/json"; payload = JSON.stringify(body); }
  const started = performance.now();
  const entry = { request, status: null, ms: null };
  if (!request.quiet) { recent.unshift(entry); recent.splice(40); tell(); }
  try {
    const answer = await fetch(address + target(request), { method: verb, headers, body: payload, credentials: "same-origin", redirect: "error", signal });
    Object.assign(entry, { status: answer.status, ms: Math.round(performance.now() - started) });
    if (!request.quiet) tell();
    return answer;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    entry.status = "no answer";
    throw new Refusal(0, "The server does not answer.", request);
  }
}

async function admitted(request, signal) {
  let answer = await send(request, signal);
  if (answer.status === 401 && signIn && !request.isSignIn) {
    await signIn();
    answer = await send(request, signal);
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let body = text;
  try { body = JSON.parse(text); } catch { /* not all answers are JSON */ }
  throw new Refusal(answer.status, reason(body, answer.status), request, body);
}

/** Makes a request and returns its answer's JSON, or its text. */
export async function call(verb, path, options = {}) {
  const answer = await admitted({ verb, path, ...options }, options.signal);
  if (options.raw) return answer;
  const type = answer.headers.get("content-type") ?? "";
  return type.includes("json") ? answer.json() : answer.text();
}
export const make = request => call(request.verb, request.path, request);

/** The events of a streamed answer, which was called for with `raw`, one after the other. */
export async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      const frames = (rest + value.replaceAll("\r\n", "\n")).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const data = frame.split("\n").filter(line => line.startsWith("data:")).map(line => line.slice(5).trimStart()).join("\n");
        if (data && data !== "[DONE]") yield JSON.parse(data);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
