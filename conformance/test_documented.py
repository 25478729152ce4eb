"""Every example of the API's document, as it is written there (`documented/`).

An example that passes a parameter or calls a method which the client lacks goes by HTTP, to the path that the document names for it.
"""

import ast
import json
import re
import subprocess
import threading
import uuid
from pathlib import Path
from types import SimpleNamespace

import harness
import pytest
from letta_client import Letta

pytestmark = [pytest.mark.clients, pytest.mark.only("legacy")]

FOLDER = Path(__file__).with_name("documented")
PASSWORD = "your-password"

# The document's paths of the calls that the client can't make as written.
BY_HTTP = {
    "agents.create": ("POST", "/agents"),
    "agents.modify": ("PATCH", "/agents/{agent_id}"),
    "agents.messages.create": ("POST", "/agents/{agent_id}/messages"),
    "agents.messages.modify": ("PATCH", "/agents/{agent_id}/messages/{message_id}"),
    "blocks.create": ("POST", "/blocks"),
    "blocks.modify": ("PATCH", "/blocks/{block_id}"),
    "tools.create": ("POST", "/tools"),
    "tools.upsert": ("PUT", "/tools"),
    "sources.create": ("POST", "/sources"),
    "sources.upload_file": ("POST", "/sources/{source_id}/upload"),
    "sources.list_files": ("GET", "/sources/{source_id}/files"),
    "sources.delete_file": ("DELETE", "/sources/{source_id}/files"),
    "providers.check": ("POST", "/providers/check-existing"),
}


class Documented:
    """A client that takes what the document shows: the real client's own call where it has one, the documented path otherwise."""

    def __init__(self, client, http, path=()):
        self.client, self.http, self.path = client, http, path
        self.by_http = [] if not path else None

    def __getattr__(self, name):
        child = Documented(self.client, self.http, (*self.path, name))
        child.by_http = self.by_http
        return child

    def __call__(self, **arguments):
        method = self.client
        try:
            for name in self.path:
                method = getattr(method, name)
            return method(**arguments)
        except (AttributeError, TypeError):
            return self.call(".".join(self.path), dict(arguments))

    def call(self, name, arguments):
        self.by_http.append(name)
        verb, path = BY_HTTP[name]
        path = re.sub(r"\{(\w+)\}", lambda match: arguments.pop(match[1]), path)
        sent = {"params": arguments}
        if "file_path" in arguments:
            sent = {"files": {"file": Path(arguments["file_path"]).open("rb")}}
        elif verb in ("PATCH", "PUT") or (verb == "POST" and "check" not in path):
            sent = {"json": json.loads(json.dumps(arguments, default=lambda value: value.dict(exclude_unset=True)))}
        answer = self.http.request(verb, path, **sent)
        expected = {"agents.messages.modify": 405, "sources.delete_file": 204}.get(name, 200)
        assert answer.status_code == expected, (name, answer.status_code, answer.text)
        return answer.text and json.loads(answer.text, object_hook=lambda fields: SimpleNamespace(**fields))


@pytest.fixture(scope="module")
def documented(tmp_path_factory, model):
    """A server as the document has one: with a password, and a model for agents that name none."""
    server = harness.Server(
        tmp_path_factory.mktemp("documented"), **model.settings, LETTA_SERVER_PASSWORD=PASSWORD, LETTA_DEFAULT_LLM_HANDLE="openai/gpt-4.1",
        LETTA_DEFAULT_EMBEDDING_HANDLE="openai/text-embedding-3-small")
    try:
        yield server.start()
    finally:
        server.close()


