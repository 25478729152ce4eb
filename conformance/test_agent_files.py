"""Agents that move from one server to another as files, through the published client of each generation, and by the command line."""

import contextlib
import http.server
import json
import os
import re
import sqlite3
import subprocess
import threading

import httpx
import pytest

import harness
from conftest import client_of
from harness import unknown
from steps import EMBEDDING, MODEL, make_agent, refused, until

pytestmark = pytest.mark.clients


def settled(file):
    """The file without what differs with ids and times alone."""
    file = {**file, "created_at": None}
    return json.loads(re.sub(r"AGENT_ID: agent-[0-9a-f-]+", "AGENT_ID: x", json.dumps(file)))


def exported(client, agent):
    text = client.raw.agents.export_file(agent)
    return json.loads(text) if isinstance(text, str) else text


def imported(client, content, **options):
    return client.raw.agents.import_file(file=("a.af", content), **options).agent_ids


def test_an_agent_moves_through_the_client(client, own_server):
    agent = make_agent(client, name="Mover", memory_blocks=[{"label": "human", "value": "Ann"}], tags=["t"]).id
    client.send(agent, "Hello")
    file = exported(client, agent)
    assert [m["role"] for m in file["agents"][0]["messages"]] == ["system", "user", "assistant"]
    other = client_of(own_server)
    new, = imported(other, json.dumps(file).encode(), append_copy_suffix=False)
    own_server.restart()
    assert settled(exported(other, new)) == settled(file)
    twice, = imported(other, json.dumps(json.dumps(file)).encode())
    assert other.agent(twice).name == "Mover_copy"
    bare, = imported(other, json.dumps(file).encode(), strip_messages=True, env_vars_json='{"K": "v"}')
    assert [m["role"] for m in exported(other, bare)["agents"][0]["messages"]] == ["system"]
    assert exported(other, bare)["agents"][0]["secrets"] == {"K": ""}
    with refused(other, 400) as refusal:
        imported(other, b"{}")
    assert "lacks the list 'agents'" in refusal.body["detail"]
    with refused(other, 400) as refusal:
        imported(other, b'{"core_memory": [], "messages": []}')
    assert "letta-server import" in refusal.body["detail"]
    with refused(other, 404):
        exported(other, unknown("agent"))



def test_a_whole_server_moves_by_the_command_line(tmp_path, model, own_server):
    """The agents of one server on another one; files that are there already are left out, and bad ones fail alone."""
    client = client_of(own_server)
    shared = client.create_block(label="shared", value="both").id
    for name in ("One", "Two"):
        make_agent(client, name=name, block_ids=[shared])
    make_agent(client, name="Three", llm_config={"model": "qwen2.5-coder-0.5b", "handle": "letta-local/qwen2.5-coder-0.5b",
               "model_endpoint_type": "openai", "model_endpoint": "letta-local:", "context_window": 8000})
    folder = tmp_path / "files"
    done = own_server.command("export", "--all", folder, "--data-dir", own_server.data)
    assert done.returncode == 0, done.stderr
    assert "[2/2]" in done.stderr and "(2 agents)" in done.stderr
    files = sorted(folder.iterdir())
    assert len(files) == 2
    assert own_server.command("export", "--all", folder, "--data-dir", own_server.data).returncode == 0
    assert sorted(folder.iterdir()) == files
    with_server = own_server.command("import", folder, "--data-dir", own_server.data)
    assert with_server.returncode != 0 and "Another letta-server is using" in with_server.stderr

    flat = {"agent_type": "memgpt_agent", "name": "Old", "system": "s", "version": "0.7", "tool_rules": [], "tools": [], "tags": [],
            "core_memory": [{"label": "human", "value": "v", "limit": 9}], "in_context_message_indices": [0],
            "llm_config": {"model": "m", "model_endpoint_type": "openai", "context_window": 9000},
            "messages": [{"role": "system", "content": [{"type": "text", "text": "s"}]}], "tool_exec_environment_variables": []}
    (folder / "x-flat.json").write_text(json.dumps(flat))
    (folder / "y-bad.af").write_text("{}")
    sqlite3.connect(folder / "z-database.af").executescript("CREATE TABLE t (a)")
    other = harness.Server(tmp_path / "other", **model.settings)
    try:
        previews = [other.command("import", file, "--preview", "--data-dir", other.data) for file in (files[0], folder / "y-bad.af")]
        assert [preview.returncode for preview in previews] == [0, 1]
        done = other.command("import", folder, "--data-dir", other.data)
        assert done.returncode == 1
        assert "[5/5]" in done.stderr and "y-bad.af: not imported: Legacy" in done.stderr
        assert "import --from sqlite:///PATH" in done.stderr
        again = other.command("import", *files, "--data-dir", other.data)
        assert again.returncode == 0 and again.stderr.count(": imported before") == 2
        assert "Not everything is here" in done.stdout and "0 different" in done.stdout and "Everything is here." in again.stdout
        (tmp_path / "empty").mkdir()
        empty = other.command("import", tmp_path / "empty", "--data-dir", other.data)
        assert empty.returncode != 0 and "There are no agent files" in empty.stderr
        other.start()
        moved = client_of(other)
        assert sorted(agent.name for agent in moved.agents()) == ["Old", "One", "Three", "Two"]
        assert len(moved.blocks(label="shared")) == 1
    finally:
        other.close()


