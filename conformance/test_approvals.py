"""Calls that wait for a person or for the client's own tools, through the published clients; the model is scripted."""

import json

import pytest

from harness import unknown
from steps import make_agent, refused

pytestmark = pytest.mark.clients

INSERT = {"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}
LIST = {"name": "local_ls", "description": "List files here",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def script(*steps):
    return "script: " + json.dumps(list(steps))


def kinds(messages):
    return [message.message_type for message in messages]


@pytest.fixture
def agent(client):
    made = make_agent(client, memory_blocks=[{"label": "human", "value": "Name: Ann"}])
    client.require_approval(made.id, "memory_insert", True)
    return made


def ask(client, agent):
    answer = client.send(agent.id, script(INSERT, {"say": "noted"}))
    assert kinds(answer.messages) == ["approval_request_message"]
    assert answer.stop_reason.stop_reason == "requires_approval"
    return answer.messages[0]


@pytest.mark.parametrize("approve", [True, False])
def test_a_decision_on_the_request(client, agent, approve):
    """The form that both generations have."""
    request = ask(client, agent)
    assert request.tool_call.name == "memory_insert" and json.loads(request.tool_call.arguments)["label"] == "human"
    with refused(client, 409) as refusal:
        client.send(agent.id, "hello?")
    assert refusal.body["detail"]["code"] == "PENDING_APPROVAL" and refusal.body["detail"]["pending_request_id"] == request.id
    decision = {"type": "approval", "approve": approve, "approval_request_id": request.id, "reason": "why not"}
    answer = client.send_messages(agent.id, decision)
    assert kinds(answer.messages) == ["tool_return_message", "assistant_message"]
    assert answer.messages[0].status == ("success" if approve else "error")
    assert ("why not" in answer.messages[0].tool_return) == (not approve)
    assert answer.messages[1].content == "noted"
    assert client.agent_block(agent.id, "human").value == ("Name: Ann\nLikes tea" if approve else "Name: Ann")
    again = client.send_messages(agent.id, decision)
    assert [message.id for message in again.messages] == [message.id for message in answer.messages]
    listed = [message for message in client.messages(agent.id, limit=100) if message.message_type == "approval_response_message"]
    assert len(listed) == 1 and listed[0].approve == approve and listed[0].reason == "why not"
    assert client.send(agent.id, script({"say": "well"})).messages[0].content == "well"


@pytest.mark.parametrize("tokens", [False, True])
def test_streams(client, agent, tokens):
    events = client.stream(agent.id, script(INSERT, {"say": "noted"}), tokens)
    request = next(event for event in events if event.message_type == "approval_request_message")
    assert kinds(events)[-2:] == ["stop_reason", "usage_statistics"] and events[-2].stop_reason == "requires_approval"
    events = client.stream_messages(
        agent.id, tokens, {"type": "approval", "approve": True, "approval_request_id": request.id})
    seen = kinds(events)
    assert seen[:2] == ["ping", "tool_return_message"] and set(seen[2:-2]) == {"assistant_message"}, seen
    assert "".join(event.content for event in events if event.message_type == "assistant_message") == "noted"


def test_nothing_waits(client, agent):
    with refused(client, 400) as refusal:
        client.send_messages(agent.id, {"type": "approval", "approve": True, "approval_request_id": unknown("message")})
    assert refusal.body["detail"].startswith("Cannot process approval response")


@pytest.mark.only("v1")
def test_each_call_has_its_answer(client, agent):
    request = ask(client, agent)
    state = client.agent(agent.id)
    assert state.pending_approval.id == request.id and state.pending_approval.tool_call == request.tool_call
    with refused(client, 400) as refusal:
        client.send_messages(agent.id, {"type": "approval", "approvals": [{"type": "approval", "tool_call_id": "call_zz", "approve": True}]})
    assert refusal.body["detail"].startswith("Invalid tool call IDs.")
    decision = {"type": "approval", "tool_call_id": request.tool_call.tool_call_id, "approve": True}
    edited = {**decision, "arguments": {"label": "human", "new_string": "Likes coffee"}}
    answer = client.send_messages(agent.id, {"type": "approval", "approvals": [edited]}, {"role": "user", "content": "and now?"})
    assert answer.messages[0].step_id == request.step_id and answer.messages[0].run_id != request.run_id
    assert client.agent_block(agent.id, "human").value == "Name: Ann\nLikes coffee"
    assert client.agent(agent.id).pending_approval is None


@pytest.mark.only("v1")
@pytest.mark.parametrize("kind", ["letta_v1_agent", "memgpt_v2_agent"])
def test_the_clients_own_tools(client, kind):
    agent = make_agent(client, agent_type=kind)
    end = {"say": "listed"} if kind == "letta_v1_agent" else {"call": "send_message", "args": {"message": "listed"}}
    call = {"call": "local_ls", "args": {"path": "/x", "request_heartbeat": True}}
    asked = client.send_messages(agent.id, {"role": "user", "content": script(call, end)}, client_tools=[LIST])
    request = asked.messages[-1]
    assert request.message_type == "approval_request_message" and request.tool_call.name == "local_ls"
    result = {"type": "tool", "tool_call_id": request.tool_call.tool_call_id, "status": "success", "stdout": ["o"],
              "tool_return": [{"type": "text", "text": "a.png"},
                              {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]}
    answer = client.send_messages(agent.id, {"type": "tool_return", "tool_returns": [result]}, client_tools=[LIST])
    assert answer.messages[0].tool_return == "a.png\n[Image]" and answer.messages[0].stdout == ["o"]
    assert answer.messages[-1].content == "listed"
    listed = [message for message in client.messages(agent.id, limit=100) if message.message_type == "approval_response_message"]
    assert listed[0].approvals[0].tool_return[1].source.data == PNG
