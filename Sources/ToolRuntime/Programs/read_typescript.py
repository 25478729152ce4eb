# Tells what a model has to know of a function in TypeScript: its name, description and parameters as a JSON schema, from its signature and
# the JSDoc comment before it. The source is parsed and never run.
# Refusal stands in a program before this one.
import json
import re

TOKEN = re.compile(r"""(?P<doc>/\*\*(?!/)[\s\S]*?\*/)|(?P<skip>\s+|//[^\n]*|/\*[\s\S]*?\*/)|(?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)
|(?P<number>\d[\w.]*)|(?P<name>[A-Za-z_$][\w$]*)|(?P<sign>=>|\.\.\.|[^\s\w])""", re.X)
OPEN, CLOSED = "([{", ")]}"
SIMPLE = {"string": "string", "number": "number", "boolean": "boolean", "bigint": "integer", "object": "object"}
LIST_TYPES = ("Array", "ReadonlyArray", "Set", "Iterable")
ABSENT = ("null", "undefined", "void")
DEEPEST_TYPE = 40


class Tokens:
    def __init__(self, source):
        self.items, self.docs, line, place = [], {}, 1, 0
        while place < len(source):
            found = TOKEN.match(source, place)
            if not found:
                raise Refusal(f"Failed to parse source code: unexpected {source[place]!r} (line {line})")
            kind, text = found.lastgroup, found[0]
            if kind == "doc":
                self.docs[len(self.items)] = text
            elif kind != "skip":
                self.items.append((kind, text, line))
            line += text.count("\n")
            place = found.end()
        self.at = 0

    def text(self, ahead=0):
        return self.items[self.at + ahead][1] if self.at + ahead < len(self.items) else ""

    @property
    def kind(self):
        return self.items[self.at][0] if self.at < len(self.items) else ""

    @property
    def line(self):
        return self.items[min(self.at, len(self.items) - 1)][2] if self.items else 1

    def take(self):
        text = self.text()
        self.at += 1
        return text

    def accept(self, *texts):
        return self.take() if self.text() in texts and self.kind != "text" else None

    def expect(self, text):
        if not self.accept(text):
            raise Refusal(f"Failed to parse source code: expected '{text}' instead of '{self.text()}' (line {self.line})")

    def skip_until(self, *ends):
        """Skips an expression up to one of these signs outside of brackets."""
        depth = 0
        while self.text() and not (depth == 0 and self.text() in ends and self.kind != "text"):
            depth += (self.text() in OPEN) - (self.text() in CLOSED) if self.kind == "sign" else 0
            self.at += 1


def typescript_schema(source, name):
    tokens = Tokens(source)
    named, functions = declarations(tokens)
    if not functions:
        raise Refusal("No functions found in source code")
    exported = [function for function in functions if function[2]] or functions
    function, start, _, doc, line = next((one for one in functions if one[0] == name), exported[-1])
    tokens.at = start
    described = JSDoc(doc)
    if not described.description:
        raise Refusal(f"Function {function} has no JSDoc comment that describes it (line {line})")
    parameters = script_parameters(tokens, function, described, Kinds(tokens, named))
    return {"name": function, "description": described.description, "parameters": parameters}


def declarations(tokens):
    """The places of the types by name, and the functions: name, place of the parameters, whether exported, comment, line."""
    named, functions, depth, doc, exported = {}, [], 0, None, False
    while tokens.text():
        if tokens.at in tokens.docs and depth == 0:
            doc = tokens.docs[tokens.at]
        kind, word, line = tokens.kind, tokens.take(), tokens.items[tokens.at - 1][2]
        if kind == "sign":
            depth += (word in OPEN) - (word in CLOSED)
            if word in ";}" and depth == 0:
                doc, exported = None, False
        elif kind == "name" and depth == 0:
            if word in ("interface", "type", "enum") and re.match(r"[A-Za-z_$]", tokens.text()):
                named[tokens.text()] = (word, tokens.at + 1)
            elif word == "export":
                exported = True
            elif word == "function" or (word in ("const", "let") and is_arrow(tokens)):
                tokens.accept("*")
                name = tokens.take() if tokens.text() != "(" else "default"
                while tokens.text() not in ("(", ""):
                    tokens.at += 1
                functions.append((name, tokens.at, exported, doc, line))
                doc, exported = None, False
    return named, functions