# A Letta database

LETTA_ORGANIZATION = "org-00000000-0000-4000-8000-000000000000"


def letta_id(prefix, number):
    return f"{prefix}-00000000-0000-4000-8000-{number:012d}"


def letta_database(path, agents, messages):
    """An SQLite database as older Letta servers made it."""
    schema = (harness.ROOT / "Tests/Fixtures/letta-0.16.8.sql").read_text()
    schema = schema.replace("timestamp with time zone", "datetime").replace("timestamp without time zone", "datetime")
    db = sqlite3.connect(path)
    db.executescript(schema)

    def insert(table, **values):
        values = {"organization_id": LETTA_ORGANIZATION, "is_deleted": 0, "created_at": "2025-03-04 05:06:07", **values}
        names = ", ".join(f'"{name}"' for name in values)
        db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", list(values.values()))

    model = {"model": "gpt-4o-mini", "model_endpoint_type": "openai", "context_window": 32000,
             "handle": "openai-proxy/gpt-4o-mini", "provider_name": "openai-proxy"}
    for agent in range(agents):
        ids = [letta_id("message", agent * 1_000_000 + number) for number in range(messages)]
        insert("agents", id=letta_id("agent", agent), name=f"Agent {agent}", agent_type="letta_v1_agent", system="Be kind.",
               llm_config=json.dumps(model), message_ids=json.dumps(ids[:3]), tool_rules="[]", message_buffer_autoclear=0)
        if agent == 0:
            db.execute("CREATE INDEX ix_messages_agent_sequence ON messages (agent_id, sequence_id)")
        for number, message in enumerate(ids):
            role = "system" if number == 0 else "user" if number % 2 else "assistant"
            insert("messages", id=message, agent_id=letta_id("agent", agent), role=role, tool_calls="[]",
                   content=json.dumps([{"type": "text", "text": f"line {number} of {agent} 🦉"}]), sequence_id=agent * 1_000_000 + number)
    db.commit()
    db.close()


def test_a_letta_database_comes_over_though_it_is_killed(tmp_path, model, own_server):
    """Killed ten times in the middle, then finished: each row once, and the client finds it."""
    source = tmp_path / "sqlite.db"
    letta_database(source, agents=20, messages=60)
    arguments = ["import", "--from", f"sqlite:///{source}", "--data-dir", str(own_server.data)]
    before = source.read_bytes()
    running = own_server.command(*arguments)
    assert running.returncode != 0 and "Another letta-server is using" in running.stderr
    assert own_server.stop() == 0
    preview = own_server.command(*arguments, "--preview")
    assert preview.returncode == 0 and "1200" in preview.stdout, preview.stderr
    for number in range(10):
        process = subprocess.Popen([harness.BINARY, *arguments], env=own_server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1 + 0.1 * number)
        process.kill()
        process.wait()
    done = own_server.command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is here." in done.stdout and "DIFFERENT" not in done.stdout
    assert source.read_bytes() == before
    own_server.start()
    client = client_of(own_server)
    for agent in (0, 19):
        found = [m.content for m in client.messages(letta_id("agent", agent), limit=100) if m.message_type != "system_message"]
        assert sorted(found) == sorted(f"line {number} of {agent} 🦉" for number in range(1, 60))
    client.send(letta_id("agent", 3), "Hello")


