"""Users' own tools through the published clients and in a real process: made, attached, run, and what a kill leaves."""

import threading

import httpx
import pytest

from conftest import client_of
from harness import unknown
from steps import fresh, ids, make_agent, refused, until
from test_messages import kinds, script
from toolsources import BIGSRC, BOOMSRC, SLOWSRC, TOOLSRC


def source(name, docstring="Do it.", body="return str(a)"):
    return f'def {name}(a: int) -> str:\n    """{docstring}\n\n    Args:\n        a (int): number\n    """\n    {body}\n'


@pytest.mark.clients
def test_a_tool_is_made_changed_and_deleted(client):
    name = fresh("t").replace("-", "_")
    made = client.create_tool(source(name), tags=["x"], return_char_limit=100)
    assert (made.name, made.description, made.tool_type, made.return_char_limit) == (name, "Do it.", "custom", 100)
    assert made.json_schema["parameters"] == {
        "type": "object", "properties": {"a": {"type": "integer", "description": "number"}}, "required": ["a"]}
    again = client.upsert_tool(source(name, "Do that."))
    assert (again.id, again.description, again.tags) == (made.id, "Do that.", ["x"])
    assert ids(client.tools(name=name)) == [made.id]
    assert client.update_tool(made.id, description="mine", tags=["y"]).tags == ["y"]
    assert client.tool(made.id).description == "mine"
    client.delete_tool(made.id)
    for call in (client.tool, client.delete_tool):
        with refused(client, 404):
            call(made.id)
    with refused(client, 404):
        client.update_tool(unknown("tool"), description="x")


@pytest.mark.clients
def test_what_can_not_be_a_tool_is_refused(client):
    for bad, words in (("x = 1", "No functions found"), ("def f(a):\n    'F.'\n", "lacks a type annotation"), ("def f(", "parse")):
        with refused(client, 400) as refusal:
            client.create_tool(bad)
        assert words in refusal.body["detail"]
    with refused(client, 409):
        client.create_tool(source("send_message"))


@pytest.mark.only("legacy")
@pytest.mark.clients
def test_tools_are_counted_and_source_is_run_once(client):
    before = client.tool_count()
    client.create_tool(source(fresh("t").replace("-", "_")))
    assert client.tool_count() == before + 1
    ran = client.run_source(TOOLSRC, {"a": "1"})
    assert (ran.status, ran.tool_return, ran.stdout) == ("success", "3", ["adding\n"])
    failed = client.run_source(BOOMSRC, {"why": "w"}, name="boom")
    assert (failed.status, failed.tool_return) == ("error", "Error executing function boom: ValueError: boom: w")
    assert "Traceback" in failed.stderr[0] and failed.stdout == ["about to fail\n"]
    assert client.tool_count() == before + 1


@pytest.mark.clients
def test_an_agent_runs_the_recorded_tools(client):
    """The tools of the recordings give what the peer's turns had."""
    tools = [client.upsert_tool(code) for code in (TOOLSRC, BOOMSRC, BIGSRC, SLOWSRC)]
    agent = make_agent(client, tools=["add", "boom", "big"], memory_blocks=[{"label": "human", "value": "h"}])
    client.attach_tool(agent.id, tools[3].id)
    calls = [("add", {"a": 1, "b": 2}), ("add", {"a": "one", "zz": 3}), ("add", {}), ("boom", {"why": "test"}), ("big", {"n": 60000}),
             ("slow", {"seconds": 0})]
    steps = [{"call": name, "args": args} for name, args in calls]
    answer = client.send(agent.id, script(*steps, {"say": "done"}))
    assert kinds(answer.messages) == ["tool_call_message", "tool_return_message"] * len(calls) + ["assistant_message"]
    results = [message for message in answer.messages if message.message_type == "tool_return_message"]
    assert [(result.status, result.tool_return) for result in results[:4]] == [
        ("success", "3"), ("error", "Error executing function add: ValueError: invalid literal for int() with base 10: 'one'"),
        ("error", "Error executing function add: TypeError: add() missing 1 required positional argument: 'a'"),
        ("error", "Error executing function boom: ValueError: boom: test")]
    assert results[0].stdout == ["adding\n"] and results[0].stderr == []
    assert results[4].tool_return.endswith("... [NOTE: function output was truncated since it exceeded the character limit (60000 > 50000)]")
    assert (results[5].status, results[5].tool_return) == ("success", "slept")


