"""Providers that users configure, through the published clients: the second generation has no calls for them, but their models."""

import pytest

import harness
from conftest import client_of
from harness import unknown
from steps import fresh, ids, make_agent, refused
from test_messages import INSERT, kinds, script

pytestmark = pytest.mark.clients

MASK = "********"


def make_provider(client, model, **fields):
    return client.create_provider(
        **{"name": fresh("mine"), "provider_type": "openai", "api_key": "sk-mine", "base_url": model.url, **fields})


def test_a_provider_is_created_read_changed_and_deleted(client, model):
    made = make_provider(client, model)
    assert made.id.startswith("provider-")
    assert (made.provider_type, made.provider_category, made.base_url) == ("openai", "byok", model.url)
    assert (made.api_key, made.api_key_enc, made.last_error) == (None, MASK, None)
    read = client.provider(made.id)
    assert (read.name, read.last_synced) == (made.name, made.last_synced)
    assert ids(client.providers(name=made.name)) == [made.id]
    assert made.id in ids(client.providers(provider_type="openai", limit=1000))
    changed = client.update_provider(made.id, api_key="sk-two", region="eu")
    assert (changed.region, changed.api_key_enc) == ("eu", MASK)
    assert client.update_provider(made.id, api_key=MASK).region == "eu"
    client.delete_provider(made.id)
    for call in (client.provider, client.delete_provider):
        with refused(client, 404):
            call(made.id)
    assert client.providers(name=made.name) == []


def test_what_is_no_provider_is_refused(client, model):
    taken = make_provider(client, model)
    with refused(client, 409):
        make_provider(client, model, name=taken.name)
    with refused(client, 400) as refusal:
        make_provider(client, model, name="openai")
    assert "base provider" in refusal.body["detail"]
    with refused(client, 422) as refusal:
        make_provider(client, model, provider_type="zzz")
    assert "provider_type" in refusal.body["detail"]
    with refused(client, 404):
        client.provider(unknown("provider"))


def test_settings_are_checked(client, model):
    assert client.check_provider(provider_type="openai", api_key="k", base_url=model.url) == {
        "message": "Valid api key for provider_type=openai"}
    assert client.check_provider(provider_type="anthropic", api_key="k", base_url=model.url) == {
        "message": "Valid api key for provider_type=anthropic"}
    with refused(client, 400) as refusal:
        client.check_provider(provider_type="google_vertex", api_key="k")
    assert "type google_vertex yet" in refusal.body["detail"]


def test_its_models_are_listed(client, model):
    made = make_provider(client, model)
    models = {each.handle: each for each in client.models(provider_name=made.name)}
    assert f"{made.name}/gpt-4o-mini" in models
    assert all(each.provider_category == "byok" for each in models.values())
    assert made.name in {each.provider_name for each in client.models(provider_category=["byok"])}
    assert made.name not in {each.provider_name for each in client.models(provider_category=["base"])}
    assert f"{made.name}/text-embedding-3-small" in {each.handle for each in client.embedding_models()}


def test_an_agent_runs_on_it_also_after_a_restart(own_server, model):
    client = client_of(own_server)
    made = make_provider(client, model)
    agent = make_agent(client, model=f"{made.name}/gpt-4o-mini", include_base_tools=False)
    assert agent.llm_config.provider_name == made.name
    own_server.restart()
    client = client_of(own_server)
    assert client.provider(made.id).api_key_enc == MASK
    with own_server.http() as http:
        turn = http.post(f"/v1/agents/{agent.id}/messages", json={"input": "Hi."})
        assert turn.status_code == 200 and "echo" in turn.text, turn.text
        client.delete_provider(made.id)
        turn = http.post(f"/v1/agents/{agent.id}/messages", json={"input": "Hi."})
        assert turn.status_code == 400 and "any more" in turn.text, turn.text


@pytest.mark.parametrize("kind", ["google_ai", "anthropic", "groq", "mistral"])
def test_agents_run_on_providers_of_other_types(client, model, kind):
    made = make_provider(client, model, provider_type=kind)
    assert made.last_error is None
    agent = make_agent(client, model=f"{made.name}/gpt-4o-mini", memory_blocks=[{"label": "human", "value": "Name: Ann"}])
    assert agent.llm_config.model_endpoint_type == (kind if kind in ("google_ai", "anthropic") else "openai")
    answer = client.send(agent.id, script(INSERT, {"say": "noted"}))
    assert kinds(answer.messages) == ["tool_call_message", "tool_return_message", "assistant_message"]
    assert answer.messages[1].status == "success" and answer.messages[2].content == "noted"
    assert "Likes tea" in client.agent_block(agent.id, "human").value
    events = client.stream(agent.id, script(INSERT, {"say": "noted again"}), True)
    assert "".join(event.content for event in events if event.message_type == "assistant_message") == "noted again"
    assert kinds(events)[-2:] == ["stop_reason", "usage_statistics"]


@pytest.mark.parametrize("kind", ["openai", "anthropic", "google_ai", "groq"])
def test_an_agent_runs_on_a_configuration_without_a_handle(client, model, kind):
    config = {"model": "gpt-4o-mini", "model_endpoint_type": kind, "model_endpoint": model.url, "context_window": 32000}
    agent = make_agent(client, model=None, llm_config=config)
    assert agent.llm_config.model_endpoint_type == kind
    answer = client.send(agent.id, "hello there")
    assert [message.content for message in answer.messages] == ["echo: hello there"]


def test_the_doctor_tells_what_works(tmp_path, model):
    """As a command on the environment, and as a route on the running server."""
    down = f"http://127.0.0.1:{harness.free_port()}"
    server = harness.Server(tmp_path / "doctor", **model.settings, OLLAMA_BASE_URL=down, GEMINI_BASE_URL=model.url, GEMINI_API_KEY="k")
    try:
        told = server.command("doctor")
        assert told.returncode == 1
        assert f"openai ({model.url}): answers, 9 models" in told.stdout and "google_ai" in told.stdout, told.stdout
        assert "ollama" in told.stdout and "set OLLAMA_BASE_URL" in told.stdout, told.stdout
        told = server.command("doctor", "openai-proxy/gpt-4o-mini")
        assert told.returncode == 0, told.stdout + told.stderr
        assert "context window: 128000 tokens" in told.stdout and "structured output: no" in told.stdout, told.stdout
        told = server.command("doctor", "openai/text-embedding-3-small")
        assert "numbers" in told.stdout, told.stdout
        told = server.command("doctor", "openai/nope")
        assert told.returncode != 0 and "openai/nope names no model" in told.stderr, told.stderr
        server.start()
        with server.http() as http:
            everything = http.get("/v1/models/doctor").json()
            reached = {each["provider_name"]: each["is_reached"] for each in everything["services"]}
            assert reached["openai"] and reached["google_ai"] and not reached["ollama"]
            one = http.get("/v1/models/doctor", params={"handle": "google_ai/gpt-4o-mini"}).json()["model"]
            assert one["is_reached"] and one["context_window"] == 32768 and one["error"] is None
            assert http.get("/v1/models/").status_code == 200
            failing = http.get("/v1/providers/").json()
            assert [(each["name"], each["provider_category"]) for each in failing] == [("ollama", "base")]
            assert failing[0]["last_error"]
    finally:
        server.close()
