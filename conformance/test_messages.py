"""Talking with an agent through the published clients; the model is scripted."""

import json

import pytest

from harness import unknown
from steps import make_agent, refused

pytestmark = pytest.mark.clients


@pytest.fixture
def agent(client):
    return make_agent(client, memory_blocks=[{"label": "human", "value": "Name: Ann"}])


def script(*steps):
    return "script: " + json.dumps(list(steps))


INSERT = {"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}


def kinds(messages):
    return [message.message_type for message in messages]


def test_an_agent_answers(client, agent):
    answer = client.send(agent.id, "hello there")
    assert kinds(answer.messages) == ["assistant_message"]
    assert answer.messages[0].content == "echo: hello there"
    assert answer.stop_reason.stop_reason == "end_turn"
    assert answer.usage.step_count == 1 and answer.usage.total_tokens > 0
    with refused(client, 404):
        client.send(unknown("agent"), "hello")
    with refused(client, 422):
        client.send("nope", "hello")


def test_an_agent_remembers(client, agent):
    answer = client.send(agent.id, script(INSERT, {"say": "noted"}))
    assert kinds(answer.messages) == ["tool_call_message", "tool_return_message", "assistant_message"]
    assert answer.messages[1].status == "success"
    assert client.agent_block(agent.id, "human").value == "Name: Ann\nLikes tea"
    assert answer.usage.step_count == 2


@pytest.mark.parametrize("tokens", [False, True])
def test_a_turn_is_streamed(client, agent, tokens):
    events = client.stream(agent.id, script(INSERT, {"say": "noted"}), tokens)
    seen = [kind for place, kind in enumerate(kinds(events)) if place == 0 or kind != kinds(events)[place - 1]]
    assert seen == ["ping", "tool_call_message", "tool_return_message", "assistant_message", "stop_reason", "usage_statistics"]
    assert "".join(event.content for event in events if event.message_type == "assistant_message") == "noted"


@pytest.mark.only("legacy")
def test_streaming_as_the_later_client_asks_for_it_is_refused(client, agent):
    """The first client reads a plain answer here: it is told the route that streams for it, and no turn begins."""
    with refused(client, 422) as refusal:
        client.raw.agents.messages.create(agent_id=agent.id, messages=[{"role": "user", "content": "hello"}],
                                          request_options={"additional_body_parameters": {"streaming": True}})
    assert f"POST /v1/agents/{agent.id}/messages/stream" in refusal.body["detail"]
    assert kinds(client.messages(agent.id)) == ["system_message"]


def test_messages_are_listed_and_the_context_is_reset(client, agent):
    client.send(agent.id, "one")
    client.send(agent.id, "two")
    said = client.messages(agent.id)
    assert kinds(said) == ["system_message", "user_message", "assistant_message", "user_message", "assistant_message"]
    assert [message.content for message in said[1:]] == ["one", "echo: one", "two", "echo: two"]
    assert len(client.reset(agent.id).message_ids) == 1
    assert len(client.messages(agent.id)) == 5


def test_runs_and_steps_are_kept(client, agent):
    answer = client.send(agent.id, "hello")
    run = client.run(answer.messages[0].run_id)
    assert (run.status, run.stop_reason, run.agent_id) == ("completed", "end_turn", agent.id)
    assert [each.id for each in client.runs(agent.id)] == [run.id]
    step = client.step(answer.messages[0].step_id)
    assert (step.run_id, step.status) == (run.id, "success")
    with refused(client, 404):
        client.run(unknown("run"))
    with refused(client, 404):
        client.step(unknown("step"))


def test_a_context_is_compacted(client, agent):
    for number in range(6):
        client.send(agent.id, f"message {number}")
    client.compact(agent.id)
    window = client.messages(agent.id)
    assert "message 0" in text_of(window[1]) and "system_alert" in text_of(window[-1])
    assert client.send(agent.id, "still there?").messages[-1].content == "echo: still there?"


@pytest.mark.only("v1")
def test_a_compaction_says_what_it_left(client, agent):
    for number in range(6):
        client.send(agent.id, f"message {number}")
    result = client.compact(agent.id, compaction_settings={"mode": "all"})
    assert result.summary and (result.num_messages_before, result.num_messages_after) == (13, 2)
    fork = client.fork("default", agent_id=agent.id)
    client.send(agent.id, "more")
    result = client.compact_conversation(fork.id, compaction_settings={"mode": "all"})
    assert result.num_messages_after <= 2


def text_of(message):
    return message.content if isinstance(message.content, str) else ""
