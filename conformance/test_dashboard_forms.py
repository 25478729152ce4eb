"""Forms of the dashboard: what they offer first, and what they change."""

import re

import pytest

from steps import EMBEDDING, MODEL, fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps

from browser import until


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


def test_a_block_has_a_limit_a_description_and_a_lock(tab, page, api):
    agent = make_agent(api)
    tab.open(f"agents/{agent['id']}")
    memory = page.get_by_role("region", name="Memory")
    memory.get_by_text("Description, limit, who may write").click()
    memory.get_by_label("What it is for").fill("Who Ann is.")
    memory.get_by_label("Limit, in characters").fill("500")
    memory.get_by_label("The agent may only read it").check()
    memory.get_by_role("button", name="Save these").click()
    expect(memory.get_by_text("of 500")).to_be_visible()
    block = api.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()
    assert (block["description"], block["limit"], block["read_only"]) == ("Who Ann is.", 500, True)
    expect(memory.get_by_role("button", name="Save these")).to_be_disabled()


def test_a_key_tells_when_it_was_used_and_is_changed(tab, page, api, guarded):
    name = fresh("key")
    key = made(api.post("/v1/api-keys/", json={"name": name, "scopes": ["read"]}))
    tab.open("settings?part=keys")
    row = page.get_by_role("row").filter(has_text=name)
    expect(row.get_by_role("cell").nth(2)).to_have_text("never")
    with guarded.http(headers={"Authorization": f"Bearer {key['key']}"}) as client:
        assert client.get("/v1/agents/").status_code == 200
    page.reload()
    expect(row.get_by_role("cell").nth(2)).to_have_text("just now")
    row.get_by_role("button", name="Edit").click()
    card = page.locator("section.card", has=page.get_by_role("heading", name=f"Change {name}"))
    card.get_by_label("write").check()
    card.get_by_label("Ends in days from now").fill("30")
    card.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("read, write")
    changed = api.get(f"/v1/api-keys/{key['id']}").json()
    assert changed["name"] == name and changed["expires_at"] is not None


def test_a_person_is_edited_and_forgotten(tab, page, api):
    name = fresh("Ann")
    blocks = [made(api.post("/v1/blocks/", json={"label": label, "value": "Likes tea."}))["id"] for label in ("about_ann", "of_ann")]
    person = made(api.post("/v1/identities/", json={"identifier_key": name, "name": name, "identity_type": "user", "block_ids": blocks,
                                                    "properties": [{"key": "city", "value": "Porto", "type": "string"}]}))
    path = f"/v1/identities/{person['id']}"
    tab.open(f"people?person={person['id']}")
    detail = page.locator(".itemdetail")
    detail.get_by_text("Edit", exact=True).click()
    detail.get_by_label("Name of the identity").fill(f"{name} F.")
    detail.get_by_label("Its kind").select_option("other")
    detail.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=f"{name} F.")).to_be_visible()
    detail.get_by_text("Edit", exact=True).click()
    detail.get_by_label("Property", exact=True).fill("language")
    detail.get_by_label("Value", exact=True).fill("Portuguese")
    detail.get_by_role("button", name="Set", exact=True).click()
    expect(detail.get_by_role("definition").filter(has_text="Portuguese")).to_be_visible()
    detail.get_by_text("Edit", exact=True).click()
    detail.get_by_role("listitem").filter(has_text="city").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(detail.get_by_role("definition").filter(has_text="Porto")).to_have_count(0)
    stored = api.get(path).json()
    assert (stored["name"], stored["identity_type"], [one["key"] for one in stored["properties"]]) == (f"{name} F.", "other", ["language"])

    def forget():
        detail.get_by_role("button", name="Forget this person").click()
        expect(page.get_by_role("dialog")).to_contain_text("its 2 blocks")
        page.get_by_role("dialog").get_by_role("textbox").fill(f"{name} F.")
        page.get_by_role("dialog").get_by_role("button", name="Forget this person").click()
    # What fails in the middle is done by the next attempt.
    for part in ("blocks", "identities"):
        tab.context.route(re.compile(f"/v1/{part}/[^/]*$"), lambda route: route.abort() if route.request.method == "DELETE" and route.request.url[-10:] != blocks[0][-10:] else route.fallback())
        forget()
        expect(detail.get_by_role("alert")).to_contain_text("The server does not answer")
        assert api.get(path).status_code == 200
        tab.context.unroute(re.compile(f"/v1/{part}/[^/]*$"))
    forget()
    expect(page.get_by_text("Choose somebody.")).to_be_visible()
    assert [api.get(one).status_code for one in (path, *(f"/v1/blocks/{block}" for block in blocks))] == [404] * 3