TYPEDSRC = '''from dataclasses import dataclass
from datetime import date
from enum import Enum


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Order:
    day: date
    size: Size = Size.SMALL


def order_all(orders: list[Order], agent_state: "AgentState") -> str:
    """Order.

    Args:
        orders: what to order
    """
    agent_state.memory.update_block_value(label="human", value=f"ordered {len(orders)}")
    return ", ".join(f"{order.size.name} {order.day.year}" for order in orders)
'''


@pytest.mark.clients
def test_a_tool_gets_objects_and_changes_memory(client):
    made = client.upsert_tool(TYPEDSRC)
    order = made.json_schema["parameters"]["properties"]["orders"]["items"]
    assert order == {
        "type": "object", "required": ["day"], "properties": {
            "day": {"type": "string", "format": "date"}, "size": {"type": "string", "enum": ["small", "large"]}}}
    agent = make_agent(client, tools=["order_all"], memory_blocks=[{"label": "human", "value": "h"}])
    orders = [{"day": "2026-01-31"}, {"day": "2027-01-31", "size": "large"}]
    answer = client.send(agent.id, script({"call": "order_all", "args": {"orders": orders}}, {"say": "done"}))
    assert (answer.messages[1].status, answer.messages[1].tool_return) == ("success", "SMALL 2026, LARGE 2027")
    assert client.agent_block(agent.id, "human").value == "ordered 2"


@pytest.mark.only("v1")
@pytest.mark.clients
def test_a_tool_of_an_agent_is_run_without_a_message(client):
    client.upsert_tool(TOOLSRC)
    agent = make_agent(client, tools=["add", "memory_insert"], memory_blocks=[{"label": "human", "value": "h"}])
    ran = client.run_agent_tool(agent.id, "add", {"a": 1, "b": 5})
    assert (ran.status, ran.func_return, ran.stdout, ran.stderr) == ("success", 6, ["adding\n"], [])
    ran = client.run_agent_tool(agent.id, "memory_insert", {"label": "human", "new_string": "x", "insert_line": 0})
    assert (ran.func_return, ran.stdout) == ("x\nh", None)
    with refused(client, 404):
        client.run_agent_tool(agent.id, "zzz", {})
    with refused(client, 404):
        client.run_agent_tool(unknown("agent"), "add", {})


@pytest.mark.clients
def test_agents_ask_each_other(client):
    helper = make_agent(client, name=fresh("helper"))
    boss = make_agent(client, name=fresh("boss"), tools=["send_message_to_agent_and_wait_for_reply"])
    ask = {"call": "send_message_to_agent_and_wait_for_reply", "args": {"message": "ping", "other_agent_id": helper.id}}
    answer = client.send(boss.id, script(ask, {"say": "done"}))
    returned = answer.messages[1]
    assert returned.status == "success" and returned.tool_return.startswith(f"{{'agent_id': '{helper.id}', 'response': [")


@pytest.mark.clients
def test_tools_survive_a_restart(own_server):
    client = client_of(own_server)
    tool = client.create_tool(source("survivor"), description="mine", tags=["x"])
    agent = make_agent(client, tools=["survivor"])
    before = client.tool(tool.id).model_dump(mode="json")
    own_server.restart()
    assert client.tool(tool.id).model_dump(mode="json") == before
    answer = client.send(agent.id, script({"call": "survivor", "args": {"a": 5}}, {"say": "done"}))
    assert answer.messages[1].tool_return == "5"


