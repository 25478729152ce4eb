"""The editor of code in the dashboard."""

import json
import re

import pytest

import harness
from steps import fresh
from test_dashboard import api, axe, browser, cookies, expect, guarded, made, page, tab  # fixtures and steps
from test_dashboard_hostile import LONG_LINE, TEXTS

from browser import FOLDER, Tab, editor, until, write

NEW_BLOCK = "api?operation=post+%2Fv1%2Fblocks%2F"


def lines(box):
    return box.locator(".cm-line").all_text_contents()


def colours(page, box, *texts):
    """How the texts are coloured, once each has a colour of its own element: the editor reads what was typed when it has time."""
    found = page.wait_for_function(
        """([node, texts]) => {
            const spans = texts.map(text => [...node.querySelectorAll("span")].find(one => one.textContent === text));
            return spans.every(Boolean) && spans.map(span => getComputedStyle(span).color);
        }""", arg=[box.element_handle(), list(texts)])
    return found.json_value()


def source(name, comment="Trebles."):
    return f'def {name}(n: int) -> int:\n    """{comment}\n\n    Args:\n        n (int): a number\n    """\n    return n * 3\n'


def save(page):
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as answer:
        page.get_by_role("button", name="Save").click()
    assert answer.value.status == 200


def test_it_is_loaded_when_code_is_opened(tab, page, api):
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    for place in ("overview", "tools", "agents", "api"):
        tab.open(place)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "app.js" in asked and not {"editor.js", "codemirror.js"} & set(asked)
    tab.open("tools?tool=new")
    expect(editor(page, "Python")).to_contain_text("def roll_dice")
    tab.open(NEW_BLOCK)
    expect(editor(page, "metadata (optional)")).to_be_visible()
    assert asked.count("editor.js") == asked.count("codemirror.js") == 1


def test_code_is_typed_highlighted_undone_and_saved(tab, page, api):
    name = fresh("treble").replace("-", "_")
    tab.open("tools?tool=new")
    box = editor(page, "Python")
    box.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(f"def {name}(n: int) -> int:\n")
    # The editor has indented the line.
    page.keyboard.type('"""Trebles.\n\nArgs:\n')
    page.keyboard.press("Tab")
    page.keyboard.type('n (int): a number\n')
    page.keyboard.press("Shift+Tab")
    page.keyboard.type('"""\nreturn n * 3')
    until(page, lambda: "\n".join(lines(box)), source(name).removesuffix("\n"))
    assert len(set(colours(page, box, "def", "3", '"""Trebles.', name))) == 4
    box.press("Control+z")
    expect(box).not_to_contain_text("return n * 3")
    page.keyboard.press("Control+y")
    expect(box).to_contain_text("return n * 3")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    (tool,) = api.get("/v1/tools/", params={"name": name}).json()
    assert tool["source_code"] == source(name).removesuffix("\n")
    # Numbers of lines, and a mark at both of two brackets.
    expect(box.locator("..").locator(".cm-lineNumbers .cm-gutterElement", has_text="7")).to_be_visible()
    box.press("Control+Home")
    for _ in range(4 + len(name)):
        page.keyboard.press("ArrowRight")
    expect(box.locator(".cm-matchingBracket")).to_have_count(2)
    write(page, "Python", source(name, "Makes it three times as much."))
    save(page)
    assert api.get(f"/v1/tools/{tool['id']}").json()["source_code"] == source(name, "Makes it three times as much.")


def test_lines_are_indented_and_brackets_belong_together(tab, page):
    tab.open("tools?tool=new")
    write(page, "Python", "")
    box = editor(page, "Python")
    page.keyboard.type('def f(a):\nif a:\nreturn ")"\nelse:\nlist = [\n1,\n2\n]\n')
    assert lines(box) == ["def f(a):", "    if a:", '        return ")"', "    else:", "        list = [", "            1,", "            2", "        ]", "        "]
    page.keyboard.press("Control+/")
    page.keyboard.press("Backspace")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    # That bracket is text, and so it closes nothing.
    page.keyboard.press("ArrowLeft")
    expect(box.locator(".cm-matchingBracket")).to_have_count(0)
    page.keyboard.press("Control+/")
    expect(box).to_contain_text('# return ")"')
    page.keyboard.press("Alt+ArrowUp")
    assert lines(box)[1:3] == ['        # return ")"', "    if a:"]
    page.get_by_label("Language").select_option("typescript")
    box = editor(page, "TypeScript")
    write(page, "TypeScript", "function f() {}")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.type("return `{${[1]}`")
    assert lines(box) == ["function f() {", "  return `{${[1]}`", "}"]
    page.keyboard.press("Control+End")
    page.keyboard.type("]")
    page.keyboard.press("ArrowLeft")
    expect(box.locator(".cm-matchingBracket")).to_have_text(["{", "}"])
    page.keyboard.press("End")
    expect(box.locator(".cm-nonmatchingBracket")).to_have_text("]")


def test_a_keyboard_gets_in_and_out(tab, page):
    tab.open("tools?tool=new")
    box = editor(page, "Python")
    expect(box).to_have_accessible_name("Python")
    expect(box).to_have_accessible_description(re.compile("Press Escape, then Tab, to leave the field"))
    before = lines(box)
    page.get_by_label("Language").focus()
    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(box).to_be_focused()
    assert lines(box) == before
    # The keys of the page are letters here.
    page.keyboard.press("Control+Home")
    page.keyboard.type("go/?")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    expect(box).to_contain_text("    go/?def")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tools")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check")).to_be_focused()
    page.locator("label", has_text="Python").click()
    expect(box).to_be_focused()


