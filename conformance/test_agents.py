"""Agents, their relations and their tools through the published clients."""

import pytest

from harness import unknown
from steps import EMBEDDING, MODEL, fresh, ids, labels, make_agent, refused

pytestmark = pytest.mark.clients

TOOLS_OF_TYPE = {
    "letta_v1_agent": {"conversation_search", "memory_insert", "memory_replace"},
    "memgpt_v2_agent": {"conversation_search", "memory_insert", "memory_replace", "send_message"},
    "memgpt_agent": {"conversation_search", "core_memory_append", "core_memory_replace", "memory", "memory_apply_patch", "send_message"},
    "react_agent": set(),
    "workflow_agent": set(),
    "sleeptime_agent": {"memory_replace", "memory_insert", "memory_rethink", "memory_finish_edits"},
    "voice_sleeptime_agent": {"store_memories", "rethink_user_memory", "finish_rethinking_memory"},
}
START_MESSAGES = {"letta_v1_agent": 1, "sleeptime_agent": 1, "voice_sleeptime_agent": 1}


# ------------------------------------------------------------------------------------------------ create

def test_create_fills_the_dense_defaults(client):
    agent = client.create_agent(model=MODEL, embedding=EMBEDDING)
    assert agent.id.startswith("agent-")
    assert agent.agent_type == "letta_v1_agent"
    assert agent.name and agent.name[0].isupper() and agent.name.isalpha()
    assert agent.timezone == "UTC"
    assert agent.tags == []
    assert agent.description is None
    assert agent.message_buffer_autoclear is False
    assert (agent.max_files_open, agent.per_file_view_window_char_limit) == (10, 25000)
    assert len(agent.message_ids) == 1 and agent.message_ids[0].startswith("message-")
    assert agent.created_at is not None and agent.updated_at is not None
    assert agent.created_by_id.startswith("user-")
    assert agent.system


@pytest.mark.parametrize("agent_type", sorted(TOOLS_OF_TYPE))
def test_create_gives_each_type_its_tools_and_messages(client, agent_type):
    agent = make_agent(client, agent_type=agent_type)
    assert agent.agent_type == agent_type
    assert {tool.name for tool in agent.tools} == TOOLS_OF_TYPE[agent_type]
    assert len(agent.message_ids) == START_MESSAGES.get(agent_type, 4)


def test_create_keeps_what_it_is_given(client):
    agent = make_agent(
        client, name="given", agent_type="letta_v1_agent", description="a description", metadata={"k": "v", "n": 1}, tags=["b", "a", "b"],
        timezone="Europe/Berlin", system="You are X.", context_window_limit=16000, max_tokens=1000, hidden=False,
        message_buffer_autoclear=True, max_files_open=7, per_file_view_window_char_limit=999, include_base_tools=False,
        memory_blocks=[{"label": "human", "value": "Name: Ann", "limit": 100}, {"label": "ro", "value": "x", "read_only": True}])
    again = client.agent(agent.id)
    for seen in (agent, again):
        assert seen.name == "given"
        assert seen.description == "a description"
        assert seen.metadata == {"k": "v", "n": 1}
        assert sorted(seen.tags) == ["a", "b"]
        assert seen.timezone == "Europe/Berlin"
        assert seen.system == "You are X."
        assert seen.llm_config.context_window == 16000
        assert seen.llm_config.max_tokens == 1000
        assert seen.message_buffer_autoclear is True
        assert (seen.max_files_open, seen.per_file_view_window_char_limit) == (7, 999)
        assert seen.tools == []
        assert labels(seen.memory.blocks) == ["human", "ro"]
        assert {b.label: b.read_only for b in seen.memory.blocks} == {"human": False, "ro": True}


def test_create_resolves_handles(client):
    agent = make_agent(client)
    assert agent.llm_config.handle == MODEL
    assert agent.llm_config.model == "gpt-4o-mini"
    assert agent.llm_config.model_endpoint_type == "openai"
    assert agent.embedding_config.handle == EMBEDDING
    assert agent.embedding_config.embedding_dim == 1536