class Shelf:
    """One of each noun, under the placeholder that the document uses for its id."""

    def __init__(self, client, model, tmp_path):
        name = uuid.uuid4().hex
        self.agent_id = client.agents.create(name="There already", model="openai/gpt-4.1").id
        self.block_id = client.blocks.create(label="there", value="already").id
        self.identity_id = client.identities.upsert(identifier_key="there", name="There", identity_type="user").id
        self.tool_id = client.tools.upsert(source_code='def there() -> str:\n    """Says so."""\n    return "here"\n').id
        self.source_id = client.sources.create(name=f"There {name}", embedding="openai/text-embedding-3-small").id
        sent = tmp_path / "there.txt"
        sent.write_text("There already.")
        self.file_id = client.sources.files.upload(source_id=self.source_id, file=sent.open("rb")).id
        self.provider_id = client.providers.create(name=f"There-{name}", provider_type="openai", api_key="sk", base_url=model.url).id
        self.message_id = client.agents.messages.list(agent_id=self.agent_id)[0].id
        self.username = "john"
        self.message = "Hello"
        self.new_content = {"name": "john", "preferences": {"tea": True}, "conversation_history": []}
        self.user_record = SimpleNamespace(block_id=None, save=lambda: None)
        self.path_to_file = tmp_path / "file.txt"
        self.path_to_file.write_text("What the file says.")

    def filled(self, text):
        for name in ("agent", "block", "identity", "tool", "source", "file", "provider", "message"):
            text = text.replace(f'{name}_id="{name}_id"', f'{name}_id="{getattr(self, name + "_id")}"')
        return text.replace("/path/to/file.txt", str(self.path_to_file))


class Awaited(ast.NodeTransformer):
    """`await call` is run to its end: the calls of the async client are the same."""

    def visit_Await(self, node):
        return ast.Call(ast.Name("run", ast.Load()), [ast.Lambda(
            ast.arguments([], [], None, [], [], None, []), node.value)], [])


def examples(name):
    """The examples of one part of the document. Each stands for itself under a comment, so each gets rows of its own."""
    text = (FOLDER / f"{name}.py").read_text()
    if name in ("block_id_management", "identity_management"):
        return [text]
    return re.split(r"(?m)^(?=# )", text)


def run_example(text, client, shelf, names):
    tree = ast.fix_missing_locations(Awaited().visit(ast.parse(text)))
    # The client of the document is the one that is passed.
    tree.body = [
        statement for statement in tree.body
        if not (isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "client")]
    from letta_client import MessageCreate
    names |= {**vars(shelf), "client": client, "MessageCreate": MessageCreate, "run": lambda call: call()}
    exec(compile(tree, "example", "exec"), names)


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.py")))
def test_every_python_example_works(documented, model, tmp_path, name):
    names = {}
    with documented.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as http:
        client = Documented(Letta(base_url=documented.url, token=PASSWORD), http)
        # The identity that the document's messages are from, and that it shows how to make.
        speaker = client.identities.upsert(identifier_key="user_123", name="John Doe", identity_type="user")
        if name == "identities":
            client.identities.delete(identity_id=speaker.id)
        for example in examples(name):
            shelf = Shelf(client.client, model, tmp_path)
            if ".detach(" in example:
                client.agents.blocks.attach(agent_id=shelf.agent_id, block_id=shelf.block_id)
            run_example(shelf.filled(example), client, shelf, names)
        if name == "agents":
            made = http.get(f"/v1/agents/{names['agent'].id}").json()
            assert made["system"] == "You are a helpful assistant"
            assert http.get(f"/v1/agents/{shelf.agent_id}").status_code == 404  # The last example deletes it.
        if name == "tools":
            made = http.get(f"/v1/tools/{names['tool'].id}").json()
            assert (made["name"], made["source_code"], made["default_requires_approval"]) == ("my_tool", None, True)
        if name == "blocks":
            # A label with a space can be made, and not asked for.
            made = [block for block in http.get("/v1/blocks/", params={"limit": 1000}).json() if block["label"] == "My Block"]
            assert json.loads(made[0]["value"]) == {"content": "This is my block content"}


def test_instructions_are_the_system_prompt(documented):
    with documented.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as http:
        agent = http.post("/agents", json={"name": "My Agent", "instructions": "You are a helpful assistant"}).json()
        changed = http.patch(f"/agents/{agent['id']}", json={"instructions": "Updated instructions"})
        assert changed.status_code == 200
    documented.restart()
    with documented.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as http:
        assert http.get(f"/agents/{agent['id']}").json()["system"] == "Updated instructions"


