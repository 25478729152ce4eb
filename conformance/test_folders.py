"""Folders through the published clients. The first generation also has the older spelling, sources."""

import pytest

from conftest import client_of
from harness import unknown
from steps import EMBEDDING, fresh, ids, make_agent, refused

pytestmark = pytest.mark.clients

legacy_only = pytest.mark.only("legacy")
v1_only = pytest.mark.only("v1")

ORGANIZATION = "org-00000000-0000-4000-8000-000000000000"
FILE_TOOLS = {"grep_files", "open_files", "semantic_search_files"}


def make_folder(client, **fields):
    return client.create_folder(**{"name": fresh("folder"), "embedding": EMBEDDING, **fields})


def file_statements(folder_id, name, text, time):
    """What stores a file, and its id."""
    file_id = unknown("file")
    return file_id, [
        "INSERT INTO folder_file (organization_id, id, folder_id, file_name, original_file_name, file_type, file_size, processing_status,"
        f" created_at, updated_at) VALUES ('{ORGANIZATION}', '{file_id}', '{folder_id}', '{name}', '{name}', 'text/plain', {len(text)},"
        f" 'completed', {time}, {time})",
        f"INSERT INTO file_content (organization_id, file_id, text) VALUES ('{ORGANIZATION}', '{file_id}', '{text}')",
    ]


# ------------------------------------------------------------------------------------------------ one folder

def test_create_fills_the_defaults(client):
    name = fresh("folder")
    made = client.create_folder(name=name, embedding=EMBEDDING)
    assert made.id.startswith("source-")
    assert (made.name, made.description, made.instructions, made.metadata) == (name, None, None, None)
    assert (made.embedding_config.handle, made.embedding_config.embedding_chunk_size) == (EMBEDDING, 300)


def test_an_embedding_model_must_exist_and_need_not_be_named(client):
    with refused(client, 400) as refusal:
        make_folder(client, embedding="openai/zzz")
    assert "mbedding" in refusal.body["detail"]
    assert make_folder(client, embedding=None).embedding_config is None


def test_a_name_is_unique(client):
    taken = make_folder(client)
    with refused(client, 409) as refusal:
        make_folder(client, name=taken.name)
    assert taken.name in refusal.body["detail"]
    with refused(client, 409):
        client.update_folder(make_folder(client).id, name=taken.name)


def test_what_was_made_survives_a_restart(own_server):
    client = client_of(own_server)
    made = make_folder(client, description="d", instructions="i", metadata={"a": [1, None]}, embedding_chunk_size=77)
    other = make_folder(client)
    agent = make_agent(client, include_base_tools=False, source_ids=[other.id])
    own_server.restart()
    assert client.folder(made.id) == made
    assert made.embedding_config.embedding_chunk_size == 77
    assert client.folders() == [made, other]
    assert client.folders(name=made.name) == [made]
    assert list(client.every_folder(1)) == [made, other]
    assert list(client.every_folder(1, order="desc")) == [other, made]
    assert client.agents_of_folder(other.id) == [agent.id]
    assert client.agents_of_folder(made.id) == []
    assert ids(client.agent(agent.id).sources) == [other.id]


def test_update_changes_only_what_it_names(client):
    made = make_folder(client, description="d", metadata={"a": 1})
    changed = client.update_folder(made.id, description="new")
    for seen in (changed, client.folder(made.id)):
        assert (seen.name, seen.description, seen.metadata) == (made.name, "new", {"a": 1})


def test_what_is_deleted_is_gone(client):
    made = make_folder(client)
    client.delete_folder(made.id)
    for call in (client.folder, client.delete_folder, client.files_of_folder, client.agents_of_folder):
        with refused(client, 404):
            call(made.id)


# ------------------------------------------------------------------------------------------------ agents

def test_attach_gives_the_file_tools(client):
    agent, folder = make_agent(client, include_base_tools=False), make_folder(client)
    client.attach_folder(agent.id, folder.id)
    client.attach_folder(agent.id, folder.id)
    assert ids(client.folders_of_agent(agent.id)) == [folder.id]
    seen = client.agent(agent.id)
    assert ids(seen.sources) == [folder.id]
    assert {tool.name for tool in seen.tools} == FILE_TOOLS
    client.detach_folder(agent.id, folder.id)
    client.detach_folder(agent.id, folder.id)
    seen = client.agent(agent.id)
    assert (seen.sources, seen.tools) == ([], [])
    for agent_id, folder_id in ((unknown("agent"), folder.id), (agent.id, unknown("source"))):
        with refused(client, 404):
            client.attach_folder(agent_id, folder_id)


@legacy_only
def test_attach_returns_the_agent(client):
    agent, folder = make_agent(client), make_folder(client)
    assert ids(client.attach_folder(agent.id, folder.id).sources) == [folder.id]
    assert client.detach_folder(agent.id, folder.id).sources == []
    assert ids(client.raw.agents.sources.attach(agent.id, folder.id).sources) == [folder.id]
    assert ids(client.raw.agents.sources.list(agent.id)) == [folder.id]
    assert client.raw.agents.sources.detach(agent.id, folder.id).sources == []


