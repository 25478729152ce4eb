"""Conversations through the published client of the second generation; the first has no methods for them."""

import pytest

from conftest import client_of
from harness import unknown
from steps import ids, make_agent, refused

pytestmark = [pytest.mark.clients, pytest.mark.only("v1")]


def agent_with(client, **blocks):
    return make_agent(
        client, include_base_tools=False, memory_blocks=[{"label": label, "value": value} for label, value in blocks.items()]).id


def text(client, conversation):
    """The conversation's system message."""
    return client.conversation_messages(conversation, order="asc", limit=1)[0].content


def test_create_retrieve_update_delete(own_server):
    client = client_of(own_server)
    agent = agent_with(client, human="h")
    made = client.create_conversation(agent, summary="About tea", model="openai-proxy/gpt-4.1", model_settings={"provider_type": "openai", "temperature": 0.25})
    assert made.id.startswith("conv-") and made.agent_id == agent
    own_server.restart()
    seen = client.conversation(made.id)
    assert seen == made
    assert (seen.summary, seen.model, seen.api_model_settings.temperature, seen.last_message_at) == ("About tea", "openai-proxy/gpt-4.1", 0.25, None)
    assert len(seen.in_context_message_ids) == 1
    renamed = client.update_conversation(made.id, summary="renamed")
    assert (renamed.summary, renamed.model) == ("renamed", made.model)
    assert client.update_conversation(made.id, model=None).model is None
    client.delete_conversation(made.id)
    for call in (client.conversation, client.delete_conversation, client.fork, client.cancel_conversation, client.recompile_conversation,
                 client.conversation_messages, lambda i: client.update_conversation(i, summary="x")):
        with refused(client, 404) as refusal:
            call(made.id)
        assert made.id in refusal.body["detail"]
        with refused(client, 422):
            call("nope")


def test_refused_creation_leaves_nothing_behind(own_server):
    client = client_of(own_server)
    agent = agent_with(client, human="h")
    with refused(client, 404):
        client.create_conversation(unknown("agent"))
    with refused(client, 400):
        client.create_conversation(agent, isolated_block_labels=["human", "zz"])
    with refused(client, 404):
        client.create_conversation(agent, model="openai-proxy/nope")
    assert client.conversations() == []
    assert len(client.blocks()) == 1


def test_lists(client):
    agent = agent_with(client)
    made = [client.create_conversation(agent, summary=f"about {word}").id for word in ("tea", "rain", "tea and rain")]
    assert ids(client.conversations(agent_id=agent)) == made[::-1]
    assert ids(client.conversations(agent_id=agent, order="asc", limit=2)) == made[:2]
    assert ids(client.conversations(agent_id=agent, after=made[1])) == made[:1]
    assert ids(client.conversations(agent_id=agent, summary_search="TEA")) == [made[2], made[0]]
    client.update_conversation(made[1], last_message_at="2026-01-02T03:04:05Z")
    for order in ("asc", "desc"):
        assert ids(client.conversations(agent_id=agent, order_by="last_message_at", order=order))[0] == made[1]
    assert client.conversations(agent_id=unknown("agent")) == []


def test_isolated_blocks_belong_to_one_conversation(client):
    agent = agent_with(client, human="h", notes="shared")
    made = client.create_conversation(agent, isolated_block_labels=["notes"])
    copy = made.isolated_block_ids[0]
    client.update_block(copy, value="only here")
    assert client.agent_block(agent, "notes").value == "shared"
    client.update_agent_block(agent, "human", value="Ann")
    client.update_agent_block(agent, "notes", value="for others")
    seen = text(client, made.id)
    assert f"CONVERSATION_ID: {made.id}" in seen and "only here" in seen and "Ann" in seen and "for others" not in seen
    assert "only here" in client.recompile_conversation(made.id)
    fork = client.fork(made.id)
    assert fork.isolated_block_ids != [copy] and client.block(fork.isolated_block_ids[0]).value == "only here"
    client.delete_conversation(made.id)
    with refused(client, 404):
        client.block(copy)


