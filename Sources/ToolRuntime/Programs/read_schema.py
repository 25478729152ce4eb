# Tells what a model has to know of a user's function: its name, description and parameters as a JSON schema. The source is
# parsed and never run.
# Request: source, function (or null), arguments_schema (or null). Answer: {"schema": …} or {"error": "…"}.
import ast
import re

SCALARS = {"int": "integer", "str": "string", "float": "number", "bool": "boolean"}
SKIPPED = ("self", "cls", "agent_state")
PARAMETERS = {"args", "arguments", "parameters", "params", "keyword args", "keyword arguments", "other parameters"}
DROPPED = {"returns", "return", "yields", "yield", "raises", "raise", "exceptions", "except", "attributes"}


class Refusal(Exception):
    pass


def work(request):
    try:
        function = find_function(request["source"], request.get("function"))
        return {"schema": schema_of(function, request.get("arguments_schema"))}
    except Refusal as refusal:
        return {"error": str(refusal)}
    except RecursionError:
        return {"error": "Failed to parse source code: it is nested too deeply"}


def find_function(source, name):
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise Refusal(f"Failed to parse source code: {error}")
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in tree.body if isinstance(node, kinds)]
    if not functions:
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        functions = [node for owner in classes for node in owner.body if isinstance(node, kinds)]
    if not functions:
        raise Refusal("No functions found in source code")
    return next((function for function in functions if function.name == name), functions[-1])


def schema_of(function, arguments_schema):
    text = ast.get_docstring(function, clean=False)
    if arguments_schema is not None:
        description = {"description": ast.get_docstring(function)} if text and text.strip() else {}
        return {"name": function.name, **description, "parameters": given_parameters(arguments_schema)}
    if not text or not text.strip():
        raise Refusal(f"Function {function.name} missing docstring")
    docstring = Docstring(text)
    parameters = own_parameters(function, docstring)
    return {"name": function.name, "description": docstring.description, "parameters": parameters}


def given_parameters(schema):
    properties = {name: {key: value for key, value in part.items() if key != "title"} if isinstance(part, dict) else part
                  for name, part in (schema.get("properties") or {}).items()}
    return {"type": "object", "properties": properties, "required": schema.get("required") or []}


def own_parameters(function, docstring):
    given = function.args
    plain = given.posonlyargs + given.args
    defaults = [None] * (len(plain) - len(given.defaults)) + given.defaults
    every = list(zip(plain, defaults)) + list(zip(given.kwonlyargs, given.kw_defaults))
    properties, required = {}, []
    for parameter, default in every:
        name = parameter.arg
        if name in SKIPPED:
            continue
        if parameter.annotation is None:
            raise Refusal(f"Type error in schema generation: Parameter '{name}' in function '{function.name}' lacks a type annotation")
        if not docstring.parameters.get(name):
            raise Refusal(f"Value error in schema generation: Parameter '{name}' in function '{function.name}' "
                          "lacks a description in the docstring")
        shape, can_be_missing = shape_of(parameter.annotation, name)
        properties[name] = {**shape, "description": docstring.parameters[name]}
        if default is None and not can_be_missing:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


# Types

