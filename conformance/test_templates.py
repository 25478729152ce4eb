"""Templates, projects and deployments through both published clients: every method that each has for them."""

import json
import uuid

import pytest

from conftest import GENERATION, client_of
from steps import make_agent, refused

pytestmark = pytest.mark.clients
PROJECT = "default-project"


def made_template(client, **fields):
    """The name of a template of an agent with variables in a block, and that agent."""
    agent = make_agent(client, system="You help.", memory_blocks=[{"label": "human", "value": "{{who}} of {{town}}"}], **fields)
    name = "t-" + uuid.uuid4().hex[:8]
    if GENERATION == "legacy":
        from letta_client.templates import TemplatesCreateTemplateRequestAgentId
        made = client.raw.templates.createtemplate(PROJECT, request=TemplatesCreateTemplateRequestAgentId(agent_id=agent.id, name=name))
    else:
        made = client.raw.templates.create(type="agent", agent_id=agent.id, name=name)
    assert (made.name, made.latest_version, made.project_slug) == (name, "1", PROJECT)
    assert made.template_deployment_slug == f"{PROJECT}/{name}:1"
    return name, agent


def value_of(client, agent_id):
    return client.agent_block(agent_id, "human").value


@pytest.mark.only("v1")
def test_the_newer_client(client):
    templates = client.raw.templates
    name, agent = made_template(client)
    made = templates.agents.create(
        name + ":1", agent_name="Ann's", memory_variables={"who": "Ann", "town": "Rome"}, tool_variables={"KEY": "k"}, tags=["t"],
        initial_message_sequence=[{"role": "user", "content": "Hi."}])
    [child] = made.agent_ids
    assert made.group_id is None
    seen = client.raw.agents.retrieve(child, include=["agent.tags"])
    assert (seen.name, seen.system, seen.tags, seen.deployment_id) == ("Ann's", "You help.", ["t"], made.deployment_id)
    assert value_of(client, child) == "Ann of Rome"
    assert [found.id for found in client.raw.agents.list(base_template_id=seen.base_template_id)] == [child]
    saved = templates.save(name, message="two", migrate_agents=True, preserve_core_memories_on_migration=True,
                           block_reconciliation_strategy="preserve-deleted")
    assert saved.latest_version == "2"
    assert client.raw.agents.retrieve(child).template_id != seen.template_id
    assert templates.rollback(name, version="1").success
    file = json.loads(client.raw.agents.export_file(agent.id))
    assert templates.update(name, agent_file_json=file, save_existing_changes=True).success
    from_file = templates.create(type="agent_file", agent_file=file, name=name + "-of-a-file")
    assert from_file.latest_version == "1"
    assert templates.delete(from_file.name).success
    with refused(client, 400):
        templates.update(name, agent_file_json={"agents": []})
    assert client.raw.agents.create(model=agent.model, extra_body={"from_template": name}).system == "You help."
    assert templates.delete(name).success
    with refused(client, 404):
        templates.delete(name)


@pytest.mark.only("legacy")
def test_the_older_client(client, http):
    templates = client.raw.templates
    name, agent = made_template(client)
    [listed] = templates.list(name=name, exact="true", project_slug=PROJECT, limit="10", offset="0").templates
    made = templates.createagentsfromtemplate(PROJECT, name + ":latest", memory_variables={"who": "Ann", "town": "Rome"})
    [child] = made.agents
    assert value_of(client, child.id) == "Ann of Rome" and child.base_template_id == listed.id
    snapshot = templates.gettemplatesnapshot(PROJECT, name + ":current")
    assert [block.value for block in snapshot.blocks] == ["{{who}} of {{town}}"]
    assert snapshot.agents[0].system_prompt == "You help." and snapshot.agents[0].entity_id
    assert [variable.key for variable in snapshot.agents[0].memory_variables.data] == ["who", "town"]
    # What was read can be sent back.
    changed = http.get(f"/v1/templates/{PROJECT}/{name}:current/snapshot").json()
    changed["agents"][0]["systemPrompt"] = "You help more."
    assert templates.setcurrenttemplatefromsnapshot(PROJECT, name + ":current", request=changed).success
    assert templates.savetemplateversion(PROJECT, name, message="two").latest_version == "2"
    versions = templates.listtemplateversions(PROJECT, name, limit="1")
    assert [(one.version, one.message, one.is_latest) for one in versions.versions] == [("2", "two", True)]
    assert versions.has_next_page and versions.total_count == 2
    assert templates.migratedeployment(PROJECT, name, made.deployment_id, version="2", preserve_core_memories=True).success
    assert client.raw.agents.retrieve(child.id).system == "You help more."
    forked = templates.forktemplate(PROJECT, name + ":1", name=name + "-fork")
    assert forked.name == name + "-fork"
    assert templates.updatetemplatedescription(PROJECT, name, description="d").success
    assert templates.renametemplate(PROJECT, name, new_name=name + "-new").success
    assert templates.list(template_id=listed.id).templates[0].description == "d"
    with refused(client, 409):
        templates.renametemplate(PROJECT, name + "-new", new_name=name + "-fork")
    assert templates.agents.create(PROJECT, name + "-new") is None
    assert templates.deletetemplate(PROJECT, name + "-fork").success
    with refused(client, 404):
        templates.gettemplatesnapshot(PROJECT, name + "-fork")


@pytest.mark.only("legacy")
def test_an_agent_and_its_template_in_the_older_client(client):
    name, agent = made_template(client)
    other = make_agent(client, system="Other.")
    assert client.raw.agents.templates.migrate(other.id, to_template=name + ":1", preserve_core_memories=False).success
    assert client.raw.agents.retrieve(other.id).system == "You help."
    client.raw.agents.modify(other.id, system="Learned.")
    client.raw.agents.templates.create_version(other.id)
    assert client.raw.templates.gettemplatesnapshot(PROJECT, name).agents[0].system_prompt == "Learned."
    client.raw.agents.templates.create(agent.id)


@pytest.mark.only("legacy")
def test_projects_in_the_older_client(own_server):
    from letta_client import Letta
    client = client_of(own_server)
    shop = Letta(base_url=own_server.url, project="shop")
    assert [one.slug for one in client.raw.projects.list().projects] == [PROJECT]
    agent = shop.agents.create(model="openai-proxy/gpt-4o-mini", name="Bob")
    make_agent(client)
    own_server.restart()
    listed = client.raw.projects.list(limit="1", offset="1")
    assert [one.slug for one in listed.projects] == ["shop"] and not listed.has_next_page
    assert [one.id for one in shop.agents.list()] == [agent.id]
    assert agent.project_id == listed.projects[0].id
    assert len(Letta(base_url=own_server.url, project=PROJECT).agents.list()) == 2


@pytest.mark.only("v1")
def test_projects_in_the_newer_client(own_server):
    from letta_client import Letta
    client = client_of(own_server)
    shop = Letta(base_url=own_server.url, project="shop")
    agent = shop.agents.create(model="openai-proxy/gpt-4o-mini", name="Bob")
    make_agent(client)
    assert [one.id for one in shop.agents.list()] == [agent.id]
    assert [one.id for one in Letta(base_url=own_server.url, project_id=agent.project_id).agents.list()] == [agent.id]
