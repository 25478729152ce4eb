# Turns arguments that came as JSON into the objects that a function's signature names.
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import inspect
import pathlib
import sys
import types
import typing
import uuid

PLAIN = (str, int, float, bool, dict, list, bytes, object)
LISTS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Iterable, collections.abc.Collection)
SETS = {set: set, frozenset: frozenset, collections.abc.Set: set, collections.abc.MutableSet: set}
DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
TEXTS = {datetime.date: datetime.date.fromisoformat, datetime.time: datetime.time.fromisoformat, uuid.UUID: uuid.UUID,
         pathlib.Path: pathlib.Path, decimal.Decimal: decimal.Decimal}


def parameter_types(function):
    """The types of the parameters, without those that can't be told."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    target = inspect.unwrap(function)
    names = getattr(target, "__globals__", {})
    found = {}
    for parameter in parameters:
        if parameter.annotation is not parameter.empty and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            resolved = resolve(parameter.name, parameter.annotation, names)
            if resolved is not None:
                found[parameter.name] = resolved
    return found


def resolve(name, annotation, names):
    """One at a time: another parameter's type may not be known here, as AgentState is not."""
    try:
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        return typing.get_type_hints(holder, globalns=names, include_extras=True)[name]
    except Exception:
        return None


def typed(value, hint, place):
    """The value as the type asks for it; as it is where the type says nothing that matters here."""
    if value is None or hint is None:
        return value
    if hasattr(hint, "__supertype__"):
        return typed(value, hint.__supertype__, place)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Annotated, getattr(typing, "Required", None), getattr(typing, "NotRequired", None)):
        return typed(value, arguments[0], place)
    if origin in (typing.Union, types.UnionType):
        return chosen(value, [member for member in arguments if member is not type(None)], place)
    if origin is tuple or hint is tuple:
        return in_tuple(value, arguments, place)
    if (origin or hint) in SETS and isinstance(value, (list, tuple, set)):
        return SETS[origin or hint](typed(item, arguments[0] if arguments else None, place) for item in value)
    if origin in LISTS and isinstance(value, list):
        return [typed(item, arguments[0] if arguments else None, f"{place}[{index}]") for index, item in enumerate(value)]
    if origin in DICTS and isinstance(value, dict) and len(arguments) == 2:
        return {as_key(key, arguments[0], place): typed(item, arguments[1], f"{place}.{key}") for key, item in value.items()}
    if not isinstance(hint, type) or hint in PLAIN:
        return value
    try:
        return in_class(value, hint, place)
    except (TypeError, ValueError, KeyError, OverflowError, decimal.InvalidOperation) as error:
        if str(error).startswith("argument '"):
            raise
        raise ValueError(f"argument '{place}' is no {hint.__name__}: {error}") from None


def chosen(value, members, place):
    """The first member of a union that the value fits."""
    failure = None
    for member in members:
        if isinstance(member, type) and member in PLAIN:
            # As it is only if nothing has to be made of it.
            if type(value) is member or (member is float and type(value) is int):
                return value
            continue
        try:
            return typed(value, member, place)
        except Exception as error:
            failure = error
    if failure is not None and not any(member in PLAIN for member in members if isinstance(member, type)):
        raise failure
    return value


def in_tuple(value, arguments, place):
    if not isinstance(value, (list, tuple)):
        return value
    if not arguments or (len(arguments) == 2 and arguments[1] is Ellipsis):
        return tuple(typed(item, arguments[0] if arguments else None, place) for item in value)
    if len(value) != len(arguments):
        raise ValueError(f"argument '{place}' needs {len(arguments)} items, not {len(value)}")
    return tuple(typed(item, hint, f"{place}[{index}]") for index, (item, hint) in enumerate(zip(value, arguments)))


def as_key(key, hint, place):
    return int(key) if hint is int else typed(key, hint, place)


def in_class(value, hint, place):
    if isinstance(value, hint):
        return value
    if hasattr(hint, "model_validate"):  # pydantic 2
        return hint.model_validate(value)
    if hasattr(hint, "parse_obj"):  # pydantic 1
        return hint.parse_obj(value)
    if issubclass(hint, enum.Enum):
        return member_of(hint, value, place)
    if typing.is_typeddict(hint) and isinstance(value, dict):
        return members(value, hint, place)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        names = {field.name for field in dataclasses.fields(hint) if field.init}
        return hint(**{name: item for name, item in members(value, hint, place).items() if name in names})
    if issubclass(hint, tuple) and hasattr(hint, "_fields"):
        return hint(**members(value, hint, place)) if isinstance(value, dict) else hint(*value)
    if issubclass(hint, datetime.datetime):
        return hint.fromisoformat(value)
    if issubclass(hint, datetime.timedelta):
        return hint(seconds=float(value))
    for kind, make in TEXTS.items():
        if issubclass(hint, kind):
            return make(str(value))
    return value


def member_of(hint, value, place):
    try:
        return hint(value)
    except ValueError:
        pass
    if isinstance(value, str) and value in hint.__members__:
        return hint[value]
    allowed = ", ".join(repr(member.value) for member in hint)
    raise ValueError(f"argument '{place}' is {value!r}, which is no {hint.__name__}. Use one of {allowed}")


def members(value, hint, place):
    names = vars(sys.modules[hint.__module__]) if hint.__module__ in sys.modules else {}
    own = {}
    for owner in reversed(hint.__mro__):
        own.update(getattr(owner, "__annotations__", {}))
    return {name: typed(item, resolve(name, own[name], names), f"{place}.{name}") if name in own else item
            for name, item in value.items()}
