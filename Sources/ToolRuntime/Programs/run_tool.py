# Calls a function of a user's source with arguments that came as JSON.
# Request: source, name, arguments, properties and required (of the tool's schema), environment, agent (or null), packages (a folder,
# or null), language (for one that node runs), api (the server's url and a token for it, or null).
# Answer: {"text", "value"?, "memory"?} or {"error": "ValueError: …"}; the traceback is on stderr.
# The conversions and the agent's object come from the programs that stand before this one.
import ast
import dataclasses
import datetime
import enum
import inspect
import json
import linecache
import math
import os
import sys
import traceback
import types
import typing

FILE = "tool.py"


def work(request):
    try:
        os.environ.clear()
        os.environ.update(request["environment"])
        if request.get("packages"):
            sys.path.insert(0, request["packages"])
        if request.get("language"):
            return run_script(request)
        agent = AgentState(request["agent"]) if request.get("agent") else None
        result = call(load(request), request, agent)
        answer = shown(result)
        # Not to be copied several times before it is found to be too long.
        if len(answer["text"]) > request["limits"]["answer"]:
            raise ValueError(f"it returned more than {request['limits']['answer'] >> 20} MB")
        return {**answer, **({"memory": agent.memory.changes()} if agent else {})}
    except BaseException as error:
        report(error)
        return {"error": described(error)}


def load(request):
    source = request["source"]
    linecache.cache[FILE] = (len(source), None, source.splitlines(True), FILE)
    tree = ast.parse(source, FILE)
    module = types.ModuleType("tool")
    # Many tools are written as if all of typing were imported.
    module.__dict__.update({name: getattr(typing, name) for name in typing.__all__})
    module.client = Client(request.get("api"))
    sys.modules["tool"] = module
    exec(compile(tree, FILE, "exec"), module.__dict__)
    names = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    name = request["name"] if request["name"] in names else names[-1] if names else request["name"]
    function = module.__dict__.get(name)
    if not callable(function):
        raise NameError(f"name '{name}' is not defined")
    return function


class Client:
    """A client of the server that is made when it is used."""

    def __init__(self, api):
        self._api, self._made = api, None

    def __getattr__(self, name):
        if self._made is None:
            if not self._api:
                raise RuntimeError("client is there for tools that an agent calls or that have a key in LETTA_API_KEY, where the server keeps Python warm")
            try:
                from letta_client import Letta
            except ModuleNotFoundError:
                text = "client needs the package letta-client: list it in the tool's pip_requirements"
                raise ModuleNotFoundError(text, name="letta_client") from None
            key = "api_key" if "api_key" in inspect.signature(Letta.__init__).parameters else "token"
            self._made = Letta(base_url=self._api["url"], **{key: self._api["token"]})
        return getattr(self._made, name)


def call(function, request, agent):
    arguments, properties = dict(request["arguments"]), request["properties"]
    types = parameter_types(function)
    for name, value in arguments.items():
        if name in properties:
            value = converted(value, properties[name])
        arguments[name] = typed(value, types[name], name) if name in types else value
    # A model can't name the agent that calls.
    arguments.pop("agent_state", None)
    if agent is not None:
        arguments["agent_state"] = agent
    positional, named = bound(function, arguments, request)
    result = function(*positional, **named)
    if inspect.isawaitable(result):
        import asyncio

        async def wait():
            return await result
        result = asyncio.run(wait())
    return result


def bound(function, arguments, request):
    """Arguments that the function does not take are left out: models make some up."""
    positional, named = [], {}
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return positional, arguments
    for parameter in parameters:
        name, kind = parameter.name, parameter.kind
        if kind is parameter.VAR_POSITIONAL:
            continue
        if kind is parameter.VAR_KEYWORD:
            known = [other.name for other in parameters]
            named.update({key: value for key, value in arguments.items() if key not in known})
            continue
        if name in arguments:
            value = arguments[name]
        elif parameter.default is not parameter.empty:
            continue
        elif name in ("self", "agent_state") or (name in request["properties"] and name not in request["required"]):
            value = None
        else:
            continue  # the call itself complains
        if kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[name] = value
    return positional, named


def converted(value, schema):
    """The value in the type that the schema names, where there is a way."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if value is None or kind is None:
        return value
    if kind == "integer" and not isinstance(value, int):
        return int(value)
    if kind == "number" and not isinstance(value, (int, float)):
        return float(value)
    if kind == "boolean" and not isinstance(value, bool):
        return truth(value)
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value) if isinstance(value, (dict, list)) else str(value)
    if kind in ("array", "object") and isinstance(value, str):
        value = parsed(value, list if kind == "array" else dict)
    if kind == "array" and isinstance(value, list):
        return [converted(item, schema.get("items")) for item in value]
    if kind == "object" and isinstance(value, dict):
        members = schema.get("properties") or {}
        return {key: converted(item, members.get(key, schema.get("additionalProperties"))) for key, item in value.items()}
    return value


def truth(value):
    text = str(value).strip().lower()
    if text in ("true", "1", "1.0", "yes"):
        return True
    if text in ("false", "0", "0.0", "no", ""):
        return False
    raise ValueError(f"not a truth value: {value!r}")


def parsed(text, wanted):
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, wanted) else text


def shown(result):
    """A text as it is; an object as JSON; anything else as str() gives it, and as JSON where it is."""
    if isinstance(result, str):
        return {"text": str(result)}
    try:
        value = plain(result)
    except RecursionError:
        value = repr(result)
    return {"text": str(result), "value": value, "is_dict": isinstance(result, dict)}


def plain(value):
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value) if -(1 << 63) <= value < 1 << 63 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return plain_object(value)


def plain_object(value):
    """Models, dataclasses, enums and dates as a client would send them; anything else as it is printed."""
    if isinstance(value, type):
        return repr(value)
    try:
        if hasattr(value, "model_dump"):
            return plain(value.model_dump())
        if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    except Exception:
        return repr(value)
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else repr(value)


def described(error):
    try:
        text = str(error)
    except Exception:
        text = "?"
    if isinstance(error, ModuleNotFoundError) and error.name:
        text += f". If it is a package, list it in the tool's pip_requirements: [{{\"name\": \"{error.name.split('.')[0]}\"}}]"
    return f"{type(error).__name__}: {text}"


def report(error):
    """The traceback without the frames of this program."""
    place = error.__traceback__
    while place and place.tb_frame.f_code.co_filename != FILE:
        place = place.tb_next
    try:
        sys.stdout.flush()
        traceback.print_exception(type(error), error, place, file=sys.stderr)
    except Exception:
        pass
