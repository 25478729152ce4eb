"""MCP servers as rows, through the published clients: by name in the first generation, by id in the second."""

import pytest

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


@pytest.mark.only("v1")
def test_tools_are_searched_by_words(client):
    word = fresh("w").replace("-", "")
    name = f"{word}_tool"
    made = client.create_tool(f'def {name}() -> str:\n    """Reads the {word} bill."""\n    return "x"\n', tags=[word])
    for fields in ({"query": word}, {"query": "bill", "tags": [word]}, {"query": word, "tool_types": ["custom"], "search_mode": "fts"}):
        found = client.search_tools(**fields)
        assert [each.tool.id for each in found] == [made.id], fields
        assert (found[0].fts_rank, found[0].combined_score) == (1, 1)
    assert client.search_tools(query=fresh("nothing")) == []
    with refused(client, 422):
        client.search_tools(query=word, limit=0)
