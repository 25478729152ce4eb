"""An agent's core memory through the published clients: its blocks, and what the model sees of them."""

import pytest

from harness import unknown
from steps import fresh, ids, labels, make_agent, refused

pytestmark = pytest.mark.clients


@pytest.fixture
def agent(client):
    return make_agent(client, memory_blocks=[{"label": "human", "value": "h"}, {"label": "persona", "value": "p"}])


def prompt(http, agent):
    """The stored system message, as the context window shows it."""
    view = http.get(f"/v1/agents/{agent.id}/context").json()
    return "".join(part["text"] for part in view["messages"][0]["content"])


@pytest.mark.only("legacy")
def test_core_memory(client, agent):
    memory = client.core_memory(agent.id)
    assert memory.agent_type == "letta_v1_agent"
    assert labels(memory.blocks) == ["human", "persona"]
    assert {block.label: block.value for block in memory.blocks} == {"human": "h", "persona": "p"}
    with refused(client, 404):
        client.core_memory(unknown("agent"))
    with refused(client, 422):
        client.core_memory("nope")


def test_blocks_of_an_agent(client, agent):
    blocks = client.agent_blocks(agent.id)
    assert {block.label: block.value for block in blocks} == {"human": "h", "persona": "p"}
    assert sorted(ids(blocks)) == sorted(ids(agent.memory.blocks))


@pytest.mark.only("v1")
def test_blocks_of_an_agent_page(client, agent):
    for n in range(5):
        client.attach_block(agent.id, client.create_block(label=f"extra{n}", value=str(n)).id)
    everything = ids(client.agent_blocks(agent.id))
    assert len(everything) == 7
    assert len(client.agent_blocks(agent.id, limit=1)) == 1
    assert sorted(ids(client.every_agent_block(agent.id, 3))) == sorted(everything)
    assert ids(client.agent_blocks(agent.id, order="asc")) == ids(client.agent_blocks(agent.id, order="desc"))[::-1]


def test_block_by_label(client, agent):
    block = client.agent_block(agent.id, "human")
    assert (block.label, block.value) == ("human", "h")
    with refused(client, 404) as refusal:
        client.agent_block(agent.id, "zzz")
    assert "zzz" in refusal.body["detail"]


def test_update_by_label_is_seen_everywhere(client, agent, http):
    other = make_agent(client, block_ids=[client.agent_block(agent.id, "human").id])
    changed = client.update_agent_block(agent.id, "human", value="Name: Bea", limit=500, description="who it is")
    assert (changed.value, changed.limit, changed.description) == ("Name: Bea", 500, "who it is")
    assert client.block(changed.id).value == "Name: Bea"
    assert client.agent_block(other.id, "human").value == "Name: Bea"
    for seen in (agent, other):
        text = prompt(http, seen)
        assert "Name: Bea" in text and "who it is" in text
    assert client.agent(agent.id).message_ids == agent.message_ids


def test_update_by_label_refuses(client, agent):
    with refused(client, 404):
        client.update_agent_block(agent.id, "zzz", value="x")
    with refused(client, 422):
        client.update_agent_block(agent.id, "human", value="hh", limit=1)
    assert client.agent_block(agent.id, "human").value == "h"


def test_relabelling_to_a_label_that_the_agent_has_is_refused(client, agent):
    with refused(client, 409):
        client.update_agent_block(agent.id, "human", label="persona")
    assert labels(client.agent_blocks(agent.id)) == ["human", "persona"]


def test_attach_and_detach_rewrite_the_prompt_at_once(client, agent, http):
    block = client.create_block(label="plans", value="walk in the park", read_only=True)
    attached = client.attach_block(agent.id, block.id)
    assert labels(attached.memory.blocks) == ["human", "persona", "plans"]
    text = prompt(http, agent)
    assert "<plans>" in text and "walk in the park" in text and "read_only=true" in text
    assert labels(client.attach_block(agent.id, block.id).memory.blocks) == ["human", "persona", "plans"]

    detached = client.detach_block(agent.id, block.id)
    assert labels(detached.memory.blocks) == ["human", "persona"]
    assert "walk in the park" not in prompt(http, agent)
    assert client.block(block.id).value == "walk in the park"
    with refused(client, 404):
        client.detach_block(agent.id, block.id)


def test_deleting_a_block_takes_it_from_agents_and_prompts(client, agent, http):
    block = client.create_block(label="plans", value="walk in the park")
    client.attach_block(agent.id, block.id)
    client.delete_block(block.id)
    assert labels(client.agent_blocks(agent.id)) == ["human", "persona"]
    assert "walk in the park" not in prompt(http, agent)
    with refused(client, 404):
        client.detach_block(agent.id, block.id)


def test_patching_a_shared_block_rewrites_every_prompt(client, http):
    block = client.create_block(label="team", value="five people")
    agents = [make_agent(client, block_ids=[block.id]) for _ in range(3)]
    client.update_block(block.id, value="six people")
    for seen in agents:
        text = prompt(http, seen)
        assert "six people" in text and "five people" not in text
        assert "- chars_current=10" in text


def test_attach_refuses(client, agent):
    with refused(client, 404):
        client.attach_block(agent.id, unknown("block"))
    with refused(client, 422):
        client.attach_block(agent.id, "nope")
    with refused(client, 409) as refusal:
        client.attach_block(agent.id, client.create_block(label="human", value="other").id)
    assert "human" in refusal.body["detail"]
    assert {b.label: b.value for b in client.agent_blocks(agent.id)} == {"human": "h", "persona": "p"}


def test_order_of_blocks_in_the_prompt_is_stable(client, agent, http):
    """An edit does not move a block: prompts stay alike, so the provider's cache holds."""
    before = prompt(http, agent)
    client.update_agent_block(agent.id, "human", value=fresh("edited"))
    after = prompt(http, agent)
    assert before.index("<human>") < before.index("<persona>")
    assert after.index("<human>") < after.index("<persona>")


@pytest.mark.only("legacy")
def test_memory_variables(client):
    agent = make_agent(client, memory_blocks=[{"label": "human", "value": "Name: {{name}}"}], memory_variables={"name": "Ann"})
    assert client.memory_variables(agent.id).variables == {"name": "Ann"}
