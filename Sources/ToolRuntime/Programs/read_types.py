# Turns the types of a user's function into JSON schemas. The source is parsed and never run: a class is described by its text.
import ast

SCALARS = {"int": "integer", "str": "string", "float": "number", "bool": "boolean"}
# Written as texts; the tool gets the objects.
TEXTS = {"datetime": "date-time", "date": "date", "time": "time", "UUID": "uuid", "Path": None, "EmailStr": "email",
         "AnyUrl": "uri", "HttpUrl": "uri"}
NUMBER_KINDS = {"Decimal": "A decimal number", "timedelta": "In seconds"}
LISTS = {"list", "List", "Sequence", "MutableSequence", "Iterable", "Collection"}
SETS = {"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"}
DICTS = {"dict", "Dict", "Mapping", "MutableMapping"}
ENUMS = {"Enum", "StrEnum", "IntEnum"}
WRAPPERS = {"Annotated", "Required", "NotRequired", "ReadOnly", "Final", "SkipValidation"}
# What a field may say of its values, in pydantic's words and in JSON Schema's.
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf",
          "min_length": "minLength", "max_length": "maxLength", "pattern": "pattern", "regex": "pattern"}
LIST_BOUNDS = {"min_length": "minItems", "max_length": "maxItems", "min_items": "minItems", "max_items": "maxItems"}
DEEPEST = 40
# A schema that is longer is of no use to a model.
MOST_TYPES = 5000


class Refusal(Exception):
    pass