def is_arrow(tokens):
    """Whether `name = (…) =>` or `name = async (…) =>` comes."""
    ahead = 2 if tokens.text(1) == "=" else 0
    ahead += ahead and tokens.text(2) == "async"
    if not ahead or tokens.text(ahead) != "(":
        return False
    start = tokens.at
    tokens.at += ahead + 1
    tokens.skip_until(")")
    tokens.at += 1
    if tokens.accept(":"):
        tokens.skip_until("=>", ";", "{")
    found = tokens.text() == "=>"
    tokens.at = start
    return found


def script_parameters(tokens, function, described, kinds):
    properties, required = {}, []
    tokens.expect("(")
    while not tokens.accept(")"):
        place = f"Parameter '{tokens.text()}' in function '{function}'"
        line = tokens.line
        if tokens.accept("..."):
            raise Refusal(f"Type error in schema generation: {place} is a rest parameter (line {line})")
        if tokens.kind != "name":
            raise Refusal(f"Type error in schema generation: the parameters of '{function}' need names of their own (line {line})")
        name = tokens.take()
        is_optional = bool(tokens.accept("?"))
        shape, can_be_absent = kinds.shape() if tokens.accept(":") else (None, False)
        if tokens.accept("="):
            is_optional = True
            shape = shape or literal_shape(tokens)
            tokens.skip_until(",", ")")
        if shape is None:
            raise Refusal(f"Type error in schema generation: {place} lacks a type annotation (line {line})")
        text = described.parameters.get(name)
        properties[name] = {**shape, **({"description": text} if text else {})}
        if not is_optional and not can_be_absent:
            required.append(name)
        tokens.accept(",")
    return {"type": "object", "properties": properties, "required": required}


def literal_shape(tokens):
    if tokens.kind == "text":
        return {"type": "string"}
    if tokens.kind == "number":
        return {"type": "number"}
    return {"type": "boolean"} if tokens.text() in ("true", "false") else None


