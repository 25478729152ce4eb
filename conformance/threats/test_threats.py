"""What has gone wrong in servers of this kind, tried against this one: one test for each class of hole.

The name in brackets is that of a published hole of the class. `docs/security.md` says what the server does about each.
"""

import base64
import http.server
import json
import pickle
import random
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

import harness
from harness import unknown
from steps import fresh

PASSWORD = "the owner's password"
OWNER = {"Authorization": f"Bearer {PASSWORD}"}
MODEL = "openai-proxy/gpt-4o-mini"
# What a client without any key may call.
OPEN = {"/v1/health/", "/v1/ready/", "/v1/auth", "/v1/tools/mcp/oauth/callback", "/openapi.json", "/docs", "/docs/docs.css",
        "/v1/server/session"}


class Bait:
    """A service on this machine that counts who comes."""

    def __init__(self, location=None):
        self.asked = asked = []

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(302 if location else 200)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def bait():
    bait = Bait()
    yield bait
    bait.close()


@pytest.fixture(scope="module")
def closed(tmp_path_factory, model):
    """A server with a password, as one that others reach has."""
    server = harness.Server(tmp_path_factory.mktemp("threats"), **model.settings, LETTA_SERVER_PASSWORD=PASSWORD,
                            LETTA_MCP_STDIO_COMMANDS="/usr/bin/env true", MCP_DISABLE_STDIO="false")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def owner(closed):
    with closed.http(headers=OWNER) as client:
        yield client


@pytest.fixture
def stranger(closed):
    with closed.http() as client:
        yield client


def made(answer):
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def make_agent(client, **fields):
    return made(client.post("/v1/agents/", json={"name": fresh("agent"), "model": MODEL, **fields}))


@pytest.fixture
def other_organization(owner):
    """The headers with which a user of another organization comes, beside the password."""
    organization = made(owner.post("/v1/admin/orgs/", json={"name": fresh("org")}))
    user = made(owner.post("/v1/admin/users/", json={"name": fresh("user"), "organization_id": organization["id"]}))
    return {"user_id": user["id"]}


def operations(client):
    document = client.get("/openapi.json").json()
    for path, verbs in document["paths"].items():
        for verb in verbs:
            yield verb.upper(), path


def concrete(path):
    import re
    return re.sub(r"\{(\w+)\}", lambda match: unknown(match[1].removesuffix("_id")), path)


def token(owner, agent, access):
    answer = owner.post("/v1/client-side-access-tokens", json={
        "hostname": "https://page.example", "policy": [{"type": "agent", "id": agent, "access": access}]})
    return {"Authorization": f"Bearer {made(answer)['token']}", "Origin": "https://page.example"}


def test_source_is_run_for_the_owner_alone_and_in_the_sandbox(closed, owner, stranger):
    """[CVE-2025-51482]"""
    body = {"source_code": f'def peek() -> str:\n    """Looks."""\n    return open("{closed.data}/letta.sqlite", "rb").read(6).hex()\n',
            "args": {}}
    assert stranger.post("/v1/tools/run", json=body).status_code == 401
    limited = token(owner, make_agent(owner)["id"], ["read_messages", "write_messages", "read_agent", "write_agent"])
    assert stranger.post("/v1/tools/run", json=body, headers=limited).status_code in (401, 403)
    seen = made(owner.post("/v1/tools/run", json=body))
    assert seen["status"] == "error" and "53514c" not in json.dumps(seen["tool_return"]), seen


