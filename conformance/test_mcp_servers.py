"""MCP servers as rows, through the published clients: by name in the first generation, by id in the second."""

import shutil
from pathlib import Path

import pytest

import harness
from conftest import client_of
from harness import unknown
from steps import fresh, refused

pytestmark = pytest.mark.clients

MASK = "********"
REMOTE = {"server_url": "https://example.com/mcp", "auth_header": "X-Key", "auth_token": "t", "custom_headers": {"X-Other": "v"}}
COMMAND = {"command": "uvx", "args": ["mcp-server-git"], "env": {"TOKEN": "t"}}


def remote(server):
    return server.server_url, server.auth_header, server.auth_token, server.custom_headers


@pytest.mark.only("v1")
def test_servers_by_id(own_server):
    client = client_of(own_server)
    web = client.create_mcp_server(server_name="web", config={"mcp_server_type": "streamable_http", **REMOTE})
    git = client.create_mcp_server(server_name="git", config={"mcp_server_type": "stdio", **COMMAND})
    assert web.id.startswith("mcp_server-") and web.mcp_server_type == "streamable_http"
    assert remote(web) == ("https://example.com/mcp", "X-Key", MASK, {"X-Other": MASK})
    assert (git.mcp_server_type, git.command, git.args, git.env) == ("stdio", "uvx", ["mcp-server-git"], {"TOKEN": MASK})
    with refused(client, 409):
        client.create_mcp_server(server_name="git", config={"mcp_server_type": "stdio", **COMMAND})
    own_server.restart()
    assert client.mcp_servers() == [web, git]
    assert (client.mcp_server(web.id), client.mcp_server(git.id)) == (web, git)
    assert client.mcp_tools(git.id) == []
    changed = client.update_mcp_server(
        web.id, server_name="net", config={"mcp_server_type": "sse", "server_url": "https://example.com/mcp", "auth_token": MASK})
    assert (changed.server_name, changed.mcp_server_type) == ("net", "sse")
    assert remote(client.mcp_server(web.id)) == ("https://example.com/mcp", "X-Key", MASK, {"X-Other": MASK})
    with refused(client, 422):  # Stored secrets go to no other address.
        client.update_mcp_server(web.id, config={"mcp_server_type": "sse", "server_url": "https://example.com/2"})
    client.delete_mcp_server(git.id)
    assert client.mcp_servers() == [changed]
    for call in (client.mcp_server, client.delete_mcp_server, client.mcp_tools):
        with refused(client, 404):
            call(git.id)
    with refused(client, 404):
        client.mcp_tool(web.id, unknown("tool"))
    with refused(client, 422):
        client.create_mcp_server(server_name="x", config={"mcp_server_type": "sse", "server_url": "file:///x"})


@pytest.mark.only("legacy")
def test_servers_by_name(own_server):
    from letta_client import SseServerConfig, StdioServerConfig, StreamableHttpServerConfig, UpdateStdioMcpServer, UpdateStreamableHttpmcpServer

    client = client_of(own_server)
    assert client.mcp_servers() == {}
    client.add_mcp_server(StdioServerConfig(server_name="git", type="stdio", **COMMAND))
    client.add_mcp_server(SseServerConfig(server_name="events", type="sse", server_url="https://example.com/sse"))
    every = client.add_mcp_server(StreamableHttpServerConfig(server_name="web", type="streamable_http", **REMOTE))
    assert [(each.server_name, each.type) for each in every] == [("git", "stdio"), ("events", "sse"), ("web", "streamable_http")]
    own_server.restart()
    seen = client.mcp_servers()
    assert set(seen) == {"git", "events", "web"}
    assert remote(seen["web"]) == ("https://example.com/mcp", "X-Key", MASK, {"X-Other": MASK})
    assert (seen["git"].command, seen["git"].args, seen["git"].env) == ("uvx", ["mcp-server-git"], {"TOKEN": MASK})
    moved = client.update_mcp_server("web", UpdateStreamableHttpmcpServer(
        server_url="https://example.com/2", auth_token="t", custom_headers={"X-Other": "v"}))
    assert remote(moved) == ("https://example.com/2", "X-Key", MASK, {"X-Other": MASK})
    command = StdioServerConfig(server_name="git", type="stdio", command="npx", args=[], env={"TOKEN": "x"})
    changed = client.update_mcp_server("git", UpdateStdioMcpServer(stdio_config=command))
    assert (changed.command, changed.args, changed.env) == ("npx", [], {"TOKEN": MASK})
    assert [each.server_name for each in client.delete_mcp_server("events")] == ["git", "web"]
    with refused(client, 404):
        client.delete_mcp_server("events")


