"""The chat of an agent in Chromium: approvals, texts that are not taken, turns that fail or run, and what a turn took."""

import pytest

from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps

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
    tab.open(f"agents/{agent['id']}?talk={aside['id']}")
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