@pytest.mark.parametrize("address", [
    "http://127.0.0.1:{port}/a.png",
    "http://localhost:{port}/a.png",
    "http://[::ffff:127.0.0.1]:{port}/a.png",
    "http://[::ffff:7f00:1]:{port}/a.png",
    "http://2130706433:{port}/a.png",
    "http://0x7f.1:{port}/a.png",
    "http://127.1:{port}/a.png",
    "http://0.0.0.0:{port}/a.png",
    "http://example.com@127.0.0.1:{port}/a.png",
    "http://127.0.0.1:{port}\\@example.com/a.png",
    "http://example.com#@127.0.0.1:{port}/a.png",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/x",
])
def test_an_image_is_not_fetched_from_a_private_address(owner, bait, address):
    """[CVE-2026-4964, CVE-2026-31943, CVE-2026-45400]"""
    image = {"type": "image", "source": {"type": "url", "url": address.format(port=bait.port)}}
    agent = make_agent(owner)["id"]
    answer = owner.post(f"/v1/agents/{agent}/messages", json={
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Look."}, image]}]})
    assert not bait.asked
    assert answer.status_code < 500, answer.text
    plain = owner.post(f"/v1/agents/{agent}/messages", json={"input": "And now?"})
    assert plain.status_code == 200, plain.text


def test_a_redirect_to_a_private_address_is_not_followed(tmp_path, model):
    """[CVE-2026-45401]"""
    inner = Bait()
    outer = Bait(location=f"http://127.0.0.2:{inner.port}/secret")
    server = harness.Server(tmp_path / "own", **model.settings, LETTA_ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    try:
        server.start()
        with server.http() as client:
            agent = make_agent(client)["id"]
            client.post(f"/v1/agents/{agent}/messages", json={"messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "url", "url": f"http://127.0.0.1:{outer.port}/a.png"}}]}]})
        assert outer.asked and not inner.asked
    finally:
        server.close()
        inner.close()
        outer.close()


def test_every_operation_is_closed_to_strangers(stranger, owner):
    """[CVE-2026-31240, CVE-2026-33032] The routes of the API's document, and those that it does not name."""
    routes = [route for route in operations(owner) if route[1] not in OPEN]
    assert len(routes) > 200
    others = [("POST", "/mcp"), ("GET", "/metrics"), ("POST", "/v1/chat/completions"), ("POST", "/v1/responses")]
    for verb, path in routes + others:
        for spelling in (concrete(path), concrete(path).removeprefix("/v1"), "//" + concrete(path).lstrip("/")):
            answer = stranger.request(verb, spelling)
            # An address that begins with two slashes names a host: what is left is the page of the dashboard.
            if spelling.startswith("//") and answer.status_code == 200 and answer.text == stranger.get("/").text:
                continue
            assert answer.status_code in (401, 404, 405), (verb, spelling, answer.status_code)
            assert answer.status_code == 401 or spelling.startswith("//"), (verb, spelling, answer.status_code)


HOSTILE_KEYS = ["name'--", 'a"b', "x) OR 1=1 --", "$.a", "a.b", "a' || (SELECT 1) || '", "%", "_", "\u0000", "🎈", "metadata"]


def test_hostile_keys_and_values_of_filters_change_no_statement(owner):
    """[CVE-2025-67644, CVE-2026-27022]"""
    made(owner.post("/v1/identities/", json={"identifier_key": fresh("key"), "name": "n", "identity_type": "user",
                                             "properties": [{"key": key, "value": "v", "type": "string"} for key in HOSTILE_KEYS[:8]]}))
    agent = make_agent(owner, tags=HOSTILE_KEYS[:8], metadata={key: "v" for key in HOSTILE_KEYS})
    for key in HOSTILE_KEYS:
        for path in ("/v1/agents/", "/v1/blocks/", "/v1/tools/", "/v1/identities/", "/v1/tags/", "/v1/folders/"):
            for name in ("name", "tags", "query_text", "identifier_key", "label", "sort_by", "order_by", "project_id", key):
                answer = owner.get(path, params={name: key})
                assert answer.status_code < 500, (path, name, key, answer.text)
        assert owner.get("/v1/agents/", params={"tags": key, "match_all_tags": "true"}).status_code < 500
    found = made(owner.get("/v1/agents/", params={"tags": HOSTILE_KEYS[2]}))
    assert [each["id"] for each in found] == [agent["id"]]


class Code:
    def __reduce__(self):
        return (exec, ("import os; os.mkdir('/tmp/letta-threat-pickle')",))


def test_no_format_that_is_read_holds_code(owner, tmp_path):
    """[CVE-2026-28277]"""
    import os
    for content in (pickle.dumps(Code()), base64.b64encode(pickle.dumps(Code())), b"!!python/object/apply:os.mkdir ['/tmp/letta-threat-pickle']"):
        answer = owner.post("/v1/agents/import", files={"file": ("agent.af", content)})
        assert 400 <= answer.status_code < 500, answer.text
    assert not os.path.exists("/tmp/letta-threat-pickle")


@pytest.mark.parametrize("command", [
    {"command": "touch", "args": ["{made}"]},
    {"command": "/bin/sh", "args": ["-c", "touch {made}"]},
    {"command": "/usr/bin/env", "args": ["touch", "{made}"]},
    {"command": "/usr/bin/env true; touch {made}", "args": []},
    {"command": "/usr/bin/env", "args": ["-S", "touch {made}"]},
    {"command": "../../../usr/bin/env", "args": ["touch", "{made}"]},
    {"command": "/usr/bin/../bin/env", "args": ["touch", "{made}"]},
])
def test_trying_a_server_runs_no_command_but_the_operators(owner, tmp_path, command):
    """[CVE-2026-42271, CVE-2026-30623]"""
    target = tmp_path / "made"
    posted = {"command": command["command"].format(made=target), "args": [each.format(made=target) for each in command["args"]]}
    body = {"server_name": fresh("stdio"), "type": "stdio", "mcp_server_type": "stdio", **posted}
    for path in ("/v1/tools/mcp/servers/test", "/v1/tools/mcp/servers/connect"):
        answer = owner.post(path, json=body)
        assert answer.status_code < 500, (path, answer.text)
        assert answer.status_code >= 400 or "error" in answer.text.lower() or "refused" in answer.text.lower(), (path, answer.text)
    kept = owner.post("/v1/mcp-servers/", json={"server_name": body["server_name"], "config": {"mcp_server_type": "stdio", **posted}})
    if kept.status_code == 200:
        owner.post(f"/v1/mcp-servers/{kept.json()['id']}/refresh")
        owner.get(f"/v1/mcp-servers/{kept.json()['id']}/tools")
    assert not target.exists()


def spoken(port, text):
    """What the server answers to bytes as they are."""
    with socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode("latin-1")


@pytest.mark.parametrize("head", [
    "GET /v1/agents/ HTTP/1.1\r\nHost: x/v1/health/\r\n",
    "GET /v1/agents/ HTTP/1.1\r\nHost: localhost\r\nHost: /v1/health/\r\n",
    "GET http://localhost/v1/agents/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET http://localhost/v1/health/../agents/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /v1/health/../agents/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /v1/health/..%2fagents/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /v1/health/%2e%2e/agents/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /v1/agents/;/v1/health/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /v1/agents/?/v1/health/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /v1/agents/#/v1/health/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /V1/AGENTS/ HTTP/1.1\r\nHost: localhost\r\n",
    "GET /v1/agents/ HTTP/1.1\r\nHost: localhost\r\nX-Original-URL: /v1/health/\r\nX-Rewrite-URL: /v1/health/\r\n",
    "GET /v1/health/ HTTP/1.1\r\nHost: localhost\r\nX-Original-URL: /v1/agents/\r\n",
    "GET /v1/agents/ HTTP/1.1\r\n",
])
def test_no_spelling_of_host_or_path_gets_round_the_password(closed, owner, head):
    """[CVE-2026-48710]"""
    name = fresh("hidden")
    make_agent(owner, name=name)
    answer = spoken(closed.port, head + "Connection: close\r\n\r\n")
    assert name not in answer
    assert "/v1/agents" not in head or not answer.startswith("HTTP/1.1 200") or '"status":"ok"' in answer, answer[:200]


@pytest.mark.parametrize("password", ["' OR '1'='1", "' OR 1=1 --", "x' UNION SELECT '1", "%", "*", "null", "\\", PASSWORD[:-1], PASSWORD + " "])
def test_no_text_is_a_password_but_the_password(stranger, password):
    """[CVE-2026-42208]"""
    for headers in ({"Authorization": f"Bearer {password}"}, {"X-BARE-PASSWORD": f"password {password}"}, {"x-api-key": password}):
        # White space at the end of a header belongs to no value.
        if password.strip() != PASSWORD:
            assert stranger.get("/v1/agents/", headers=headers).status_code in (401, 429)


def test_a_token_gets_nothing_that_its_policy_does_not_name(owner, stranger):
    """[CVE-2026-47101, CVE-2026-47102] The token of one agent's page, on every operation."""
    mine, other = make_agent(owner)["id"], make_agent(owner)["id"]
    headers = token(owner, mine, ["read_messages"])
    allowed = []
    for verb, path in operations(owner):
        if path in OPEN:
            continue
        answer = stranger.request(verb, concrete(path).replace(unknown("agent"), other), headers=headers, json={} if verb != "GET" else None)
        if answer.status_code not in (401, 403):
            allowed.append((verb, path, answer.status_code))
    assert not [route for route in allowed if route[2] < 400], allowed
    assert stranger.get(f"/v1/agents/{other}/messages", headers=headers).status_code in (401, 403)
    assert stranger.post("/v1/client-side-access-tokens", headers=headers, json={
        "hostname": "https://page.example", "policy": [{"type": "agent", "id": other, "access": ["write_agent"]}]}).status_code in (401, 403)
    assert stranger.get(f"/v1/agents/{mine}/messages", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "localhost.evil.example:8283"},
], ids=str)
def test_a_page_from_elsewhere_reaches_no_open_server(server, headers):
    """[CVE-2025-49596] The shared server has no password: rebinding a name to loopback must not open it."""
    with server.http() as client:
        for verb, path in (("GET", "/v1/agents/"), ("POST", "/v1/agents/"), ("POST", "/mcp")):
            answer = client.request(verb, path, headers=headers, json={} if verb == "POST" else None)
            assert answer.status_code in (400, 401, 403, 421), (headers, path, answer.status_code)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "http://127.0.0.1/mcp`touch x`", "calc.exe", "-oProxyCommand=x"])
def test_the_address_of_a_server_is_an_address(owner, address):
    """[CVE-2025-6514]"""
    answer = owner.post("/v1/mcp-servers/", json={"server_name": fresh("web"), "config": {"mcp_server_type": "streamable_http", "server_url": address}})
    assert 400 <= answer.status_code < 500, answer.text


def test_answers_of_two_sessions_are_never_mixed_up(owner, closed):
    """[CVE-2026-25536]"""
    headers = {"Accept": "application/json, text/event-stream"}

    def session(number):
        agent = make_agent(owner, name=f"{fresh('mcp')}-{number}")
        with closed.http(headers={**OWNER, **headers}) as client:
            begun = client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
            assert begun.status_code == 200, begun.text
            own = {"mcp-session-id": begun.headers["mcp-session-id"]} if "mcp-session-id" in begun.headers else {}
            client.post("/mcp", headers=own, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
            for _ in range(3):
                said = client.post("/mcp", headers=own, json={"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {
                    "name": "send_message", "arguments": {"agent_id": agent["id"], "message": f"number {number}."}}})
                assert f"number {number}." in said.text, said.text
                assert all(f"number {each}." not in said.text for each in range(8) if each != number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(session, range(8)))


def test_whoever_is_not_known_is_nobody(owner):
    """[CVE-2026-45707] With a password, an unknown user is not the default one."""
    make_agent(owner)
    answer = owner.get("/v1/agents/", headers={"user_id": unknown("user")})
    assert answer.status_code in (401, 403, 404) or answer.json() == [], answer.text


def test_a_run_is_followed_by_its_owner_alone(owner, other_organization):
    """[CVE-2026-31950]"""
    agent = make_agent(owner)["id"]
    run = made(owner.post(f"/v1/agents/{agent}/messages/async", json={"input": "Hello."}))["id"]
    for verb, path in (("GET", f"/v1/runs/{run}/stream"), ("POST", f"/v1/runs/{run}/stream"), ("GET", f"/v1/runs/{run}"),
                       ("GET", f"/v1/runs/{run}/messages"), ("GET", f"/v1/runs/{run}/steps")):
        answer = owner.request(verb, path, headers=other_organization, json={} if verb == "POST" else None)
        assert answer.status_code == 404, (verb, path, answer.status_code, answer.text[:200])


def test_malformed_requests_end_no_process(closed, owner):
    """[CVE-2026-31949]"""
    chance = random.Random(7)
    pieces = [b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\u0000", b"\\ud800", b"\xff", b"1e999", b"null", b'"messages"', b'"input"', b"-", b"\n"]
    agent = make_agent(owner)["id"]
    for _ in range(300):
        body = b"".join(chance.choices(pieces, k=chance.randint(0, 30)))
        answer = owner.request(chance.choice(["POST", "PATCH", "PUT"]), chance.choice(
            [f"/v1/agents/{agent}/messages", "/v1/agents/", f"/v1/agents/{agent}", "/v1/blocks/", "/v1/tools/", "/v1/agents/import", "/mcp"]),
            content=body, headers={"Content-Type": chance.choice(["application/json", "multipart/form-data; boundary=x", "text/plain", ""])})
        assert answer.status_code < 500 or answer.status_code == 501, (body, answer.text)
    for garbage in ("\x00\x01\x02", "GET / HTTP/9.9\r\n\r\n", "POST /v1/agents/ HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                    "POST /v1/agents/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "GET " + "a" * 100_000):
        spoken(closed.port, garbage)
    assert closed.process.running
    assert owner.get("/v1/health/").status_code == 200


@pytest.mark.parametrize("name", ["../../../escaped.txt", "/escaped.txt", "..\\escaped.txt", "a/../../escaped.txt", "escaped\u0000.txt"])
def test_the_name_of_a_file_is_no_path(closed, owner, name):
    """[GHSA-qrm5-r67f-6692]"""
    folder = made(owner.post("/v1/folders/", json={"name": fresh("folder"), "embedding": "openai/text-embedding-3-small"}))["id"]
    answer = owner.post(f"/v1/folders/{folder}/upload", files={"file": (name, b"What it says.")})
    assert answer.status_code < 500, answer.text
    assert not [path for path in closed.folder.rglob("*escaped*")]
    assert not list(closed.folder.parent.glob("*escaped*"))


def test_an_id_of_others_is_unknown_with_every_header(closed, owner, other_organization):
    """[CVE-2026-45349, CVE-2026-45671, CVE-2026-45339]"""
    agent = make_agent(owner, memory_blocks=[{"label": "human", "value": "private"}])
    block = made(owner.get(f"/v1/agents/{agent['id']}/core-memory/blocks"))[0]["id"]
    message = made(owner.get(f"/v1/agents/{agent['id']}/messages"))[0]["id"]
    places = [f"/v1/agents/{agent['id']}", f"/v1/agents/{agent['id']}/messages", f"/v1/blocks/{block}", f"/v1/messages/{message}",
              f"/v1/agents/{agent['id']}/export", f"/v1/agents/{agent['id']}/context"]
    for key in (OWNER, {"X-BARE-PASSWORD": f"password {PASSWORD}"}):
        with closed.http(headers={**key, **other_organization}) as client:
            for place in places:
                answer = client.get(place)
                assert answer.status_code == 404 and "private" not in answer.text, (place, key, answer.text)


def test_a_front_looks_only_at_the_callers_own_agents(owner, other_organization):
    """[CVE-2026-55255]"""
    agent = make_agent(owner, name=fresh("mine"))
    for model in (agent["id"], agent["name"]):
        for path, body in (("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}), ("/v1/responses", {"input": "Hi"})):
            answer = owner.post(path, json={"model": model, **body}, headers=other_organization)
            assert answer.status_code in (400, 404), (path, answer.text)
    assert agent["id"] not in owner.get("/v1/models", headers={**other_organization, "User-Agent": "OpenAI/Python 1.0"}).text


def test_a_form_is_never_read_from_json(owner):
    """[CVE-2026-21858]"""
    folder = made(owner.post("/v1/folders/", json={"name": fresh("folder"), "embedding": "openai/text-embedding-3-small"}))["id"]
    hostile = {"file": {"path": "/etc/passwd", "filepath": "/etc/passwd", "filename": "x.txt"}, "files": [{"filepath": "/etc/passwd"}]}
    for path in (f"/v1/folders/{folder}/upload", "/v1/agents/import"):
        answer = owner.post(path, json=hostile)
        assert 400 <= answer.status_code < 500 and "root:" not in answer.text, (path, answer.text)
    assert made(owner.get(f"/v1/folders/{folder}/files")) == []
