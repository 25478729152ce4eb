"""Agents on litellm's proxy, a second implementation of the wire formats. Runs where LETTA_TEST_LITELLM names the program."""

import json
import os
import time

import httpx
import pytest

import harness
from conftest import client_of
from test_messages import INSERT, kinds, script

pytestmark = [pytest.mark.clients, pytest.mark.litellm]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, model):
    """The proxy's address. Behind it is the scripted model, which every format reaches as chat completions."""
    folder = tmp_path_factory.mktemp("litellm")
    settings = {
        "model_list": [{"model_name": "scripted", "litellm_params": {
            "model": "groq/gpt-4o-mini", "api_base": model.url, "api_key": "sk-scripted"}}],
        "litellm_settings": {"telemetry": False, "num_retries": 0},
        # A scripted failure must not close the model to the next test.
        "router_settings": {"disable_cooldowns": True, "num_retries": 0},
    }
    (folder / "config.yaml").write_text(json.dumps(settings))
    port = harness.free_port()
    process = harness.Process(
        [os.environ["LETTA_TEST_LITELLM"], "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port)],
        folder / "litellm.log",
        harness.environment(folder, LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY="true", LITELLM_LOCAL_MODEL_COST_MAP="True"))
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                if httpx.get(url + "/health/liveliness", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            assert process.running, process.output[-3000:]
            time.sleep(0.25)
        yield url
    finally:
        process.kill()


@pytest.mark.parametrize("kind, path", [
    ("google_ai", "/v1beta"), ("anthropic", "/v1"), ("openai_responses", "/v1"), ("openai", "/v1")])
def test_an_agent_calls_a_tool_in_every_format(client, proxy, kind, path):
    agent = client.create_agent(
        memory_blocks=[{"label": "human", "value": "Name: Ann"}],
        llm_config={"model": "scripted", "model_endpoint_type": kind, "model_endpoint": proxy + path, "context_window": 32000})
    answer = client.send(agent.id, "hello there")
    assert [message.content for message in answer.messages] == ["echo: hello there"]
    answer = client.send(agent.id, script(INSERT, {"say": "noted"}))
    assert kinds(answer.messages) == ["tool_call_message", "tool_return_message", "assistant_message"]
    assert answer.messages[1].status == "success" and answer.messages[2].content == "noted"
    assert "Likes tea" in client.agent_block(agent.id, "human").value
    events = client.stream(agent.id, script(INSERT, {"say": "noted again"}), True)
    assert "".join(event.content for event in events if event.message_type == "assistant_message") == "noted again"
    assert kinds(events)[-2:] == ["stop_reason", "usage_statistics"]
    with pytest.raises(client.Error) as refusal:
        client.send(agent.id, script({"status": 401}))
    assert refusal.value.status_code in (400, 401, 500), refusal.value