@pytest.mark.only("v1")
def test_create_says_model_and_settings_beside_the_old_configs(client):
    agent = make_agent(client, model_settings={"provider_type": "openai", "temperature": 0.2, "max_output_tokens": 777})
    assert agent.model == MODEL and agent.embedding == EMBEDDING
    assert agent.model_settings["provider_type"] == "openai"
    assert agent.model_settings["max_output_tokens"] == 777
    assert agent.llm_config.max_tokens == 777
    assert agent.llm_config.temperature == 0.2


def test_create_takes_raw_configurations(client):
    agent = client.create_agent(
        name=fresh("raw"),
        llm_config={"model": "m", "model_endpoint_type": "openai", "model_endpoint": "http://127.0.0.1:9/v1", "context_window": 32000},
        embedding_config={"embedding_model": "e", "embedding_endpoint_type": "openai", "embedding_endpoint": "http://127.0.0.1:9/v1",
                          "embedding_dim": 64})
    assert agent.llm_config.model == "m"
    assert agent.llm_config.context_window == 32000
    assert agent.embedding_config.embedding_dim == 64


def test_create_without_embedding(client):
    agent = client.create_agent(name=fresh("noemb"), model=MODEL)
    assert agent.embedding_config is None


def test_create_with_blocks_that_exist(client):
    block = client.create_block(label="notes", value="kept")
    agent = make_agent(client, block_ids=[block.id], memory_blocks=[{"label": "human", "value": "h"}])
    assert labels(agent.memory.blocks) == ["human", "notes"]
    assert block.id in ids(agent.memory.blocks)


def test_create_with_tools_by_name_and_rules(client):
    agent = make_agent(client, agent_type="letta_v1_agent", include_base_tools=False, include_base_tool_rules=False, tools=["send_message"],
                       tool_rules=[{"type": "exit_loop", "tool_name": "send_message"}])
    assert [tool.name for tool in agent.tools] == ["send_message"]
    assert [(rule.type, rule.tool_name) for rule in agent.tool_rules] == [("exit_loop", "send_message")]


def test_create_masks_secrets(client):
    agent = make_agent(client, secrets={"API_KEY": "plain-secret-value"})
    for seen in (agent, client.agent(agent.id)):
        assert "plain-secret-value" not in seen.model_dump_json()
    stored = client.agent(agent.id)
    variables = getattr(stored, "secrets", None) or stored.tool_exec_environment_variables
    assert [variable.key for variable in variables] == ["API_KEY"]


def test_names_are_not_unique_and_may_be_long(client):
    name = fresh("n" * 280)
    assert make_agent(client, name=name).id != make_agent(client, name=name).id
    assert len(client.agents(name=name)) == 2


@pytest.mark.parametrize("name", ["a/b:c", "Zoë <2> *?", "Owl 🦉"])
def test_names_may_be_any_text(client, name):
    made = make_agent(client, name=name, include_base_tools=False)
    assert client.agent(made.id).name == name
    assert made.id in ids(client.agents(name=name))
    assert client.update_agent(made.id, name=name + "|").name == name + "|"


@pytest.mark.parametrize("status, fields", [
    (404, {"model": "openai/nope"}),
    (400, {"model": "gpt-4o-mini"}),
    (400, {"embedding": "openai/nope"}),
    (422, {"name": "line\nbreak"}),
    (422, {"name": "n" * 2001}),
    (422, {"timezone": "Mars/Olympus"}),
    (422, {"agent_type": "zzz"}),
    (400, {"agent_type": "split_thread_agent"}),
    (422, {"agent_type": "voice_convo_agent"}),
    (400, {"tools": ["no_such_tool"]}),
    (400, {"tool_ids": [unknown("tool")]}),
    (404, {"block_ids": [unknown("block")]}),
    (422, {"memory_blocks": [{"label": "human", "value": "a"}, {"label": "human", "value": "b"}]}),
    (422, {"memory_blocks": [{"label": "human", "value": "abcdef", "limit": 3}]}),
], ids=str)
def test_create_refuses(client, status, fields):
    name = fresh("refused")
    with refused(client, status):
        make_agent(client, **{"name": name, **fields})
    assert client.agents(name=name) == []


