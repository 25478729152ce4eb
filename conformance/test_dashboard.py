"""The dashboard in Chromium, against a server with a password and the scripted model."""

import gzip
import http.server
import json
import os
import re
import subprocess
import threading

import httpx
import pytest

import harness
from steps import EMBEDDING, MODEL, fresh

sync_api = pytest.importorskip("playwright.sync_api", reason="runs in .build-venv-dashboard")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

from browser import CHROMIUM, PASSWORD, Tab, write

expect = sync_api.expect
WEB = harness.ROOT / "Sources/Dashboard/Web"
PLACES = {"o": "Overview", "a": "Agents", "r": "Runs", "k": "Knowledge", "t": "Tools", "p": "People", "i": "API", "s": "Settings"}


def script(*steps):
    return "script: " + json.dumps(list(steps))


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, model):
    server = harness.Server(tmp_path_factory.mktemp("guarded"), LETTA_SERVER_PASSWORD=PASSWORD, **model.settings)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def api(guarded):
    with guarded.http(headers={"Authorization": f"Bearer {PASSWORD}"}) as client:
        yield client


@pytest.fixture(scope="module")
def cookies(browser, guarded):
    """Those of a browser that has signed in."""
    tab = Tab(browser, guarded)
    tab.open("overview")
    tab.sign_in()
    expect(tab.page.get_by_role("button", name="Sign out")).to_be_visible()
    found = tab.context.cookies()
    tab.check()
    tab.close()
    return found


@pytest.fixture
def tab(browser, guarded, cookies):
    tab = Tab(browser, guarded, cookies=cookies)
    yield tab
    tab.close()


@pytest.fixture
def page(tab):
    yield tab.page
    tab.check()


def made(answer):
    assert answer.status_code < 300, answer.text
    return answer.json()


def make_agent(api, **fields):
    blocks = [{"label": "human", "value": "Name: Ann\nLikes: coffee"}, {"label": "persona", "value": "I am brief."}]
    return made(api.post("/v1/agents/", json={"name": fresh("agent"), "model": MODEL, "embedding": EMBEDDING, "memory_blocks": blocks, **fields}))


def say(api, agent, text):
    return api.post(f"/v1/agents/{agent['id']}/messages", json={"messages": [{"role": "user", "content": text}]})


