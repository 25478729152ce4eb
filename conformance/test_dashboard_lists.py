"""What lists and figures of the dashboard say: names instead of ids, their order, their headings, and what can't be a share."""

import json
import re

import pytest

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
    expect(page.locator(".itemlist").get_by_role("link", name=archive["name"])).to_have_attribute("aria-current", "true")
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


def test_metrics_have_headings(tab, page, api):
    tab.open("settings?part=health")
    requests = page.locator("section", has=page.get_by_role("heading", name="Requests", exact=True)).last
    expect(requests.get_by_role("row").filter(has_text="GET /v1/server/checks 200").get_by_role("cell").last).to_have_text(re.compile(r"^[\d,]+$"))
    times = page.locator("section", has=page.get_by_role("heading", name="Time of requests", exact=True)).last
    expect(times.get_by_role("row").filter(has_text="/v1/server/checks").get_by_role("cell").last).to_have_text(re.compile(r"^[\d.]+ m?s$"))
    expect(page.get_by_text("# TYPE http_requests_total")).to_be_hidden()
    page.get_by_text("As Prometheus reads it").click()
    expect(page.get_by_text("# TYPE http_requests_total")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_defaults_come_before_all_models(browser, guarded, cookies, width):
    tab = Tab(browser, guarded, cookies=cookies, viewport={"width": width, "height": 900})
    page = tab.open("settings?part=models")
    expect(page.get_by_label("Model of new agents", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Examine").first).to_be_visible()
    expect(page.get_by_role("heading", level=2).first).to_have_text("Defaults")
    place = {name: page.get_by_role("heading", name=name, exact=True).bounding_box() for name in ("Defaults", "Models", "Services")}
    assert place["Defaults"]["y"] < place["Services"]["y"]
    if width == 390:
        assert place["Defaults"]["y"] < place["Models"]["y"] < place["Services"]["y"]
    else:
        assert place["Defaults"]["y"] == place["Models"]["y"] and place["Defaults"]["x"] == place["Services"]["x"] > place["Models"]["x"]
    tab.check()
    tab.close()


def test_what_is_above_the_window_is_no_share_of_it(tab, page, api):
    agent = make_agent(api)
    say(api, agent, "Hello " * 8000)
    limit = lambda tokens: made(api.patch(f"/v1/agents/{agent['id']}", json={"context_window_limit": tokens}))
    limit(6000)
    tab.open(f"agents/{agent['id']}?part=context")
    said = page.get_by_text("more than the window").first
    expect(said).to_contain_text("of 6,000 tokens · more than the window; the next turn compacts it")
    # Without its messages it would not fit either.
    limit(100)
    page.reload()
    expect(said).to_have_text(re.compile("of 100 tokens · more than the window$"))
    tab.open(f"agents?text={agent['name']}")
    expect(page.locator("[data-row]")).to_contain_text("over 100 %")