def test_create_needs_a_model(client):
    with refused(client, 400) as refusal:
        client.create_agent(name=fresh("nomodel"))
    assert "model" in refusal.body["detail"]


# ------------------------------------------------------------------------------------------------ retrieve

def test_retrieve_answers_what_create_did(client):
    made = make_agent(client, memory_blocks=[{"label": "human", "value": "h"}], tags=["t1"])
    seen = client.agent(made.id)
    assert (seen.id, seen.name, seen.created_at, seen.message_ids) == (made.id, made.name, made.created_at, made.message_ids)
    assert ids(seen.tools) and sorted(ids(seen.tools)) == sorted(ids(made.tools))
    assert ids(seen.memory.blocks) == ids(made.memory.blocks)


def test_retrieve_loads_only_what_is_asked_for(client):
    made = make_agent(client, memory_blocks=[{"label": "human", "value": "h"}], tags=["t1"])
    seen = client.agent(made.id, only={"tags"})
    assert (seen.tags, seen.tools, seen.memory.blocks) == (["t1"], [], [])
    seen = client.agent(made.id, only={"tools"})
    assert (seen.tags, len(seen.tools), seen.memory.blocks) == ([], 3, [])


@pytest.mark.only("v1")
def test_retrieve_loads_no_relation_that_is_not_named(client):
    made = make_agent(client, memory_blocks=[{"label": "human", "value": "h"}], tags=["t1"])
    seen = client.raw.agents.retrieve(made.id)
    assert (seen.tags, seen.tools, seen.blocks) == ([], [], [])
    seen = client.agent(made.id, only={"blocks"})
    assert labels(seen.blocks) == ["human"] and seen.tools == []


def test_wrong_agent_ids(client):
    missing, block = unknown("agent"), client.create_block(label="x", value="y").id
    calls = [client.agent, lambda i: client.update_agent(i, description="d"), client.delete_agent, client.agent_tools, client.agent_blocks,
             lambda i: client.attach_block(i, block), lambda i: client.detach_block(i, block),
             lambda i: client.agent_block(i, "human"), lambda i: client.update_agent_block(i, "human", value="v")]
    for call in calls:
        with refused(client, 404) as refusal:
            call(missing)
        assert missing in refusal.body["detail"]
        for malformed in ("nope", block, "agent-123", missing.upper()):
            with refused(client, 422):
                call(malformed)


# ------------------------------------------------------------------------------------------------ update

def test_update_changes_only_what_it_names(client):
    made = make_agent(client, description="old", tags=["t1", "t2"], metadata={"a": 1}, memory_blocks=[{"label": "human", "value": "h"}])
    changed = client.update_agent(made.id, name="renamed", tags=["t3"])
    for seen in (changed, client.agent(made.id)):
        assert (seen.name, seen.tags, seen.description, seen.metadata) == ("renamed", ["t3"], "old", {"a": 1})
        assert seen.updated_at > made.updated_at
        assert seen.created_at == made.created_at
        assert labels(seen.memory.blocks) == ["human"]


def test_update_replaces_metadata_and_clears_with_null(client):
    made = make_agent(client, description="old", metadata={"a": 1, "b": 2})
    client.update_agent(made.id, metadata={"c": 3}, description=None)
    seen = client.agent(made.id)
    assert seen.metadata == {"c": 3}
    assert seen.description is None


def test_update_resolves_a_new_model(client):
    made = make_agent(client, context_window_limit=16000)
    changed = client.update_agent(made.id, model="openai-proxy/gpt-4.1")
    assert changed.llm_config.handle == "openai-proxy/gpt-4.1"
    assert changed.llm_config.context_window != 16000
    with refused(client, 404):
        client.update_agent(made.id, model="openai/nope")
    assert client.agent(made.id).llm_config.handle == "openai-proxy/gpt-4.1"


