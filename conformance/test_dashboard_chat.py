"""The chat of an agent in Chromium: approvals, texts that are not taken, turns that fail or run, and what a turn took."""

import concurrent.futures
import re

import pytest

from steps import fresh
from test_dashboard import api, axe, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps

from browser import Tab

ASKS = {"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}


def careful(api, **fields):
    """An agent whose calls of memory_insert wait for an approval."""
    agent = make_agent(api, **fields)
    assert api.patch(f"/v1/agents/{agent['id']}/tools/approval/memory_insert", json={"requires_approval": True}).status_code < 300
    return agent


def talk_with(api, agent, **fields):
    return made(api.post("/v1/conversations/", params={"agent_id": agent["id"]}, json=fields))


def tell(api, conversation, text):
    return made(api.post(f"/v1/conversations/{conversation['id']}/messages", json={"messages": [{"role": "user", "content": text}], "streaming": False}))


def request_in(page):
    return page.get_by_role("group", name="Open approval")


def test_main_has_its_own_messages_alone(tab, page, api):
    agent = careful(api)
    say(api, agent, "of the main one")
    aside = talk_with(api, agent, summary=fresh("aside"))
    tell(api, aside, "of the other one")
    tell(api, aside, script(ASKS, {"say": "kept"}))
    tab.open(f"agents/{agent['id']}")
    expect(page.get_by_text("echo: of the main one")).to_be_visible()
    expect(page.get_by_text("echo: of the other one")).to_have_count(0)
    expect(request_in(page)).to_have_count(0)
    expect(page.get_by_role("navigation", name="Conversations").get_by_role("link").filter(has_text="waits")).to_have_attribute("href", f"#/agents/{agent['id']}?talk={aside['id']}")
    page.get_by_role("link", name="Waiting for your approval in another conversation").click()
    expect(page.locator(".says .text").first).to_have_text("of the other one")
    expect(page.get_by_text("echo: of the main one")).to_have_count(0)
    request_in(page).get_by_role("button", name="Approve").click()
    expect(page.get_by_text("kept", exact=True)).to_be_visible()


def test_the_overview_decides_for_a_conversation(tab, page, api):
    agent = careful(api)
    aside = talk_with(api, agent)
    tell(api, aside, script(ASKS, {"say": "kept"}))
    tab.open("overview")
    waiting = request_in(page).filter(has_text=agent["name"])
    expect(waiting.get_by_role("link")).to_have_attribute("href", f"#/agents/{agent['id']}?talk={aside['id']}")
    waiting.get_by_role("button", name="Approve").click()
    expect(waiting).to_have_count(0)
    assert "Likes tea" in api.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()["value"] and tab.refused == []


@pytest.mark.parametrize("long", [{"label": "x" * 4500, "new_string": "to evil"}, {**{f"k{number}": "x" for number in range(30)}, "new_string": "to evil"}])
def test_nothing_is_approved_unseen(tab, page, api, long):
    agent = careful(api)
    say(api, agent, script({**ASKS, "args": long}, {"say": "over"}))
    for place in ("overview", f"agents/{agent['id']}"):
        tab.open(place)
        waiting = request_in(page).filter(has_text=agent["name"])
        approve = waiting.get_by_role("button", name="Approve")
        expect(waiting).to_contain_text("once everything is shown")
        expect(waiting).not_to_contain_text("to evil")
        expect(approve).to_be_disabled()
        waiting.focus()
        page.keyboard.press("a")
        waiting.get_by_role("button", name="Show all").click()
        expect(waiting).to_contain_text("to evil")
        expect(approve).to_be_enabled()
        expect(waiting).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_text("over", exact=True)).to_be_visible()


def test_a_text_that_is_not_taken_stays(tab, page, api):
    agent = careful(api)
    say(api, agent, script(ASKS, {"say": "over"}))
    box = page.get_by_label("Message", exact=True)
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    tab.open(f"agents/{agent['id']}")
    expect(request_in(page)).to_be_visible()
    box.fill("and by the way")
    box.press("Enter")
    expect(page.get_by_text("Decide above first")).to_be_visible()
    expect(box).to_have_value("and by the way")
    assert posts == []
    # A page that does not know of the request yet.
    tab.context.route(re.compile("/v1/approvals/"), lambda route: route.fulfill(json=[]))
    page.reload()
    expect(page.get_by_text("1 call", exact=True)).to_be_visible()
    box.fill("and by the way")
    with page.expect_response(re.compile("/messages/stream$")):
        box.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("waiting for approval")
    expect(page.get_by_role("alert")).to_contain_text("in the field again")
    expect(box).to_have_value("and by the way")


