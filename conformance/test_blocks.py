"""Blocks through the published clients."""

import pytest

from harness import unknown
from steps import fresh, ids, labels, make_agent, refused

pytestmark = pytest.mark.clients


def test_create_fills_the_defaults(client):
    block = client.create_block(label="notes", value="v")
    assert block.id.startswith("block-")
    assert (block.label, block.value, block.limit) == ("notes", "v", 100000)
    assert (block.read_only, block.is_template, block.preserve_on_migration) == (False, False, False)
    assert block.metadata == {}
    assert block.description is None and block.hidden is None


def test_create_describes_the_stock_labels(client):
    assert client.create_block(label="human", value="").description
    assert client.create_block(label="persona", value="").description


def test_create_keeps_what_it_is_given(client):
    made = client.create_block(label="proj/notes", value="v", limit=10, description="d", metadata={"a": 1}, read_only=True, hidden=False)
    for seen in (made, client.block(made.id)):
        assert (seen.label, seen.value, seen.limit) == ("proj/notes", "v", 10)
        assert (seen.description, seen.metadata, seen.read_only, seen.hidden) == ("d", {"a": 1}, True, False)


@pytest.mark.only("v1")
def test_create_keeps_tags(client):
    tag = fresh("tag")
    made = client.create_block(label="notes", value="v", tags=[tag, "other"])
    assert sorted(client.block(made.id).tags) == sorted([tag, "other"])
    assert ids(client.blocks(tags=[tag])) == [made.id]
    assert ids(client.blocks(tags=[tag, fresh("no")], match_all_tags=True)) == []


@pytest.mark.parametrize("value", ["", "Zürich ✓ 🚀", "line\nline\ttab \"quote\" \\ back", "x" * 50000])
def test_values_survive(client, value):
    made = client.create_block(label="text", value=value)
    assert client.block(made.id).value == value


def test_limits_are_enforced(client):
    with refused(client, 422) as refusal:
        client.create_block(label="human", value="abcdef", limit=3)
    assert "3" in refusal.body["detail"]
    block = client.create_block(label="human", value="abc", limit=3)
    for change in ({"value": "abcd"}, {"limit": 2}, {"value": "abcdef", "limit": 5}):
        with refused(client, 422):
            client.update_block(block.id, **change)
    assert (client.block(block.id).value, client.block(block.id).limit) == ("abc", 3)
    assert client.update_block(block.id, value="abcdef", limit=6).value == "abcdef"


def test_limits_count_characters_not_bytes(client):
    assert client.create_block(label="human", value="äöü", limit=3).value == "äöü"


def test_update_changes_only_what_it_names(client):
    made = client.create_block(label="notes", value="v", description="d", metadata={"a": 1}, read_only=True, limit=50)
    changed = client.update_block(made.id, value="w")
    for seen in (changed, client.block(made.id)):
        assert (seen.value, seen.label, seen.description) == ("w", "notes", "d")
        assert (seen.metadata, seen.read_only, seen.limit) == ({"a": 1}, True, 50)
    client.update_block(made.id, label="renamed", description="dd", metadata={"z": 1}, read_only=False, limit=200)
    seen = client.block(made.id)
    assert (seen.label, seen.description, seen.metadata, seen.read_only, seen.limit) == ("renamed", "dd", {"z": 1}, False, 200)


def test_delete(client):
    made = client.create_block(label="notes", value="v")
    client.delete_block(made.id)
    for call in (client.block, client.delete_block, lambda i: client.update_block(i, value="x"), client.agents_of_block):
        with refused(client, 404):
            call(made.id)


def test_wrong_block_ids(client):
    missing = unknown("block")
    for call in (client.block, client.delete_block, lambda i: client.update_block(i, value="x"), client.agents_of_block):
        with refused(client, 404) as refusal:
            call(missing)
        assert missing in refusal.body["detail"]
        for malformed in ("xyz", "agent-" + missing[6:], missing.upper()):
            with refused(client, 422):
                call(malformed)


# ------------------------------------------------------------------------------------------------ list, count

def test_list_is_oldest_first_and_pages_without_gaps(client):
    label = fresh("page")
    made = [client.create_block(label=label, value=str(n)).id for n in range(7)]
    assert ids(client.blocks(label=label)) == made
    assert ids(client.every_block(3, label=label)) == made
    assert ids(client.every_block(3, label=label, order="desc")) == made[::-1]
    assert ids(client.blocks(label=label, limit=2)) == made[:2]
    assert ids(client.blocks(label=label, after=made[2], limit=2)) == made[3:5]
    assert ids(client.blocks(label=label, before=made[2])) == made[:2]
    assert client.blocks(label=label, after=made[-1]) == []