@v1_only
def test_attach_returns_nothing(client):
    agent, folder = make_agent(client), make_folder(client)
    assert client.attach_folder(agent.id, folder.id) is None
    assert client.detach_folder(agent.id, folder.id) is None


def test_an_agent_is_given_folders_by_its_fields(client):
    one, two = make_folder(client), make_folder(client)
    agent = make_agent(client, source_ids=[one.id])
    client.update_agent(agent.id, source_ids=[two.id])
    assert ids(client.agent(agent.id).sources) == [two.id]
    client.update_agent(agent.id, source_ids=[])
    assert client.agent(agent.id).sources == []


@v1_only
def test_an_agent_is_given_folders_by_their_newer_name(client):
    one, two = make_folder(client), make_folder(client)
    agent = make_agent(client, folder_ids=[one.id])
    client.update_agent(agent.id, folder_ids=[two.id])
    assert ids(client.agent(agent.id).sources) == [two.id]


# ------------------------------------------------------------------------------------------------ files

def test_files_are_read_opened_and_deleted(own_server):
    client = client_of(own_server)
    folder = make_folder(client, name="docs")
    files = [file_statements(folder.id, name, text, time) for time, (name, text) in enumerate([("a.txt", "one"), ("b.txt", "two"), ("c.txt", "3")])]
    own_server.execute(*(statement for _, statements in files for statement in statements))
    a, b, c = (file_id for file_id, _ in files)
    assert ids(client.files_of_folder(folder.id)) == [c, b, a]
    assert ids(client.files_of_folder(folder.id, order="asc", limit=1, after=a)) == [b]
    assert [file.content for file in client.files_of_folder(folder.id, include_content=True)] == ["3", "two", "one"]
    agent = make_agent(client, max_files_open=2)
    client.attach_folder(agent.id, folder.id)
    seen = list(client.files_of_agent(agent.id, limit=1))
    assert [(file.file_id, file.file_name, file.folder_id, file.folder_name, file.is_open) for file in seen] == [
        (c, "docs/c.txt", folder.id, "docs", False), (b, "docs/b.txt", folder.id, "docs", True), (a, "docs/a.txt", folder.id, "docs", True)]
    assert seen[2].visible_content == "[Viewing file start (out of 1 lines)]\n1: one"
    assert client.open_file(agent.id, a) == []
    assert client.open_file(agent.id, c) == ["docs/b.txt"]
    client.close_file(agent.id, a)
    assert client.close_files(agent.id) == ["docs/c.txt"]
    assert [file.is_open for file in client.files_of_agent(agent.id)] == [False] * 3
    with refused(client, 404):
        client.open_file(agent.id, unknown("file"))
    client.delete_file(folder.id, a)
    with refused(client, 404):
        client.delete_file(folder.id, a)
    assert [file.file_id for file in client.files_of_agent(agent.id)] == [c, b]
    assert ids(client.files_of_folder(folder.id)) == [c, b]


@v1_only
def test_one_file(own_server):
    client = client_of(own_server)
    folder = make_folder(client)
    file_id, statements = file_statements(folder.id, "a.txt", "one", 0)
    own_server.execute(*statements)
    assert (client.file(folder.id, file_id).file_name, client.file(folder.id, file_id).content) == ("a.txt", None)
    assert client.file(folder.id, file_id, include_content=True).content == "one"
    with refused(client, 404):
        client.file(make_folder(client).id, file_id)


@legacy_only
def test_sources_are_folders(own_server):
    client = client_of(own_server)
    folders, sources = client.raw.folders, client.raw.sources
    made = sources.create(name="docs", embedding=EMBEDDING)
    assert sources.list() == [made]
    assert folders.count() == sources.count() == 1
    assert folders.retrieve_by_name("docs").strip('"') == sources.retrieve_by_name("docs").strip('"') == made.id
    assert sources.modify(made.id, description="d").description == client.folder(made.id).description == "d"
    file_id, statements = file_statements(made.id, "a.txt", "one", 0)
    own_server.execute(*statements)
    assert ids(sources.files.list(made.id)) == [file_id]
    assert sources.get_file_metadata(made.id, file_id, include_content=True).content == "one"
    assert sources.passages.list(made.id) == folders.passages.list(made.id) == []
    assert sources.get_agents_for_source(made.id) == []
    for totals in (folders.retrieve_metadata(), sources.get_sources_metadata()):
        assert (totals.total_sources, totals.total_files, totals.total_size, totals.sources) == (1, 1, 3, [])
    [detailed] = sources.get_sources_metadata(include_detailed_per_source_metadata=True).sources
    assert (detailed.source_id, detailed.file_count, detailed.total_size, detailed.files[0].file_id) == (made.id, 1, 3, file_id)
    sources.files.delete(made.id, file_id)
    assert sources.files.list(made.id) == []
    sources.delete(made.id)
    assert sources.list() == []
