"""Runs in the background through both generations of the published client."""

import pytest

from steps import make_agent

pytestmark = pytest.mark.clients


@pytest.fixture
def agent(client):
    return make_agent(client)


def user(text):
    return [{"role": "user", "content": text}]


def follow(client, run_id, after=0):
    """The events of a background run behind one with this number."""
    stream = client.raw.runs.messages.stream if hasattr(client.raw.runs, "messages") and hasattr(client.raw.runs.messages, "stream") \
        else client.raw.runs.stream
    return list(stream(run_id, starting_after=after))


def test_a_run_is_sent_and_followed(client, agent):
    run = client.raw.agents.messages.create_async(agent.id, messages=user("hello"))
    assert (run.status, run.background) == ("created", True)
    kinds = [event.message_type for event in follow(client, run.id)]
    assert kinds == ["ping", "assistant_message", "stop_reason", "usage_statistics"]
    assert client.run(run.id).status == "completed"


def test_a_stream_is_taken_up_again(client, agent):
    if hasattr(client.raw.agents.messages, "create_stream"):
        events = list(client.raw.agents.messages.create_stream(agent.id, messages=user("hello"), background=True, stream_tokens=True))
    else:
        events = list(client.raw.agents.messages.create(
            agent.id, messages=user("hello"), streaming=True, background=True, stream_tokens=True))
    assert events[0].message_type == "ping" and events[1].seq_id == 2
    again = follow(client, events[1].run_id, after=1)
    assert [event.message_type for event in again] == [event.message_type for event in events[1:]]
    assert [getattr(event, "content", None) for event in again] == [getattr(event, "content", None) for event in events[1:]]


def test_messages_are_found_by_their_words(client, agent):
    client.send(agent.id, "the marzipan is on the upper shelf")
    if hasattr(client.raw, "messages"):
        found = client.raw.messages.search(query="MARZIPAN", search_mode="fts")
        assert {(each.agent_id, each.message_type) for each in found} == {(agent.id, "user_message"), (agent.id, "assistant_message")}
        assert client.raw.messages.retrieve(found[0].message_id)[0].message_type == "assistant_message"
        assert any(each.id == found[0].message_id for each in client.raw.messages.list(limit=10))
    else:
        found = client.raw.agents.messages.search(query="MARZIPAN", search_mode="fts")
        assert [each.message.role for each in found] == ["assistant", "user"]
        assert found[0].fts_rank == 1
