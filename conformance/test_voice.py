"""Voice agents through the published client that has a method for them; `test_openai_front` has what voice services call."""

import pytest

from steps import make_agent

pytestmark = [pytest.mark.clients, pytest.mark.only("legacy")]


def test_a_voice_agent_is_called(client):
    agent = make_agent(client, agent_type="voice_convo_agent", enable_sleeptime=True, memory_blocks=[{"label": "human", "value": "h"}])
    answer = client.raw.voice.create_voice_chat_completions(
        agent.id, request={"model": agent.id, "messages": [{"role": "user", "content": "hello"}]})
    assert answer["choices"][0]["message"]["content"] == "echo: hello"