def shape_of(annotation, parameter):
    """The schema of a type, and whether None is one of its values."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return shape_of(ast.parse(annotation.value, mode="eval").body, parameter)
        except SyntaxError:
            raise refused(annotation, parameter)
    members = union_members(annotation)
    if members is not None:
        present = [member for member in members if not is_none(member)]
        shapes = [shape_of(member, parameter)[0] for member in present]
        can_be_missing = len(present) < len(members) or any(shape_of(member, parameter)[1] for member in present)
        if not shapes:
            raise refused(annotation, parameter)
        return (shapes[0] if len(shapes) == 1 else {"anyOf": shapes}), can_be_missing
    name, arguments = type_name(annotation), type_arguments(annotation)
    if name == "Annotated" and arguments:
        return shape_of(arguments[0], parameter)
    if name == "Literal" and arguments:
        return choice(annotation, arguments, parameter)
    if name in SCALARS and arguments is None:
        return {"type": SCALARS[name]}, False
    if name in ("list", "List"):
        if arguments is None:
            return {"type": "array", "items": {"type": "string"}}, False
        if len(arguments) == 1:
            return {"type": "array", "items": shape_of(arguments[0], parameter)[0]}, False
    if name in ("dict", "Dict"):
        if arguments is None or type_name(arguments[-1]) == "Any":
            return {"type": "object"}, False
        if len(arguments) == 2 and type_name(arguments[0]) == "str":
            return {"type": "object", "additionalProperties": shape_of(arguments[1], parameter)[0]}, False
    raise refused(annotation, parameter)


def choice(annotation, arguments, parameter):
    values = []
    for argument in arguments:
        try:
            values.append(ast.literal_eval(argument))
        except ValueError:
            raise refused(annotation, parameter)
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    names = {str: "string", int: "integer", bool: "boolean"}
    if not kinds or not kinds <= set(names):
        raise refused(annotation, parameter)
    shape = {"enum": present}
    return ({"type": names[kinds.pop()], **shape} if len(kinds) == 1 else shape), len(present) < len(values)


def union_members(annotation):
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        left, right = union_members(annotation.left), union_members(annotation.right)
        return (left or [annotation.left]) + (right or [annotation.right])
    name, arguments = type_name(annotation), type_arguments(annotation)
    if name == "Optional" and arguments and len(arguments) == 1:
        return (union_members(arguments[0]) or arguments) + [ast.Constant(None)]
    if name == "Union" and arguments:
        return [inner for member in arguments for inner in union_members(member) or [member]]
    return None


def is_none(annotation):
    return isinstance(annotation, ast.Constant) and annotation.value is None


def type_name(annotation):
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    if isinstance(annotation, ast.Attribute):
        return annotation.attr
    return annotation.id if isinstance(annotation, ast.Name) else None


def type_arguments(annotation):
    if not isinstance(annotation, ast.Subscript):
        return None
    inner = annotation.slice
    return list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]


def refused(annotation, parameter):
    return Refusal(
        f"Value error in schema generation: Python type {ast.unparse(annotation)} of parameter '{parameter}' has no corresponding "
        "JSON schema type. Use int, str, float, bool, list, dict, Optional, Union or Literal, or give a json_schema.")


# Docstrings

class Docstring:
    """The parts of a docstring in Google's, NumPy's or reST's style."""

    def __init__(self, text):
        raw = text.expandtabs().split("\n")
        margins = [len(line) - len(line.lstrip()) for line in raw[1:] if line.strip()]
        margin = min(margins, default=0)
        self.raw = raw
        self.lines = [raw[0].strip()] + [line[margin:].rstrip() for line in raw[1:]]
        self.parameters = {}
        self.kept = []
        prose = self.read_sections()
        prose = self.read_fields(prose)
        self.description = self.join(prose)

    def read_sections(self):
        """Takes the sections out and returns the lines before and between them."""
        prose, place = [], 0
        while place < len(self.lines):
            title, body = self.title_at(place)
            if title is None:
                prose.append(self.lines[place])
                place += 1
                continue
            end = self.end_of_section(body, is_google=body == place + 1)
            name = title.lower()
            if name in PARAMETERS:
                self.read_parameters(self.lines[body:end], is_google=body == place + 1)
            elif name not in DROPPED:
                self.kept.append("\n".join([f"{title}:"] + self.raw[body:end]).rstrip())
            place = end
        return prose

    def title_at(self, place):
        """The title of a section that begins here and the line where its body begins."""
        line = self.lines[place]
        following = self.lines[place + 1] if place + 1 < len(self.lines) else ""
        if re.fullmatch(r"[A-Z][A-Za-z ]*:", line) and following.startswith(" "):
            return line[:-1], place + 1
        if re.fullmatch(r"[A-Z][A-Za-z ]*", line) and re.fullmatch(r"-{3,}", following):
            return line, place + 2
        return None, place

    def end_of_section(self, start, is_google):
        place = start
        while place < len(self.lines):
            line = self.lines[place]
            if is_google and line and not line.startswith(" "):
                break
            if not is_google and self.title_at(place)[0] is not None:
                break
            place += 1
        return place

    def read_parameters(self, lines, is_google):
        lines = [line for line in lines if line.strip()]
        if not lines:
            return
        indent = min(len(line) - len(line.lstrip()) for line in lines)
        names = []
        for line in lines:
            own = len(line) - len(line.lstrip()) == indent
            pattern = r"\*{0,2}([\w, *]+?)\s*(?:\(.*?\))?\s*:\s*(.*)" if is_google else r"([\w, *]+?)\s*(?::.*)?"
            found = re.fullmatch(pattern, line.strip()) if own else None
            if found:
                names = [name.strip(" *") for name in found[1].split(",")]
                for name in names:
                    self.parameters[name] = found[2] if is_google else ""
            else:
                for name in names:
                    self.parameters[name] = "\n".join(filter(None, [self.parameters[name], line.strip()]))

    def read_fields(self, lines):
        """Takes `:param int a: text` and its like out and returns the rest."""
        prose, name = [], None
        for line in lines:
            if found := re.match(r":(\w+)(?:\s+([^:]*))?:\s*(.*)", line):
                is_parameter = found[1] in ("param", "parameter", "arg", "argument", "key", "keyword") and found[2]
                name = found[2].split()[-1] if is_parameter else ""
                if name:
                    self.parameters[name] = found[3]
            elif name is not None and line.startswith(" "):
                if name:
                    self.parameters[name] += "\n" + line.strip()
            else:
                name = None if line else name
                prose.append(line)
        return prose

    def join(self, prose):
        """The summary, the paragraphs below it and the sections that stay, with empty lines between."""
        lines = "\n".join(prose).strip().split("\n")
        rest = re.sub(r"\n{3,}", "\n\n", "\n".join(lines[1:]).strip())
        return "\n\n".join(part for part in [lines[0].strip(), rest, *self.kept] if part)