def test_a_new_model_brings_its_context_window(tab, page, api):
    agent = make_agent(api, tags=["kept"])
    path = f"/v1/agents/{agent['id']}"
    made(api.patch(path, json={"context_window_limit": 9000}))
    model = next(one["handle"] for one in api.get("/v1/models/").json() if one["handle"] != MODEL)
    tab.open(f"agents/{agent['id']}?part=settings")
    settings = page.get_by_role("region", name="Settings")
    window, save = settings.get_by_label("Context window, in tokens"), settings.get_by_role("button", name="Save", exact=True)
    expect(window).to_have_value("9000")
    # Changed by somebody else meanwhile: what the form did not change is not sent.
    made(api.patch(path, json={"description": "theirs"}))
    settings.get_by_label("Model", exact=True).select_option(model)
    for label, text in ((None, None), ("Name", "renamed")):
        if label:
            settings.get_by_label(label, exact=True).fill(text)
        with page.expect_response(lambda answer: answer.request.method == "PATCH") as answer:
            save.click()
        assert answer.value.request.post_data_json == ({"name": text} if label else {"model": model})
        expect(save).to_be_disabled()
        stored = api.get(path).json()
        assert stored["llm_config"]["context_window"] != 9000
        expect(window).to_have_value(str(stored["llm_config"]["context_window"]))
    expect(settings.get_by_label("What it is for")).to_have_value("theirs")
    expect(settings.get_by_label("Tags")).to_have_value("kept")
    window.fill("12000")
    settings.get_by_label("Tags").fill("a, b")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        save.click()
    expect(save).to_be_disabled()
    expect(settings.get_by_label("Tags")).to_have_value("a, b")
    stored = api.get(path).json()
    assert (stored["llm_config"]["context_window"], sorted(stored["tags"]), stored["model"]) == (12000, ["a", "b"], model)


def test_files_go_where_and_when_they_were_chosen(tab, page, api, tmp_path):
    files = [tmp_path / f"{name}.txt" for name in "abcd"]
    for file in files:
        file.write_text(f"The text of {file.name}")
    folders = [made(api.post("/v1/folders/", json={"name": fresh("folder"), "embedding": EMBEDDING})) for _ in range(2)]
    tab.open("knowledge?part=folders")
    upload = page.get_by_role("button", name="Upload")

    def go(folder):
        page.get_by_role("link", name=folder["name"]).click()
        expect(page.get_by_role("heading", name=folder["name"])).to_be_visible()
    go(folders[0])
    page.get_by_label("Choose files").set_input_files(files[0])
    expect(upload).to_be_visible()
    go(folders[1])
    expect(upload).to_have_count(0)
    # Those chosen while others are sent wait for their turn.
    held = []
    tab.context.route(re.compile("/upload$"), lambda route: held.append(route))
    page.get_by_label("Choose files").set_input_files(files[:2])
    for number in range(2):
        upload.click() if number == 0 else held[0].continue_()
        until(page, lambda: len(held), number + 1)
    page.get_by_label("Choose files").set_input_files(files[2:])
    held[1].continue_()
    expect(page.get_by_role("row", name="b.txt")).to_contain_text("done")
    expect(upload).to_be_enabled()
    expect(page.locator(".drop")).to_contain_text(re.compile("c.txt.*and 1 more"))
    tab.context.unroute(re.compile("/upload$"))
    upload.click()
    expect(page.get_by_role("row", name="d.txt")).to_contain_text("done")
    expect(upload).to_have_count(0)
    names = [sorted(one["original_file_name"] for one in api.get(f"/v1/folders/{folder['id']}/files").json()) for folder in folders]
    assert names == [[], [file.name for file in files]]
