"""A real model on this machine. Runs where LETTA_TEST_MODELS names a data folder with a chat model, and what runs it, installed."""

import contextlib
import json
import sqlite3
import time
from pathlib import Path

import pytest

import httpx

import harness
from conftest import client_of

pytestmark = pytest.mark.local_model

HANDLE = "letta-local/qwen2.5-coder-0.5b"
FACT = "Please remember that my boat is called Calypso."
QUESTION = "What is my boat called?"
KEYWORD = "Calypso"


@pytest.fixture
def local(tmp_path):
    """A server without any key on a new folder that borrows the models of another one."""
    server = harness.Server(tmp_path / "local", database=False)
    server.data.mkdir()
    for name in ("models", "runtime"):
        (server.data / name).symlink_to(Path(harness.MODELS) / name)
    try:
        yield server.start()
    finally:
        server.close()


def make_agent(client):
    return client.create_agent(
        model=HANDLE, model_settings={"provider_type": "openai", "temperature": 0},
        memory_blocks=[{"label": "human", "value": ""}, {"label": "persona", "value": "I am a friendly agent."}])


def stored(server, block):
    """The value as it is in the database."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/letta.sqlite?mode=ro", uri=True)) as database:
        return database.execute("SELECT value FROM block WHERE id = ?", (block,)).fetchone()[0]


def said(answer):
    return " ".join(m.content for m in answer.messages if m.message_type == "assistant_message")


def test_an_agent_keeps_a_fact_and_uses_it_after_a_restart(local):
    client = client_of(local, timeout=300)
    told, untold = make_agent(client), make_agent(client)
    first = client.send(told.id, FACT)
    assert [m.message_type for m in first.messages] == ["tool_call_message", "tool_return_message", "assistant_message"]
    assert KEYWORD in stored(local, client.agent_block(told.id, "human").id)
    local.restart()
    client = client_of(local, timeout=300)
    assert KEYWORD in said(client.send(told.id, QUESTION))
    assert KEYWORD not in said(client.send(untold.id, QUESTION))
    assert stored(local, client.agent_block(untold.id, "human").id) == ""


def test_a_greeting_is_streamed_and_changes_nothing(local):
    client = client_of(local, timeout=300)
    agent = make_agent(client)
    events = client.stream(agent.id, "Hello!", True)
    kinds = [event.message_type for event in events]
    assert kinds[0] == "ping" and kinds[-2:] == ["stop_reason", "usage_statistics"]
    assert kinds.count("assistant_message") > 1 and "tool_call_message" not in kinds
    assert stored(local, client.agent_block(agent.id, "human").id) == ""


def test_models_that_are_installed_beside_the_running_server_are_used(tmp_path):
    server = harness.Server(tmp_path / "late", database=False)
    try:
        http = httpx.Client(base_url=server.start().url, timeout=60)
        refused = http.post("/v1/agents/", json={"name": "early"})
        assert refused.status_code == 400, refused.text
        for name in ("models", "runtime"):
            (server.data / name).symlink_to(Path(harness.MODELS) / name)
        made = http.post("/v1/agents/", json={"name": "late"})
        assert made.status_code == 200, made.text
        assert made.json()["embedding_config"]["handle"] == "letta-local/all-minilm-l6-v2"
        assert made.json()["llm_config"]["handle"].startswith("letta-local/")
    finally:
        server.close()


@contextlib.contextmanager
def llama_server(folder, *arguments):
    """The address of a real llama-server with the local chat model."""
    models = Path(harness.MODELS)
    program = next(each for each in (models / "runtime").iterdir() if each.name.startswith("llama-server"))
    weights = max((models / "models" / HANDLE.split("/")[1]).glob("*.gguf"), key=lambda file: file.stat().st_size)
    port = harness.free_port()
    process = harness.Process(
        [program, "--host", "127.0.0.1", "--port", str(port), "-m", weights, "-c", "8192", "-np", "1", "-t", "1", "--jinja",
         "--alias", "qwen", *arguments], folder / "llama.log", harness.environment(folder))
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(url + "/health", timeout=5).status_code == 200:
                    break
            assert process.running, process.output[-2000:]
            time.sleep(0.2)
        yield url + "/v1"
    finally:
        process.kill()


@pytest.fixture
def llama(tmp_path):
    with llama_server(tmp_path) as address:
        yield address


@pytest.fixture
def llama_with_calls(tmp_path):
    """One whose template makes the small model write calls as llama-server reads them: by its own it writes them as text."""
    with llama_server(tmp_path, "--chat-template-file", Path(__file__).with_name("native-calls.jinja")) as address:
        yield address


@pytest.mark.parametrize("kind", ["openai", "openai_responses", "anthropic"])
def test_every_format_of_llama_server_is_spoken(tmp_path, llama, kind):
    """A second implementation of three wire formats, streamed and not, with tools offered."""
    server = harness.Server(tmp_path / "formats", database=False, LETTA_LOCAL="off")
    try:
        client = client_of(server.start(), timeout=300)
        config = {"model": "qwen", "model_endpoint_type": kind, "model_endpoint": llama, "context_window": 8192,
                  "max_tokens": 60, "temperature": 0}
        agent = client.create_agent(llm_config=config, include_base_tools=False, system="You are kind. Answer in one short sentence.")
        answer = client.send(agent.id, "Say hello.")
        assert said(answer).strip() and answer.stop_reason.stop_reason in ("end_turn", "max_tokens_exceeded"), answer
        assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0
        events = client.stream(agent.id, "And now say goodbye.", True)
        kinds = [event.message_type for event in events]
        assert kinds.count("assistant_message") > 1 and kinds[-2:] == ["stop_reason", "usage_statistics"], kinds
    finally:
        server.close()


SOURCES = [
    'def get_weather(city: str) -> str:\n    """Tells the weather of a city.\n\n    Args:\n        city (str): Its name.\n    """\n'
    '    return f"It is mild in {city}."\n',
    'def open_door(name: str) -> str:\n    """Opens a door.\n\n    Args:\n        name (str): Its name.\n    """\n    return "open"\n']


@pytest.mark.parametrize("kind", ["openai", "openai_responses", "anthropic"])
def test_llama_server_streams_tool_calls(tmp_path, llama_with_calls, kind):
    """The pieces of a streamed call add up to the arguments that the tool gets and the history has."""
    server = harness.Server(tmp_path / "calls", database=False, LETTA_LOCAL="off")
    try:
        client = client_of(server.start(), timeout=300)
        tools = [client.create_tool(source) for source in SOURCES]
        config = {"model": "qwen", "model_endpoint_type": kind, "model_endpoint": llama_with_calls, "context_window": 8192,
                  "max_tokens": 80, "temperature": 0}
        # An agent of this type has to call a tool, whichever it likes.
        agent = client.create_agent(
            agent_type="sleeptime_agent", llm_config=config, include_base_tools=False, tool_ids=[tool.id for tool in tools],
            system="Call a function.", tool_rules=[{"type": "exit_loop", "tool_name": tool.name} for tool in tools])
        events = client.stream(agent.id, "What is the weather in Porto?", True)
        calls = [event.tool_call for event in events if event.message_type == "tool_call_message"]
        assert len(calls) > 2, [event.message_type for event in events]
        assert "".join(call.name or "" for call in calls) == "get_weather"
        arguments = "".join(call.arguments or "" for call in calls)
        assert json.loads(arguments) == {"city": "Porto"}
        returned = next(event for event in events if event.message_type == "tool_return_message")
        assert (returned.status, returned.tool_return) == ("success", "It is mild in Porto.")
        stored = next(m for m in client.messages(agent.id) if m.message_type == "tool_call_message")
        assert stored.tool_call.arguments == arguments and stored.tool_call.tool_call_id == returned.tool_call_id
    finally:
        server.close()


def test_llama_server_tells_log_probabilities(tmp_path, llama):
    server = harness.Server(tmp_path / "logprobs", database=False, LETTA_LOCAL="off")
    try:
        client = client_of(server.start(), timeout=300)
        config = {"model": "qwen", "model_endpoint_type": "openai", "model_endpoint": llama, "context_window": 8192, "max_tokens": 20}
        agent = client.create_agent(llm_config=config, include_base_tools=False, system="Answer in one short sentence.")
        answer = client.send_messages(
            agent.id, {"role": "user", "content": "Say hello."}, return_logprobs=True, top_logprobs=2)
        assert answer.logprobs is not None, "the service was asked for log probabilities"
        tokens = answer.logprobs.content
        assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens), tokens
        assert "".join(token.token for token in tokens).strip().startswith(said(answer).strip()[:10])
    finally:
        server.close()


def test_the_doctor_finds_out_what_a_small_model_can_do(tmp_path, llama):
    """This model writes tool calls as text, and its server enforces schemas."""
    server = harness.Server(tmp_path / "doctor", database=False, LETTA_LOCAL="off", LLAMACPP_BASE_URL=llama)
    told = server.command("doctor", "llamacpp/qwen")
    assert told.returncode == 0, told.stdout + told.stderr
    for line in ("context window: 8192 tokens", "structured output: yes", "treated as a small model", "tokens/s"):
        assert line in told.stdout, told.stdout
    assert "tool calling: text" in told.stdout or "tool calling: native" in told.stdout, told.stdout


def embedded(client, path, count):
    """Waits until all passages of an archive or a folder are embedded, and returns what is told of them."""
    for _ in range(600):
        state = client.get(path).json()
        if state["passages"] == count and state["waiting"] == 0 and state["next"] is None:
            return state
        time.sleep(0.1)
    raise AssertionError(state)


def test_memories_and_files_are_found_by_their_meaning(local):
    """By the real embedding model, also after a restart; without naming a model for the folder."""
    client = client_of(local, timeout=300)
    http = httpx.Client(base_url=local.url, timeout=60)
    agent = client.create_agent(model=HANDLE, embedding="letta-local/all-minilm-l6-v2", include_base_tools=False)
    texts = ["Ann bought a used car last spring.", "The kitten sleeps on the couch.", "Bob works as a physician in Utrecht."]
    for text in texts:
        client.add_memory(agent.id, text)
    archive = http.get("/v1/archives/", params={"agent_id": agent.id}).json()[0]
    assert archive["embedding_config"]["embedding_dim"] == 384
    embedded(http, f"/v1/archives/{archive['id']}/embedding", 3)
    questions = {"Which vehicle does she own?": 0, "Where is the pet resting?": 1, "What is the doctor's profession?": 2}
    for _ in range(2):
        for question, answer in questions.items():
            assert client.find_memories(agent.id, question, top_k=1).results[0].content == texts[answer]
        local.restart()
        client = client_of(local, timeout=300)
    http = httpx.Client(base_url=local.url, timeout=60)
    folder = http.post("/v1/folders/", json={"name": "notes"}).json()
    assert folder["embedding_config"]["handle"] == "letta-local/all-minilm-l6-v2"
    long = "The harbour was built in 1905. " * 400
    file = http.post(f"/v1/folders/{folder['id']}/upload", files={"file": ("a.txt", long.encode(), "text/plain")}).json()
    for _ in range(600):
        state = http.get(f"/v1/folders/{folder['id']}/files/{file['id']}").json()
        if state["processing_status"] in ("completed", "error"):
            break
        time.sleep(0.1)
    assert state["processing_status"] == "completed" and state["error_message"] is None, state
    assert state["chunks_embedded"] == state["total_chunks"] > 1
