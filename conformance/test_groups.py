"""Groups through the published client of the first generation; the second has no methods for them."""

import pytest

from conftest import client_of
from harness import unknown
from steps import fresh, ids, make_agent, refused

pytestmark = [pytest.mark.clients, pytest.mark.only("legacy")]


def bare_agent(client):
    return make_agent(client, include_base_tools=False).id


def test_every_type_of_manager(client):
    ann, bob, boss = (bare_agent(client) for _ in range(3))
    managers = {
        "round_robin": {"max_turns": 2},
        "supervisor": {"manager_agent_id": boss},
        "dynamic": {"manager_agent_id": boss, "termination_token": "STOP", "max_turns": 2},
        "sleeptime": {"manager_agent_id": boss, "sleeptime_agent_frequency": 2},
        "voice_sleeptime": {"manager_agent_id": boss, "max_message_buffer_length": 10, "min_message_buffer_length": 5},
    }
    for kind, fields in managers.items():
        made = client.create_group(agent_ids=[bob, ann], description=kind, manager_config={"manager_type": kind, **fields})
        assert (made.manager_type, made.agent_ids, made.description) == (kind, [bob, ann], kind)
        assert {name: getattr(made, name) for name in fields} == fields
        assert client.group(made.id) == made
    with refused(client, 422):
        client.create_group(agent_ids=[ann], description="x", manager_config={"manager_type": "zzz"})


def test_refused_creation_leaves_nothing_behind(own_server):
    client = client_of(own_server)
    agent, missing = bare_agent(client), unknown("agent")
    with refused(client, 404) as refusal:
        client.create_group(agent_ids=[agent, missing], description="x")
    assert missing in refusal.body["detail"]
    with refused(client, 404):
        client.create_group(agent_ids=[agent], description="x", manager_config={"manager_type": "supervisor", "manager_agent_id": missing})
    with refused(client, 404):
        client.create_group(agent_ids=[agent], description="x", shared_block_ids=[unknown("block")])
    assert client.group_count() == 0
    assert client.groups_of_agent(agent) == []


def test_update_changes_what_it_names(own_server):
    client = client_of(own_server)
    ann, bob, block = bare_agent(client), bare_agent(client), client.create_block(label="notes", value="v").id
    made = client.create_group(agent_ids=[ann], description="one", shared_block_ids=[block])
    assert made.shared_block_ids == [block]
    client.update_group(made.id, agent_ids=[bob, ann], manager_config={"manager_type": "round_robin", "max_turns": 5})
    own_server.restart()
    seen = client.group(made.id)
    assert (seen.agent_ids, seen.max_turns, seen.description, seen.shared_block_ids) == ([bob, ann], 5, "one", [block])
    with refused(client, 400):
        client.update_group(made.id, manager_config={"manager_type": "supervisor", "manager_agent_id": ann})
    assert client.update_group(made.id, description="two").description == "two"
    assert ids(client.groups_of_agent(bob)) == [made.id]


def test_lists_are_oldest_first_and_page_without_gaps(client):
    project = fresh("project")
    made = [client.create_group(agent_ids=[], description="d", project_id=project).id for _ in range(5)]
    assert ids(client.groups(project_id=project)) == made
    assert ids(client.every_group(2, project_id=project)) == made
    assert ids(client.every_group(2, project_id=project, order="desc")) == made[::-1]
    assert client.groups(project_id=project, manager_type="dynamic") == []
    client.create_group(agent_ids=[], description="d", project_id=project, hidden=True)
    assert ids(client.groups(project_id=project)) == made
    client.delete_group(made[1])
    assert ids(client.groups(project_id=project, after=made[1])) == made[2:]


def test_messages_and_wrong_ids(client):
    group, missing = client.create_group(agent_ids=[], description="d").id, unknown("group")
    assert client.group_messages(group) == []
    client.reset_group(group)
    for call in (client.group, client.delete_group, client.group_messages, client.reset_group, lambda i: client.update_group(i, description="x")):
        with refused(client, 404) as refusal:
            call(missing)
        assert missing in refusal.body["detail"]
        with refused(client, 422):
            call("nope")
    client.delete_group(group)
    with refused(client, 404):
        client.group(group)


def test_messages_of_a_group_are_not_rewritten(client):
    from letta_client import UpdateUserMessage
    made = client.create_group(agent_ids=[bare_agent(client)], description="x")
    with refused(client, 405):
        client.raw.groups.messages.modify(made.id, unknown("message"), request=UpdateUserMessage(content="never said"))