def test_typescript_has_an_example_and_its_words(tab, page):
    tab.open("tools?tool=new")
    page.get_by_label("Language").select_option("typescript")
    box = editor(page, "TypeScript")
    expect(box).to_contain_text("export function roll_dice")
    word, other_word, name = colours(page, box, "function", "return", "number")
    assert word == other_word != name
    write(page, "TypeScript", "const mine = 1;")
    page.get_by_label("Language").select_option("python")
    expect(editor(page, "Python")).to_have_text("const mine = 1;")


def test_bodies_and_arguments_are_json(tab, page, api):
    label = fresh("note")
    tab.open(NEW_BLOCK)
    write(page, "metadata (optional)", '{"of": ["a", 1, true]}')
    page.get_by_role("tab", name="Body as JSON").click()
    box = editor(page, "Body")
    expect(box).to_contain_text('"of": [')
    assert len(set(colours(page, box, '"of"', "1", '"a"'))) == 3
    write(page, "Body", '{"label": ')
    expect(page.get_by_text("Not JSON yet")).to_be_visible()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    write(page, "Body", json.dumps({"label": label, "value": "v", "metadata": {"of": ["a", 1, True]}}, indent=2))
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Answer")).to_be_visible()
    (block,) = api.get("/v1/blocks/", params={"label": label}).json()
    assert block["metadata"] == {"of": ["a", 1, True]}
    tool = made(api.post("/v1/tools/", json={"source_code": f'def {label.replace("-", "_")}(numbers: list[int]) -> int:\n    """Adds.\n\n    Args:\n'
                                                            '        numbers (list[int]): what to add\n    """\n    return sum(numbers)\n'}))
    tab.open(f"tools?tool={tool['id']}")
    write(page, "numbers", "[40, 2]")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("42")


def test_a_plain_field_where_it_cant_be_loaded(tab, page, api):
    name = fresh("plain").replace("-", "_")
    tab.context.route("**/vendor/codemirror.js", lambda route: route.abort())
    tab.open("tools?tool=new")
    with page.expect_event("requestfailed"):
        page.reload()
    page.get_by_label("Python", exact=True).fill(source(name))
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator(".editor")).to_have_count(0)
    assert api.get("/v1/tools/", params={"name": name}).json()[0]["source_code"] == source(name)


def test_what_was_begun_in_the_plain_field_goes_on(tab, page):
    held = []
    tab.context.route("**/parts/editor.js", lambda route: held.append(route))
    with page.expect_request("**/parts/editor.js"):
        tab.open("tools?tool=new")
    box = page.get_by_label("Python", exact=True)
    box.fill("first\nlast")
    box.press("Control+Home")
    page.keyboard.type("a ")
    expect(box).to_have_value("a first\nlast")
    until(page, lambda: len(held), 1)
    (route,) = held
    if FOLDER:
        tab.fulfil(route)
    else:
        route.continue_()
    expect(editor(page, "Python")).to_be_focused()
    tab.context.unroute("**/parts/editor.js")
    page.keyboard.type("b ")
    until(page, lambda: lines(editor(page, "Python")), ["a b first", "last"])


@pytest.mark.parametrize("width, theme", [(1440, "light"), (390, "dark")])
def test_it_is_for_everybody(browser, guarded, cookies, width, theme):
    tab = Tab(browser, guarded, cookies=cookies, viewport={"width": width, "height": 900}, color_scheme=theme)
    editors = [("tools?tool=new", "Python"), (NEW_BLOCK, "metadata (optional)")]
    for place, label in editors if harness.LONG else editors[width < 720:][:1]:
        page = tab.open(place)
        if label != "Python":
            write(page, label, '{"of": ["a", 1, true, null]}')
        editor(page, label).focus()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.Axe().run(page).response["violations"]
        assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found if one["impact"] in ("serious", "critical")] == []
    tab.check()
    tab.close()


def test_hostile_code_stays_text(tab, page, api):
    name = fresh("hostile").replace("-", "_")
    text = source(name) + f"texts = {json.dumps(TEXTS, ensure_ascii=False)}\n" + "".join(f"# {one}\n" for one in "\n".join(TEXTS).splitlines())
    tool = made(api.post("/v1/tools/", json={"source_code": text, "json_schema": {"name": name, "description": "x", "parameters": {"type": "object", "properties": {}}}}))
    tab.open(f"tools?tool={tool['id']}")
    box = editor(page, "Python")
    expect(box).to_contain_text("<script>window.hacked=1</script>")
    # Only the lines near the window are in the document.
    for _ in range(12):
        assert page.evaluate("window.hacked") is None
        assert box.evaluate("node => [...node.querySelectorAll(':not(div, span, br, img.cm-widgetBuffer)')].map(one => one.outerHTML)") == []
        assert not any(character in box.inner_text() for character in "\u202e\u2066\u001b\u200b")
        box.press("PageDown")
    write(page, "Python", text + "# more\n")
    save(page)
    assert api.get(f"/v1/tools/{tool['id']}").json()["source_code"] == text + "# more\n"


def test_a_line_of_a_megabyte(tab, page):
    tab.open(NEW_BLOCK)
    page.get_by_role("tab", name="Body as JSON").click()
    write(page, "Body", json.dumps({"label": "x", "value": LONG_LINE}))
    box = editor(page, "Body")
    expect(page.get_by_text("Not JSON yet")).to_have_count(0)
    assert box.evaluate("node => node.textContent.length") < 100_000
    box.press("Control+End")
    page.keyboard.type("]")
    expect(page.get_by_text("Not JSON yet")).to_be_visible()