def test_a_fork_shares_messages(client):
    agent = agent_with(client, human="h")
    client.send(agent, "One")
    own = client.messages(agent)
    fork = client.fork("default", agent_id=agent)
    shared = client.conversation_messages(fork.id, order="asc")
    assert ids(shared)[1:] == ids(own)[1:] and shared[0].id != own[0].id
    assert ids(client.conversation_messages(fork.id)) == ids(shared)[::-1]
    assert client.conversation(fork.id).in_context_message_ids == ids(shared)
    assert ids(client.conversation_messages("default", agent_id=agent)) == ids(client.conversation_messages(agent)) == ids(own)
    assert ids(client.messages(agent, conversation_id=fork.id)) == [shared[0].id]
    with refused(client, 409):
        client.cancel_conversation(fork.id)
    with refused(client, 404):
        client.fork("default")


def test_turns(own_server):
    client = client_of(own_server)
    agent = agent_with(client, human="h")
    made = client.create_conversation(agent, description="d", context_window_limit=9000)
    answer = client.say(made.id, "One")
    assert [m.content for m in answer.messages] == ["echo: One"] and answer.stop_reason.stop_reason == "end_turn"
    kinds = [event.message_type for event in client.stream_in(made.id, "Two")]
    assert kinds == ["ping", "assistant_message", "stop_reason", "usage_statistics"]
    tokens = client.stream_in(made.id, "Three", stream_tokens=True)
    assert "".join(event.content for event in tokens if event.message_type == "assistant_message") == "echo: Three"
    own_server.restart()
    assert [m.content for m in client.conversation_messages(made.id, order="asc")][1:] == [
        text for word in ("One", "Two", "Three") for text in (word, f"echo: {word}")]
    seen = client.conversation(made.id)
    assert len(seen.in_context_message_ids) == 7 and seen.last_message_at and (seen.description, seen.context_window_limit) == ("d", 9000)
    assert client.messages(agent, conversation_id="default")[1:] == []
    for call in (client.say, client.stream_in):
        with refused(client, 404):
            call(unknown("conv"), "x")


def test_a_background_turn_is_resumed_by_its_otid(own_server):
    client = client_of(own_server)
    made = client.create_conversation(agent_with(client, human="h"))
    first = client.stream_in(made.id, "One", background=True, message={"otid": "otid-1"})
    assert client.stream_in(made.id, "One", background=True, message={"otid": "otid-1"}) == first
    own_server.restart()
    assert client.follow_conversation(made.id, otid="otid-1") == first
    assert client.follow_conversation(made.id, run_id=first[0].run_id, starting_after=1) == first[1:]
    assert len(client.conversation_messages(made.id)) == 3


def test_archived_and_hidden_conversations(client):
    agent = agent_with(client)
    made, hidden = client.create_conversation(agent), client.create_conversation(agent, hidden=True)
    assert ids(client.conversations(agent_id=agent)) == [made.id]
    archived = client.update_conversation(made.id, archived=True)
    assert archived.archived and archived.archived_at
    assert client.conversations(agent_id=agent) == []
    assert ids(client.conversations(agent_id=agent, archive_status="archived")) == [made.id]
    assert client.conversation(hidden.id).id == hidden.id


def test_every_message_is_listed_once_page_by_page(client):
    """Also from the newest end, where the client goes on after the last message that it has."""
    agent = agent_with(client, human="h")
    made = client.create_conversation(agent)
    for _ in range(4):
        client.say(made.id, "hello")
    for order in ("asc", "desc"):
        pages = [one.id for one in client.raw.conversations.messages.list(made.id, order=order, limit=2)]
        whole = [one.id for one in client.raw.conversations.messages.list(made.id, order=order, limit=100)]
        assert pages == whole and len(set(pages)) == len(pages) >= 9
