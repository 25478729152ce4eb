"""The chat of an agent in Chromium: approvals, texts that are not taken, turns that fail or run, and what a turn took."""

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