def test_a_tool_of_parameters_alone_is_run_by_the_client(documented):
    with documented.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as http:
        tool = http.post("/tools", json={
            "name": "look_outside", "description": "Looks.",
            "parameters": {"type": "object", "properties": {"where": {"type": "string"}}, "required": ["where"]}}).json()
        changed = http.patch(f"/tools/{tool['id']}", json={"description": "Looks out of the window."}).json()
        assert changed["json_schema"]["description"] == "Looks out of the window."
        agent = http.post("/agents", json={"name": "Watcher", "tool_ids": [tool["id"]]}).json()
        script = [{"call": "look_outside", "args": {"where": "north"}}, {"say": "It rains."}]
        asked = http.post(f"/agents/{agent['id']}/messages", json={
            "messages": [{"role": "user", "content": f"script: {json.dumps(script)}"}]}).json()
        assert asked["stop_reason"]["stop_reason"] == "requires_approval", asked
        call = next(m for m in asked["messages"] if m["message_type"] == "approval_request_message")["tool_call"]
        assert (call["name"], json.loads(call["arguments"])["where"]) == ("look_outside", "north")
        answered = http.post(f"/agents/{agent['id']}/messages", json={"messages": [{"type": "approval", "approvals": [
            {"type": "tool", "tool_call_id": call["tool_call_id"], "tool_return": "rain", "status": "success"}]}]}).json()
        assert answered["messages"][-1]["content"] == "It rains.", answered
        nothing = http.post("/tools", json={"name": "only_a_name"})
        assert nothing.status_code == 422 and "source_code" in nothing.text


def test_every_curl_example_works(documented):
    with documented.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as http:
        identity = http.put("/v1/identities/", json={"identifier_key": "there", "name": "There", "identity_type": "user"}).json()["id"]
        for known in http.get("/v1/identities/", params={"identifier_key": "user_123"}).json():
            http.delete(f"/v1/identities/{known['id']}")
    for file in sorted(FOLDER.glob("*.sh")):
        text = file.read_text().replace("http://localhost:8283", documented.url).replace("<token>", PASSWORD)
        for example in filter(None, re.split(r"(?m)^# .*\n", text.replace("identity_id", identity))):
            done = subprocess.run(
                ["bash", "-c", example.strip() + " --silent --fail-with-body"], capture_output=True, text=True, timeout=harness.PATIENCE)
            assert done.returncode == 0, (example, done.stdout, done.stderr)
            json.loads(done.stdout)


def test_fifty_users_at_once_never_see_each_others_persona(documented, model):
    """The document's flow: make the block, attach it, send with the identity, detach."""
    before = len(Path(model.requests).read_text().splitlines())
    with documented.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as http:
        agent = http.post("/agents", json={"name": "Shared", "instructions": "You are a helpful assistant"}).json()["id"]
    failures = []

    def user(number):
        try:
            with documented.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as http:
                client = Documented(Letta(base_url=documented.url, token=PASSWORD, timeout=harness.PATIENCE), http)
                name = f"u{number:02}"
                identity = client.identities.upsert(identifier_key=name, name=name, identity_type="user")
                block = client.blocks.create(label=f"Persona_{name}", value={"name": name, "secret": f"secret-of-{name}"})
                client.identities.modify(identity_id=identity.id, block_ids=[block.id])
                client.agents.blocks.attach(agent_id=agent, block_id=block.id)
                try:
                    answer = http.post(f"/agents/{agent}/messages", json={
                        "messages": [{"role": "user", "content": f"I am {name}."}], "identity_id": name})
                    assert answer.status_code == 200, answer.text
                finally:
                    client.agents.blocks.detach(agent_id=agent, block_id=block.id)
        except Exception as error:
            failures.append(f"{number}: {error!r}")

    users = [threading.Thread(target=user, args=(number,)) for number in range(50)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()
    assert not failures, failures
    seen = 0
    for line in Path(model.requests).read_text().splitlines()[before:]:
        asked = re.findall(r"I am (u\d\d)\.", line)
        if asked:
            secrets = set(re.findall(r"secret-of-(u\d\d)", line))
            assert secrets <= {asked[-1]}, (asked[-1], secrets)
            seen += asked[-1] in secrets
    assert seen == 50
