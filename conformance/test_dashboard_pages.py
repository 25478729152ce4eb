"""Lists of the dashboard are reached to their end, however many rows the server has."""

import re

from steps import EMBEDDING, MODEL, fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, tab  # fixtures and steps

from browser import until


def read_all(box, name):
    """Presses the button for more until there is none."""
    more = box.get_by_role("button", name=name, exact=True)
    expect(more).to_be_visible()
    while more.count():
        before = box.get_by_role("listitem").count()
        more.click()
        expect(box.get_by_role("listitem").nth(before)).to_be_attached()


def test_all_conversations_of_an_agent(tab, page, api):
    agent = make_agent(api)
    talks = [made(api.post("/v1/conversations/", params={"agent_id": agent["id"]}, json={"summary": f"talk {number}"})) for number in range(61)]
    tab.open(f"agents/{agent['id']}")
    pane = page.get_by_label("Conversations")
    expect(pane.get_by_role("listitem")).to_have_count(51)
    pane.get_by_role("button", name="More conversations").click()
    expect(pane.get_by_role("listitem")).to_have_count(62)
    expect(pane.get_by_role("button", name="More conversations")).to_have_count(0)
    # One that is not among the first is named when its address is opened.
    page.goto("about:blank")
    tab.open(f"agents/{agent['id']}?talk={talks[0]['id']}")
    pane.get_by_text("This conversation").click()
    expect(pane.get_by_label("Name", exact=True)).to_have_value("talk 0")


def test_every_version_of_a_block_can_be_restored(tab, page, api):
    agent = make_agent(api)
    for number in range(60):
        made(api.patch(f"/v1/agents/{agent['id']}/core-memory/blocks/human", json={"value": f"value {number}"}))
    tab.open(f"agents/{agent['id']}")
    memory = page.get_by_role("region", name="Memory")
    versions = memory.locator("ol.hist > li:not(.wideli)")
    expect(versions).to_have_count(50)
    memory.get_by_role("button", name="More versions").click()
    expect(versions).to_have_count(61)
    versions.last.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_label("human", exact=True)).to_have_value("Name: Ann\nLikes: coffee")
    # What was read before stays.
    expect(versions).to_have_count(62)


def test_a_list_loses_no_row_when_others_come(tab, page, api):
    tag = fresh("many")
    fields = {"model": MODEL, "include_base_tools": False, "tags": [tag]}
    for number in range(130):
        made(api.post("/v1/agents/", json={"name": f"one {number}", **fields}))
    tab.open(f"agents?tag={tag}")
    table = page.get_by_role("table", name="Agents")
    rows = table.locator("[data-row]")
    expect(rows.first).to_be_visible()
    def scroll():
        table.evaluate("node => node.scrollTo(0, node.scrollHeight)")
        return table.get_by_text("one 0", exact=True).count()
    until(page, scroll, 1)
    made(api.post("/v1/agents/", json={"name": "one more", **fields}))
    seen = set()
    def walk():
        seen.clear()
        table.evaluate("node => node.scrollTo(0, 0)")
        for _ in range(40):
            seen.update(rows.get_by_role("link").all_inner_texts())
            table.evaluate("node => node.scrollBy(0, node.clientHeight)")
            page.wait_for_timeout(20)
        return "one more" in " ".join(seen)
    until(page, walk, True)
    missing = [number for number in range(130) if not any(text.split("\n")[0] == f"one {number}" for text in seen)]
    assert not missing


