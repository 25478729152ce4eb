"""Agents of the older types through the published clients: they speak through a tool and think in its arguments."""

import json

import pytest

from steps import make_agent

pytestmark = pytest.mark.clients

INSERT = {"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}


@pytest.fixture
def agent(client):
    return make_agent(client, agent_type="memgpt_v2_agent", memory_blocks=[{"label": "human", "value": "Name: Ann"}])


def script(*steps):
    return "script: " + json.dumps(list(steps))


def kinds(messages):
    return [message.message_type for message in messages]


def test_what_is_said_is_an_assistant_message(client, agent):
    answer = client.send(agent.id, script(INSERT, {"say": "noted", "think": "done"}))
    assert kinds(answer.messages) == ["reasoning_message", "tool_call_message", "tool_return_message", "reasoning_message", "assistant_message"]
    assert answer.messages[-1].content == "noted"
    assert answer.messages[-2].reasoning == "done" and answer.messages[-2].source == "non_reasoner_model"
    assert answer.stop_reason.stop_reason == "end_turn" and answer.usage.step_count == 2
    assert client.agent_block(agent.id, "human").value == "Name: Ann\nLikes tea"
    listed = [message.id for message in client.messages(agent.id)]
    assert {message.id for message in answer.messages} <= set(listed)
    assert kinds(client.messages(agent.id))[-2:] == ["reasoning_message", "assistant_message"]


@pytest.mark.parametrize("tokens", [False, True])
def test_a_turn_is_streamed(client, agent, tokens):
    events = client.stream(agent.id, script(INSERT, {"say": "noted"}), tokens)
    seen = [kind for place, kind in enumerate(kinds(events)) if place == 0 or kind != kinds(events)[place - 1]]
    assert seen == ["ping", "reasoning_message", "tool_call_message", "tool_return_message", "reasoning_message", "assistant_message", "stop_reason", "usage_statistics"]
    assert "".join(event.content for event in events if event.message_type == "assistant_message") == "noted"
