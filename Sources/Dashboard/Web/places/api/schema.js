// What the document of the API says about a value.

/** The schema itself: references are followed, and the one choice that is not null is taken. */
export function resolved(schema, document, deep = 0) {
  if (!schema || deep > 8) return schema ?? {};
  if (schema.$ref) return resolved(schema.$ref.split("/").slice(1).reduce((at, part) => at?.[part], document), document, deep + 1);
  const choices = (schema.anyOf ?? schema.oneOf)?.filter(one => one.type !== "null");
  if (choices?.length === 1) return { ...resolved(choices[0], document, deep + 1), ...(schema.description ? { description: schema.description } : {}) };
  return schema;
}

/** A value of the shape that a schema describes, for a start. */
export function sample(schema, document, deep = 0) {
  if (!schema || deep > 4) return null;
  const one = resolved(schema, document);
  if (one.examples?.length) return one.examples[0];
  if (one.default !== undefined) return one.default;
  if (one.enum) return one.enum[0];
  const choice = (one.anyOf ?? one.oneOf)?.find(each => each.type !== "null");
  if (choice) return sample(choice, document, deep + 1);
  if (one.type === "object" || one.properties) return Object.fromEntries(Object.entries(one.properties ?? {}).filter(([name]) => (one.required ?? []).includes(name)).map(([name, each]) => [name, sample(each, document, deep + 1)]));
  if (one.type === "array") return one.items ? [sample(one.items, document, deep + 1)].filter(each => each !== null) : [];
  return { string: "", integer: 0, number: 0, boolean: false }[one.type] ?? null;
}

/** `text`, `list of Block`, `one of 3`. */
export function named(schema, document) {
  if (!schema) return "any";
  if (schema.$ref && resolved(schema, document).type === "object") return schema.$ref.split("/").pop();
  const one = resolved(schema, document);
  if (one.enum) return `one of ${one.enum.length}`;
  if (one.type === "array") return `list of ${named(one.items, document)}`;
  const choices = (one.anyOf ?? one.oneOf)?.filter(each => each.type !== "null");
  if (choices) return choices.slice(0, 3).map(each => named(each, document)).join(" or ");
  return { string: one.format === "date-time" ? "time" : "text", integer: "whole number", number: "number", boolean: "yes or no", object: "object" }[one.type] ?? "any";
}