def test_the_agents_of_a_running_server_come_over(tmp_path, model, own_server):
    client = client_of(own_server)
    agent = make_agent(client, name="Mover", memory_blocks=[{"label": "human", "value": "Ann"}]).id
    other_agent = make_agent(client, name="Second").id
    client.add_memory(agent, "Noor is moving to Utrecht")
    client.send(agent, "Hello")
    other = harness.Server(tmp_path / "other", **model.settings)
    try:
        arguments = ["import", "--from", own_server.url + "/", "--data-dir", other.data]
        preview = other.command(*arguments, "--preview")
        assert preview.returncode == 0 and "agent Mover" in preview.stderr and "1 passages" in preview.stderr, preview.stderr
        assert re.search(r"agents +2\b", preview.stdout) and re.search(r"runs +1\b", preview.stdout), preview.stdout
        assert " here " not in preview.stdout and "Nothing was changed" in preview.stdout and "connects" not in preview.stderr
        done = other.command(*arguments)
        assert done.returncode == 0, done.stderr
        again = other.command(*arguments)
        assert again.returncode == 0 and again.stderr.count(": imported before") == 2
        assert "Everything is here." in done.stdout and "Everything is here." in again.stdout
        other.start()
        moved = client_of(other)
        assert moved.agent(agent).name == "Mover" and moved.agent(other_agent).name == "Second"
        assert [m.text for m in moved.memories(agent)] == ["Noor is moving to Utrecht"]
        assert len(moved.messages(agent)) == len(client.messages(agent))
    finally:
        other.close()
    nobody = own_server.command("import", "--from", "http://127.0.0.1:9", "--data-dir", tmp_path / "third")
    assert nobody.returncode != 0 and "There is no server at http://127.0.0.1:9" in nobody.stderr
    for source, advice in (("mysql://localhost/letta", "postgresql://"), (f"sqlite:///{tmp_path}/none.db", f"{tmp_path}/none.db")):
        wrong = own_server.command("import", "--from", source, "--data-dir", tmp_path / "third")
        assert wrong.returncode != 0 and advice in wrong.stderr, wrong.stderr


def test_a_server_that_asks_for_a_password_says_so(tmp_path, model):
    closed = harness.Server(tmp_path / "closed", LETTA_SERVER_PASSWORD="right", **model.settings)
    other = harness.Server(tmp_path / "other")
    try:
        closed.start()
        arguments = ["import", "--from", closed.url, "--data-dir", other.data]
        assert "set LETTA_FROM_PASSWORD" in other.command(*arguments).stderr
        other.settings["LETTA_FROM_PASSWORD"] = "wrong"
        assert "does not take the password" in other.command(*arguments).stderr
        other.settings["LETTA_FROM_PASSWORD"] = "right"
        assert other.command(*arguments).returncode == 0
    finally:
        other.close()
        closed.close()