class Types:
    """The classes and the aliases of a source."""

    def __init__(self, tree, docstring_of):
        nodes = list(ast.walk(tree))
        self.classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
        self.aliases = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.aliases.setdefault(node.targets[0].id, node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                if type_name(node.annotation) == "TypeAlias":
                    self.aliases.setdefault(node.target.id, node.value)
            elif type(node).__name__ == "TypeAlias":
                self.aliases.setdefault(node.name.id, node.value)
        self.docstring_of = docstring_of
        self.open = []
        self.count = 0

    def shape(self, annotation, parameter):
        """The schema of a type, and whether None is one of its values."""
        self.count += 1
        if len(self.open) > DEEPEST or self.count > MOST_TYPES:
            raise Refusal(f"Value error in schema generation: the type of parameter '{parameter}' is nested too deeply")
        self.open.append(None)
        try:
            return self.shape_of(annotation, parameter)
        finally:
            self.open.pop()

    def shape_of(self, annotation, parameter):
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            return self.shape(parsed(annotation, parameter), parameter)
        members = union_members(annotation)
        if members is not None:
            return self.union(annotation, members, parameter)
        name, arguments = type_name(annotation), type_arguments(annotation)
        if name in self.classes and arguments is None:
            return self.class_shape(self.classes[name], annotation, parameter), False
        if name in WRAPPERS and arguments:
            shape, can_be_missing = self.shape(arguments[0], parameter)
            return with_details(shape, arguments[1:]), can_be_missing
        if name == "Literal" and arguments:
            return self.choice(annotation, arguments, parameter)
        if name in SCALARS and arguments is None:
            return {"type": SCALARS[name]}, False
        if name in LISTS or name in SETS:
            extra = {"uniqueItems": True} if name in SETS else {}
            if arguments is None:
                return {"type": "array", "items": {"type": "string"}, **extra}, False
            if len(arguments) == 1:
                return {"type": "array", "items": self.shape(arguments[0], parameter)[0], **extra}, False
        if name in ("tuple", "Tuple"):
            return self.tuple_shape(annotation, arguments, parameter), False
        if name in DICTS:
            if arguments is None or type_name(arguments[-1]) in ("Any", "object"):
                return {"type": "object"}, False
            if len(arguments) == 2 and self.is_key(arguments[0]):
                return {"type": "object", "additionalProperties": self.shape(arguments[1], parameter)[0]}, False
        if arguments is None and name in TEXTS:
            return {"type": "string", **({"format": TEXTS[name]} if TEXTS[name] else {})}, False
        if arguments is None and name in NUMBER_KINDS:
            return {"type": "number", "description": NUMBER_KINDS[name]}, False
        if name in self.aliases and arguments is None and name not in self.open:
            return self.alias(name, parameter)
        raise self.refused(annotation, parameter)

    def alias(self, name, parameter):
        value = self.aliases[name]
        if isinstance(value, ast.Call) and type_name(value.func) == "NewType" and len(value.args) == 2:
            value = value.args[1]
        self.open.append(name)
        try:
            return self.shape(value, parameter)
        finally:
            self.open.pop()

    def union(self, annotation, members, parameter):
        present = [member for member in members if not is_none(member)]
        pairs = [self.shape(member, parameter) for member in present]
        if not pairs:
            raise self.refused(annotation, parameter)
        can_be_missing = len(present) < len(members) or any(missing for _, missing in pairs)
        shapes = []
        for shape, _ in pairs:
            if shape not in shapes:
                shapes.append(shape)
        return (shapes[0] if len(shapes) == 1 else {"anyOf": shapes}), can_be_missing

    def is_key(self, annotation):
        name = type_name(annotation)
        return name in ("str", "int", "Literal") or (name in self.classes and self.is_a(self.classes[name], ENUMS))

    def tuple_shape(self, annotation, arguments, parameter):
        if arguments is None:
            return {"type": "array", "items": {"type": "string"}}
        if len(arguments) == 2 and isinstance(arguments[1], ast.Constant) and arguments[1].value is Ellipsis:
            return {"type": "array", "items": self.shape(arguments[0], parameter)[0]}
        shapes = [self.shape(argument, parameter)[0] for argument in arguments]
        different = [shape for place, shape in enumerate(shapes) if shape not in shapes[:place]]
        items = different[0] if len(different) == 1 else {"anyOf": different}
        return {"type": "array", "items": items, "minItems": len(shapes), "maxItems": len(shapes)}

    def choice(self, annotation, arguments, parameter):
        values = []
        for argument in arguments:
            try:
                values.append(ast.literal_eval(argument))
            except ValueError:
                member = self.enum_member(argument)
                if member is None:
                    raise self.refused(annotation, parameter)
                values.append(member)
        present = [value for value in values if value is not None]
        shape = enumeration(present)
        if shape is None:
            raise self.refused(annotation, parameter)
        return shape, len(present) < len(values)

    def enum_member(self, argument):
        """The value of `Color.RED`."""
        owner = self.classes.get(type_name(argument.value)) if isinstance(argument, ast.Attribute) else None
        return dict(enum_values(owner)).get(argument.attr) if owner is not None else None

    # Classes

    def class_shape(self, node, annotation, parameter):
        if node in self.open:
            # A class inside itself, as in a tree: described once.
            return {"type": "object", "description": f"Another {node.name}"}
        if self.is_a(node, ENUMS):
            shape = enumeration([value for _, value in enum_values(node)])
            if shape is None:
                raise self.refused(annotation, parameter)
            return shape
        if not self.has_fields(node):
            raise self.refused(annotation, parameter)
        self.open.append(node)
        try:
            return self.fields(node, parameter)
        finally:
            self.open.pop()

    def is_a(self, node, names):
        return any(type_name(base) in names for one in self.lineage(node) for base in one.bases)

    def lineage(self, node, known=()):
        """The class and those of its bases that are in the source."""
        found = [node]
        for base in node.bases:
            other = self.classes.get(type_name(base))
            if other is not None and other is not node and other not in known:
                found += [one for one in self.lineage(other, (*known, node)) if one not in found]
        return found

    def has_fields(self, node):
        named = {"BaseModel", "TypedDict", "NamedTuple", "RootModel", "SQLModel", "BaseSettings"}
        return self.is_a(node, named) or any(is_dataclass(one) for one in self.lineage(node))

    def fields(self, node, parameter):
        is_total = not any(word.arg == "total" and literal(word.value) is False for word in node.keywords)
        properties, required = {}, []
        for owner in reversed(self.lineage(node)):
            texts = self.docstring_of(owner)
            for entry in owner.body:
                if not isinstance(entry, ast.AnnAssign) or not isinstance(entry.target, ast.Name):
                    continue
                name, kind = entry.target.id, type_name(entry.annotation)
                if kind in ("ClassVar", "InitVar") or name.startswith("_") or name == "model_config":
                    continue
                field = Field(entry.value)
                if not field.is_given:
                    continue
                shape, can_be_missing = self.shape(entry.annotation, parameter)
                shape = field.bounded(shape)
                text = field.description or shape.get("description") or texts.get(name)
                key = field.alias or name
                properties[key] = {**shape, **({"description": text} if text else {})}
                required = [other for other in required if other != key]
                if not field.has_default and kind != "NotRequired" and (is_total or kind == "Required") and not can_be_missing:
                    required.append(key)
        return {"type": "object", "properties": properties, "required": required}

    def refused(self, annotation, parameter):
        line = getattr(annotation, "lineno", None)
        place = f" (line {line})" if line else ""
        return Refusal(
            f"Value error in schema generation: Python type {ast.unparse(annotation)} of parameter '{parameter}'{place} has no "
            "corresponding JSON schema type. Use int, str, float, bool, list, dict, tuple, set, Optional, Union, Literal, a date, or a "
            "pydantic model, a dataclass, a TypedDict or an Enum of the same source, or give a json_schema.")


class Field:
    """The right side of a field: a default, or a call of `Field` or `field`."""

    def __init__(self, value):
        call = value if isinstance(value, ast.Call) and type_name(value.func) in ("Field", "field") else None
        words = {word.arg: word.value for word in call.keywords} if call else {}
        first = call.args[0] if call and call.args else words.get("default")
        is_open = first is None or (isinstance(first, ast.Constant) and first.value is Ellipsis)
        if call is None:
            self.has_default = value is not None and not (isinstance(value, ast.Constant) and value.value is Ellipsis)
        else:
            self.has_default = not is_open or "default_factory" in words
        self.is_given = literal(words.get("init")) is not False
        self.alias = text_of(words.get("validation_alias")) or text_of(words.get("alias"))
        self.description = text_of(words.get("description"))
        self.words = words

    def bounded(self, shape):
        return with_bounds(shape, self.words)


def with_bounds(shape, words):
    names = LIST_BOUNDS if shape.get("type") == "array" else BOUNDS if shape.get("type") in ("string", "integer", "number") else {}
    found = {names[name]: literal(value) for name, value in words.items() if name in names}
    return {**shape, **{name: value for name, value in found.items() if isinstance(value, (int, float, str))}}


def with_details(shape, details):
    """What stands behind the type in `Annotated[…]`."""
    for detail in details:
        text = text_of(detail)
        if text is None and isinstance(detail, ast.Call):
            words = {word.arg: word.value for word in detail.keywords}
            shape = with_bounds(shape, words)
            if type_name(detail.func) in ("Field", "Doc"):
                text = text_of(words.get("description")) or (text_of(detail.args[0]) if detail.args else None)
        if text and "description" not in shape:
            shape = {**shape, "description": text}
    return shape


def enumeration(values):
    kinds = {type(value) for value in values}
    names = {str: "string", int: "integer", bool: "boolean", float: "number"}
    if not kinds or not kinds <= set(names):
        return None
    return {"type": names[kinds.pop()], "enum": values} if len(kinds) == 1 else {"enum": values}


def enum_values(node):
    """The members of an Enum with their values. `auto()` counts, or is the name in lower case in a StrEnum."""
    is_text = any(type_name(base) == "StrEnum" for base in node.bases)
    found, last = [], 0
    for entry in node.body:
        if not isinstance(entry, ast.Assign) or len(entry.targets) != 1 or not isinstance(entry.targets[0], ast.Name):
            continue
        name, value = entry.targets[0].id, entry.value
        if name.startswith("_"):
            continue
        if isinstance(value, ast.Call) and type_name(value.func) == "auto":
            value = name.lower() if is_text else last + 1
        else:
            value = literal(value, name)
        last = value if isinstance(value, int) else last
        if not isinstance(value, (str, int, float)):
            value = name  # a value that JSON has no form for: the tool takes names as well
        found.append((name, value))
    return found


def is_dataclass(node):
    decorators = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    return any(type_name(item) == "dataclass" for item in decorators)


def parsed(constant, parameter):
    try:
        inner = ast.parse(constant.value, mode="eval").body
    except (SyntaxError, ValueError):
        raise Refusal(f"Value error in schema generation: Python type {constant.value!r} of parameter '{parameter}' (line "
                      f"{constant.lineno}) is not a type")
    for node in ast.walk(inner):
        node.lineno = constant.lineno
    return inner


def literal(node, otherwise=None):
    try:
        return ast.literal_eval(node) if node is not None else otherwise
    except (ValueError, TypeError, SyntaxError):
        return otherwise


def text_of(node):
    value = literal(node)
    return value if isinstance(value, str) and value.strip() else None


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