def test_all_people_are_listed_found_and_chosen(tab, page, api):
    mark = fresh("crowd")
    people = [made(api.post("/v1/identities/", json={"identifier_key": f"{mark}-{number}", "name": f"{mark} {number}", "identity_type": "user"})) for number in range(105)]
    tab.open("people")
    rows = page.locator(".items li")
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="More people").click()
    expect(page.get_by_role("link", name=f"{mark} 0 ")).to_be_visible()
    page.get_by_label("Find somebody by name").fill(f"{mark} 103")
    expect(rows).to_have_count(1)
    # In a choice, too.
    tab.open("agents")
    choice = page.get_by_label("Person", exact=True)
    expect(choice.get_by_role("option", name=f"{mark} 104")).to_be_attached()
    expect(choice.get_by_role("option", name=f"{mark} 0", exact=True)).to_have_count(0)
    choice.select_option("more …")
    choice.select_option(f"{mark} 0")
    expect(page).to_have_url(re.compile(f"person={people[0]['id']}"))
    page.goto("about:blank")
    tab.open(f"agents?person={people[0]['id']}")
    expect(choice).to_have_value(people[0]["id"])


def test_all_folders_and_files(tab, page, api):
    agent = make_agent(api)
    folders = [made(api.post("/v1/folders/", json={"name": fresh("folder"), "embedding": EMBEDDING})) for _ in range(102)]
    last = folders[0]
    for number in range(102):
        made(api.post(f"/v1/folders/{last['id']}/upload", files={"file": (f"{number}.txt", b"Text.")}))
    made(api.patch(f"/v1/agents/{agent['id']}/folders/attach/{last['id']}"))
    tab.open("knowledge?part=folders")
    list_ = page.locator(".itemlist")
    expect(list_.get_by_role("listitem")).to_have_count(100)
    read_all(list_, "More folders")
    list_.get_by_role("link", name=last["name"]).click()
    detail = page.locator(".itemdetail")
    expect(detail.locator("tbody tr")).to_have_count(100)
    detail.get_by_role("button", name="More files").click()
    expect(detail.locator("tbody tr")).to_have_count(102)
    # The heading is there without the list having been read so far.
    page.reload()
    expect(page.get_by_role("heading", name=last["name"])).to_be_visible()
    tab.open(f"agents/{agent['id']}?part=files")
    files = page.get_by_role("region", name="Files")
    expect(files.get_by_role("heading", name="Files (100 and more)")).to_be_visible()
    files.get_by_role("button", name="More files").click()
    expect(files.get_by_role("heading", name="Files (102)")).to_be_visible()


def test_all_blocks_can_be_attached(tab, page, api):
    agent, label = make_agent(api), fresh("old").replace("-", "_")
    block = made(api.post("/v1/blocks/", json={"label": label, "value": "x"}))
    for number in range(31):
        made(api.post("/v1/blocks/", json={"label": f"newer_{number}", "value": "x"}))
    tab.open(f"agents/{agent['id']}")
    page.get_by_role("button", name="+ block").click()
    dialog = page.get_by_role("dialog")
    read_all(dialog, "More blocks")
    expect(dialog.get_by_role("listitem").filter(has_text=label)).to_be_attached()
    dialog.get_by_label("Block", exact=True).fill(label)
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    dialog.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("button", name=label)).to_be_visible()
    assert block["id"] in [one["id"] for one in api.get(f"/v1/agents/{agent['id']}/core-memory/blocks").json()]


def test_all_passages_and_keys(tab, page, api):
    agent = make_agent(api)
    for number in range(31):
        made(api.post(f"/v1/agents/{agent['id']}/archival-memory", json={"text": f"passage {number}"}))
    keys = [made(api.post("/v1/api-keys/", json={"name": f"key {number}", "scopes": ["read"]}))["id"] for number in range(101)]
    tab.open(f"agents/{agent['id']}?part=archive")
    archive = page.get_by_role("region", name="Archive")
    read_all(archive, "More passages")
    expect(archive.get_by_role("listitem")).to_have_count(31)
    tab.open("settings?part=keys")
    page.get_by_role("button", name="More keys").click()
    expect(page.get_by_role("row").filter(has=page.get_by_text("key 0", exact=True))).to_be_visible()
    for key in keys:
        api.delete(f"/v1/api-keys/{key}")
