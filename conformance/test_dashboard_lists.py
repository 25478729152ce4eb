"""What lists and figures of the dashboard say: names instead of ids, their order, their headings, and what can't be a share."""

from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps

from browser import Tab


def test_what_is_found_is_of_something_with_a_name(tab, page, api):
    word = fresh("zephyr").replace("-", "")
    agent = make_agent(api)
    made(api.post(f"/v1/agents/{agent['id']}/archival-memory", json={"text": f"The {word} blows from the west."}))
    say(api, agent, f"Have you heard of the {word}?")
    (archive,) = api.get("/v1/archives/", params={"agent_id": agent["id"]}).json()
    tab.open(f"knowledge?query={word}")
    hit = lambda title: page.locator("section.card", has=page.get_by_role("heading", name=title, exact=True)).locator(".hit")
    expect(hit("Messages").first.get_by_role("link", name=agent["name"])).to_have_attribute("href", f"#/agents/{agent['id']}")
    found = hit("Passages").get_by_role("link", name=archive["name"])
    expect(found).to_have_attribute("title", archive["id"])
    found.click()
    card = page.locator("section.card", has=page.get_by_role("heading", name=archive["name"], exact=True))
    expect(card.get_by_role("link", name=agent["name"])).to_have_attribute("href", f"#/agents/{agent['id']}")
    expect(page.get_by_role("table").get_by_role("link", name=archive["name"])).to_have_attribute("aria-current", "true")
    tab.open(f"knowledge?query={word}&agent={agent['id']}")
    expect(page.get_by_role("button", name=f"only {agent['name']}")).to_be_visible()
