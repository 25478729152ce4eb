"""Runs on the dashboard: what they cost, each try and wait on the timeline, what past steps saw, keys, and how a failed one goes on."""

import json
import re

import pytest

import harness
from steps import MODEL, fresh
from test_dashboard import api, browser, cookies, expect, made, make_agent, page, say, script, tab  # fixtures and steps

from browser import PASSWORD


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, model):
    prices = json.dumps({MODEL: {"input": 1000, "output": 1000}})
    server = harness.Server(tmp_path_factory.mktemp("priced"), LETTA_SERVER_PASSWORD=PASSWORD, LETTA_MODEL_PRICES=prices, **model.settings)
    try:
        yield server.start()
    finally:
        server.close()


def newest(api, agent):
    return api.get("/v1/runs/", params={"agent_id": agent["id"], "limit": 1}).json()[0]


def events(page):
    return page.get_by_role("group", name="Timeline").get_by_role("button")


def test_a_run_says_what_it_was_about_and_cost(tab, page, api):
    agent = make_agent(api)
    person = made(api.post("/v1/identities/", json={"identifier_key": fresh("ann"), "name": "Ann of the shop", "identity_type": "user"}))
    made(api.post(f"/v1/agents/{agent['id']}/messages", json={"identity_id": person["id"], "messages": [{"role": "user", "content": "How warm is it\nin Lisbon?"}]}))
    run = newest(api, agent)
    assert (run["title"], run["agent_name"], run["asked_by"], run["num_steps"]) == ("How warm is it in Lisbon?", agent["name"], "Ann of the shop", 1)
    assert run["cost"] == pytest.approx(run["total_tokens"] / 1000)
    assert api.get(f"/v1/runs/{run['id']}").json() == run
    (step,) = api.get(f"/v1/runs/{run['id']}/steps").json()
    assert step["cost"] == run["cost"] > 0
    tab.open(f"runs?agent={agent['id']}")
    row = page.locator("[data-row]")
    expect(row).to_have_count(1)
    for text in (run["title"], agent["name"], "Ann of the shop", f"$ {run['cost']:.2f}", f"{run['total_tokens']:,}"):
        expect(row).to_contain_text(text)
    row.get_by_role("link", name=run["title"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(run["title"])
    facts = page.locator(".facts")
    for text in (agent["name"], "Ann of the shop", f"$ {run['cost']:.2f}"):
        expect(facts).to_contain_text(text)
    expect(events(page).nth(1)).to_contain_text(f"$ {run['cost']:.2f}")
    expect(events(page).nth(2)).to_contain_text(f"{run['total_tokens']:,}")


def test_runs_are_found(tab, page, api):
    agent, other = make_agent(api), make_agent(api)
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}, {"say": "with a tool"}))
    say(api, agent, "without a tool")
    say(api, other, "of another agent")
    tab.open("runs")
    rows = page.locator("[data-row]")
    page.get_by_label("Agent", exact=True).fill(agent["name"])
    expect(page.get_by_role("button", name=f"only {agent['name']}")).to_be_visible()
    expect(rows).to_have_count(2)
    page.get_by_label("Tool").select_option("memory_insert")
    expect(rows).to_have_count(1)
    page.get_by_label("Tool").select_option("Any tool")
    expect(rows).to_have_count(2)
    page.get_by_label("Duration").select_option("over 10 min")
    expect(page.get_by_text("No run fits.")).to_be_visible()
    page.get_by_role("button", name="Drop the filter").click()
    page.get_by_label("to", exact=True).fill("2020-01-01")
    expect(page.get_by_text("No run fits.")).to_be_visible()
    page.get_by_label("to", exact=True).fill("")
    page.get_by_label("from", exact=True).fill("2020-01-01")
    expect(rows.first).to_be_visible()


