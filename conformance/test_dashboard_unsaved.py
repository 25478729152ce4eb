"""What was typed on the dashboard and is not saved is not lost without a question."""

import re

import pytest

from test_dashboard import api, browser, cookies, expect, guarded, make_agent, page, tab  # fixtures and steps

from browser import editor, write


def question(page):
    return page.get_by_role("dialog").filter(has_text="Leave without saving")


def answer(page, button):
    question(page).get_by_role("button", name=button, exact=True).click()
    expect(question(page)).to_have_count(0)


def test_an_edit_of_a_block_is_not_lost(tab, page, api):
    agent = make_agent(api)
    tab.open("runs")
    tab.open(f"agents/{agent['id']}")
    box = page.get_by_label("human", exact=True)
    box.fill("half a thought")
    # What does not end the edit asks nothing.
    page.get_by_role("button", name="New conversation").click()
    expect(page).to_have_url(re.compile("talk=conv"))
    expect(box).to_have_value("half a thought")
    here = page.url
    leaving = {
        "another part": lambda: page.get_by_role("tab", name="Tools").click(),
        "another block": lambda: page.get_by_role("button", name="persona", exact=True).click(),
        "another place": lambda: page.get_by_role("link", name="People").click(),
        "a step back": lambda: page.go_back(),
        "a key": lambda: page.get_by_role("heading", level=1).click() or page.keyboard.press("g") or page.keyboard.press("r"),
    }
    for name, leave in leaving.items():
        leave()
        expect(question(page), name).to_contain_text("the block “human”")
        answer(page, "Cancel")
        expect(page, name).to_have_url(here)
        expect(box, name).to_have_value("half a thought")
    page.get_by_role("tab", name="Tools").click()
    answer(page, "Leave")
    expect(page.get_by_label("Attach a tool")).to_be_visible()
    page.get_by_role("tab", name="Memory").click()
    expect(box).to_have_value("Name: Ann\nLikes: coffee")
    # Saved, it is no question any more.
    box.fill("a whole thought")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("tab", name="Context").click()
    expect(page).to_have_url(re.compile("part=context"))
    expect(question(page)).to_have_count(0)


def test_a_step_back_leads_back_after_it_was_refused(tab, page, api):
    agent = make_agent(api)
    tab.open("people")
    tab.open(f"agents/{agent['id']}")
    page.get_by_label("human", exact=True).fill("x")
    page.go_back()
    answer(page, "Cancel")
    page.go_back()
    answer(page, "Leave")
    expect(page).to_have_url(re.compile("#/people$"))
    page.go_forward()
    expect(page.get_by_label("human", exact=True)).to_have_value("Name: Ann\nLikes: coffee")


def test_the_source_of_a_tool_is_not_lost(tab, page):
    tab.open("tools?tool=new")
    write(page, "Python", "def half():\n    pass\n")
    page.get_by_role("tab", name="Sandbox").click()
    expect(question(page)).to_contain_text("the source of the tool")
    answer(page, "Cancel")
    expect(editor(page, "Python")).to_contain_text("def half")
    page.get_by_role("tab", name="Sandbox").click()
    answer(page, "Leave")
    expect(page.get_by_text("What holds for every tool")).to_be_visible()


@pytest.mark.parametrize("place, label, what", [
    ("agents/{}?part=settings", "What it is for", "the settings"), ("agents/{}?part=archive", "Add a passage", "the new passage"),
    ("agents/new", "What it is for", "the new agent"), ("people", "Key", "the new identity"), ("people?part=groups", "What it is for", "the new group")])
def test_forms_are_not_lost(tab, page, api, place, label, what):
    tab.open(place.format(make_agent(api)["id"]))
    page.get_by_label(label, exact=True).fill("half a thought")
    page.get_by_role("link", name="Overview").click()
    expect(question(page)).to_contain_text(f"Leave without saving {what}?")
    answer(page, "Cancel")
    expect(page.get_by_label(label, exact=True)).to_have_value("half a thought")


def test_the_page_is_not_closed_with_something_unsaved(tab, page, api):
    tab.open(f"agents/{make_agent(api)['id']}")
    # Browsers ask for what somebody typed, not for what a script filled in.
    page.get_by_label("human", exact=True).press_sequentially("!")
    page.remove_listener("dialog", tab.opened)
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(page.get_by_label("human", exact=True)).to_have_value(re.compile("!"))
