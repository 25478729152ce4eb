"""Identities through the published clients: the first generation has all of their routes, the second gives them to agents."""

import pytest

from conftest import client_of
from harness import unknown
from steps import fresh, ids, make_agent, refused

pytestmark = pytest.mark.clients

legacy_only = pytest.mark.only("legacy")
v1_only = pytest.mark.only("v1")

EMAIL = {"key": "email", "value": "ann@example.com", "type": "string"}
AGE = {"key": "age", "value": 41, "type": "number"}
MEMBER = {"key": "member", "value": True, "type": "boolean"}
PLACE = {"key": "place", "value": {"city": "Zürich", "floors": [1, 2]}, "type": "json"}


def make_identity(client, **fields):
    return client.create_identity(**{"identifier_key": fresh("key"), "name": "Ann", "identity_type": "user", **fields})


def properties(identity):
    return [{"key": each.key, "value": each.value, "type": each.type} for each in identity.properties]


def bare_agent(client, **fields):
    return make_agent(client, include_base_tools=False, **fields)


# ------------------------------------------------------------------------------------------------ one identity

def test_create_fills_the_defaults(client):
    key = fresh("key")
    made = client.create_identity(identifier_key=key, name="Ann", identity_type="user")
    assert made.id.startswith("identity-")
    assert (made.identifier_key, made.name, made.identity_type) == (key, "Ann", "user")
    assert (made.project_id, made.agent_ids, made.block_ids, made.properties) == (None, [], [], [])


def test_create_refuses_bad_fields(client):
    for bad in ({"identity_type": "zzz"}, {"properties": [{**EMAIL, "type": "zzz"}]}, {"properties": [EMAIL, EMAIL]}):
        with refused(client, 422) as refusal:
            make_identity(client, **bad)
        assert next(iter(bad)) in refusal.body["detail"]


def test_a_key_is_unique(client):
    taken = make_identity(client)
    with refused(client, 409) as refusal:
        make_identity(client, identifier_key=taken.identifier_key)
    assert taken.identifier_key in refusal.body["detail"]


@legacy_only
def test_what_was_made_survives_a_restart(own_server):
    client = client_of(own_server)
    agent, block = bare_agent(client), client.create_block(label="notes", value="v")
    made = make_identity(client, agent_ids=[agent.id], block_ids=[block.id], properties=[EMAIL, AGE, MEMBER, PLACE])
    plain = make_identity(client, name="Zoë ✓", identity_type="other")
    assert (made.agent_ids, made.block_ids) == ([agent.id], [block.id])
    assert properties(made) == [EMAIL, AGE, MEMBER, PLACE]
    own_server.restart()
    assert client.identity(made.id) == made
    assert client.identity(plain.id) == plain
    assert client.identities() == [plain, made]
    assert client.agent(agent.id).identity_ids == [made.id]
    assert ids(client.agents_of_identity(made.id)) == [agent.id]
    assert ids(client.blocks_of_identity(made.id)) == [block.id]


@legacy_only
def test_update_changes_only_what_it_names(client):
    agent, block = bare_agent(client), client.create_block(label="notes", value="v")
    made = make_identity(client, agent_ids=[agent.id], block_ids=[block.id], properties=[EMAIL])
    changed = client.update_identity(made.id, name="Renamed")
    for seen in (changed, client.identity(made.id)):
        assert (seen.name, seen.identifier_key, seen.identity_type) == ("Renamed", made.identifier_key, "user")
        assert (seen.agent_ids, seen.block_ids, properties(seen)) == ([agent.id], [block.id], [EMAIL])
    key = fresh("key")
    client.update_identity(made.id, identifier_key=key, identity_type="org", agent_ids=[], block_ids=[], properties=[AGE])
    seen = client.identity(made.id)
    assert (seen.name, seen.identifier_key, seen.identity_type) == ("Renamed", key, "org")
    assert (seen.agent_ids, seen.block_ids, properties(seen)) == ([], [], [AGE])


@legacy_only
def test_update_refuses_a_taken_key(client):
    taken, made = make_identity(client), make_identity(client)
    with refused(client, 409):
        client.update_identity(made.id, identifier_key=taken.identifier_key)
    assert client.identity(made.id) == made
    assert client.update_identity(made.id, identifier_key=made.identifier_key) == made


