"""Screens that follow what changes on the server by its stream of notices, and what they do without it."""

import json
import re

import httpx

from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps

from browser import PASSWORD, Tab

STREAM = re.compile(r"/v1/server/events$")
# In milliseconds: without notices the screens read again every fifteen seconds.
NOTICED = 12_000


def follow(server, password=PASSWORD):
    return httpx.stream("GET", server.url + "/v1/server/events",
                        headers={"Authorization": f"Bearer {password}", "Accept": "text/event-stream"})


def events(lines):
    """Names and data of events, as they come."""
    name = None
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def until(stream, kind):
    """The notices up to one of the kind."""
    found = []
    for name, data in stream:
        if name == "change":
            found.append(data)
            if data["kind"] == kind:
                return found


def test_the_stream_has_ids_alone(guarded, api):
    with follow(guarded) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        stream = events(answer.iter_lines())
        assert next(stream)[0] == "ready"
        agent = make_agent(api, name="a name that is nobody's business")
        found = until(stream, "agents")
        api.patch(f"/v1/agents/{agent['id']}", json={"description": "nor is this"})
        found += until(stream, "agents")
        say(api, agent, script({"say": "or that"}))
        found += until(stream, "steps")
        assert any(one["kind"] == "steps" and agent["id"] in one["ids"] for one in found)
        assert all(set(one) == {"kind", "ids"} for one in found)
        assert all(re.fullmatch(r"[a-z_]+-[0-9a-f-]{36}", id) for one in found for id in one["ids"]), found


def test_the_stream_needs_a_key(guarded, api):
    with follow(guarded, "wrong") as answer:
        assert answer.status_code == 401
    assert api.get("/v1/server/events", headers={"Accept": "application/json"}).status_code == 406
    key = made(api.post("/v1/api-keys/", json={"name": fresh("reader"), "scopes": ["read"]}))["key"]
    with follow(guarded, key) as answer:
        assert answer.status_code == 200


def test_screens_show_what_others_change(tab, page, api):
    tab.open("overview")
    expect(page.get_by_text("as it happens")).to_be_visible()
    tile = page.get_by_role("link", name="Agents").filter(has=page.locator("strong"))
    before = api.get("/v1/agents/count").json()
    expect(tile.locator("strong")).to_have_text(str(before))
    agent = make_agent(api)
    expect(tile.locator("strong")).to_have_text(str(before + 1), timeout=NOTICED)
    tab.open(f"agents/{agent['id']}")
    expect(page.get_by_text("The conversation begins here")).to_be_visible()
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "Moved to Lisbon"}}, {"say": "Written by another client"}))
    expect(page.get_by_text("Written by another client", exact=True)).to_be_visible(timeout=NOTICED)
    expect(page.locator(".inspector textarea").first).to_have_value(re.compile("Lisbon"))


def test_tabs_share_one_stream(browser, guarded, cookies, api):
    tab = Tab(browser, guarded, cookies=cookies)
    streams = []
    tab.context.on("request", lambda request: streams.append(request.url) if STREAM.search(request.url) else None)
    tab.open("runs")
    expect(tab.page.get_by_text("Read again as they change")).to_be_visible()
    second = tab.context.new_page()
    second.goto(f"{guarded.url}/#/overview")
    expect(second.get_by_text("as it happens")).to_be_visible()
    assert len(streams) == 1
    tile = second.get_by_role("link", name="Agents").filter(has=second.locator("strong"))
    before = api.get("/v1/agents/count").json()
    expect(tile.locator("strong")).to_have_text(str(before))
    # The second one takes over.
    with second.expect_request(STREAM):
        tab.page.close()
    expect(second.get_by_text("as it happens")).to_be_visible()
    make_agent(api)
    expect(tile.locator("strong")).to_have_text(str(before + 1), timeout=NOTICED)
    assert len(streams) == 2
    tab.check()
    tab.close()


def test_without_the_stream_screens_ask_again(browser, guarded, cookies, api):
    tab = Tab(browser, guarded, cookies=cookies)
    tab.context.route(STREAM, lambda route: route.abort())
    page = tab.open("runs")
    expect(page.get_by_text("Read again every 5 s")).to_be_visible()
    agent = make_agent(api)
    say(api, agent, script({"say": "Hello"}))
    (run,) = api.get("/v1/runs/", params={"agent_id": agent["id"]}).json()
    expect(page.locator(f'a[href="#/runs/{run["id"]}"]')).to_be_visible()
    tab.check()
    tab.close()


def test_screens_follow_again_after_a_restart(browser, guarded, cookies, api):
    tab = Tab(browser, guarded, cookies=cookies)
    page = tab.open("overview")
    expect(page.get_by_text("as it happens")).to_be_visible()
    guarded.stop()
    expect(page.get_by_text("every 5 s")).to_be_visible()
    guarded.start()
    expect(page.get_by_text("as it happens")).to_be_visible()
    tab.check()
    tab.close()