class OtherServer(http.server.BaseHTTPRequestHandler):
    """A server before another one, whose files lack what only those of letta-server have, as Letta's do, and all but some messages; pages are small."""

    def do_GET(self):
        if self.path.startswith(tuple(self.server.lacks)):
            return self.answer(404, b'{"detail": "Not Found"}')
        answer = httpx.get(self.server.behind + self.path.replace("limit=100", "limit=3"))
        body = answer.content
        if self.path.split("?")[0].endswith("/export"):
            file = answer.json()
            for name in ("archives", "identities"):
                del file[name]
            for agent in file["agents"]:
                for name in ("archive_ids", "identities", "conversations"):
                    del agent[name]
                agent["messages"] = agent["messages"][-4:]
                kept = {message["id"] for message in agent["messages"]}
                agent["in_context_message_ids"] = [id for id in agent["in_context_message_ids"] if id in kept]
            body = json.dumps(file).encode()
        self.answer(answer.status_code, body)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = httpx.post(self.server.behind + self.path, content=body, headers={"Content-Type": "application/json"})
        self.answer(answer.status_code, answer.content)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def other_server(behind, lacks=()):
    """Its address."""
    front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherServer)
    front.behind, front.lacks = behind.url, lacks
    threading.Thread(target=front.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{front.server_port}"
    finally:
        front.shutdown()
        front.server_close()


@pytest.mark.only("v1")
def test_what_its_files_lack_comes_over_from_a_server(tmp_path, model, own_server):
    client = client_of(own_server)
    stranger = client.create_identity(identifier_key="bob", name="Bob", identity_type="user").id
    provider = client.create_provider(name="mine", provider_type="openai", api_key="sk-mine", base_url=model.url).id
    identity = client.create_identity(identifier_key="ann", name="Ann", identity_type="user", properties=[{"key": "age", "value": 41, "type": "number"}])
    agent = make_agent(client, name="Talker", memory_blocks=[{"label": "human", "value": "Ann"}]).id
    client.attach_identity(agent, identity.id)
    client.add_memory(agent, "Noor is moving to Utrecht")
    client.send(agent, "In the open")
    talks = [client.create_conversation(agent, summary=f"Talk {number}", isolated_block_labels=["human"] if number else []) for number in range(2)]
    for number, talk in enumerate(talks):
        client.say(talk.id, f"Whisper {number}")
    said, runs = client.messages(agent, limit=100), client.runs(agent)
    steps = [step.id for run in runs for step in client.run_steps(run.id)]
    assert len(runs) >= 3 and len(steps) >= 3
    other = harness.Server(tmp_path / "other", **model.settings)
    try:
        with other_server(own_server) as address:
            arguments = ["import", "--from", address, "--data-dir", other.data]
            done = other.command(*arguments)
            assert done.returncode == 0, done.stderr + done.stdout
            # A server that shows no secrets.
            assert "api_key_enc of mine" in done.stdout
            again = other.command(*arguments)
        assert again.returncode == 0 and re.search(rf"runs +{len(runs)} there +{len(runs)} here +ok", again.stdout), again.stdout
        other.start()
        moved = client_of(other)
        assert moved.provider(provider).name == "mine"
        assert [moved.identity(one).identifier_key for one in (stranger, identity.id)] == ["bob", "ann"]
        # Those of conversations come one conversation after the other.
        origins = [sorted((m.id, m.message_type, str(m.run_id), str(m.step_id)) for m in some) for some in (said, moved.messages(agent, limit=100))]
        assert origins[0] == origins[1]
        assert sorted(run.id for run in moved.runs(agent)) == sorted(run.id for run in runs)
        assert [step.id for run in runs for step in moved.run_steps(run.id)] == steps
        assert [m.text for m in moved.memories(agent)] == ["Noor is moving to Utrecht"]
        assert [(i.identifier_key, i.name, i.properties[0].value) for i in moved.agent(agent).identities] == [("ann", "Ann", 41)]
        found = {talk.summary: talk.id for talk in moved.conversations(agent_id=agent)}
        assert found == {f"Talk {number}": talk.id for number, talk in enumerate(talks)}
        for number in range(2):
            messages = moved.conversation_messages(found[f"Talk {number}"])
            assert [m.content for m in messages if m.message_type == "user_message"] == [f"Whisper {number}"]
            there = client.conversation_messages(talks[number].id)
            assert [m.id for m in messages if m.message_type != "system_message"] == [m.id for m in there if m.message_type != "system_message"]
        assert len(moved.conversation(found["Talk 1"]).isolated_block_ids) == 1
        assert not moved.conversation(found["Talk 0"]).isolated_block_ids
        # It goes on where it was, and the agent's own messages stay apart.
        moved.say(found["Talk 0"], "And more")
        own = [m.content for m in moved.messages(agent, limit=100) if m.message_type == "user_message"]
        assert own.count("In the open") == 1
        context = httpx.get(f"{other.url}/v1/agents/{agent}/context").json()
        assert context["num_messages"] == httpx.get(f"{own_server.url}/v1/agents/{agent}/context").json()["num_messages"]
        # The agent's own messages are what a file of it has, without those of its conversations.
        files = [httpx.get(f"{server.url}/v1/agents/{agent}/export").json() for server in (own_server, other)]
        roles = [[message["role"] for message in file["agents"][0]["messages"]] for file in files]
        assert roles[1] == roles[0]
    finally:
        other.close()


def rows(server, path):
    """Lists that tell of the same things, by their ids."""
    answer = httpx.get(server.url + path, params={"limit": 1000})
    assert answer.status_code == 200, answer.text
    return {row["id"]: row for row in answer.json()}


@pytest.mark.only("v1")
@pytest.mark.parametrize("whole", [True, False], ids=["of this kind", "of another kind"])
def test_things_of_a_server_come_over_under_their_ids(tmp_path, model, own_server, whole):
    def post(path, body=None, **options):
        answer = httpx.request(options.pop("verb", "POST"), own_server.url + path, json=body, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    shared = post("/v1/blocks/", {"label": "team", "value": "Noor leads"})["id"]
    alone = post("/v1/blocks/", {"label": "alone", "value": "nobody's"})["id"]
    tool = post("/v1/tools/", {"source_code": "def add(a: int, b: int) -> int:\n    \"\"\"Adds.\n\n    Args:\n        a: one\n        b: other\n    \"\"\"\n    return a + b\n"})["id"]
    archive = post("/v1/archives/", {"name": "Shared", "embedding": EMBEDDING})["id"]
    folder = post("/v1/folders/", {"name": "Papers", "embedding": EMBEDDING})["id"]
    post(f"/v1/folders/{folder}/upload", files={"file": ("a.txt", b"Noor is moving to Utrecht", "text/plain")})
    file, = until(lambda: rows(own_server, f"/v1/folders/{folder}/files").values(), lambda files: all(file["processing_status"] == "completed" for file in files))
    mcp = post("/v1/mcp-servers/", {"server_name": "far", "config": {"mcp_server_type": "streamable_http", "server_url": "http://127.0.0.1:9/mcp", "auth_token": "secret"}})["id"]
    sandbox = post("/v1/sandbox-config/", {"config": {"sandbox_dir": None}})["id"]
    variable = post(f"/v1/sandbox-config/{sandbox}/environment-variable", {"key": "CITY", "value": "Porto"})["id"]
    agents = []
    for name in ("Ann", "Bob"):
        body = {"name": name, "model": MODEL, "embedding": EMBEDDING, "block_ids": [shared], "memory_blocks": [{"label": "human", "value": name}], "tool_ids": [tool], "source_ids": [folder]}
        agent = post("/v1/agents/", body)["id"]
        post(f"/v1/agents/{agent}/archives/attach/{archive}", verb="PATCH")
        agents.append(agent)
    post(f"/v1/agents/{agents[0]}/archival-memory", {"text": "The well is in the garden", "tags": ["water"]})
    group = post("/v1/groups/", {"agent_ids": agents, "description": "both"})["id"]
    # Two that manage others, and one that both manage.
    for name in ("First", "Second"):
        manager = post("/v1/agents/", {"name": name, "model": MODEL, "hidden": True})["id"]
        post("/v1/groups/", {"agent_ids": [agents[0]] if name == "First" else agents, "description": name, "manager_config": {"manager_type": "supervisor", "manager_agent_id": manager}})
        agents.append(manager)
    template = post("/v1/blocks/", {"label": "form", "value": "empty", "is_template": True, "template_name": "form"})["id"]
    nobodys = post("/v1/archives/", {"name": "Nobody's", "embedding": EMBEDDING})["id"]
    post(f"/v1/archives/{nobodys}/passages", {"text": "The key is under the stone"})
    for number in range(4):
        said = "script: " + json.dumps([{"call": "add", "args": {"a": number, "b": 1}}, {"say": f"Done {number}"}])
        post(f"/v1/agents/{agents[0]}/messages", {"input": said})
    lists = ["/v1/blocks/", "/v1/archives/", "/v1/folders/", f"/v1/folders/{folder}/files", "/v1/groups/", "/v1/jobs/", "/v1/runs/", "/v1/mcp-servers/", "/v1/sandbox-config/", f"/v1/sandbox-config/{sandbox}/environment-variable"]
    lists += [f"/v1/agents/{agent}/{noun}" for agent in agents for noun in ("core-memory/blocks", "folders", "archival-memory", "messages")]
    before = {path: rows(own_server, path) for path in lists}
    assert {shared, alone} < before["/v1/blocks/"].keys() and file and mcp and variable and group
    other = harness.Server(tmp_path / "other", **model.settings)
    try:
        with other_server(own_server) as address:
            source = own_server.url if whole else address
            first, again = (other.command("import", "--from", source, "--data-dir", other.data) for _ in range(2))
        for done in (first, again):
            assert done.returncode == 0 and "DIFFERENT" not in done.stdout, done.stdout + done.stderr
        assert "  token of far" in first.stdout and f"  variables of {sandbox}" in first.stdout
        other.start()
        for path in lists:
            assert rows(other, path).keys() == before[path].keys(), path
        messages = f"/v1/agents/{agents[0]}/messages?order=asc"
        told = [[(m["id"], m["message_type"], m.get("content") or m.get("tool_return") or m.get("tool_call")) for m in httpx.get(server.url + messages, params={"limit": 1000}).json()] for server in (own_server, other)]
        assert len(told[0]) > 12 and told[1] == told[0]
        contexts = [httpx.get(f"{server.url}/v1/agents/{agents[0]}").json()["message_ids"] for server in (own_server, other)]
        assert contexts[1] == contexts[0]
        assert httpx.get(f"{other.url}/v1/blocks/{template}").json()["template_name"] == "form"
        found = httpx.post(f"{other.url}/v1/passages/search", json={"archive_id": nobodys}).json()
        assert [one["passage"]["text"] for one in found] == ["The key is under the stone"]
        assert "agents                  4 there           4 here" in first.stdout
        assert rows(other, "/v1/blocks/")[shared]["value"] == "Noor leads"
        assert httpx.get(f"{other.url}/v1/tools/{tool}").json()["name"] == "add"
        # One block for both agents, as there.
        httpx.patch(f"{other.url}/v1/blocks/{shared}", json={"value": "Ann leads"})
        for agent in agents[:2]:
            assert httpx.get(f"{other.url}/v1/agents/{agent}/core-memory/blocks/team").json()["value"] == "Ann leads"
            found = httpx.get(f"{other.url}/v1/agents/{agent}/archival-memory/search", params={"query": "well garden"}).json()
            assert [hit["content"] for hit in found["results"]] == ["The well is in the garden"]
        hits = httpx.post(f"{other.url}/v1/passages/search", json={"query": "moving Utrecht", "agent_id": agents[1]}).json()
        assert isinstance(hits, list)
        assert rows(other, f"/v1/folders/{folder}/passages").keys() == rows(own_server, f"/v1/folders/{folder}/passages").keys()
    finally:
        other.close()


@pytest.mark.only("v1")
def test_an_older_server_without_archives_comes_over(tmp_path, model, own_server):
    client = client_of(own_server)
    agent = make_agent(client, name="Mover", memory_blocks=[{"label": "human", "value": "Ann"}]).id
    client.add_memory(agent, "Noor is moving to Utrecht")
    other = harness.Server(tmp_path / "other", **model.settings)
    try:
        with other_server(own_server, lacks=["/v1/archives", "/v1/mcp-servers", "/v1/conversations", "/v1/groups"]) as address:
            done = other.command("import", "--from", address, "--data-dir", other.data)
        assert done.returncode == 0, done.stdout + done.stderr
        other.start()
        assert [m.text for m in client_of(other).memories(agent)] == ["Noor is moving to Utrecht"]
    finally:
        other.close()


def test_a_server_says_what_to_do_with_a_letta_database(tmp_path, own_server):
    assert own_server.stop() == 0
    folder = own_server.folder / "new"
    folder.mkdir()
    letta_database(folder / "sqlite.db", agents=1, messages=1)
    if not own_server.database:
        started = harness.Process([harness.BINARY, "serve", "--port", "0", "--data-dir", str(folder)], own_server.folder / "new.log",
                                  own_server.environment())
        started.wait_for(harness.LISTENING)
        started.end()
        assert f"letta-server import --from sqlite:///{folder}/sqlite.db" in (own_server.folder / "new.log").read_text()
    wrong = own_server.command("import", "--from", f"sqlite:///{own_server.data}/letta.sqlite", "--data-dir", folder)
    if not own_server.database:
        assert wrong.returncode != 0 and "database of letta-server itself" in wrong.stderr
    missing = own_server.command("import", "--from", "sqlite:///nowhere.db", "--data-dir", folder)
    assert missing.returncode != 0 and "can't be opened" in missing.stderr
    assert own_server.command("import", "--data-dir", folder).returncode != 0


def peak_memory(command, environment):
    """Runs a command to its end and returns the most memory it had, in MB."""
    process = subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def test_the_memory_of_an_import_does_not_grow_with_its_messages(tmp_path, own_server):
    assert own_server.stop() == 0
    peaks = []
    for number, messages in enumerate((400, 1_000_000 if harness.LONG else 4_000)):
        source = tmp_path / f"{messages}.db"
        letta_database(source, agents=1, messages=messages)
        command = [harness.BINARY, "import", "--from", f"sqlite:///{source}", "--data-dir", tmp_path / f"data{number}"]
        peaks.append(peak_memory(command, {**own_server.environment(), "LETTA_PG_URI": ""}))
    assert peaks[1] < peaks[0] + 40, peaks
