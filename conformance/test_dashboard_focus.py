"""Where the focus of the dashboard is: a keyboard and a screen reader go on from there."""

import re

from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps

from browser import Tab


def test_signing_in_begins_in_the_field_and_ends_at_the_heading(browser, guarded):
    tab = Tab(browser, guarded)
    page = tab.open("agents")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the password")
    tab.sign_in()
    expect(page.get_by_role("heading", level=1, name="Agents")).to_be_focused()
    tab.check()
    tab.close()


def test_a_new_place_begins_at_its_heading(tab, page, api):
    agent = make_agent(api)
    heading = page.get_by_role("heading", level=1)
    tab.open("overview")
    page.get_by_role("link", name="Agents", exact=True).first.click()
    expect(heading).to_have_text("Agents")
    expect(heading).to_be_focused()
    page.get_by_role("link", name=agent["name"]).press("Enter")
    expect(heading).to_have_text(agent["name"])
    expect(heading).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(heading).to_have_text("Knowledge")
    expect(heading).to_be_focused()
    # The parts of a place are its tabs, which keep the focus.
    page.get_by_role("tab", name="Search").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Blocks")).to_be_focused()
    page.go_back()
    expect(heading).to_have_text(agent["name"])
    expect(heading).to_be_focused()
    page.keyboard.press("Control+k")
    page.get_by_label("Find", exact=True).fill("Runs")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("Runs")
    expect(heading).to_be_focused()
    tab.open("agents/new")
    page.get_by_label("Name", exact=True).fill(fresh("kept"))
    page.get_by_role("button", name="Create the agent").press("Enter")
    expect(page).to_have_url(re.compile("agents/agent-"))
    expect(heading).to_be_focused()


def test_a_dialog_gives_the_focus_back(tab, page, api):
    agent = make_agent(api)
    tab.open(f"agents/{agent['id']}")
    opener = page.get_by_role("button", name="+ block")
    opener.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Close").press("Enter")
    expect(opener).to_be_focused()
    opener.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    calls = page.get_by_role("button", name="curl")
    calls.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(calls).to_be_focused()
    box = page.get_by_label("Message", exact=True)
    box.focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    detach = page.get_by_role("button", name="Detach from this agent")
    detach.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").press("Enter")
    expect(detach).to_be_focused()


def test_what_was_saved_keeps_the_focus(tab, page, api):
    agent = make_agent(api)
    for text in ("The first passage.", "The second passage."):
        made(api.post(f"/v1/agents/{agent['id']}/archival-memory", json={"text": text}))
    tab.open(f"agents/{agent['id']}")
    save = page.get_by_role("button", name="Save", exact=True)
    page.get_by_label("human", exact=True).fill("Name: Bob")
    save.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(save).to_be_focused()
    # The button can't be pressed again.
    expect(save).to_be_disabled()
    page.get_by_label("human", exact=True).fill("Name: Bo")
    page.get_by_role("button", name="Discard").press("Enter")
    expect(page.get_by_label("human", exact=True)).to_have_value("Name: Bob")
    expect(save).to_be_focused()
    tab.open(f"agents/{agent['id']}?part=archive")
    passage = page.get_by_role("listitem").filter(has_text="The first passage")
    passage.get_by_role("button", name="Edit").press("Enter")
    page.get_by_label("Passage", exact=True).fill("The first passage, changed.")
    page.get_by_role("listitem").get_by_role("button", name="Save").press("Enter")
    expect(passage).to_contain_text("changed")
    expect(passage).to_be_focused()
    passage.get_by_role("button", name="Forget").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Forget").press("Enter")
    expect(passage).to_have_count(0)
    expect(page.locator("body")).not_to_be_focused()


def test_what_changes_meanwhile_leaves_the_focus(tab, page, api):
    tab.open("agents")
    box = page.get_by_label("Find an agent by name")
    box.focus()
    agent = make_agent(api)
    expect(page.get_by_role("link", name=agent["name"])).to_be_visible()
    expect(box).to_be_focused()
    # Nor does it come back to somebody who pressed beside everything.
    page.locator(".toolbar .dim").click()
    other = make_agent(api)
    expect(page.get_by_role("link", name=other["name"])).to_be_visible()
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement === document.body || document.activeElement.id === 'main'")
    tab.open("overview")
    api.patch(f"/v1/agents/{agent['id']}/tools/approval/memory_insert", json={"requires_approval": True})
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}, {"say": "done"}))
    needs = page.locator("section.card", has=page.get_by_role("heading", name="Needs you"))
    waiting = needs.get_by_role("listitem").filter(has_text=agent["name"])
    waiting.get_by_role("button", name="Deny").press("Enter")
    expect(waiting).to_have_count(0)
    expect(needs.get_by_role("heading", name="Needs you")).to_be_focused()


def test_keys_that_lead_to_a_place_decide_nothing(tab, page, api):
    agent = make_agent(api)
    api.patch(f"/v1/agents/{agent['id']}/tools/approval/memory_insert", json={"requires_approval": True})
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}, {"say": "done"}))
    tab.open(f"agents/{agent['id']}")
    expect(page.get_by_role("group", name="Open approval")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_url(re.compile(r"#/agents$"))
    assert [one["agent_id"] for one in api.get("/v1/approvals/", params={"agent_id": agent["id"]}).json()] == [agent["id"]]
