"""What lists and figures of the dashboard say: names instead of ids, their order, their headings, and what can't be a share."""

import json
import harness
from steps import MODEL, fresh
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


def test_agents_are_in_order_of_their_cost(browser, tmp_path, model):
    prices = json.dumps({MODEL: {"input": 1000, "output": 1000}})
    server = harness.Server(tmp_path / "priced", LETTA_MODEL_PRICES=prices, **model.settings)
    try:
        server.start()
        with server.http() as client:
            dear, none, cheap = (make_agent(client) for _ in range(3))
            for agent, turns in ((cheap, 1), (dear, 3)):
                for _ in range(turns):
                    say(client, agent, "Hello")
            listed = client.get("/v1/server/agents", params={"order_by": "cost"}).json()
            assert [one["name"] for one in listed] == [dear["name"], cheap["name"], none["name"]]
        tab = Tab(browser, server)
        page = tab.open("agents")
        page.get_by_label("Order", exact=True).select_option("Highest cost first")
        rows = page.locator("[data-row]")
        expect(rows).to_contain_text([dear["name"], cheap["name"], none["name"]])
        costs = [float(row.split("$")[1].split()[0]) for row in rows.all_inner_texts()[:2]]
        assert costs[0] > costs[1] > 0
        tab.check()
        tab.close()
    finally:
        server.close()