@pytest.fixture
def calc(model, tmp_path_factory):
    """A server that may start `stdioserver.py`, and its command."""
    folder = tmp_path_factory.mktemp("calc")
    for each in (folder, *list(folder.parents)[:2]):  # An unprivileged process reads it.
        each.chmod(0o755)
    script = shutil.copy(Path(__file__).with_name("stdioserver.py"), folder)
    server = harness.Server(folder / "own", LETTA_MCP_STDIO_COMMANDS=f"/usr/bin/python3 {script}", **model.settings)
    try:
        yield server.start(), {"command": "/usr/bin/python3", "args": [str(script)], "env": {}}
    finally:
        server.close()


@pytest.mark.only("v1")
def test_tools_of_a_server_by_id(calc):
    server, command = calc
    client = client_of(server)
    made = client.create_mcp_server(server_name="calc", config={"mcp_server_type": "stdio", **command})
    tools = {tool.name: tool for tool in client.mcp_tools(made.id)}
    if not tools:  # A busy machine was too slow for the first try, which is a brief one.
        client.refresh_mcp_server(made.id)
        tools = {tool.name: tool for tool in client.mcp_tools(made.id)}
    assert {"add", "fail", "hang"} < set(tools) and "broken" not in tools
    assert client.mcp_tool(made.id, tools["add"].id) == tools["add"]
    result = client.run_mcp_tool(made.id, tools["add"].id, {"a": 2, "b": 3})
    assert (result.status, result.func_return) == ("success", "5")
    result = client.run_mcp_tool(made.id, tools["fail"].id, {})
    assert (result.status, result.func_return) == ("error", "it did not work")
    assert client.refresh_mcp_server(made.id) == {"added": [], "updated": [], "deleted": []}
    for call in (lambda: client.run_mcp_tool(made.id, unknown("tool"), {}), lambda: client.refresh_mcp_server(unknown("mcp_server"))):
        with refused(client, 404):
            call()
    with refused(client, 502):
        client.run_mcp_tool(made.id, tools["die"].id, {})


@pytest.mark.only("legacy")
def test_tools_of_a_server_by_name(calc):
    from letta_client import StdioServerConfig

    server, command = calc
    client = client_of(server)
    config = StdioServerConfig(server_name="calc", type="stdio", **command)
    assert client.test_mcp_server(config)["status"] == "success"
    events = client.connect_mcp_server(config)
    assert [event.event for event in events] == ["connection_attempt", "success"]
    client.add_mcp_server(config)
    offered = {tool.name: tool for tool in client.mcp_tools("calc")}
    assert offered["add"].input_schema["properties"] == {"a": {"type": "number"}, "b": {"type": "number"}}
    assert (offered["add"].health.status, offered["broken"].health.status) == ("NON_STRICT_ONLY", "INVALID")
    tool = client.add_mcp_tool("calc", "add")
    assert (tool.name, tool.tool_type, tool.tags) == ("add", "external_mcp", ["mcp:calc"])
    assert client.add_mcp_tool("calc", "add") == tool
    with refused(client, 400):
        client.add_mcp_tool("calc", "broken")
    with refused(client, 404):
        client.add_mcp_tool("calc", "nothing")
    with refused(client, 400):
        client.test_mcp_server(StdioServerConfig(server_name="x", type="stdio", command="/bin/sh", args=["-c", "id"]))


@pytest.mark.only("v1")
def test_tools_are_searched_by_words(client):
    word = fresh("w").replace("-", "")
    name = f"{word}_tool"
    made = client.create_tool(f'def {name}() -> str:\n    """Reads the {word} bill."""\n    return "x"\n', tags=[word])
    for fields in ({"query": word}, {"query": "bill", "tags": [word]}, {"query": word, "tool_types": ["custom"], "search_mode": "fts"}):
        # By meaning there is always one that is nearest.
        found = client.search_tools(**fields)
        assert (found[0].tool.id, found[0].fts_rank) == (made.id, 1), fields
        if "search_mode" in fields:
            assert len(found) == 1 and found[0].combined_score == 1
    assert client.search_tools(query=fresh("nothing"), search_mode="fts") == []
    with refused(client, 422):
        client.search_tools(query=word, limit=0)