class Kinds:
    """Reads types."""

    def __init__(self, tokens, named):
        self.tokens, self.named, self.depth = tokens, named, 0

    def shape(self):
        """The schema of the type that comes, and whether it may be absent."""
        self.depth += 1
        if self.depth > DEEPEST_TYPE:
            raise Refusal(f"Failed to parse source code: a type is nested too deeply or refers to itself (line {self.tokens.line})")
        members, is_absent = [], False
        self.tokens.accept("|")
        while True:
            if self.tokens.text() in ABSENT:
                self.tokens.take()
                is_absent = True
            else:
                members.append(self.both())
            if not self.tokens.accept("|"):
                break
        self.depth -= 1
        return joined(members), is_absent

    def both(self):
        shape = self.postfixed()
        while self.tokens.accept("&"):
            other = self.postfixed()
            shape = {**shape, **other, "properties": {**shape.get("properties", {}), **other.get("properties", {})},
                     "required": shape.get("required", []) + other.get("required", [])}
        return shape

    def postfixed(self):
        self.tokens.accept("readonly")
        shape = self.single()
        while self.tokens.text() == "[" and self.tokens.text(1) == "]":
            self.tokens.at += 2
            shape = {"type": "array", "items": shape}
        return shape

    def single(self):
        tokens, line = self.tokens, self.tokens.line
        kind, word = tokens.kind, tokens.take()
        if kind == "text":
            return {"type": "string", "enum": [unquoted(word)]}
        if kind == "number" or (word == "-" and tokens.kind == "number"):
            return {"type": "number", "enum": [float(word + tokens.take()) if word == "-" else json.loads(word)]}
        if word in ("true", "false"):
            return {"type": "boolean", "enum": [word == "true"]}
        if word == "(":
            shape, _ = self.shape()
            tokens.expect(")")
            return shape
        if word == "{":
            return self.members()
        if word == "[":
            return self.items()
        if kind == "name":
            return self.of_name(word, line)
        raise Refusal(f"Type error in schema generation: the type at '{word}' can't be described: send json_schema (line {line})")

    def of_name(self, word, line):
        given = self.arguments()
        if word in SIMPLE:
            return {"type": SIMPLE[word]}
        if word in ("any", "unknown"):
            return {}
        if word == "Date":
            return {"type": "string", "format": "date-time"}
        if word in LIST_TYPES and given:
            return {"type": "array", "items": given[0]}
        if word in ("Record", "Map") and len(given) == 2:
            return {"type": "object", "additionalProperties": given[1]}
        if word in ("Partial", "Readonly", "Required", "Promise") and given:
            return {**given[0], "required": []} if word == "Partial" else given[0]
        if word in self.named:
            return self.declared(*self.named[word])
        raise Refusal(f"Type error in schema generation: the type {word} is not known here: send json_schema (line {line})")

    def arguments(self):
        given = []
        if self.tokens.accept("<"):
            while not self.tokens.accept(">"):
                given.append(self.shape()[0])
                self.tokens.accept(",")
        return given

    def declared(self, kind, start):
        here, self.tokens.at = self.tokens.at, start
        if kind == "type":
            self.tokens.expect("=")
            shape, _ = self.shape()
        elif kind == "enum":
            shape = self.choices()
        else:
            shape = self.interface()
        self.tokens.at = here
        return shape

    def interface(self):
        parents = []
        if self.tokens.accept("extends"):
            while self.tokens.text() != "{":
                parents.append(self.single())
                self.tokens.accept(",")
        self.tokens.expect("{")
        shape = self.members()
        for parent in reversed(parents):
            shape = {"type": "object", "properties": {**parent.get("properties", {}), **shape["properties"]},
                     "required": parent.get("required", []) + shape["required"]}
        return shape

    def choices(self):
        self.tokens.expect("{")
        values = []
        while not self.tokens.accept("}"):
            self.tokens.take()
            value = len(values)
            if self.tokens.accept("="):
                word = self.tokens.take()
                value = unquoted(word) if word[0] in "'\"`" else json.loads(word)
            values.append(value)
            self.tokens.accept(",")
        return {"type": "string" if all(isinstance(value, str) for value in values) else "number", "enum": values}

    def members(self):
        tokens, properties, required = self.tokens, {}, []
        while not tokens.accept("}"):
            doc = JSDoc(tokens.docs.get(tokens.at))
            if tokens.text() == "readonly" and tokens.text(1) not in (":", "?"):
                tokens.take()
            if tokens.accept("["):
                tokens.skip_until("]")
                tokens.expect("]")
                tokens.expect(":")
                return self.with_any_name(self.shape()[0])
            kind, name = tokens.kind, tokens.take()
            if kind not in ("name", "text"):
                raise Refusal(f"Failed to parse source code: expected the name of a member instead of '{name}' (line {tokens.line})")
            name = unquoted(name) if kind == "text" else name
            is_optional = bool(tokens.accept("?"))
            tokens.expect(":")
            shape, can_be_absent = self.shape()
            properties[name] = {**shape, **({"description": doc.description} if doc.description else {})}
            if not is_optional and not can_be_absent:
                required.append(name)
            tokens.accept(";", ",")
        return {"type": "object", "properties": properties, "required": required}

    def with_any_name(self, shape):
        self.tokens.accept(";", ",")
        self.tokens.expect("}")
        return {"type": "object", "additionalProperties": shape}

    def items(self):
        shapes = []
        while not self.tokens.accept("]"):
            shapes.append(self.shape()[0])
            self.tokens.accept(",")
        return {"type": "array", "items": joined(shapes), "minItems": len(shapes), "maxItems": len(shapes)}


def joined(members):
    """One schema for a union."""
    if not members:
        return {"type": "null"}
    if all("enum" in member for member in members) and len({member["type"] for member in members}) == 1:
        return {"type": members[0]["type"], "enum": [value for member in members for value in member["enum"]]}
    different = [member for place, member in enumerate(members) if member not in members[:place]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def unquoted(text):
    inner = text[1:-1]
    return re.sub(r"\\(.)", r"\1", inner)


class JSDoc:
    """The description in a comment, and those of its parameters."""

    def __init__(self, comment):
        lines = [re.sub(r"^\s*\*? ?", "", line) for line in (comment or "/***/")[3:-2].split("\n")]
        self.parameters, texts, target = {}, [], None
        for line in lines:
            if tag := re.match(r"@(\w+)\s*(?:\{.*?\}\s*)?(.*)", line.strip()):
                target = None
                if tag[1] in ("param", "arg", "argument") and (named := re.match(r"\[?([\w$]+)[^\]\s]*\]?\s*-?\s*(.*)", tag[2])):
                    target = named[1]
                    self.parameters[target] = named[2]
                elif tag[1] in ("description", "desc"):
                    texts.append(tag[2])
                else:
                    target = ""
            elif target:
                self.parameters[target] = (self.parameters[target] + "\n" + line.strip()).strip()
            elif target is None:
                texts.append(line.rstrip())
        self.description = "\n".join(texts).strip()