@legacy_only
def test_upsert_creates_and_replaces(client):
    key = fresh("key")
    made = client.upsert_identity(identifier_key=key, name="Ann", identity_type="user", properties=[EMAIL, AGE])
    assert client.identity(made.id) == made
    agent, block = bare_agent(client, identity_ids=[made.id]), client.create_block(label="notes", value="v")
    replaced = client.upsert_identity(identifier_key=key, name="Ann Ltd", identity_type="org", block_ids=[block.id], properties=[MEMBER])
    assert replaced.id == made.id
    for seen in (replaced, client.identity(made.id)):
        assert (seen.name, seen.identity_type, properties(seen)) == ("Ann Ltd", "org", [MEMBER])
        assert (seen.agent_ids, seen.block_ids) == ([agent.id], [block.id])
    assert properties(client.upsert_identity(identifier_key=key, name="Ann", identity_type="user")) == []
    assert ids(client.identities(identifier_key=key)) == [made.id]


@legacy_only
def test_properties_are_set_by_their_keys(client):
    made = make_identity(client, properties=[EMAIL, AGE])
    older = {**AGE, "value": 42}
    client.set_identity_properties(made.id, [older, MEMBER])
    assert properties(client.identity(made.id)) == [EMAIL, older, MEMBER]
    with refused(client, 422):
        client.set_identity_properties(made.id, [{**AGE, "type": "zzz"}])
    assert properties(client.identity(made.id)) == [EMAIL, older, MEMBER]


@legacy_only
def test_delete_leaves_agents_and_blocks(client):
    agent, block = bare_agent(client), client.create_block(label="notes", value="v")
    made = make_identity(client, agent_ids=[agent.id], block_ids=[block.id])
    client.delete_identity(made.id)
    with refused(client, 404):
        client.identity(made.id)
    assert client.agent(agent.id).identity_ids == []
    assert client.block(block.id).value == "v"
    assert client.upsert_identity(identifier_key=made.identifier_key, name="Ann", identity_type="user").id != made.id


@legacy_only
def test_wrong_identity_ids(client):
    missing = unknown("identity")
    calls = (client.identity, client.delete_identity, lambda i: client.update_identity(i, name="x"), client.agents_of_identity,
             client.blocks_of_identity, lambda i: client.set_identity_properties(i, [EMAIL]))
    for call in calls:
        with refused(client, 404) as refusal:
            call(missing)
        assert missing in refusal.body["detail"]
        for malformed in ("xyz", "agent-" + missing[9:], missing.upper()):
            with refused(client, 422):
                call(malformed)


# ------------------------------------------------------------------------------------------------ list, count

@legacy_only
def test_list_is_newest_first_and_pages_without_gaps(client):
    name = fresh("page")
    made = [make_identity(client, name=f"{name} {n}").id for n in range(7)][::-1]
    assert ids(client.identities(name=name)) == made
    assert ids(client.every_identity(3, name=name)) == made
    assert ids(client.every_identity(3, name=name, order="asc")) == made[::-1]
    assert ids(client.identities(name=name, limit=2)) == made[:2]
    assert ids(client.identities(name=name, after=made[2], limit=2)) == made[3:5]
    assert client.identities(name=name, after=made[-1]) == []


@legacy_only
def test_list_filters(client):
    word = fresh("Needle")
    user = make_identity(client, name=f"has {word} inside")
    org = make_identity(client, name=word.lower(), identity_type="org")
    assert ids(client.identities(name=word)) == [org.id, user.id]
    assert ids(client.identities(name=word, identity_type="org")) == [org.id]
    assert ids(client.identities(identifier_key=user.identifier_key)) == [user.id]
    assert client.identities(identifier_key=user.identifier_key, identity_type="org") == []
    for bad in ({"limit": -1}, {"identity_type": "zzz"}, {"order": "sideways"}):
        with refused(client, 422):
            client.identities(**bad)


@legacy_only
def test_count_follows_create_and_delete(own_server):
    client = client_of(own_server)
    assert client.identity_count() == 0
    made = make_identity(client)
    client.upsert_identity(identifier_key=made.identifier_key, name="Ann", identity_type="user")
    assert client.identity_count() == 1
    client.delete_identity(made.id)
    assert client.identity_count() == 0


# ------------------------------------------------------------------------------------------------ agents and blocks

