"""What a search finds leads to the message where it was said, and what has nothing to do with the question is left out."""

import re

from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, tab  # fixtures and steps


def test_a_found_message_is_shown_where_it_was_said(tab, page, api):
    agent, word = make_agent(api), fresh("zanzibar").replace("-", "")
    talk = made(api.post("/v1/conversations/", params={"agent_id": agent["id"]}, json={"summary": "side"}))

    def tell(text):
        made(api.post(f"/v1/conversations/{talk['id']}/messages", json={"messages": [{"role": "user", "content": text}], "streaming": False}))
    for number in range(12):
        tell(f"before {number}")
    tell(f"spices of {word}")
    for number in range(12):
        tell(f"after {number}")
    say(api, agent, "of the main conversation")
    tab.open(f"knowledge?query={word}")
    messages = page.locator("section.card", has=page.get_by_role("heading", name="Messages", exact=True))
    # Those below the average, which the server adds up to the limit, are left out.
    results = made(api.post("/v1/search/explain", json={"source": "messages", "query": word, "limit": 20}))["results"]
    telling = [one for one in results if one["why"]["score"] > 0 or one["why"]["matched"]]
    assert 2 <= len(telling) < len(results) == 20
    expect(messages.locator(".hit")).to_have_count(len(telling))
    messages.locator(".hit").filter(has_text=re.compile("^spices")).get_by_role("link", name="Show it in its conversation").click()
    expect(page).to_have_url(re.compile(f"talk={talk['id']}"))
    chat = page.get_by_role("region", name="Chat")
    expect(chat.locator(".found + li")).to_contain_text(f"spices of {word}")
    expect(chat.locator(".found + li")).to_be_in_viewport()
    said = chat.locator("li.says .text")
    texts = said.all_inner_texts()
    at = texts.index(f"spices of {word}")
    assert texts[at - 2:at + 3:2] == ["before 11", f"spices of {word}", "after 0"], texts
    assert not any("main" in text for text in texts)
    # Two presses add the messages once.
    chat.get_by_role("button", name="Older messages").evaluate("button => { button.click(); button.click(); }")
    expect(chat.get_by_text("before 0", exact=True)).to_be_attached()
    page.wait_for_timeout(200)
    expect(chat.get_by_text("before 0", exact=True)).to_have_count(1)
    expect(chat.get_by_text("after 11", exact=True)).to_have_count(0)
    chat.get_by_role("button", name="Newer messages").click()
    expect(chat.get_by_text("after 11", exact=True)).to_be_attached()
    chat.get_by_role("button", name="Back to the newest messages").click()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    # The palette leads there by the id.
    (found,) = [one for one in api.get(f"/v1/conversations/{talk['id']}/messages", params={"limit": 100}).json() if one.get("content") == f"spices of {word}"]
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_label("Find", exact=True).fill(found["id"])
    expect(page.get_by_role("listbox", name="Found").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(chat.locator(".found + li")).to_contain_text(f"spices of {word}")


def test_a_message_of_the_main_conversation_is_shown_there(tab, page, api):
    agent = make_agent(api)
    for number in range(25):
        say(api, agent, f"word {number}")
    (found,) = [one for one in api.get(f"/v1/agents/{agent['id']}/messages", params={"limit": 100}).json() if one.get("content") == "word 5"]
    tab.open(f"agents/{agent['id']}?message={found['id']}")
    chat = page.get_by_role("region", name="Chat")
    expect(chat.locator(".found + li")).to_contain_text("word 5")
    texts = chat.locator("li.says .text").all_inner_texts()
    at = texts.index("word 5")
    assert texts[at - 2:at + 3:2] == ["word 4", "word 5", "word 6"], texts


def test_a_late_answer_shows_nothing_over_a_newer_one(tab, page, api):
    agent = make_agent(api)
    for word in ("first", "last"):
        for number in range(25):
            say(api, agent, f"{word} {number}")
    said = {one.get("content"): one["id"] for one in api.get(f"/v1/agents/{agent['id']}/messages", params={"limit": 200}).json()}
    held = []
    tab.context.route(re.compile(f"/v1/messages/{said['first 1']}$"), lambda route: held.append(route))
    with page.expect_request(re.compile(f"/v1/messages/{said['first 1']}$")):
        tab.open(f"agents/{agent['id']}?message={said['first 1']}")
    tab.open(f"agents/{agent['id']}?message={said['last 20']}")
    found = page.get_by_role("region", name="Chat").locator(".found + li")
    expect(found).to_contain_text("last 20")
    with page.expect_response(re.compile(f"/v1/messages/{said['first 1']}$")):
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(found).to_contain_text("last 20")
