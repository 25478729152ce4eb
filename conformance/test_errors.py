"""What both clients read out of a refused request: status, class, body."""

import pytest

from harness import unknown
from steps import fresh, make_agent, refused

pytestmark = pytest.mark.clients


def test_missing_rows_say_which(client):
    agent, block = unknown("agent"), unknown("block")
    with refused(client, 404) as refusal:
        client.agent(agent)
    assert refusal.body == {"detail": f"Agent with ID {agent} not found"}
    with refused(client, 404) as refusal:
        client.block(block)
    assert refusal.body == {"detail": f"Block with id '{block}' not found"}


def test_malformed_ids_come_with_an_example(client):
    with refused(client, 422) as refusal:
        client.agent("nope")
    body = refusal.body
    assert "string_pattern_mismatch" in body["detail"] and "agent-{uuid4}" in body["detail"]
    assert body["examples"] == ["agent-123e4567-e89b-42d3-8456-426614174000"]
    assert "trace_id" in body


def test_unknown_handles_name_the_handle(client):
    with refused(client, 404) as refusal:
        make_agent(client, model="openai/nope")
    assert "openai/nope" in refusal.body["detail"]


def test_validation_names_the_field(client):
    with refused(client, 422) as refusal:
        make_agent(client, agent_type="zzz")
    assert "'body', 'agent_type'" in refusal.body["detail"]
    with refused(client, 422) as refusal:
        make_agent(client, timezone="Mars/Olympus")
    assert "timezone" in refusal.body["detail"]
    with refused(client, 422) as refusal:
        make_agent(client, name="line\nbreak")
    assert "name" in refusal.body["detail"]
    with refused(client, 422) as refusal:
        client.blocks(limit=-1)
    assert "limit" in refusal.body["detail"]


def test_refused_creation_leaves_nothing_behind(client):
    label, name = fresh("left"), fresh("left")
    with refused(client, 404):
        make_agent(client, name=name, memory_blocks=[{"label": label, "value": "v"}], block_ids=[unknown("block")], tags=[name])
    assert client.agents(name=name) == []
    assert client.blocks(label=label) == []
    assert client.tags(query_text=name) == []


def test_unknown_and_malformed_cursors_start_at_the_first_page(client):
    label = fresh("cursor")
    made = [client.create_block(label=label, value=str(n)).id for n in range(3)]
    for cursor in (unknown("block"), "zzz"):
        assert [block.id for block in client.blocks(label=label, after=cursor)] == made
    tag = fresh("cursor")
    agent = make_agent(client, tags=[tag], include_base_tools=False)
    for cursor in (unknown("agent"), "zzz"):
        assert [seen.id for seen in client.agents(tags=[tag], after=cursor)] == [agent.id]
