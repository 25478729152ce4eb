"""Forms of the dashboard: what they offer first, and what they change."""

import re

import pytest

from steps import EMBEDDING, MODEL, fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps


@pytest.fixture
def defaults(api):
    """Default models that are not the first of their lists."""
    chosen = {"default_model": api.get("/v1/models/").json()[-1]["handle"], "default_embedding_model": EMBEDDING}
    made(api.patch("/v1/server/settings", json=chosen))
    yield chosen
    made(api.patch("/v1/server/settings", json=dict.fromkeys(chosen)))


def test_a_new_agent_gets_the_defaults_of_the_server(tab, page, api, defaults):
    tab.open("agents/new")
    for label, handle in zip(("Model", "Embeddings"), defaults.values()):
        expect(page.get_by_label(label, exact=True).locator("option:checked")).to_have_text(f"the server's default ({handle})")
    name = fresh("plain")
    page.get_by_label("Name", exact=True).fill(name)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Create the agent").click()
    assert not {"model", "embedding"} & set(sent.value.post_data_json)
    expect(page).to_have_url(re.compile("#/agents/agent-"))
    (agent,) = api.get("/v1/agents/", params={"name": name}).json()
    assert (agent["model"], agent["embedding"]) == tuple(defaults.values())
    tab.open("knowledge?part=folders")
    expect(page.get_by_label("Embeddings", exact=True).locator("option:checked")).to_have_text(f"the server's default ({EMBEDDING})")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_without_defaults_the_first_model_is_offered(tab, page, api):
    tab.open("agents/new")
    first = api.get("/v1/models/").json()[0]["handle"]
    expect(page.get_by_label("Model", exact=True)).to_have_value(first)
    expect(page.get_by_label("Embeddings", exact=True).locator("option:checked")).to_have_text("none: found by words alone")


def test_an_agent_without_archival_tools_gets_them_by_one_press(tab, page, api):
    agent = make_agent(api)
    tab.open(f"agents/{agent['id']}?part=archive")
    archive = page.get_by_role("region", name="Archive")
    expect(archive.locator(".note")).to_contain_text("it has no archival_memory_insert and no archival_memory_search")
    archive.get_by_role("button", name="Attach the archival tools").click()
    expect(archive.locator(".note")).to_have_count(0)
    expect(archive).to_contain_text("No passages yet")
    names = {one["name"] for one in api.get(f"/v1/agents/{agent['id']}/tools").json()}
    assert {"archival_memory_insert", "archival_memory_search"} < names
