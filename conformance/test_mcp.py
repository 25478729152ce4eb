"""MCP servers made with the official kits over every transport, authorization with OAuth, and the official client against /mcp."""

import asyncio
import contextlib
import importlib.util
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

import harness
from steps import until

pytest.importorskip("mcp", reason="runs in .build-venv-mcp and .build-venv-mcp-1")
GENERATION = 2 if importlib.util.find_spec("mcp.server.mcpserver") else 1
needs_fastmcp = pytest.mark.skipif(not importlib.util.find_spec("fastmcp"), reason="runs in .build-venv-mcp")
SCRIPT = Path(__file__).with_name("mcpservers.py")
VERSION = "import sys; print(sys.version_info[:2])"


def stdio_words(kit):
    """The command of a server over stdio: what it needs has to be readable without the rights of root."""
    environment = Path(sys.prefix)
    script = environment / "bin" / SCRIPT.name
    shutil.copy(SCRIPT, script)
    system = "/usr/bin/python3"
    same = Path(system).exists() and subprocess.run([system, "-c", VERSION], capture_output=True).stdout == \
        subprocess.run([sys.executable, "-c", VERSION], capture_output=True).stdout
    packages = next(environment.glob("lib/python3*/site-packages"))
    return [system if same else sys.executable, str(script), kit, "stdio"], {"PYTHONPATH": str(packages)}