def test_signing_in_and_out(browser, guarded):
    first, second = Tab(browser, guarded), Tab(browser, guarded)
    for tab in (first, second):
        tab.open("overview")
    found = axe.Axe().run(first.page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    first.sign_in("wrong")
    expect(first.page.get_by_role("alert")).to_contain_text("not the password")
    for tab in (first, second):
        tab.sign_in()
        expect(tab.page.get_by_text("Needs you")).to_be_visible()
        expect(tab.page.get_by_role("dialog")).to_have_count(0)
    (cookie,) = first.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and PASSWORD not in str(first.context.storage_state())
    first.page.get_by_role("button", name="Sign out").click()
    expect(first.page.get_by_label("Password")).to_be_visible()
    expect(second.page.get_by_label("Password")).to_have_count(0)
    first.sign_in()
    first.page.get_by_role("button", name="everywhere").click()
    first.page.get_by_role("button", name="Sign out everywhere").click()
    expect(first.page.get_by_label("Password")).to_be_visible()
    # Its screens ask by themselves, too: then the dialog is there already, and stands before the link.
    second.page.get_by_role("link", name="Runs", exact=True).first.dispatch_event("click")
    expect(second.page.get_by_label("Password")).to_be_visible()
    for tab in (first, second):
        tab.check()
        tab.close()


def test_a_server_without_a_password(browser, server):
    tab = Tab(browser, server)
    tab.open("overview")
    expect(tab.page.get_by_text("Needs you")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Sign out")).to_have_count(0)
    tab.check()
    tab.close()


# Each place with its parts: a text that is there when it is shown, on small screens too.
MAIN = {"overview": "Connect a client", "agents": "New agent", "agents/new": "Create the agent", "runs": "Read again", "knowledge?part=folders": "New folder",
        "tools": "Write a tool", "settings": "Add a provider"}
FURTHER = {"knowledge": "Searches the archives", "knowledge?part=blocks": "persona", "knowledge?part=archives": "New archive", "tools?tool=new": "Python",
           "tools?part=mcp": "Add an MCP server", "tools?part=sandbox": "Settings and variables", "people": "New identity", "api?text=blocks": "operations",
           "settings?part=models": "Services", "settings?part=tokens": "New token", "settings?part=health": "Metrics", "settings?part=appearance": "Light and dark",
           "people?part=groups": "New group", "settings?part=schedules": "Schedules of all agents", "settings?part=backups": "Back up now",
           "settings?part=log": "Has the text", "api?operation=post+%2Fv1%2Fagents%2F": "Body as JSON"}


@pytest.mark.parametrize("width, theme", [(1440, "light"), (390, "dark")])
def test_every_place_opens_for_everybody(browser, guarded, cookies, api, width, theme):
    agent = make_agent(api, tags=["tag"])
    say(api, agent, script({"think": "well", "call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}, {"say": "**Noted.**"}))
    run = api.get("/v1/runs/", params={"agent_id": agent["id"]}).json()[0]
    tab = Tab(browser, guarded, cookies=cookies, viewport={"width": width, "height": 900}, color_scheme=theme)
    rules = axe.Axe()
    main = MAIN if harness.LONG or width > 720 else {place: MAIN[place] for place in ("overview", "agents", "agents/new")}
    screens = {**main, f"agents/{agent['id']}": "Noted.", f"agents/{agent['id']}?part=context": "Memory blocks", f"runs/{run['id']}": "What was said"}
    if harness.LONG or width > 720:
        screens |= {**FURTHER, f"agents/{agent['id']}?part=settings": "Schedules"}
    for place, ready in screens.items():
        page = tab.open(place)
        expect(page.get_by_text(ready).locator("visible=true").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        assert tab.refused == [], place
        if not harness.LONG and place in FURTHER:
            continue
        found = rules.run(page).response["violations"]
        serious = [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], place
        tab.check()
    tab.close()


def test_places_open_by_keys(tab, page):
    tab.open("overview")
    for key, name in PLACES.items():
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.keyboard.press("Control+k")
    page.get_by_label("Find", exact=True).fill("Settings")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    tab.open("nowhere")
    expect(page.get_by_text("There is no such place.")).to_be_visible()
    tab.open("agents/agent-00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text("404")


def test_a_new_agent_and_a_chat_with_an_approval(tab, page, api):
    name = fresh("wren")
    tab.open("agents/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Model").select_option(MODEL)
    page.get_by_label("What it should know about you").fill("Name: Ann\nLikes: coffee")
    page.get_by_role("button", name="Create the agent").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    (agent,) = api.get("/v1/agents/", params={"name": name}).json()
    api.patch(f"/v1/agents/{agent['id']}/tools/approval/memory_replace", json={"requires_approval": True})
    box = page.get_by_label("Message", exact=True)
    box.fill("Hello *there*")
    box.press("Enter")
    expect(page.get_by_text("echo: Hello there")).to_be_visible()
    box.fill(script({"call": "memory_replace", "args": {"label": "human", "old_string": "coffee", "new_string": "tea"}}, {"say": "changed it"}))
    page.get_by_role("button", name="Send", exact=True).click()
    request = page.get_by_role("group", name="Open approval")
    expect(request).to_contain_text('"new_string": "tea"')
    assert "coffee" in api.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()["value"]
    expect(request).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_text("changed it", exact=True)).to_be_visible()
    expect(request).to_have_count(0)
    expect(page.get_by_label("human", exact=True)).to_have_value("Name: Ann\nLikes: tea")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("human", exact=True)).to_have_value("Name: Ann\nLikes: coffee")
    # What the model was told in the step is there to be read.
    page.get_by_role("button", name="what it saw").last.click()
    expect(page.get_by_role("heading", name="What it saw")).to_be_visible()
    expect(page.get_by_text("Messages (", exact=False).first).to_be_visible()


def test_why_it_answered_so(tab, page, api):
    agent = make_agent(api)
    api.post(f"/v1/agents/{agent['id']}/archival-memory", json={"text": "The gardener comes on Thursdays at nine."})
    made(api.patch(f"/v1/agents/{agent['id']}/tools/attach/{api.get('/v1/tools/', params={'name': 'archival_memory_search'}).json()[0]['id']}"))
    say(api, agent, script({"call": "archival_memory_search", "args": {"query": "gardener"}}, {"say": "The gardener comes on Thursdays; have your coffee before."}))
    tab.open(f"agents/{agent['id']}")
    page.get_by_role("button", name="why this answer").click()
    why = page.get_by_role("group", name="Why this answer")
    expect(why.get_by_text("result of archival_memory_search").first).to_be_visible()
    expect(why.locator("mark", has_text="Thursdays")).to_be_visible()
    expect(why.locator("li", has_text="block human").locator("mark", has_text="coffee")).to_be_visible()


def test_denying_with_a_reason(tab, page, api):
    agent = make_agent(api)
    api.patch(f"/v1/agents/{agent['id']}/tools/approval/memory_insert", json={"requires_approval": True})
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}, {"say": "as you like"}))
    tab.open("overview")
    expect(page.get_by_text(f"{agent['name']} wants to run")).to_be_visible()
    tab.open(f"agents/{agent['id']}")
    page.get_by_label("Why not").fill("not today")
    page.get_by_role("button", name="Deny", exact=True).click()
    expect(page.get_by_text("as you like", exact=True)).to_be_visible()
    assert "not today" in api.get(f"/v1/agents/{agent['id']}/messages").text


def test_a_block_is_edited_undone_and_restored(tab, page, api):
    agent = make_agent(api)
    value = lambda: api.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()["value"]
    tab.open(f"agents/{agent['id']}")
    box = page.get_by_label("human", exact=True)
    box.fill("Name: Ann\nLikes: coffee\nLikes: tea")
    # A line that comes after the last one changes no other.
    expect(page.get_by_role("group", name="Changes").first.locator(".add, .cut")).to_have_text(["added: Likes: tea"])
    box.fill("Name: Anna\nLikes: coffee")
    expect(page.get_by_role("group", name="Changes").first).to_contain_text("Anna")
    assert value() == "Name: Ann\nLikes: coffee"
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert value() == "Name: Anna\nLikes: coffee"
    page.get_by_role("button", name="Undo").click()
    expect(box).to_have_value("Name: Ann\nLikes: coffee")
    box.fill("Name: Bob")
    page.get_by_role("button", name="Save").click()
    third = page.get_by_role("listitem").filter(has=page.get_by_text("3", exact=True))
    third.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(box).to_have_value("Name: Ann\nLikes: coffee")
    assert value() == "Name: Ann\nLikes: coffee"


def test_a_run_is_followed_and_a_failure_explained(tab, page, api, model):
    agent, held = make_agent(api), fresh("held")
    run = made(api.post(f"/v1/agents/{agent['id']}/messages/async", json={"messages": [{"role": "user", "content": script(
        {"call": "memory_insert", "args": {"label": "human", "new_string": "z"}}, {"say": "all done", "held": held})}]}))
    tab.open(f"runs/{run['id']}")
    expect(page.get_by_text("following live")).to_be_visible()
    model.let_go(held)
    expect(page.get_by_text("all done", exact=True)).to_be_visible()
    expect(page.get_by_text("following live")).to_have_count(0)
    expect(page.get_by_role("link", name=agent["name"])).to_be_visible()
    expect(page.get_by_role("group", name="Timeline").get_by_role("button")).to_contain_text(["run", "Step 1", "chat ", "memory_insert", "Step 2", "chat "])
    page.get_by_role("button", name="chat ").first.click()
    expect(page.get_by_text("Request as it was sent")).to_be_visible()
    say(api, agent, script({"status": 401}))
    failed = api.get("/v1/runs/", params={"agent_id": agent["id"]}).json()[0]
    tab.open(f"runs/{failed['id']}")
    expect(page.get_by_role("alert")).to_contain_text("Check the API key")


def test_a_provider_is_tried_and_added(tab, page, api, model):
    name = fresh("prov")
    tab.open("settings")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Key").fill("sk-scripted")
    page.get_by_label("Address").fill("http://127.0.0.1:9/v1")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Address").fill(model.url)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert [one["name"] for one in api.get("/v1/providers/").json()] == [name]
    assert "sk-scripted" not in page.content()


def test_a_file_is_uploaded_and_a_sentence_found(tab, page, tmp_path):
    file = tmp_path / "boiler.txt"
    file.write_text("The zinnober boiler is reset with the red button behind the cover.")
    tab.open("knowledge?part=folders")
    page.get_by_label("Name", exact=True).fill(fresh("manuals"))
    page.get_by_role("button", name="Create").click()
    page.get_by_label("Choose files").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("row", name="boiler.txt")).to_contain_text("done")
    page.get_by_label("Find in this folder").fill("zinnober")
    expect(page.locator("mark", has_text="zinnober").first).to_be_visible()


def test_a_tool_is_written_and_tried(tab, page, api):
    name = fresh("treble").replace("-", "_")
    tab.open("tools?tool=new")
    write(page, "Python", f'def {name}(n: int) -> int:\n    """Trebles.\n\n    Args:\n        n (int): a number\n    """\n    return n * 3\n')
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.get_by_label("n", exact=True).fill("14")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("42")
    assert [one["name"] for one in api.get("/v1/tools/", params={"name": name}).json()] == [name]


def test_the_curl_of_an_action_does_the_same(tab, page, api, guarded):
    agent = make_agent(api)
    tab.open(f"agents/{agent['id']}")
    page.get_by_label("human", exact=True).fill("It's \"written\" by a shell")
    page.get_by_role("button", name="curl").click()
    expect(page.get_by_role("dialog").get_by_text("by a shell").first).to_be_visible()
    texts = page.get_by_role("dialog").locator("pre").all_inner_texts()
    (command,) = [text for text in texts if "-X PATCH" in text and "by a shell" in text]
    assert PASSWORD not in "".join(texts)
    subprocess.run(["sh", "-c", command], env={**os.environ, "LETTA_URL": guarded.url, "LETTA_TOKEN": PASSWORD}, check=True, capture_output=True)
    assert api.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()["value"] == "It's \"written\" by a shell"


def test_long_lists_keep_the_document_small(tab, page, api):
    count = 10_000 if harness.LONG else 100
    for number in range(count):
        made(api.post("/v1/agents/", json={"name": f"many {number}", "model": MODEL, "include_base_tools": False, "tags": ["many"]}))
    tab.open("agents?tag=many")
    expect(page.get_by_role("link", name=f"many {count - 1}", exact=True)).to_be_visible()
    for _ in range(8):
        page.locator(".vlist").evaluate("node => node.scrollTo(0, node.scrollHeight)")
        page.wait_for_timeout(100)
        assert page.locator("[data-row]").count() < 60
    if not harness.LONG:
        expect(page.get_by_role("link", name="many 0", exact=True)).to_be_visible()


def test_files_are_compressed_for_who_takes_it(own_server):
    with own_server.http() as client:
        version = re.search(r"ui/(\w+)/app.js", client.get("/").text)[1]
        for name in ("app.js", "app.css", "vendor/codemirror.js"):
            small, plain = (client.get(f"/ui/{version}/{name}", headers={"Accept-Encoding": each}) for each in ("gzip, br", "identity"))
            assert small.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
            assert small.content == plain.content and int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 2
            assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"


def test_the_size_of_all_files():
    sizes = {file: len(gzip.compress(file.read_bytes(), 9)) for file in WEB.rglob("*") if file.is_file()}
    assert sum(sizes.values()) <= 250_000
    own = [file for file in WEB.rglob("*.js") if file.parent.name != "vendor"]
    for file in own:
        text = file.read_text()
        assert len(text.splitlines()) <= 300, file
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "new Function", "srcdoc", 'style="', "https://cdn"):
            assert forbidden not in text, f"{file}: {forbidden}"