def test_an_agent_has_the_identities_it_is_made_with(client):
    first, second = make_identity(client, properties=[PLACE]), make_identity(client)
    agent = bare_agent(client, identity_ids=[first.id, second.id])
    other = bare_agent(client, identity_ids=[second.id])
    assert client.agent(agent.id).identity_ids == [first.id, second.id]
    assert ids(client.agents(identity_id=first.id)) == [agent.id]
    assert ids(client.agents(identity_id=second.id)) == [other.id, agent.id]
    assert ids(client.agents(identifier_keys=[first.identifier_key])) == [agent.id]
    client.update_agent(agent.id, identity_ids=[second.id])
    assert client.agent(agent.id).identity_ids == [second.id]
    assert client.agents(identity_id=first.id) == []


def test_refused_creation_leaves_nothing_behind(client):
    missing, name = unknown("identity"), fresh("left")
    with refused(client, 404) as refusal:
        bare_agent(client, name=name, identity_ids=[missing])
    assert missing in refusal.body["detail"]
    assert client.agents(name=name) == []
    with refused(client, 404):
        make_identity(client, identifier_key=name, agent_ids=[unknown("agent")])
    assert make_identity(client, identifier_key=name).agent_ids == []
    agent, identity = bare_agent(client), make_identity(client)
    client.update_agent(agent.id, identity_ids=[identity.id])
    with refused(client, 404):
        client.update_agent(agent.id, identity_ids=[missing])
    assert client.agent(agent.id).identity_ids == [identity.id]


@v1_only
def test_attach_and_detach(client):
    agent, first, second = bare_agent(client), make_identity(client), make_identity(client)
    for identity in (first, second, first):
        client.attach_identity(agent.id, identity.id)
    assert client.agent(agent.id).identity_ids == [first.id, second.id]
    for _ in range(2):
        client.detach_identity(agent.id, first.id)
        assert client.agent(agent.id).identity_ids == [second.id]


@v1_only
def test_attach_and_detach_refuse_wrong_ids(client):
    agent, identity = bare_agent(client), make_identity(client)
    for call in (client.attach_identity, client.detach_identity):
        for agent_id, identity_id in ((agent.id, unknown("identity")), (unknown("agent"), identity.id)):
            with refused(client, 404):
                call(agent_id, identity_id)
        for agent_id, identity_id in ((agent.id, "nope"), ("nope", identity.id), (agent.id, agent.id)):
            with refused(client, 422):
                call(agent_id, identity_id)
    assert client.agent(agent.id).identities == []


@v1_only
def test_what_was_attached_survives_a_restart(own_server):
    client = client_of(own_server)
    agent, identity = bare_agent(client), make_identity(client, properties=[EMAIL, AGE, MEMBER, PLACE])
    client.attach_identity(agent.id, identity.id)
    own_server.restart()
    seen = client.agent(agent.id).identities
    assert ids(seen) == [identity.id]
    assert properties(seen[0]) == [EMAIL, AGE, MEMBER, PLACE]


@legacy_only
def test_agents_of_an_identity_are_listed_in_pages(client):
    identity = make_identity(client)
    made = [bare_agent(client, identity_ids=[identity.id]).id for _ in range(3)][::-1]
    bare_agent(client)
    assert ids(client.agents_of_identity(identity.id)) == made
    assert ids(client.agents_of_identity(identity.id, limit=2)) == made[:2]
    assert ids(client.agents_of_identity(identity.id, after=made[1])) == made[2:]
    assert client.identity(identity.id).agent_ids == sorted(made)
    client.delete_agent(made[0])
    assert ids(client.agents_of_identity(identity.id)) == made[1:]


def test_blocks_of_an_identity(client, http):
    """No client attaches an identity to a block."""
    identity, block, other = make_identity(client), client.create_block(label="notes", value="v"), client.create_block(label="notes", value="w")
    for _ in range(2):
        assert http.patch(f"/v1/blocks/{block.id}/identities/attach/{identity.id}").json()["id"] == block.id
    assert ids(client.blocks(identity_id=identity.id)) == [block.id]
    http.patch(f"/v1/blocks/{other.id}/identities/attach/{identity.id}")
    assert ids(client.blocks(identity_id=identity.id)) == [block.id, other.id]
    assert http.patch(f"/v1/blocks/{block.id}/identities/detach/{identity.id}").status_code == 200
    assert ids(client.blocks(identity_id=identity.id)) == [other.id]
    assert http.patch(f"/v1/blocks/{block.id}/identities/attach/{unknown('identity')}").status_code == 404
    assert http.patch(f"/v1/blocks/{unknown('block')}/identities/attach/{identity.id}").status_code == 404
