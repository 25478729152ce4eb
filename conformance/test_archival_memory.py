"""What agents keep for the long term, through the published clients: made, found, shared, deleted, there after a restart."""

import datetime
import json

import pytest

from conftest import client_of
from harness import unknown
from steps import EMBEDDING, fresh, ids, make_agent, refused, until

pytestmark = pytest.mark.clients

TOOLS = ["archival_memory_insert", "archival_memory_search"]


def texts(passages):
    return [passage.text for passage in passages]


def found(client, agent, query, **filters):
    answer = client.find_memories(agent.id, query, **filters)
    assert answer.count == len(answer.results)
    return [result.content for result in answer.results]


@pytest.fixture
def agent(client):
    return make_agent(client, tools=TOOLS)


def test_memories_are_kept_listed_and_deleted(client, agent):
    made = client.add_memory(agent.id, "The sky is blue", tags=["sky", "fact"])
    assert texts(made) == ["The sky is blue"] and made[0].tags == ["sky", "fact"]
    assert len(made[0].embedding) == 4096 and any(made[0].embedding) and made[0].embedding_config.handle == EMBEDDING
    old = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    client.add_memory(agent.id, "Cats like fish", created_at=old)
    client.add_memory(agent.id, "Dogs like bones and cats")
    listed = client.memories(agent.id)
    assert texts(listed) == ["Cats like fish", "The sky is blue", "Dogs like bones and cats"]
    assert listed[0].created_at == old and listed[0].tags is None
    assert texts(client.memories(agent.id, ascending=False, limit=1)) == ["Dogs like bones and cats"]
    assert texts(client.memories(agent.id, after=listed[0].id)) == texts(listed[1:])
    assert texts(client.memories(agent.id, search="cats")) == ["Cats like fish", "Dogs like bones and cats"]
    client.delete_memory(agent.id, listed[0].id)
    with refused(client, 404):
        client.delete_memory(agent.id, listed[0].id)
    with refused(client, 404):
        client.memories(unknown("agent"))
    with refused(client, 422):
        client.add_memory("nope", "x")
    assert ids(client.memories(agent.id)) == ids(listed[1:])


def test_memories_are_found(client, agent):
    for text, tags in (("Cats like fish", ["food"]), ("Dogs like bones and cats", ["food", "dog"]), ("The sky is blue", [])):
        client.add_memory(agent.id, text, tags=tags)
    assert found(client, agent, "cats") == ["Cats like fish", "Dogs like bones and cats", "The sky is blue"]
    assert found(client, agent, "fish for cats")[:2] == ["Cats like fish", "Dogs like bones and cats"]
    assert found(client, agent, "cats", top_k=1) == ["Cats like fish"]
    assert found(client, agent, "cats", tags=["food", "dog"], tag_match_mode="all") == ["Dogs like bones and cats"]
    assert found(client, agent, "cats", end_datetime=datetime.datetime(2020, 1, 1)) == []
    for other in ("zebra", "\" OR 'x'; --"):
        assert len(found(client, agent, other)) == 3, "what is nearest is found, however far it is"
    plain = make_agent(client, embedding=None)
    client.add_memory(plain.id, "Cats like fish")
    assert found(client, plain, "cats") == ["Cats like fish"] and found(client, plain, "zebra") == [], "by words alone"
    with refused(client, 404):
        client.find_memories(unknown("agent"), "cats")


def test_an_agent_keeps_and_finds(client, agent):
    steps = [{"call": "archival_memory_insert", "args": {"content": "Owls hoot", "tags": ["bird"]}},
             {"call": "archival_memory_search", "args": {"query": "owls", "tags": ["bird"]}}, {"say": "done"}]
    answer = client.send(agent.id, "script: " + json.dumps(steps))
    returns = [message for message in answer.messages if message.message_type == "tool_return_message"]
    assert [one.status for one in returns] == ["success", "success"]
    kept = client.memories(agent.id)
    assert texts(kept) == ["Owls hoot"] and kept[0].tags == ["bird"]
    assert returns[1].tool_return.startswith(f"[{{'id': '{kept[0].id}', 'timestamp': '")
    assert returns[1].tool_return.endswith("+00:00', 'content': 'Owls hoot', 'tags': ['bird']}]")


def test_archives(client, agent):
    name = fresh("archive")
    made = client.create_archive(name=name, description="d")
    assert ids(client.archives(name=name)) == [made.id]
    assert client.archives(limit=1)[0].id == made.id
    changed = client.update_archive(made.id, name=name + "-2")
    assert (changed.name, changed.description) == (name + "-2", "d")
    assert client.archives(agent_id=agent.id) == []
    client.add_memory(agent.id, "x")
    assert [archive.name for archive in client.archives(agent_id=agent.id)] == [f"{agent.name}'s Archive"]
    with refused(client, 404):
        client.update_archive(unknown("archive"), name="x")


