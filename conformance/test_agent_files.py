"""Agents that move from one server to another as files, through the published client of each generation, and by the command line."""

import json
import re

import pytest

import harness
from conftest import client_of
from harness import unknown
from steps import make_agent, refused

pytestmark = pytest.mark.clients


def settled(file):
    """The file without what differs with ids and times alone."""
    file = {**file, "created_at": None}
    return json.loads(re.sub(r"AGENT_ID: agent-[0-9a-f-]+", "AGENT_ID: x", json.dumps(file)))


def exported(client, agent):
    text = client.raw.agents.export_file(agent)
    return json.loads(text) if isinstance(text, str) else text


def imported(client, content, **options):
    return client.raw.agents.import_file(file=("a.af", content), **options).agent_ids


def test_an_agent_moves_through_the_client(client, own_server):
    agent = make_agent(client, name="Mover", memory_blocks=[{"label": "human", "value": "Ann"}], tags=["t"]).id
    client.send(agent, "Hello")
    file = exported(client, agent)
    assert [m["role"] for m in file["agents"][0]["messages"]] == ["system", "user", "assistant"]
    other = client_of(own_server)
    new, = imported(other, json.dumps(file).encode(), append_copy_suffix=False)
    own_server.restart()
    assert settled(exported(other, new)) == settled(file)
    twice, = imported(other, json.dumps(json.dumps(file)).encode())
    assert other.agent(twice).name == "Mover_copy"
    bare, = imported(other, json.dumps(file).encode(), strip_messages=True, env_vars_json='{"K": "v"}')
    assert [m["role"] for m in exported(other, bare)["agents"][0]["messages"]] == ["system"]
    assert exported(other, bare)["agents"][0]["secrets"] == {"K": ""}
    with refused(other, 400) as refusal:
        imported(other, b"{}")
    assert "empty object" in refusal.body["detail"]
    with refused(other, 404):
        exported(other, unknown("agent"))



def test_a_whole_server_moves_by_the_command_line(tmp_path, model, own_server):
    """The agents of one server on another one; files that are there already are left out, and bad ones fail alone."""
    client = client_of(own_server)
    shared = client.create_block(label="shared", value="both").id
    for name in ("One", "Two"):
        make_agent(client, name=name, block_ids=[shared])
    make_agent(client, name="Three")
    folder = tmp_path / "files"
    done = own_server.command("export", "--all", folder, "--data-dir", own_server.data)
    assert done.returncode == 0, done.stderr
    assert "[2/2]" in done.stderr and "(2 agents)" in done.stderr
    files = sorted(folder.iterdir())
    assert len(files) == 2
    assert own_server.command("export", "--all", folder, "--data-dir", own_server.data).returncode == 0
    assert sorted(folder.iterdir()) == files
    with_server = own_server.command("import", folder, "--data-dir", own_server.data)
    assert with_server.returncode != 0 and "Another letta-server is using" in with_server.stderr

    flat = {"agent_type": "memgpt_agent", "name": "Old", "system": "s", "version": "0.7", "tool_rules": [], "tools": [], "tags": [],
            "core_memory": [{"label": "human", "value": "v", "limit": 9}], "in_context_message_indices": [0],
            "llm_config": {"model": "m", "model_endpoint_type": "openai", "context_window": 9000},
            "messages": [{"role": "system", "content": [{"type": "text", "text": "s"}]}], "tool_exec_environment_variables": []}
    (folder / "x-flat.json").write_text(json.dumps(flat))
    (folder / "y-bad.af").write_text("{}")
    other = harness.Server(tmp_path / "other", **model.settings)
    try:
        done = other.command("import", folder, "--data-dir", other.data)
        assert done.returncode == 1
        assert "[4/4]" in done.stderr and "y-bad.af: not imported: The agent file is an empty object" in done.stderr
        again = other.command("import", *files, "--data-dir", other.data)
        assert again.returncode == 0 and again.stderr.count("imported before") == 2
        other.start()
        moved = client_of(other)
        assert sorted(agent.name for agent in moved.agents()) == ["Old", "One", "Three", "Two"]
        assert len(moved.blocks(label="shared")) == 1
    finally:
        other.close()