@pytest.mark.parametrize("kind", ["agent", "conversation"])
def test_a_failed_turn_is_there_and_goes_on(tab, page, api, kind):
    agent = make_agent(api)
    aside = talk_with(api, agent) if kind == "conversation" else None
    tab.open(f"agents/{agent['id']}" + (f"?talk={aside['id']}" if aside else ""))
    box = page.get_by_label("Message", exact=True)
    failed = page.get_by_role("group", name="Failed turn")
    box.fill(script({"status": 401, "say": "the key is old"}))
    box.press("Enter")
    runs = lambda: api.get("/v1/runs/", params={"agent_id": agent["id"]}).json()
    for _ in ("live", "reloaded"):
        expect(failed).to_contain_text("the key is old")
        expect(failed.get_by_role("link", name="See why")).to_have_attribute("href", f"#/runs/{runs()[0]['id']}")
        page.reload()
    # The message stays one, in the new run.
    first = runs()[0]["id"]
    with page.expect_response(re.compile(f"/v1/runs/{first}/continue$")):
        failed.get_by_role("button", name="Try again").click()
    expect(failed.get_by_role("link", name="See why")).not_to_have_attribute("href", f"#/runs/{first}")
    expect(failed).to_have_count(1)
    expect(page.locator(".says.user")).to_have_count(1)
    owner = api.get(f"/v1/conversations/{aside['id']}").json()["in_context_message_ids"] if aside else api.get(f"/v1/agents/{agent['id']}").json()["message_ids"]
    assert len(runs()) == 2 and len(owner) == 2
    box.fill(script({"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}, {"status": 401, "say": "too odd"}))
    box.press("Enter")
    expect(failed).to_have_count(2)
    expect(failed.get_by_role("button")).to_have_count(1)
    failed.last.get_by_role("button", name="Go on").click()
    expect(failed).to_have_count(3)
    expect(page.locator(".says.user")).to_have_count(2)
    assert api.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()["value"].count("Likes tea") == 1


def test_a_message_tried_again_keeps_its_speaker(tab, page, api):
    agent = make_agent(api)
    person = made(api.post("/v1/identities/", json={"name": fresh("Ann"), "identifier_key": fresh("ann"), "identity_type": "user"}))
    said = {"role": "user", "content": script({"status": 503}), "identity_id": person["id"]}
    api.post(f"/v1/agents/{agent['id']}/messages", json={"messages": [said]})
    tab.open(f"agents/{agent['id']}")
    button = page.get_by_role("group", name="Failed turn").get_by_role("button", name="Try again")
    # A call that fails loses nothing.
    tab.context.route(re.compile("/continue$"), lambda route: route.abort(), times=1)
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    with page.expect_response(re.compile("/continue$")) as answer:
        button.click()
    runs = api.get("/v1/runs/", params={"agent_id": agent["id"]}).json()
    assert [one["id"] for one in runs][0] == answer.value.json()["id"]
    assert [one["asked_by"] for one in runs] == [person["name"]] * 2


def test_a_turn_of_others_is_seen_and_stopped(tab, page, api, model):
    agent = make_agent(api)
    tab.open(f"agents/{agent['id']}")
    expect(page.get_by_text("The conversation begins here")).to_be_visible()
    works = page.get_by_text(f"{agent['name']} works")
    with concurrent.futures.ThreadPoolExecutor() as others:
        other = others.submit(say, api, agent, script({"held": agent["id"], "say": "late"}))
        expect(works).to_be_visible()
        page.reload()
        expect(works).to_be_visible()
        page.get_by_role("button", name="Stop").click()
        expect(works).to_have_count(0)
        expect(page.get_by_text("ended by cancelled")).to_be_visible()
        assert other.result().status_code == 200
    model.let_go(agent["id"])


@pytest.mark.parametrize("background", [False, True])
def test_a_turn_is_followed_after_a_reload(tab, page, api, model, background):
    agent = make_agent(api)
    text = script({"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}, {"held": agent["id"], "say": "It is **kept**."})
    tab.open(f"agents/{agent['id']}")
    works = page.get_by_text(f"{agent['name']} works")
    if background:
        made(api.post(f"/v1/agents/{agent['id']}/messages/async", json={"messages": [{"role": "user", "content": text}]}))
    else:
        page.get_by_label("Message", exact=True).fill(text)
        page.get_by_role("button", name="Send", exact=True).click()
    expect(works).to_be_visible()
    page.reload()
    expect(works).to_be_visible()
    expect(page.get_by_text("1 call", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    model.let_go(agent["id"])
    expect(page.get_by_text("It is kept.")).to_have_count(1)
    expect(works).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(1)


def test_each_action_of_the_chat_shows_its_curl(tab, page, api):
    agent = careful(api)
    drawer = page.get_by_role("dialog", name="Calls of this screen")
    tab.open(f"agents/{agent['id']}")
    page.get_by_label("Message", exact=True).fill("what is sent")
    page.get_by_role("button", name="curl").click()
    expect(drawer.get_by_role("heading", name="Send", exact=True)).to_be_visible()
    expect(drawer).to_contain_text('"content":"what is sent"')
    page.keyboard.press("Escape")
    say(api, agent, script(ASKS, {"say": "over"}))
    expect(request_in(page)).to_be_visible()
    page.get_by_role("button", name="curl").click()
    for name in ("Approve", "Deny"):
        expect(drawer.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_a_turn_tells_what_it_took(tab, page, api):
    agent = make_agent(api)
    say(api, agent, "hello")
    (run,) = api.get("/v1/runs/", params={"agent_id": agent["id"]}).json()
    tokens = api.get(f"/v1/runs/{run['id']}/usage").json()["total_tokens"]
    tab.open(f"agents/{agent['id']}")
    line = page.get_by_role("listitem").filter(has=page.locator(f'a[href="#/runs/{run["id"]}"]')).last
    expect(line).to_contain_text(re.compile(rf"\d+ ms · {tokens:,} tokens"))


def test_a_message_is_edited_and_sent_again(tab, page, api):
    agent = make_agent(api)
    say(api, agent, "first")
    say(api, agent, "secnd")
    tab.open(f"agents/{agent['id']}")
    page.locator(".says.user", has_text="secnd").get_by_role("button", name="Edit and send again").click()
    box = page.get_by_label("Message", exact=True)
    expect(page).to_have_url(re.compile("talk=conv-"))
    expect(box).to_have_value("secnd")
    box.fill("second")
    box.press("Enter")
    expect(page.get_by_text("echo: second")).to_be_visible()
    (fork,) = api.get("/v1/conversations/", params={"agent_id": agent["id"]}).json()
    told = {message: api.get(f"/v1/messages/{message}").json()[0].get("content") for message in fork["in_context_message_ids"]}
    assert list(told.values())[1:] == ["first", "echo: first", "second", "echo: second"]


def test_something_is_said_as_the_system(tab, page, api):
    agent = make_agent(api)
    tab.open(f"agents/{agent['id']}")
    page.get_by_label("Who speaks").select_option("as the system")
    page.get_by_label("Message", exact=True).fill("The shop is closed today.")
    page.get_by_role("button", name="Send", exact=True).click()
    for _ in ("live", "reloaded"):
        expect(page.locator(".says", has_text="The shop is closed today.").first.locator("strong")).to_have_text("System")
        expect(page.get_by_role("link", name=re.compile("^run-"))).to_be_visible()
        page.reload()
    assert [one["message_type"] for one in api.get(f"/v1/agents/{agent['id']}/messages").json()].count("system_message") == 2


@pytest.mark.parametrize("width, theme", [(1440, "light"), (390, "dark")])
def test_what_waits_and_what_failed_are_for_everybody(browser, guarded, cookies, api, width, theme):
    agent = careful(api)
    tab = Tab(browser, guarded, cookies=cookies, viewport={"width": width, "height": 900}, color_scheme=theme)
    page = tab.open(f"agents/{agent['id']}")
    box = page.get_by_label("Message", exact=True)
    box.fill("I begin to write and ")
    say(api, agent, script({"status": 401, "say": "the key is old"}))
    expect(page.get_by_role("group", name="Failed turn")).to_be_visible()
    say(api, agent, script({**ASKS, "args": {"label": "x" * 900, "new_string": "y"}}, {"say": "over"}))
    expect(request_in(page)).to_be_visible()
    # The next key is for the field, and decides nothing.
    page.keyboard.press("a")
    expect(box).to_have_value("I begin to write and a")
    found = axe.Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tab.check()
    tab.close()


def test_older_messages_of_a_conversation(tab, page, api):
    aside = talk_with(api, make_agent(api))
    for number in range(25):
        tell(api, aside, f"number {number}.")
    tab.open(f"agents/{aside['agent_id']}?talk={aside['id']}")
    expect(page.get_by_text("echo: number 24.")).to_be_visible()
    expect(page.get_by_text("number 0.", exact=True)).to_have_count(0)
    older = page.get_by_role("button", name="Older messages")
    tab.context.route(re.compile("[?&]after=message"), lambda route: route.abort(), times=1)
    older.click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    # Two presses add the messages once.
    older.evaluate("button => { button.click(); button.click(); }")
    expect(page.get_by_text("number 0.", exact=True)).to_be_visible()
    said = page.locator(".says.user .text")
    expect(said).to_have_text([f"number {number}." for number in range(25)])


def test_what_the_chat_reads_again_is_no_call_of_the_screen(tab, page, api):
    agent = make_agent(api)
    tab.open(f"agents/{agent['id']}")
    expect(page.get_by_text("The conversation begins here")).to_be_visible()
    calls = lambda: page.evaluate("async () => (await import(document.querySelector('script[type=module]').src.replace('app.js', 'api.js'))).recent.map(one => one.request.path)").count(f"/v1/agents/{agent['id']}/messages")
    before = calls()
    assert before
    say(api, agent, "of somebody else")
    expect(page.get_by_text("echo: of somebody else")).to_be_visible()
    assert calls() == before