def test_the_page_survives_a_restart_of_the_server(browser, own_server):
    tab = Tab(browser, own_server)
    page = tab.open("agents")
    expect(page.get_by_text("No agents yet")).to_be_visible()
    with own_server.http() as client:
        agent = make_agent(client)
    tab.open(f"agents/{agent['id']}")
    page.get_by_label("Message", exact=True).fill("a draft")
    own_server.stop()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("does not answer")
    own_server.start()
    box = page.get_by_label("Message", exact=True)
    box.fill("Hello again")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("echo: Hello again")).to_be_visible()
    tab.close()


def test_an_address_of_its_own(tmp_path, model):
    port = harness.free_port()
    server = harness.Server(tmp_path / "apart", LETTA_DASHBOARD=f"127.0.0.1:{port}", **model.settings)
    try:
        server.start()
        own = f"http://127.0.0.1:{port}"
        assert httpx.get(own).status_code == 200 and httpx.get(own + "/v1/agents/").json() == []
        assert httpx.get(server.url).status_code == 404 and httpx.get(server.url + "/v1/agents/").status_code == 200
        assert httpx.get(own, headers={"Host": "evil.example"}).status_code == 403
        assert server.stop() == 0
    finally:
        server.close()


class Behind(http.server.BaseHTTPRequestHandler):
    """A proxy that serves the server under a prefix."""

    protocol_version = "HTTP/1.1"
    upstream = None

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "accept-encoding")}
        headers["Host"] = self.headers["Host"]
        found = self.upstream.request(self.command, self.path.removeprefix("/letta"), content=body, headers=headers)
        self.send_response(found.status_code)
        for name, value in found.headers.items():
            # The client that asks has decoded it.
            if name.lower() not in ("transfer-encoding", "content-length", "content-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(found.content)))
        self.end_headers()
        self.wfile.write(found.content)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


def test_behind_a_prefix(browser, guarded, api):
    agent = make_agent(api)
    handler = type("Handler", (Behind,), {"upstream": guarded.http()})
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{proxy.server_port}/letta/#/agents")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("link", name=agent["name"])).to_be_visible()
        page.get_by_role("link", name="Overview").first.click()
        expect(page.get_by_text(f"http://127.0.0.1:{proxy.server_port}/letta", exact=True)).to_be_visible()
        page.close()
    finally:
        proxy.shutdown()
        proxy.server_close()