@pytest.mark.engine
def test_a_call_is_known_after_a_kill(own_server):
    """A tool with outside effects is never run without a trace: its call is stored first, and closed when the server is back."""
    with own_server.http() as http:
        http.put("/v1/tools/", json={"source_code": SLOWSRC}).raise_for_status()
        agent = http.post("/v1/agents/", json={"model": "openai-proxy/gpt-4o-mini", "tools": ["slow"]}).json()["id"]
        path = f"/v1/agents/{agent}/messages"

        def send():
            try:
                httpx.post(own_server.url + path, json={"input": script({"call": "slow", "args": {"seconds": 100}})})
            except httpx.HTTPError:
                pass  # the server is killed meanwhile

        sender = threading.Thread(target=send)
        sender.start()
        # It is stored before the tool runs, and the tool takes longer than this is waited for.
        until(lambda: http.get(path).json(), lambda messages: messages[-1]["message_type"] == "tool_call_message", seconds=60)
        own_server.process.kill()
        sender.join()
    own_server.start()
    with own_server.http() as http:
        assert http.get(path).json()[-1]["message_type"] == "tool_call_message"
        answer = http.post(path, json={"input": "hello"})
        assert answer.status_code == 200, answer.text
        said = [(message["message_type"], message.get("tool_return", "")) for message in http.get(path).json()]
        assert [kind for kind, _ in said[-4:]] == ["tool_call_message", "tool_return_message", "user_message", "assistant_message"]
        assert "interrupted" in said[-3][1]


@pytest.mark.engine
def test_secrets_reach_the_agents_tools_and_nothing_of_the_servers_does(own_server):
    look = source("look", body="import os; return str(sorted(os.environ.items()))")
    with own_server.http() as http:
        http.put("/v1/tools/", json={"source_code": look}).raise_for_status()
        agent = http.post("/v1/agents/", json={
            "model": "openai-proxy/gpt-4o-mini", "tools": ["look"], "secrets": {"MINE": "agent secret"}}).json()["id"]
        answer = http.post(f"/v1/agents/{agent}/messages", json={"input": script({"call": "look", "args": {"a": 1}}, {"say": "k"})})
        seen = answer.json()["messages"][1]["tool_return"]
    assert "('MINE', 'agent secret')" in seen and agent in seen
    for name in own_server.environment():
        if name not in ("PATH", "HOME", "LANG"):
            assert name not in seen


def greet(name: str) -> str:
    """Greets somebody.

    Args:
        name (str): who
    """
    return "Hello " + name


@pytest.mark.clients
@pytest.mark.only("legacy")
def test_tools_are_made_of_functions(client):
    tools = client.raw.tools
    made = tools.upsert_from_function(func=greet, tags=["f"])
    assert (made.name, made.tags, made.json_schema["parameters"]["required"]) == ("greet", ["f"], ["name"])
    assert tools.upsert_from_function(func=greet).id == made.id
    client.delete_tool(made.id)
    made = tools.create_from_function(func=greet)
    assert client.run_source(made.source_code, {"name": "Ann"}).tool_return == "Hello Ann"
    client.delete_tool(made.id)


@pytest.mark.clients
@pytest.mark.only("legacy")
def test_tools_are_made_of_classes(client):
    from pydantic import BaseModel, Field

    from letta_client.client import BaseTool

    class Item(BaseModel):
        name: str = Field(..., description="what")

    class Shelf(BaseModel):
        items: list[Item] = Field(..., description="what to put there")

    class StockShelf(BaseTool):
        name: str = "stock_shelf"
        args_schema: type[BaseModel] = Shelf
        description: str = "Puts things on a shelf."

        def run(self, items: list[Item]) -> str:
            """Puts things on a shelf.

            Args:
                items: what to put there
            """
            return str(len(items))

    made = client.raw.tools.add(tool=StockShelf())
    assert made.name == "stock_shelf" and "items" in made.json_schema["parameters"]["properties"]
    client.delete_tool(made.id)


@pytest.mark.clients
@pytest.mark.only("legacy")
def test_base_tools_are_made_again(client):
    names = {tool.name for tool in client.raw.tools.upsert_base_tools()}
    assert {"send_message", "memory_insert", "conversation_search", "archival_memory_search"} <= names
