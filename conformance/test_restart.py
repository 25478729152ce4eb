"""What was made is there after the server was stopped and started: same ids, fields, order, relations."""

import pytest

import harness
from conftest import client_of
from steps import EMBEDDING, ids, labels, make_agent, refused

pytestmark = pytest.mark.clients


@pytest.fixture
def client(own_server):
    return client_of(own_server)


def facts(agent):
    return {key: value for key, value in agent.model_dump(mode="json").items()}


def test_agents_and_blocks_survive(own_server, client):
    shared = client.create_block(label="shared", value="both ✓", description="d", metadata={"a": [1, {"b": None}]}, limit=77, read_only=True)
    first = make_agent(client, name="first", tags=["x", "y"], metadata={"deep": {"n": 2**53 + 1}}, timezone="Asia/Tokyo", block_ids=[shared.id],
                       memory_blocks=[{"label": "human", "value": "h"}], secrets={"KEY": "plain-secret-value"}, description="one")
    second = make_agent(client, name="second", agent_type="memgpt_agent", block_ids=[shared.id])
    gone = make_agent(client, name="gone")
    client.delete_agent(gone.id)
    orphan = client.create_block(label="orphan", value="o")
    client.update_agent_block(first.id, "human", value="edited")
    client.attach_block(second.id, orphan.id)
    client.detach_tool(first.id, first.tools[0].id)
    before = [facts(client.agent(agent.id)) for agent in (first, second)]
    blocks_before = [block.model_dump(mode="json") for block in client.blocks()]
    tools_before = ids(client.agent_tools(second.id))

    own_server.restart()

    assert [facts(client.agent(agent.id)) for agent in (first, second)] == before
    assert [block.model_dump(mode="json") for block in client.blocks()] == blocks_before
    assert ids(client.agents()) == [second.id, first.id]
    assert client.tags() == ["x", "y"]
    assert ids(client.agent_tools(second.id)) == tools_before
    assert len(client.agent_tools(first.id)) == 2
    assert client.agent_block(first.id, "human").value == "edited"
    assert client.agent_block(second.id, "shared").value == "both ✓"
    assert labels(client.agent_blocks(second.id)) == ["orphan", "shared"]
    assert sorted(ids(client.agents_of_block(shared.id))) == sorted([first.id, second.id])
    for agent in (gone.id, harness.unknown("agent")):
        with refused(client, 404):
            client.agent(agent)


def test_changes_go_on_after_a_restart(own_server, client):
    agent = make_agent(client, memory_blocks=[{"label": "human", "value": "h"}])
    own_server.restart()
    client.update_agent(agent.id, name="renamed")
    client.update_agent_block(agent.id, "human", value="after")
    block = client.create_block(label="late", value="l")
    client.attach_block(agent.id, block.id)
    own_server.restart()
    seen = client.agent(agent.id)
    assert seen.name == "renamed"
    assert {b.label: b.value for b in seen.memory.blocks} == {"human": "after", "late": "l"}
    client.delete_block(block.id)
    client.delete_agent(agent.id)
    own_server.restart()
    assert client.agents() == []
    assert labels(client.blocks()) == ["human"]


def test_base_tools_are_seeded_once(own_server, client):
    before = {tool.name: tool.id for tool in make_agent(client, agent_type="memgpt_agent").tools}
    own_server.restart()
    assert {tool.name: tool.id for tool in make_agent(client, agent_type="memgpt_agent").tools} == before


def test_a_cursor_of_a_deleted_row_survives(own_server, client):
    made = [client.create_block(label="row", value=str(n)).id for n in range(5)]
    client.delete_block(made[2])
    own_server.restart()
    assert ids(client.blocks(after=made[2])) == made[3:]


@pytest.mark.only("legacy")
def test_counts_and_views_survive(own_server, client):
    agent = make_agent(client, system="You are X.", memory_blocks=[{"label": "human", "value": "Name: Ann"}])
    before = (client.agent_count(), client.block_count(), client.context(agent.id).core_memory, labels(client.core_memory(agent.id).blocks))
    own_server.restart()
    after = (client.agent_count(), client.block_count(), client.context(agent.id).core_memory, labels(client.core_memory(agent.id).blocks))
    assert before == after == (1, 1, before[2], ["human"])
    assert "Name: Ann" in before[2]


@pytest.mark.only("v1")
def test_recompiled_text_survives(own_server, client):
    agent = make_agent(client, system="You are X.", memory_blocks=[{"label": "human", "value": "Name: Ann"}])
    client.recompile(agent.id)
    own_server.restart()
    assert "Name: Ann" in client.recompile(agent.id, dry_run=True)


def test_models_are_listed_again(own_server, client):
    own_server.restart()
    assert client.models()
    assert EMBEDDING in [model.handle for model in client.embedding_models()]
