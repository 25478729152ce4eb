// Messages as a conversation: what was said, and between it the turns with their steps.

/** Text of a message's content, which may be parts. */
export function textOf(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === null || content === undefined ? "" : JSON.stringify(content);
  return content.map(part => (part.type === "text" || part.text !== undefined ? part.text : part.type === "image" ? "" : JSON.stringify(part))).join("\n");
}
/** The calls of a message of any of the forms. */
export function callsOf(message) {
  const all = message.tool_calls ?? (message.tool_call ? [message.tool_call] : []);
  return Array.isArray(all) ? all : [all];
}
function returnsOf(message) {
  const all = message.tool_returns?.length ? message.tool_returns : [message];
  return all.map(one => ({ id: one.tool_call_id ?? message.tool_call_id, text: textOf(one.tool_return ?? one.func_response ?? ""), status: one.status ?? message.status, stdout: one.stdout ?? [], stderr: one.stderr ?? [] }));
}

const said = new Set(["user_message", "assistant_message", "system_message"]);
/** Groups messages: `{said}` for what was said, `{turn: [...]}` for what happened between; each with its `run`. */
export function turns(messages) {
  const groups = [];
  const results = new Map();
  const called = new Set(messages.flatMap(message => callsOf(message).map(one => one.tool_call_id)));
  for (const message of messages) if (message.message_type === "tool_return_message") for (const one of returnsOf(message)) results.set(one.id, one);
  for (const message of messages) {
    if (message.message_type === "system_message" && !message.run_id) {
      if (!groups.at(-1)?.system) groups.push({ key: message.id, system: message });
      continue;
    }
    // A result stands with its call, also when that was in the turn before.
    if (message.message_type === "tool_return_message" && returnsOf(message).every(one => called.has(one.id))) continue;
    if (said.has(message.message_type)) { groups.push({ key: `${message.id}-${message.message_type}`, said: message, run: message.run_id }); continue; }
    const last = groups.at(-1);
    if (last?.turn && last.run === message.run_id) last.turn.push(message);
    else groups.push({ key: `${message.id}-turn`, turn: [message], run: message.run_id });
  }
  return { groups, results };
}

/** Adds a streamed piece to the messages: pieces of one message have one id. */
export function merge(messages, piece) {
  const at = messages.findIndex(one => one.id === piece.id && one.message_type === piece.message_type);
  if (at < 0) return [...messages, piece];
  const old = messages[at];
  const joined = { ...old };
  if (piece.message_type === "assistant_message") joined.content = textOf(old.content) + textOf(piece.content);
  else if (piece.message_type === "reasoning_message") joined.reasoning = (old.reasoning ?? "") + (piece.reasoning ?? "");
  else if (callsOf(piece).length) {
    const calls = callsOf(old).map(one => ({ ...one }));
    for (const part of callsOf(piece)) {
      const known = calls.find(one => one.tool_call_id === part.tool_call_id) ?? (part.tool_call_id ? undefined : calls.at(-1));
      if (!known) { calls.push({ ...part }); continue; }
      known.name ??= part.name;
      known.arguments = (known.arguments ?? "") + (part.arguments ?? "");
    }
    joined.tool_calls = calls;
    joined.tool_call = calls[0];
  } else return messages.with(at, piece);
  return messages.with(at, joined);
}
