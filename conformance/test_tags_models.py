"""Health, tags and models through the published clients."""

import pytest

from steps import EMBEDDING, MODEL, fresh, make_agent, refused

pytestmark = pytest.mark.clients


def test_health_names_the_level_of_the_api(client):
    health = client.health()
    assert (health.status, health.version) == ("ok", "0.16.8")
    assert health.server == "letta-swift"
    assert health.server_version


def test_tags_are_distinct_and_sorted(client):
    prefix = fresh("tag")
    for tags in (["b", "a"], ["b"], ["c"]):
        make_agent(client, tags=[prefix + tag for tag in tags], include_base_tools=False)
    assert client.tags(query_text=prefix) == [prefix + tag for tag in "abc"]
    assert set(prefix + tag for tag in "abc") <= set(client.tags(limit=1000))
    assert client.tags(query_text=prefix, limit=1) == [prefix + "a"]
    assert client.tags(query_text=prefix, after=prefix + "a") == [prefix + "b", prefix + "c"]
    assert client.tags(name=prefix + "b") == [prefix + "b"]
    assert client.tags(query_text=fresh("nothing")) == []


def test_tags_go_with_their_agents(client):
    tag = fresh("tag")
    agent = make_agent(client, tags=[tag], include_base_tools=False)
    assert client.tags(query_text=tag) == [tag]
    client.delete_agent(agent.id)
    assert client.tags(query_text=tag) == []


def test_models_are_those_of_the_provider(client):
    models = {model.handle: model for model in client.models()}
    assert {"openai-proxy/gpt-4o-mini", "openai-proxy/gpt-4o", "openai-proxy/gpt-4.1", "openai-proxy/mock"} <= set(models)
    model = models[MODEL]
    assert model.model == "gpt-4o-mini"
    assert model.context_window > 0
    assert model.provider_name == "openai"
    assert model.put_inner_thoughts_in_kwargs is not None


def test_models_filter(client):
    assert client.models(provider_name="openai")
    assert client.models(provider_name="no-such-provider") == []
    assert all(model.provider_category == "byok" for model in client.models(provider_category=["byok"]))
    with refused(client, 422):
        client.models(provider_category=["zzz"])


def test_embedding_models(client):
    models = {model.handle: model for model in client.embedding_models()}
    assert models[EMBEDDING].embedding_dim == 1536
    assert models[EMBEDDING].embedding_model == "text-embedding-3-small"


@pytest.mark.only("legacy")
def test_embedding_models_under_their_other_path(client):
    """This client answers nothing for it, so it is enough that the call is not refused."""
    assert client.raw.models.listembeddingmodels() is None
