"""Providers that users configure, through the published clients: the second generation has no calls for them, but their models."""

import pytest

from conftest import client_of
from harness import unknown
from steps import fresh, ids, make_agent, refused

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
        client.check_provider(provider_type="azure", api_key="k")
    assert "type azure yet" in refusal.body["detail"]


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