def test_update_of_system_rewrites_the_system_message(client, http):
    made = make_agent(client, system="You are old.", memory_blocks=[{"label": "human", "value": "h"}])
    client.update_agent(made.id, system="You are new.")
    view = http.get(f"/v1/agents/{made.id}/context").json()
    assert view["system_prompt"].startswith("You are new.")
    assert client.agent(made.id).message_ids == made.message_ids


def test_update_replaces_tools_and_blocks(client):
    made = make_agent(client, memory_blocks=[{"label": "human", "value": "h"}])
    block = client.create_block(label="notes", value="n")
    keep = [tool for tool in made.tools if tool.name == "memory_insert"]
    client.update_agent(made.id, tool_ids=ids(keep), block_ids=[block.id])
    seen = client.agent(made.id)
    assert [tool.name for tool in seen.tools] == ["memory_insert"]
    assert labels(seen.memory.blocks) == ["notes"]


@pytest.mark.parametrize("fields", [{"name": "line\nbreak"}, {"timezone": "Mars/Olympus"}], ids=str)
def test_update_refuses_and_changes_nothing(client, fields):
    made = make_agent(client)
    with refused(client, 422):
        client.update_agent(made.id, description="must not stick", **fields)
    seen = client.agent(made.id)
    assert (seen.name, seen.timezone, seen.description) == (made.name, "UTC", None)


# ------------------------------------------------------------------------------------------------ delete

def test_delete_and_what_stays(client):
    block = client.create_block(label="shared", value="kept")
    made = make_agent(client, block_ids=[block.id])
    client.delete_agent(made.id)
    with refused(client, 404):
        client.agent(made.id)
    with refused(client, 404):
        client.delete_agent(made.id)
    assert client.agents(name=made.name) == []
    assert client.block(block.id).value == "kept"
    assert client.agents_of_block(block.id) == []


# ------------------------------------------------------------------------------------------------ sleep-time agents

def test_an_agent_with_a_sleeping_companion(client):
    made = make_agent(client, enable_sleeptime=True, memory_blocks=[{"label": "human", "value": "h"}])
    assert {tool.name for tool in made.tools} == {"send_message", "conversation_search", "archival_memory_search"}
    assert made.enable_sleeptime is True
    companion, = client.agents(name=f"{made.name}-sleeptime")
    assert companion.agent_type == "sleeptime_agent"
    shared = client.agent_block(made.id, "human").id
    assert shared in ids(client.agent_blocks(companion.id))
    client.delete_agent(made.id)
    with refused(client, 404):
        client.agent(companion.id)


@pytest.mark.only("legacy")
def test_groups_of_an_agent(client):
    made = make_agent(client, enable_sleeptime=True)
    companion, = client.agents(name=f"{made.name}-sleeptime")
    group, = client.groups_of_agent(companion.id)
    assert (group.manager_type, group.agent_ids) == ("sleeptime", [companion.id])
    assert group.id == made.multi_agent_group.id
    assert client.groups_of_agent(made.id) == []


# ------------------------------------------------------------------------------------------------ list, count

def test_list_is_newest_first_and_pages_without_gaps(client):
    tag = fresh("page")
    made = [make_agent(client, tags=[tag], include_base_tools=False).id for _ in range(7)]
    newest_first = made[::-1]
    assert ids(client.agents(tags=[tag])) == newest_first
    assert ids(client.every_agent(3, tags=[tag])) == newest_first
    assert ids(client.every_agent(3, tags=[tag], order="asc")) == made
    assert ids(client.agents(tags=[tag], limit=2)) == newest_first[:2]
    assert ids(client.agents(tags=[tag], after=newest_first[2], limit=2)) == newest_first[3:5]
    assert ids(client.agents(tags=[tag], before=newest_first[2])) == newest_first[:2]
    assert client.agents(tags=[tag], after=newest_first[-1]) == []


def test_list_goes_on_after_a_deleted_row(client):
    tag = fresh("gone")
    newest_first = [make_agent(client, tags=[tag], include_base_tools=False).id for _ in range(6)][::-1]
    client.delete_agent(newest_first[2])
    assert ids(client.agents(tags=[tag], after=newest_first[2])) == newest_first[3:]
    assert ids(client.agents(tags=[tag], before=newest_first[2])) == newest_first[:2]


