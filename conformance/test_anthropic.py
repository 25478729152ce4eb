"""Agents on a service that speaks Anthropic's API, through the published clients."""

import json

import pytest

import harness
from conftest import client_of
from steps import EMBEDDING, make_agent
from test_messages import INSERT, kinds, script

pytestmark = pytest.mark.clients


def test_an_agent_answers_calls_a_tool_and_streams(tmp_path, model):
    """The base provider is set by its key and address, beside the OpenAI-compatible one, which embeds."""
    server = harness.Server(tmp_path / "anthropic", **model.settings, **model.anthropic_settings)
    try:
        client = client_of(server.start())
        assert "anthropic/gpt-4o-mini" in {each.handle for each in client.models(provider_name="anthropic")}
        agent = make_agent(client, model="anthropic/gpt-4o-mini", embedding=EMBEDDING,
                           memory_blocks=[{"label": "human", "value": "Name: Ann"}])
        assert agent.llm_config.model_endpoint_type == "anthropic"
        answer = client.send(agent.id, "hello there")
        assert [message.content for message in answer.messages] == ["echo: hello there"]
        assert answer.stop_reason.stop_reason == "end_turn" and answer.usage.total_tokens > 0
        answer = client.send(agent.id, script(INSERT, {"say": "noted"}))
        assert kinds(answer.messages) == ["tool_call_message", "tool_return_message", "assistant_message"]
        assert answer.messages[1].status == "success" and answer.messages[2].content == "noted"
        assert "Likes tea" in client.agent_block(agent.id, "human").value
        events = client.stream(agent.id, script(INSERT, {"say": "noted again"}), True)
        assert "".join(event.content for event in events if event.message_type == "assistant_message") == "noted again"
        assert kinds(events)[-2:] == ["stop_reason", "usage_statistics"]
        with pytest.raises(client.Error) as refusal:
            client.send(agent.id, script({"status": 401}))
        assert refusal.value.status_code == 401 and "scripted 401" in str(refusal.value)
        requests = [json.loads(line) for line in model.requests.read_text().splitlines()]
        asked = [each for each in requests if each["path"] == "/v1/messages"]
        assert asked and all(each["headers"]["x-api-key"] == "sk-ant-scripted" and "anthropic-version" in each["headers"] for each in asked)
        assert all(each["body"]["system"][-1]["cache_control"] == {"type": "ephemeral"} for each in asked)
    finally:
        server.close()
