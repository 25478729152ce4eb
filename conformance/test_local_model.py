"""A real model on this machine. Runs where LETTA_TEST_MODELS names a data folder with a chat model, and what runs it, installed."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

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