def test_list_filters(client):
    one, two = fresh("filter"), fresh("filter")
    both = make_agent(client, name=fresh("Both Needle"), tags=[one, two], include_base_tools=False)
    single = make_agent(client, tags=[one], include_base_tools=False)
    assert ids(client.agents(tags=[one])) == [single.id, both.id]
    assert ids(client.agents(tags=[one, two])) == [single.id, both.id]
    assert ids(client.agents(tags=[one, two], match_all_tags=True)) == [both.id]
    assert ids(client.agents(name=both.name)) == [both.id]
    assert ids(client.agents(tags=[one], query_text="needle")) == [both.id]
    assert client.agents(name=fresh("nobody")) == []


def test_list_leaves_hidden_agents_out(client):
    tag = fresh("hidden")
    make_agent(client, tags=[tag], hidden=True, include_base_tools=False)
    shown = make_agent(client, tags=[tag], include_base_tools=False)
    assert ids(client.agents(tags=[tag])) == [shown.id]


def test_list_by_last_run_puts_agents_without_one_last(client):
    tag = fresh("lastrun")
    never = make_agent(client, tags=[tag], include_base_tools=False)
    ran = make_agent(client, tags=[tag], include_base_tools=False)
    client.update_agent(ran.id, last_run_completion="2026-01-02T03:04:05Z")
    assert ids(client.agents(tags=[tag], order_by="last_run_completion")) == [ran.id, never.id]


def test_list_refuses_bad_limits_and_orders(client):
    for bad in ({"limit": -1}, {"order": "sideways"}):
        with refused(client, 422):
            client.agents(**bad)


@pytest.mark.only("v1")
def test_list_includes_what_is_named(client):
    tag = fresh("include")
    make_agent(client, tags=[tag], memory_blocks=[{"label": "human", "value": "h"}])
    bare, = client.agents(tags=[tag])
    assert (bare.tags, bare.tools, bare.blocks) == ([], [], [])
    full, = client.agents(tags=[tag], include=["agent.blocks", "agent.tools", "agent.tags"])
    assert (full.tags, labels(full.blocks), len(full.tools)) == ([tag], ["human"], 3)


@pytest.mark.only("legacy")
def test_list_loads_everything_or_what_is_named(client):
    tag = fresh("include")
    make_agent(client, tags=[tag], memory_blocks=[{"label": "human", "value": "h"}])
    full, = client.agents(tags=[tag])
    assert (full.tags, labels(full.memory.blocks), len(full.tools)) == ([tag], ["human"], 3)
    lean, = client.agents(tags=[tag], include_relationships=["tags"])
    assert (lean.tags, lean.memory.blocks, lean.tools) == ([tag], [], [])


@pytest.mark.only("legacy")
def test_count_follows_create_and_delete(client):
    before = client.agent_count()
    made = make_agent(client)
    assert client.agent_count() == before + 1
    client.delete_agent(made.id)
    assert client.agent_count() == before


@pytest.mark.only("legacy")
def test_search_by_conditions(client):
    tag = fresh("search")
    made = [make_agent(client, name=fresh("Sought"), tags=[tag, str(n)], include_base_tools=False) for n in range(3)]
    tagged = {"field": "tags", "operator": "contains", "value": [tag]}
    found = client.search_agents(tagged)
    assert ids(found.agents) == ids(made)[::-1] and found.next_cursor is None
    found = client.search_agents(tagged, {"field": "name", "operator": "eq", "value": made[1].name})
    assert ids(found.agents) == [made[1].id]
    first = client.search_agents(tagged, limit=2)
    assert ids(first.agents + client.search_agents(tagged, limit=2, after=first.next_cursor).agents) == ids(made)[::-1]


# ------------------------------------------------------------------------------------------------ context, recompile

