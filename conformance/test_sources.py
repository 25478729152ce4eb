"""Sources, as the earlier client calls folders, and the methods that it alone has for folders."""

import pytest

from conftest import client_of
from harness import unknown
from steps import EMBEDDING, fresh, ids, make_agent, refused, until

pytestmark = [pytest.mark.clients, pytest.mark.only("legacy")]


def uploaded(client, folder_id, listing):
    """The id of a file that has been read."""
    client.raw.sources.files.upload(folder_id, file=("apples.txt", b"Apples are red.\nPears are green."))
    file = until(lambda: listing(folder_id)[0], lambda file: file.processing_status in ("completed", "error"))
    assert file.processing_status == "completed"
    return file.id


def test_a_source_is_a_folder(own_server):
    client = client_of(own_server)
    sources = client.raw.sources
    name = fresh("source")
    made = sources.create(name=name, embedding=EMBEDDING, description="fruit")
    assert sources.retrieve(made.id).description == client.raw.folders.retrieve(made.id).description == "fruit"
    assert sources.retrieve_by_name(name) == client.raw.folders.retrieve_by_name(name) == made.id
    assert sources.modify(made.id, description="all fruit").description == "all fruit"
    assert sources.count() == client.raw.folders.count() == 1
    file_id = uploaded(client, made.id, sources.files.list)
    own_server.restart()
    assert ids(sources.list()) == [made.id]
    assert sources.get_file_metadata(made.id, file_id, include_content=True).content == "Apples are red.\nPears are green."
    for passages in (sources.passages.list(made.id), client.raw.folders.passages.list(made.id)):
        assert [passage.text for passage in passages] == ["Apples are red.\nPears are green."]
    for told in (sources.get_sources_metadata(include_detailed_per_source_metadata=True), client.raw.folders.retrieve_metadata()):
        assert (told.total_sources, told.total_files) == (1, 1)
    agent = make_agent(client)
    client.raw.agents.sources.attach(agent.id, made.id)
    assert ids(client.raw.agents.sources.list(agent.id)) == [made.id]
    assert sources.get_agents_for_source(made.id) == [agent.id]
    client.raw.agents.sources.detach(agent.id, made.id)
    sources.files.delete(made.id, file_id)
    with refused(client, 404):
        sources.get_file_metadata(made.id, file_id)
    sources.delete(made.id)
    for call in (sources.retrieve, sources.delete, sources.get_agents_for_source):
        with refused(client, 404):
            call(made.id)
    with refused(client, 404):
        sources.retrieve_by_name(name)
    with refused(client, 404):
        sources.files.delete(unknown("source"), unknown("file"))