def listening(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    """Starts a server over HTTP once for all tests, and tells its settings."""
    running, folder = {}, tmp_path_factory.mktemp("mcp")

    def start(kit, transport, port=None):
        if (kit, transport) not in running:
            port = port or harness.free_port()
            process = harness.Process([sys.executable, SCRIPT, kit, transport, str(port)], folder / f"{kit}-{transport}.log")
            deadline = time.monotonic() + harness.PATIENCE
            while not listening(port):
                assert process.running and time.monotonic() < deadline, process.output
                time.sleep(0.05)
            running[kit, transport] = process, port
        path = "sse" if transport == "sse" else "mcp"
        return {"mcp_server_type": "sse" if transport == "sse" else "streamable_http",
                "server_url": f"http://127.0.0.1:{running[kit, transport][1]}/{path}"}

    def restart(kit, transport):
        process, port = running.pop((kit, transport))
        process.kill()
        start(kit, transport, port)
    start.restart = restart
    start.output = lambda kit, transport: running[kit, transport][0].output
    yield start
    for process, _ in running.values():
        process.kill()


@pytest.fixture(scope="module")
def letta(tmp_path_factory, model):
    words, _ = stdio_words("mcp")
    port = harness.free_port()
    server = harness.Server(
        tmp_path_factory.mktemp("letta"), LETTA_MCP_STDIO_COMMANDS=" ".join(words[:2]), LETTA_ALLOWED_PRIVATE_HOSTS="127.0.0.1",
        LETTA_PUBLIC_URL=f"http://127.0.0.1:{port}", **model.settings)
    server.port = port
    try:
        yield server.start()
    finally:
        server.process.kill()
        server.close()


@pytest.fixture
def http(letta):
    with letta.http() as client:
        yield client


def settings(kit, transport, remote):
    if transport != "stdio":
        return remote(kit, transport)
    words, environment = stdio_words(kit)
    return {"mcp_server_type": "stdio", "command": words[0], "args": words[1:], "env": environment}


def body(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def offered(http, server):
    """The tools of a server. On a busy machine it may start more slowly than the first try waits, which is a brief one."""
    path = f"/v1/mcp-servers/{server['id']}"
    if not (tools := body(http.get(path + "/tools"))):
        body(http.patch(path + "/refresh"))
        tools = body(http.get(path + "/tools"))
    return tools


WAYS = [("mcp", transport) for transport in ("stdio", "sse", "streamable-http", "json")] + [
    pytest.param("fastmcp", transport, marks=needs_fastmcp) for transport in ("stdio", "sse", "streamable-http")]


@pytest.mark.parametrize(("kit", "transport"), WAYS)
def test_tools_are_stored_run_and_called_in_turns(http, remote, kit, transport):
    name = f"{kit}-{transport}"
    server = body(http.post("/v1/mcp-servers/", json={"server_name": name, "config": settings(kit, transport, remote)}))
    tools = offered(http, server)
    assert [tool["metadata_"]["mcp"]["tool_name"] for tool in tools] == ["add", "greet", "fail", "hang"]
    assert all(tool["json_schema"]["parameters"]["type"] == "object" for tool in tools)
    run = {tool["metadata_"]["mcp"]["tool_name"]: f"/v1/mcp-servers/{server['id']}/tools/{tool['id']}/run" for tool in tools}
    answer = body(http.post(run["add"], json={"args": {"a": 2, "b": 3}}))
    assert (answer["status"], float(answer["func_return"])) == ("success", 5)
    assert "Hello, Ann." in body(http.post(run["greet"], json={"args": {"name": "Ann"}}))["func_return"]
    answer = body(http.post(run["fail"], json={"args": {}}))
    assert answer["status"] == "error" and "fail" in answer["func_return"]  # The official kit tells no more.
    assert body(http.post(run["add"], json={"args": {"a": "x"}}))["status"] == "error"
    with pytest.raises(httpx.ReadTimeout):  # Who leaves ends the call, and the server serves the next one.
        http.post(run["hang"], json={"args": {}}, timeout=httpx.Timeout(harness.PATIENCE, read=1))
    assert body(http.patch(f"/v1/mcp-servers/{server['id']}/refresh")) == {"added": [], "updated": [], "deleted": []}
    assert http.delete(f"/v1/mcp-servers/{server['id']}").status_code == 204


def agent_with(http, tool):
    """An agent that has one tool, and what calls it in a turn and returns the status and the text of the result."""
    agent = body(http.post("/v1/agents/", json={"name": "Caller", "model": "openai-proxy/gpt-4o-mini", "include_base_tools": False,
                                                "tools": [tool]}))["id"]

    def call(**arguments):
        steps = json.dumps([{"call": tool, "args": arguments}, {"say": "done"}])
        messages = body(http.post(f"/v1/agents/{agent}/messages", json={"input": f"script: {steps}"}))["messages"]
        assert messages[-1]["content"] == "done", messages
        return messages[1]["status"], messages[1]["tool_return"]
    return call


def name_of(http, server, tool):
    """What a tool of a server is called here."""
    return next(each["name"] for each in offered(http, server) if each["metadata_"]["mcp"]["tool_name"] == tool)


@needs_fastmcp
@pytest.mark.parametrize("transport", ["stdio", "sse", "streamable-http"])
def test_each_agent_has_a_session_that_lasts(http, remote, transport):
    config = settings("keeping", transport, remote)
    server = body(http.post("/v1/mcp-servers/", json={"server_name": f"keeping-{transport}", "config": config}))
    tool = name_of(http, server, "session")
    one, other = agent_with(http, tool), agent_with(http, tool)
    first, second = one(), other()
    assert first[0] == second[0] == "success" and first != second
    assert (one(), other(), one()) == (first, second, first)
    if transport != "stdio":  # A server that was started anew knows no session of before.
        remote.restart("keeping", transport)
        anew = one()
        assert anew[0] == "success" and anew != first and one() == anew
    assert http.delete(f"/v1/mcp-servers/{server['id']}").status_code == 204


def events(answer):
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def authorize(url):
    """What the user's browser does: it asks the authorization server, and follows it back."""
    answer = httpx.get(url)
    assert answer.status_code in (302, 307), answer.text
    return answer.headers["location"]


@needs_fastmcp
def test_authorization(http, letta, remote):
    config = remote("oauth", "streamable-http")
    server = body(http.post("/v1/mcp-servers/", json={"server_name": "closed", "config": config}))
    assert body(http.get(f"/v1/mcp-servers/{server['id']}/tools")) == []
    assert "requires authorization" in body(http.patch(f"/v1/mcp-servers/{server['id']}/refresh"), 502)["detail"]
    with http.stream("GET", f"/v1/mcp-servers/connect/{server['id']}") as answer:
        stream = events(answer)
        seen = [next(stream) for _ in range(4)]
        assert [event["event"] for event in seen] == ["connection_attempt", "oauth_required", "authorization_url", "waiting_for_auth"]
        assert "code_challenge_method=S256" in seen[2]["url"]
        back = authorize(seen[2]["url"])
        assert back.startswith(f"{letta.url}/v1/tools/mcp/oauth/callback?")
        assert "authorized" in httpx.get(back).text
        last = next(stream)
        assert (last["event"], len(last["tools"])) == ("success", 4), last
        assert list(stream) == []
    assert httpx.get(back).status_code == 400, "a state is good for one time"
    tools = body(http.get(f"/v1/mcp-servers/{server['id']}/tools"))
    # A server that is asked to end waits ten seconds for the calls that hang.
    letta.process.kill()
    letta.start()
    run = f"/v1/mcp-servers/{server['id']}/tools/{tools[0]['id']}/run"
    assert body(http.post(run, json={"args": {"a": 2, "b": 3}}))["status"] == "success"
    if not letta.database:
        stored = (letta.data / "letta.sqlite").read_bytes() + (letta.data / "letta.sqlite-wal").read_bytes()
        assert b"mcp_oauth-" in stored and b'"access_token"' not in stored and b'"accessToken"' not in stored


def authorized(http, server):
    """Authorizes a server as its user does, and returns its tools by their names."""
    with http.stream("GET", f"/v1/mcp-servers/connect/{server['id']}") as answer:
        for event in events(answer):
            if event["event"] == "waiting_for_auth":
                assert httpx.get(authorize(url)).status_code == 200
            url = event.get("url")
        assert event["event"] == "success", event
    tools = body(http.get(f"/v1/mcp-servers/{server['id']}/tools"))
    return {tool["metadata_"]["mcp"]["tool_name"]: f"/v1/mcp-servers/{server['id']}/tools/{tool['id']}/run" for tool in tools}


@needs_fastmcp
def test_tokens_are_refreshed(http, letta, remote):
    def refreshed():
        return remote.output("brief-oauth", "streamable-http").count("refreshed")
    server = body(http.post("/v1/mcp-servers/", json={"server_name": "brief", "config": remote("brief-oauth", "streamable-http")}))
    assert "requires authorization" in server["last_error"]
    run = authorized(http, server)["add"]
    assert body(http.get(f"/v1/mcp-servers/{server['id']}"))["last_error"] is None
    before = refreshed()
    assert body(http.post(run, json={"args": {"a": 2, "b": 3}}))["status"] == "success"
    until(refreshed, lambda count: count == before + 1)
    letta.restart()
    # A refresh token is good for one time: the one of the refresh before is in use now.
    assert body(http.post(run, json={"args": {"a": 2, "b": 3}}))["status"] == "success"
    until(refreshed, lambda count: count == before + 2)


@needs_fastmcp
def test_a_refresh_that_is_refused_ends_no_turn(http, remote):
    config = remote("refusing-oauth", "streamable-http")
    server = body(http.post("/v1/mcp-servers/", json={"server_name": "revoked", "config": config}))
    run = authorized(http, server)["add"]
    turn = agent_with(http, name_of(http, server, "add"))
    status, text = turn(a=2, b=3)
    assert status == "error" and "requires authorization" in text
    assert "requires authorization" in body(http.get(f"/v1/mcp-servers/{server['id']}"))["last_error"]
    assert authorized(http, server)["add"] == run, "the tools are the same"
    status, text = turn(a=2, b=3)
    assert status == "success" and float(text) == 5
    assert body(http.get(f"/v1/mcp-servers/{server['id']}"))["last_error"] is None


@needs_fastmcp
def test_authorization_that_the_user_refuses(http, remote):
    config = remote("oauth", "streamable-http")
    named = {"server_name": "refused", "type": "streamable_http", "server_url": config["server_url"] + "?again"}
    with http.stream("POST", "/v1/tools/mcp/servers/connect", json=named) as answer:
        stream = events(answer)
        for event in stream:
            if event["event"] == "waiting_for_auth":
                break
            url = event.get("url", "")
        state = httpx.URL(url).params["state"]
        assert http.get("/v1/tools/mcp/oauth/callback", params={"state": state, "error": "access_denied"}).status_code == 400
        assert next(stream)["event"] == "error"


@contextlib.asynccontextmanager
async def official_client(url, mode):
    """The client of the installed generation of the official kit, connected."""
    if GENERATION == 2:
        from mcp.client.client import Client

        async with Client(url, mode=mode) as client:
            yield client
    else:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamable_http_client

        async with streamable_http_client(url) as (incoming, outgoing, _), ClientSession(incoming, outgoing) as client:
            await client.initialize()
            yield client


@pytest.mark.parametrize("mode", ["legacy", "auto"] if GENERATION == 2 else ["first"])
def test_the_official_client_talks_to_agents(http, letta, mode):
    agent = body(http.post("/v1/agents/", json={"name": "Front", "model": "openai-proxy/gpt-4o-mini", "include_base_tools": False,
                                                "memory_blocks": [{"label": "human", "value": "Ann"}]}))["id"]

    async def talk():
        async with official_client(f"{letta.url}/mcp", mode) as client:
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == ["list_agents", "send_message", "list_blocks", "update_block", "search_memory"]

            async def call(name, **arguments):
                result = await client.call_tool(name, arguments)
                return result.is_error if GENERATION == 2 else result.isError, result.content[0].text
            failed, text = await call("list_agents", query="Front")
            assert not failed and agent in text
            failed, text = await call("send_message", agent_id=agent, message="Say hello.")
            assert not failed and text
            assert await call("update_block", agent_id=agent, label="human", value=mode) == (False, mode)
            failed, text = await call("list_blocks", agent_id="agent-x")
            assert failed and "agent-x" in text
    asyncio.run(talk())
    assert body(http.get(f"/v1/agents/{agent}/core-memory/blocks/human"))["value"] == mode


def test_this_server_is_a_server_of_tools_to_itself(http, letta):
    config = {"mcp_server_type": "streamable_http", "server_url": f"{letta.url}/mcp"}
    server = body(http.post("/v1/mcp-servers/", json={"server_name": "self", "config": config}))
    tools = offered(http, server)
    # Agents have tools of these names already.
    assert [tool["name"] for tool in tools] == ["list_agents", "self_send_message", "list_blocks", "update_block", "self_search_memory"]
