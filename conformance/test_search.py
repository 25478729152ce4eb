"""Searches through the published clients: what was said is found by the stems of its words, whatever their order."""

import functools
import json

import pytest

from steps import fresh, make_agent, refused, until

pytestmark = pytest.mark.clients


def found(client, **fields):
    """The texts of the messages that a search finds."""
    if hasattr(client.raw, "messages"):
        return [each.content for each in client.raw.messages.search(**fields)]
    return [each.embedded_text for each in client.raw.agents.messages.search(**fields)]


def test_messages_are_found_by_stems_in_any_order(client, server):
    agent = make_agent(client)
    word = fresh("Utrecht").replace("-", "")
    said = f"My sister Noor is moving to {word}, it is guaranteed"
    client.send(agent.id, said)
    for _ in range(2):
        for query in (f"{word} Noor", f"guarantee {word}", f"{word} sisters moved"):
            assert said in found(client, query=query), query
        assert found(client, query=fresh("nothing").replace("-", ""), search_mode="fts") == []
        server.restart()


@pytest.mark.parametrize("mode", ["vector", "fts", "hybrid"])
def test_every_mode_is_taken(client, mode):
    agent = make_agent(client)
    word = fresh("marzipan").replace("-", "")
    client.send(agent.id, word)
    # By its meaning once it is embedded.
    until(lambda: found(client, query=word, search_mode=mode), lambda texts: word in texts)


@pytest.mark.only("v1")
def test_messages_are_filtered(client):
    agents = [make_agent(client), make_agent(client)]
    word = fresh("plum").replace("-", "")
    for agent in agents:
        client.send(agent.id, word)
    search = functools.partial(client.raw.messages.search, search_mode="fts")
    assert {each.agent_id for each in search(query=word)} == {agent.id for agent in agents}
    assert {each.agent_id for each in search(query=word, agent_id=agents[0].id)} == {agents[0].id}
    assert search(query=word, start_date="2999-01-01") == [] == search(query=word, end_date="2000-01-01T00:00:00Z")
    assert len(search(query=word, limit=1)) == 1
    with refused(client, 422):
        search(query=word, limit=-1)
    client.delete_agent(agents[0].id)
    assert {each.agent_id for each in search(query=word)} == {agents[1].id}


def test_an_agent_finds_what_was_said(client):
    agent = make_agent(client)
    client.send(agent.id, "My sister Noor is moving to Utrecht")
    answer = client.send(agent.id, "script: " + json.dumps(
        [{"call": "conversation_search", "args": {"query": "Noor Utrecht"}}, {"say": "done"}]))
    result = next(each for each in answer.messages if each.message_type == "tool_return_message")
    assert result.status == "success" and "My sister Noor is moving to Utrecht" in result.tool_return
