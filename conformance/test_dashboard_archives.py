"""An archive on the dashboard: its agents, its passages to the last one, and its name."""

import re

from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, tab  # fixtures and steps


def test_an_archive_is_read_searched_filled_and_renamed(tab, page, api):
    agent = make_agent(api)
    made(api.post(f"/v1/agents/{agent['id']}/archival-memory", json={"text": "passage 0"}))
    (archive,) = api.get("/v1/archives/", params={"agent_id": agent["id"]}).json()
    # More of one time than a page has.
    at = "2026-01-01T00:00:00Z"
    made(api.post(f"/v1/archives/{archive['id']}/passages/batch", json={"passages": [{"text": f"passage {number}", "created_at": at} for number in range(1, 54)]}))
    made(api.post(f"/v1/archives/{archive['id']}/passages", json={"text": "The lighthouse is red.", "tags": ["sea"]}))
    tab.open("knowledge?part=archives")
    page.get_by_role("link", name=archive["name"]).click()
    detail = page.locator(".itemdetail")
    expect(detail.get_by_role("link", name=agent["name"])).to_be_visible()
    passages = detail.get_by_label("Passages").get_by_role("listitem")
    expect(passages).to_have_count(50)
    detail.get_by_role("button", name="More passages").click()
    expect(passages).to_have_count(55)
    expect(detail.get_by_role("button", name="More passages")).to_have_count(0)
    detail.get_by_label("Search this archive").fill("lighthouse")
    detail.get_by_label("Search this archive").press("Enter")
    expect(passages.first).to_contain_text("The lighthouse is red.")
    expect(passages.first.locator("mark")).to_have_text("lighthouse")
    passages.first.get_by_role("button", name="Forget").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(detail.get_by_text("The lighthouse is red.")).to_have_count(0)
    detail.get_by_label("Search this archive").fill("")
    detail.get_by_label("Add a passage").fill("The harbour is old.")
    detail.get_by_role("button", name="Add", exact=True).click()
    expect(detail.get_by_role("status")).to_have_text("Added, behind the others.")
    detail.get_by_role("button", name="More passages").click()
    expect(passages.last).to_contain_text("The harbour is old.")
    name = fresh("renamed")
    detail.get_by_text("Rename, delete").click()
    detail.get_by_label("Name", exact=True).fill(name)
    detail.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator(".itemlist").get_by_role("link", name=name)).to_be_visible()
    assert api.get(f"/v1/archives/{archive['id']}").json()["name"] == name
    detail.get_by_role("button", name="Delete the archive").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Delete the archive").click()
    expect(page).to_have_url(re.compile("part=archives$"))
    assert api.get(f"/v1/archives/{archive['id']}").status_code == 404
