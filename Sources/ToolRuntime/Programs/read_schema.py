# Tells what a model has to know of a user's function: its name, description and parameters as a JSON schema. The source is
# parsed and never run.
# Request: source, language, function (or null), arguments_schema (or null). Answer: {"schema": …, "missing": packages that the source
# imports and that are not installed} or {"error": "…"}.
# The types of the parameters are described by the program that stands before this one.
import ast
import importlib.util
import re
import sys

SKIPPED = ("self", "cls", "agent_state")
PARAMETERS = {"args", "arguments", "parameters", "params", "keyword args", "keyword arguments", "other parameters"}
DROPPED = {"returns", "return", "yields", "yield", "raises", "raise", "exceptions", "except", "attributes"}


def work(request):
    try:
        if request.get("language") == "typescript":
            return {"schema": typescript_schema(request["source"], request.get("function"))}
        tree = parse(request["source"])
        function = find_function(tree, request.get("function"))
        return {"schema": schema_of(function, tree, request.get("arguments_schema")), "missing": missing_packages(tree)}
    except Refusal as refusal:
        return {"error": str(refusal)}
    except RecursionError:
        return {"error": "Failed to parse source code: it is nested too deeply"}


def missing_packages(tree):
    """What the source imports and is not installed here. An import that may fail is none that is needed."""
    names, waiting = [], [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module)
        elif not isinstance(node, ast.Try):
            waiting += ast.iter_child_nodes(node)
    packages = dict.fromkeys(name.split(".")[0] for name in names)
    return [name for name in packages if name not in sys.stdlib_module_names and not is_installed(name)]


def is_installed(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def parse(source):
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise Refusal(f"Failed to parse source code: {error}")


def find_function(tree, name):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in tree.body if isinstance(node, kinds)]
    if not functions:
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        functions = [node for owner in classes for node in owner.body if isinstance(node, kinds)]
    if not functions:
        raise Refusal("No functions found in source code")
    return next((function for function in functions if function.name == name), functions[-1])


def schema_of(function, tree, arguments_schema):
    text = ast.get_docstring(function, clean=False)
    if arguments_schema is not None:
        description = {"description": ast.get_docstring(function)} if text and text.strip() else {}
        return {"name": function.name, **description, "parameters": given_parameters(arguments_schema)}
    if not text or not text.strip():
        raise Refusal(f"Function {function.name} missing docstring (line {function.lineno})")
    docstring = Docstring(text)
    parameters = own_parameters(function, docstring, Types(tree, field_texts))
    return {"name": function.name, "description": docstring.description, "parameters": parameters}


def given_parameters(schema):
    properties = {name: {key: value for key, value in part.items() if key != "title"} if isinstance(part, dict) else part
                  for name, part in (schema.get("properties") or {}).items()}
    return {"type": "object", "properties": properties, "required": schema.get("required") or []}


def own_parameters(function, docstring, types):
    given = function.args
    plain = given.posonlyargs + given.args
    defaults = [None] * (len(plain) - len(given.defaults)) + given.defaults
    every = list(zip(plain, defaults)) + list(zip(given.kwonlyargs, given.kw_defaults))
    properties, required = {}, []
    for parameter, default in every:
        name = parameter.arg
        if name in SKIPPED:
            continue
        place = f"Parameter '{name}' in function '{function.name}'"
        if parameter.annotation is None:
            raise Refusal(f"Type error in schema generation: {place} lacks a type annotation (line {parameter.lineno})")
        shape, can_be_missing = types.shape(parameter.annotation, name)
        text = docstring.parameters.get(name) or shape.get("description") or class_text(parameter.annotation, types)
        if not text:
            raise Refusal(f"Value error in schema generation: {place} lacks a description in the docstring (line {parameter.lineno})")
        shape.pop("description", None)
        properties[name] = {**shape, "description": text}
        if default is None and not can_be_missing:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def class_text(annotation, types):
    """The first sentence of the docstring of the parameter's own class."""
    node = types.classes.get(type_name(annotation))
    text = ast.get_docstring(node) if node is not None else None
    return text.strip().split("\n")[0] if text and text.strip() else None


def field_texts(node):
    """What the docstring of a class says of its fields."""
    text = ast.get_docstring(node, clean=False)
    return Docstring(text, fields=True).parameters if text and text.strip() else {}


# Docstrings

class Docstring:
    """The parts of a docstring in Google's, NumPy's or reST's style."""

    def __init__(self, text, fields=False):
        self.parameter_titles = PARAMETERS | {"attributes", "fields"} if fields else PARAMETERS
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
            if name in self.parameter_titles:
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
