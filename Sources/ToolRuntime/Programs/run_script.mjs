// Calls a function of a user's JavaScript or TypeScript, or runs it as a program. The request is read from stdin, the answer is written to
// the descriptor that the last argument names.
import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import url from "node:url";

const request = JSON.parse(fs.readFileSync(0, "utf8"));
const answer = Number(process.argv.at(-1));
const isName = /^[A-Za-z_$][\w$]*$/;

function plain(source) {
  if (request.language !== "typescript") return source;
  if (!module.stripTypeScriptTypes) throw new Error("TypeScript needs node 22.13 or newer, and this is " + process.version);
  try {
    return module.stripTypeScriptTypes(source, { mode: "strip" });
  } catch (error) {
    if (error.code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
    return module.stripTypeScriptTypes(source, { mode: "transform" });
  }
}

// The names of a function's parameters; a parameter that is taken apart has none.
function parameters(callee) {
  const text = callee.toString().replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
  const names = [];
  let depth = 0, current = "";
  for (const sign of text.slice(text.indexOf("("))) {
    if (")]}".includes(sign)) depth -= 1;
    if (depth === 0 && sign === ")") break;
    if (depth === 1 && sign === ",") { names.push(current); current = ""; } else if (depth > 0) current += sign;
    if ("([{".includes(sign)) depth += 1;
  }
  if (current.trim()) names.push(current);
  return names.map((name) => name.split("=")[0].trim());
}

function call(callee) {
  const names = parameters(callee);
  if (names.length === 1 && !isName.test(names[0])) return callee(request.arguments);
  return callee(...names.map((name) => request.arguments[name]));
}

function shown(value) {
  if (typeof value === "string") return { text: value };
  const text = JSON.stringify(value, (_, item) => typeof item === "bigint" ? item.toString() : item);
  if (text === undefined) return { text: String(value), value: null };
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  return { text, value: JSON.parse(text), is_dict: isObject };
}

async function work() {
  const place = path.resolve("tool.mjs");
  let source = plain(request.source);
  if (!request.is_program && isName.test(request.name)) {
    source += `\nexport const __tool = typeof ${request.name} === "function" ? ${request.name} : undefined;\n`;
  }
  fs.writeFileSync(place, source);
  globalThis.require = module.createRequire(place);
  const loaded = await import(url.pathToFileURL(place));
  if (request.is_program) return { text: "" };
  const callee = loaded.__tool ?? loaded[request.name] ?? loaded.default;
  if (typeof callee !== "function") throw new ReferenceError(`there is no function ${request.name}`);
  return shown(await call(callee));
}

let said;
try {
  said = await work();
} catch (error) {
  console.error(error?.stack ?? String(error));
  const cause = error?.cause?.message ? ` (${error.cause.message})` : "";
  said = { error: error instanceof Error ? `${error.name}: ${error.message}${cause}` : String(error) };
}
fs.writeSync(answer, JSON.stringify(said));
process.exit(0);