def test_a_failed_call_is_on_the_timeline_with_its_tries(tab, page, api):
    agent = make_agent(api)
    say(api, agent, script({"status": 503, "say": "no room"}))
    run = newest(api, agent)
    assert run["status"] == "failed" and run["error"].endswith(".") and run["remedy"].endswith(".")
    tab.open(f"runs/{run['id']}")
    expect(events(page)).to_contain_text(["run", "Step 1", "try 1", "try 2", "try 3"])
    expect(events(page).last).to_contain_text("no room")
    # The failure is open with its words.
    expect(page.get_by_role("complementary", name="Event")).to_contain_text("no room")
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text(run["error"])
    expect(alert).to_contain_text(run["remedy"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON").click()
    saved = json.loads(download.value.path().read_text())
    assert saved["run"]["id"] == run["id"] and len(saved["trace"]) == 5


def test_an_approval_is_on_the_timeline(tab, page, api):
    agent = make_agent(api)
    api.patch(f"/v1/agents/{agent['id']}/tools/approval/memory_insert", json={"requires_approval": True})
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}, {"say": "done"}))
    (waiting,) = api.get("/v1/approvals/", params={"agent_id": agent["id"]}).json()
    made(api.post(f"/v1/agents/{agent['id']}/messages", json={"messages": [{"type": "approval", "approve": True, "approval_request_id": waiting["message_id"]}]}))
    tab.open(f"runs/{newest(api, agent)['id']}")
    expect(events(page)).to_contain_text(["run", "waits for approval: memory_insert", "execute_tool memory_insert", "Step 1", "chat "])


def test_a_past_step_knows_those_beside_it(tab, page, api):
    agent = make_agent(api)
    for text in ("one", "two", "three"):
        say(api, agent, text)
    # Steps of another conversation are not beside it.
    talk = made(api.post("/v1/conversations/", params={"agent_id": agent["id"]}, json={}))
    api.post(f"/v1/conversations/{talk['id']}/messages", json={"messages": [{"role": "user", "content": "elsewhere"}]})
    say(api, agent, "four")
    for number in range(5, 216):
        say(api, agent, f"{number}")
    tab.open(f"agents/{agent['id']}?part=context")
    page.get_by_role("button", name="The last step").click()
    place = page.get_by_text(re.compile(r"step \d+ of 215"))
    expect(place).to_have_text("step 215 of 215")
    expect(page.get_by_role("button", name="Step after")).to_be_disabled()
    steps = api.get("/v1/steps/", params={"agent_id": agent["id"], "conversation_id": "default", "order": "asc", "limit": 4}).json()
    tab.open(f"agents/{agent['id']}?part=context&step={steps[2]['id']}")
    expect(place).to_have_text("step 3 of 215")
    expect(page.get_by_role("columnheader", name="change")).to_be_visible()
    page.get_by_role("button", name="Step after").click()
    expect(place).to_have_text("step 4 of 215")
    expect(page).to_have_url(re.compile(steps[3]["id"]))
    for number in (3, 2, 1):
        page.get_by_role("button", name="Step before").click()
        expect(place).to_have_text(f"step {number} of 215")
    expect(page.get_by_role("button", name="Step before")).to_be_disabled()


def test_keys_of_a_run(tab, page, api):
    agent = make_agent(api)
    say(api, agent, script({"call": "memory_insert", "args": {"label": "none", "new_string": "x"}}, {"say": "done"}))
    tab.open(f"runs/{newest(api, agent)['id']}")
    expect(events(page)).to_contain_text(["run", "Step 1", "chat ", "memory_insert", "Step 2", "chat "])
    detail = page.get_by_role("complementary", name="Event")
    # The failure is open from the beginning.
    expect(detail).to_contain_text("memory_insert")
    page.keyboard.press("Escape")
    expect(detail).to_contain_text("Choose an event")
    page.keyboard.press("e")
    expect(events(page).nth(3)).to_be_focused()
    expect(detail).to_contain_text("memory_insert")
    page.keyboard.press("]")
    expect(events(page).nth(4)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("[")
    expect(events(page).nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("j")
    expect(events(page).nth(2)).to_be_focused()
    page.keyboard.press("k")
    expect(events(page).nth(1)).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text("Knowledge")


def test_a_failed_run_goes_on(tab, page, api, model):
    agent, text = make_agent(api), fresh("question")
    say(api, agent, script({"status": 503}) + text)
    failed = newest(api, agent)
    tab.open(f"runs/{failed['id']}")
    page.get_by_role("button", name="Go on").click()
    expect(page).not_to_have_url(re.compile(failed["id"]))
    expect(events(page).last).to_contain_text("try 3")
    run = newest(api, agent)
    assert run["id"] != failed["id"]
    said = api.get(f"/v1/agents/{agent['id']}/messages").text
    assert said.count(text) == 1