@pytest.mark.only("legacy")
def test_context_shows_what_the_model_would_see(client):
    made = make_agent(client, system="You are X.", memory_blocks=[{"label": "human", "value": "Name: Ann"}], context_window_limit=16000)
    view = client.context(made.id)
    assert view.context_window_size_max == 16000
    assert 0 < view.context_window_size_current < 16000
    assert view.system_prompt.startswith("You are X.")
    assert "<human>" in view.core_memory and "Name: Ann" in view.core_memory
    assert view.num_archival_memory == 0
    assert made.id in view.external_memory_summary
    assert {tool.function.name for tool in view.functions_definitions} == {tool.name for tool in made.tools}
    with refused(client, 404):
        client.context(unknown("agent"))
    with refused(client, 422):
        client.context("nope")


@pytest.mark.only("v1")
def test_recompile_answers_the_fresh_text(client):
    made = make_agent(client, system="You are X.", memory_blocks=[{"label": "human", "value": "Name: Ann"}])
    client.update_agent_block(made.id, "human", value="Name: Bea")
    for options in ({}, {"dry_run": True}):
        text = client.recompile(made.id, **options)
        assert text.startswith("You are X.")
        assert "Name: Bea" in text and "Name: Ann" not in text
        assert made.id in text
    with refused(client, 404):
        client.recompile(unknown("agent"))
    with refused(client, 422):
        client.recompile("nope")


# ------------------------------------------------------------------------------------------------ tools of an agent

def tool_of_another(client, name):
    """A base tool's id, taken from an agent of a type that has it."""
    donor = make_agent(client, agent_type="memgpt_agent")
    return next(tool.id for tool in donor.tools if tool.name == name)


def test_tools_attach_list_detach(client):
    made = make_agent(client)
    extra = tool_of_another(client, "send_message")
    client.attach_tool(made.id, extra)
    names = {tool.name for tool in client.agent_tools(made.id)}
    assert names == TOOLS_OF_TYPE["letta_v1_agent"] | {"send_message"}
    client.attach_tool(made.id, extra)
    assert len(client.agent_tools(made.id)) == 4
    client.detach_tool(made.id, extra)
    assert {tool.name for tool in client.agent_tools(made.id)} == TOOLS_OF_TYPE["letta_v1_agent"]


@pytest.mark.only("legacy")
def test_attach_and_detach_answer_the_agent(client):
    made = make_agent(client)
    extra = tool_of_another(client, "send_message")
    assert extra in ids(client.attach_tool(made.id, extra).tools)
    assert extra not in ids(client.detach_tool(made.id, extra).tools)


@pytest.mark.only("v1")
def test_attach_and_detach_answer_nothing(client):
    made = make_agent(client)
    extra = tool_of_another(client, "send_message")
    assert client.attach_tool(made.id, extra) is None
    assert client.detach_tool(made.id, extra) is None


@pytest.mark.only("v1")
def test_tools_page(client):
    made = make_agent(client, agent_type="memgpt_agent")
    assert len(client.agent_tools(made.id, limit=2)) == 2
    assert sorted(ids(client.every_agent_tool(made.id, 2))) == sorted(ids(made.tools))


def test_a_tool_may_need_approval(client):
    made = make_agent(client)
    client.require_approval(made.id, "memory_insert", True)
    client.require_approval(made.id, "memory_insert", True)
    rules = client.agent(made.id).tool_rules
    assert [(rule.type, rule.tool_name) for rule in rules] == [("requires_approval", "memory_insert")]
    client.require_approval(made.id, "memory_insert", False)
    assert client.agent(made.id).tool_rules == []
    with refused(client, 404):
        client.require_approval(unknown("agent"), "memory_insert", True)


def test_wrong_tools(client):
    made = make_agent(client)
    with refused(client, 404):
        client.attach_tool(made.id, unknown("tool"))
    for call in (client.attach_tool, client.detach_tool):
        with refused(client, 422):
            call(made.id, "nope")
        with refused(client, 404):
            call(unknown("agent"), made.tools[0].id)
    assert sorted(ids(client.agent_tools(made.id))) == sorted(ids(made.tools))