@pytest.mark.only("legacy")
def test_a_memory_is_changed(client, agent, http):
    """The client names the memory and says nothing more."""
    memory = client.add_memory(agent.id, "before", tags=["t"])[0]
    client.raw.agents.passages.modify(agent.id, memory.id)
    assert texts(client.memories(agent.id)) == ["before"]
    path = f"/v1/agents/{agent.id}/archival-memory/"
    assert http.patch(path + memory.id, json={"text": "after"}).json()[0]["text"] == "after"
    assert texts(client.memories(agent.id)) == ["after"] and client.memories(agent.id)[0].tags == ["t"]
    assert found(client, agent, "after") == ["after"]
    assert http.patch(path + unknown("passage"), json={"text": "x"}).status_code == 404


@pytest.mark.only("v1")
def test_a_shared_archive(client, agent):
    raw = client.raw
    archive = raw.archives.create(name=fresh("shared"), embedding=EMBEDDING)
    assert raw.archives.retrieve(archive.id).embedding_config.handle == EMBEDDING
    one = raw.archives.passages.create(archive.id, text="one", tags=["t"], metadata={"a": 1})
    raw.archives.passages.create_many(archive.id, passages=[{"text": "two"}, {"text": "three"}])
    other = make_agent(client)
    for each in (agent, other):
        raw.agents.archives.attach(archive.id, agent_id=each.id)
        assert texts(client.memories(each.id)) == ["one", "two", "three"]
    best = raw.passages.search(query="three", archive_id=archive.id)
    assert texts([r.passage for r in best])[0] == "three" and best[0].metadata["similarity"] > 0.9
    second = raw.archives.create(name=fresh("second"))
    raw.agents.archives.attach(second.id, agent_id=agent.id)
    raw.archives.passages.create(second.id, text="elsewhere")
    assert texts(client.memories(agent.id)) == ["one", "two", "three", "elsewhere"]
    assert client.find_memories(agent.id, "elsewhere").results[0].content == "elsewhere"
    assert client.add_memory(agent.id, "new")[0].archive_id == archive.id
    raw.agents.archives.detach(second.id, agent_id=agent.id)
    raw.agents.archives.detach(archive.id, agent_id=other.id)
    assert list(client.memories(other.id)) == []
    raw.archives.passages.delete(one.id, archive_id=archive.id)
    assert texts(client.memories(agent.id)) == ["two", "three", "new"]
    raw.archives.delete(archive.id)
    with refused(client, 404):
        raw.archives.retrieve(archive.id)
    assert list(client.memories(agent.id)) == []


def test_archival_memory_survives_a_restart(own_server):
    client = client_of(own_server)
    agent = make_agent(client, tools=TOOLS)
    client.add_memory(agent.id, "Cats like fish", tags=["b", "a"])
    client.send(agent.id, 'script: [{"call": "archival_memory_insert", "args": {"content": "Owls hoot"}}, {"say": "ok"}]')
    # That of the turn gets its vector in the background.
    until(lambda: client.memories(agent.id), lambda passages: len(passages) == 2 and all(passage.embedding for passage in passages))
    before = [passage.model_dump(mode="json") for passage in client.memories(agent.id)]
    archives = [archive.model_dump(mode="json") for archive in client.archives()]
    own_server.restart()
    assert [passage.model_dump(mode="json") for passage in client.memories(agent.id)] == before and len(before) == 2
    assert [archive.model_dump(mode="json") for archive in client.archives()] == archives
    assert found(client, agent, "owl")[0] == "Owls hoot"
    client.delete_agent(agent.id)
    own_server.restart()
    assert client.archives() == []


@pytest.mark.only("v1")
def test_the_command_reembed_moves_an_archive(own_server):
    client = client_of(own_server)
    agent = make_agent(client)
    archive = client.add_memory(agent.id, "Cats like fish")[0].archive_id
    told = own_server.command("reembed", archive, "openai/text-embedding-3-large", "--url", own_server.url)
    assert told.returncode == 0 and "1 of 1 passages are embedded" in told.stderr, told.stdout + told.stderr
    config = client.raw.archives.retrieve(archive).embedding_config
    assert config.handle == "openai/text-embedding-3-large"
    assert client.memories(agent.id)[0].embedding_config.handle == config.handle
    assert found(client, agent, "fish") == ["Cats like fish"]
    for wrong, reason in ((("agent-1", EMBEDDING), "neither"), ((archive, "openai/zzz"), "not found"), ((unknown("archive"), EMBEDDING), "not found")):
        told = own_server.command("reembed", *wrong, "--url", own_server.url)
        assert told.returncode != 0 and reason in told.stderr, told.stderr
