"""Every method of the installed client is called by some test, or is in the list below with its reason."""

import ast
import inspect
from pathlib import Path

import pytest

from conftest import GENERATION

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent
# The client itself, not the server.
PLUMBING = {"close", "copy", "delete", "get", "get_api_list", "is_closed", "patch", "platform_headers", "post", "put", "request", "with_options"}
COMPOSIO = "a service of others, whose tools come over MCP now"
RELAY = "computers of the hosted service, which needs its relay"
EXEMPT = {
    "v1": {
        "environments.list": RELAY,
        "environments.retrieve": RELAY,
        "environments.send_message": RELAY,
    },
    "legacy": {
        "tools.add_composio_tool": COMPOSIO,
        "tools.list_composio_actions_by_app": COMPOSIO,
        "tools.list_composio_apps": COMPOSIO,
    },
}


def methods_of(client):
    """The names of a client's methods, with those of the resources below it: `agents.messages.create`."""
    found = set()

    def walk(resource, path):
        for name in {*dir(type(resource)), *vars(resource)}:
            if name.startswith("_") or name.startswith("with_") or (not path and name in PLUMBING):
                continue
            member = getattr(resource, name)
            if inspect.ismethod(member):
                found.add(".".join([*path, name]))
            elif type(member).__name__.endswith(("Resource", "Client")) and type(member).__module__.startswith("letta_client"):
                walk(member, [*path, name])

    walk(client, [])
    return found


def chain(node):
    """The names of `a.b.c`, or none when it begins otherwise."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ["?", *reversed(names)]
    return [node.id, *reversed(names)]


def for_other_generations(node):
    """Whether a test or a file is marked for another generation alone."""
    marks = [child for child in ast.walk(node) if isinstance(child, ast.Call) and chain(child.func)[-2:] == ["mark", "only"]]
    return any(GENERATION not in [argument.value for argument in mark.args] for mark in marks)


def functions_of(path):
    """The tests and other functions of a file that run for this generation."""
    tree = ast.parse(path.read_text())
    marks = [node for node in tree.body if isinstance(node, ast.Assign) and chain(node.targets[0]) == ["pytestmark"]]
    if any(for_other_generations(node.value) for node in marks):
        return []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [node for node in functions if not any(for_other_generations(mark) for mark in node.decorator_list)]


def used_by(function):
    """What a function names behind `client.raw`, and behind a client of any name."""
    aliases, used = {}, set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and "raw" in (names := chain(node.value)):
            aliases[node.targets[0].id] = names[names.index("raw") + 1:]
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            first, *rest = chain(node)
            names = [*aliases.get(first, []), *rest]
            used.add(".".join(names[names.index("raw") + 1:] if "raw" in names else names))
    return used


def called():
    tests = [function for path in HERE.glob("test_*.py") for function in functions_of(path)]
    used = set().union(*(used_by(function) for function in tests))
    # The names that both generations share stand for what they call.
    shared = {function.name: used_by(function) for function in functions_of(HERE / f"{GENERATION}.py")}
    return used.union(*(names for name, names in shared.items() if name in used))


def test_every_method_of_the_client_is_called(client):
    every, exempt, used = methods_of(client.raw), EXEMPT[GENERATION], called()
    assert len(every) > 100 and {"agents.create", "agents.messages.create", "tools.list"} <= every
    assert set(exempt) <= every and all(exempt.values())
    assert sorted(every - used - set(exempt)) == []
    assert not used & set(exempt)
