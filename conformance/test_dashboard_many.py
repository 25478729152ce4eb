"""Several agents at once on the dashboard, and what an agent file would bring."""

import json
import re

from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, tab  # fixtures and steps

from browser import until


def chosen(page):
    return page.get_by_role("group", name="The chosen agents")


def confirm(page, button, typed=None):
    dialog = page.get_by_role("dialog")
    if typed:
        expect(dialog.get_by_role("button", name=button)).to_be_disabled()
        dialog.get_by_role("textbox").fill(typed)
    dialog.get_by_role("button", name=button).click()


def test_several_agents_are_tagged_changed_and_deleted(tab, page, api):
    mark = fresh("crew")
    agents = [make_agent(api, name=f"{mark} {number}", tags=["kept"]) for number in range(4)]
    model = api.get("/v1/models/").json()[-1]["handle"]
    tab.open(f"agents?text={mark}")
    for agent in agents[:2]:
        page.get_by_label(f"Choose {agent['name']}").check()
    # By keys, too.
    page.get_by_role("link", name=agents[2]["name"]).focus()
    page.keyboard.press("x")
    expect(chosen(page)).to_contain_text("3 agents chosen")
    chosen(page).get_by_label("Tag", exact=True).fill("night")
    chosen(page).get_by_role("button", name="Add the tag").click()
    expect(page.get_by_role("dialog")).to_contain_text("to 3 agents?")
    confirm(page, "Add the tag")
    expect(page.locator("[data-row]").filter(has_text="night")).to_have_count(3)
    assert [sorted(api.get(f"/v1/agents/{one['id']}").json()["tags"]) for one in agents] == [["kept", "night"]] * 3 + [["kept"]]
    page.get_by_role("button", name="Choose the 4 listed").click()
    chosen(page).get_by_label("New model").select_option(model)
    chosen(page).get_by_role("button", name="Change the model").click()
    confirm(page, "Change the model")
    expect(page.locator("[data-row]").filter(has_text=model)).to_have_count(4)
    # One that has gone meanwhile is told, and the others are done.
    page.get_by_role("button", name="Choose the 4 listed").click()
    api.delete(f"/v1/agents/{agents[3]['id']}")
    chosen(page).get_by_role("button", name="Delete").click()
    confirm(page, "Delete them", "4 agents")
    expect(chosen(page)).to_contain_text(f"Not done, and still chosen: {agents[3]['name']}: 404")
    assert all(api.get(f"/v1/agents/{one['id']}").status_code == 404 for one in agents)
    chosen(page).get_by_role("button", name="Choose none").click()
    expect(page.get_by_text("No agent fits")).to_be_visible()


def test_an_agent_file_is_shown_before_it_is_taken(tab, page, api, tmp_path):
    agent = make_agent(api, name=fresh("carried"))
    say(api, agent, "Hello")
    file = tmp_path / "agent.af"
    file.write_text(api.get(f"/v1/agents/{agent['id']}/export").text)
    broken = tmp_path / "broken.af"
    broken.write_text(json.dumps({"agents": 3}))
    tab.open("agents")
    before = api.get("/v1/agents/count").json()
    page.locator("input[type=file]").set_input_files(file)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(agent["name"])
    expect(dialog).to_contain_text("memory_insert (is there already)")
    expect(dialog).to_contain_text("blocks human, persona")
    assert api.get("/v1/agents/count").json() == before
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    page.locator("input[type=file]").set_input_files(broken)
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_role("button", name="Import")).to_have_count(0)
    dialog.get_by_role("button", name="Cancel").click()
    page.locator("input[type=file]").set_input_files(file)
    dialog.get_by_role("button", name="Import").click()
    expect(page.get_by_role("table", name="Agents").get_by_role("link", name=f"{agent['name']}_copy")).to_be_visible()
    assert api.get("/v1/agents/count").json() == before + 1


def test_the_preview_is_of_the_file_chosen_last(tab, page, api, tmp_path):
    agents = [make_agent(api, name=fresh("carried")) for _ in range(2)]
    tab.open("agents")
    held = []
    tab.context.route(re.compile("preview=true"), lambda route: held.append(route))
    dialog = page.get_by_role("dialog")
    for agent in agents:
        file = tmp_path / f"{agent['name']}.af"
        file.write_text(api.get(f"/v1/agents/{agent['id']}/export").text)
        before = len(held)
        page.locator("input[type=file]").set_input_files(file)
        until(page, lambda: len(held), before + 1)
        if agent is agents[0]:
            dialog.get_by_role("button", name="Cancel").click()
    with page.expect_response(re.compile("preview=true")):
        held[1].continue_()
    expect(dialog.get_by_role("listitem")).to_contain_text(agents[1]["name"])
    with page.expect_response(re.compile("preview=true")) as late:
        held[0].continue_()
    late.value.finished()
    page.wait_for_timeout(200)
    expect(dialog.get_by_role("listitem")).to_contain_text(agents[1]["name"])


def test_tags_given_meanwhile_stay(tab, page, api):
    agent = make_agent(api, name=fresh("crew"), tags=["kept"])
    tab.open(f"agents?text={agent['name']}")
    page.get_by_label(f"Choose {agent['name']}").check()
    made(api.patch(f"/v1/agents/{agent['id']}", json={"tags": ["kept", "theirs"]}))
    chosen(page).get_by_label("Tag", exact=True).fill("night")
    chosen(page).get_by_role("button", name="Add the tag").click()
    confirm(page, "Add the tag")
    expect(page.locator("[data-row]").filter(has_text="night")).to_have_count(1)
    assert sorted(api.get(f"/v1/agents/{agent['id']}").json()["tags"]) == ["kept", "night", "theirs"]


def test_who_leaves_is_asked_and_stops_the_rest(tab, page, api):
    mark = fresh("crew")
    agents = [make_agent(api, name=f"{mark} {number}") for number in range(3)]
    tab.open(f"agents?text={mark}")
    page.get_by_role("button", name="Choose the 3 listed").click()
    held = []
    tab.context.route(re.compile("/v1/agents/agent-[^/?]*$"), lambda route: held.append(route) if route.request.method == "DELETE" else route.fallback())
    chosen(page).get_by_role("button", name="Delete").click()
    with page.expect_request(lambda request: request.method == "DELETE"):
        confirm(page, "Delete them", "3 agents")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("dialog")).to_contain_text("Leave without saving what is not done yet?")
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_text("Needs you")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        held[0].continue_()
    page.wait_for_timeout(500)
    assert len(held) == 1 and sorted(api.get(f"/v1/agents/{one['id']}").status_code for one in agents) == [200, 200, 404]