def test_list_goes_on_after_a_deleted_row(client):
    label = fresh("gone")
    made = [client.create_block(label=label, value=str(n)).id for n in range(6)]
    client.delete_block(made[2])
    assert ids(client.blocks(label=label, after=made[2])) == made[3:]
    assert ids(client.blocks(label=label, before=made[2])) == made[:2]


def test_list_holds_every_block(client):
    """More blocks than the peer's page of 50: an unlimited listing has them all, and so has paging."""
    label = fresh("many")
    made = [client.create_block(label=label, value=str(n)).id for n in range(60)]
    assert ids(client.blocks(label=label)) == made
    assert ids(client.every_block(50, label=label)) == made
    assert set(made) <= set(ids(client.every_block(1000)))


def test_list_filters(client):
    word = fresh("needle").replace("-", "")
    one = client.create_block(label="lab" + word, value=f"has {word} inside", description="plain")
    two = client.create_block(label="notes", value="other", description=f"about {word}")
    assert ids(client.blocks(label="lab" + word)) == [one.id]
    assert ids(client.blocks(label_search=word)) == [one.id]
    assert ids(client.blocks(value_search=word)) == [one.id]
    assert ids(client.blocks(description_search=word)) == [two.id]
    assert client.blocks(label=fresh("nothing")) == []


def test_list_filters_by_how_many_agents_have_it(client):
    label = fresh("shared")
    alone = client.create_block(label=label, value="0")
    shared = client.create_block(label=label, value="2")
    for _ in range(2):
        make_agent(client, block_ids=[shared.id], include_base_tools=False)
    assert ids(client.blocks(label=label, connected_to_agents_count_eq=[0])) == [alone.id]
    assert ids(client.blocks(label=label, connected_to_agents_count_eq=[2])) == [shared.id]
    assert ids(client.blocks(label=label, connected_to_agents_count_gt=1)) == [shared.id]
    assert ids(client.blocks(label=label, connected_to_agents_count_lt=1)) == [alone.id]


@pytest.mark.only("v1")
def test_list_keeps_templates_apart(client):
    label = fresh("template")
    plain = client.create_block(label=label, value="p")
    template = client.create_block(label=label, value="t", is_template=True, template_name="tn")
    assert ids(client.blocks(label=label)) == [plain.id]
    assert ids(client.blocks(label=label, templates_only=True)) == [template.id]
    assert client.block(template.id).template_name == "tn"


def test_list_refuses_bad_limits_and_labels(client):
    for bad in ({"limit": -1}, {"label": "a b"}, {"order": "sideways"}):
        with refused(client, 422):
            client.blocks(**bad)


@pytest.mark.only("legacy")
def test_count_follows_create_and_delete(client):
    before = client.block_count()
    made = client.create_block(label="counted", value="v")
    assert client.block_count() == before + 1
    client.delete_block(made.id)
    assert client.block_count() == before


def test_agents_of_a_block(client):
    block = client.create_block(label="shared", value="v")
    agents = [make_agent(client, block_ids=[block.id], include_base_tools=False).id for _ in range(3)]
    make_agent(client, include_base_tools=False)
    assert sorted(ids(client.agents_of_block(block.id))) == sorted(agents)
    assert len(client.agents_of_block(block.id, limit=2)) == 2
    client.detach_block(agents[0], block.id)
    assert sorted(ids(client.agents_of_block(block.id))) == sorted(agents[1:])


def test_label_rule_holds_for_agents_only(client):
    """Two blocks may have one label; two blocks of one agent may not."""
    first, second = (client.create_block(label="human", value=v) for v in "ab")
    agent = make_agent(client, block_ids=[first.id])
    with refused(client, 409):
        client.attach_block(agent.id, second.id)
    assert labels(client.agent(agent.id).memory.blocks) == ["human"]


def test_history_tells_who_changed_what(client, http):
    block = client.create_block(label="notes", value="one")
    client.update_block(block.id, value="two")
    client.update_block(block.id, description="d")
    versions = http.get(f"/v1/blocks/{block.id}/history").json()
    assert [(v["version"], v["value"], v["description"]) for v in versions] == [(3, "two", "d"), (2, "two", None), (1, "one", None)]
    assert all(v["actor_type"] == "user" and v["actor_id"].startswith("user-") for v in versions)
    assert http.get(f"/v1/blocks/{unknown('block')}/history").status_code == 404
