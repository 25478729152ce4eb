"""Hostile texts on the screens of the dashboard: none runs, none fetches, none breaks a layout."""

import json

import pytest

import harness
from steps import EMBEDDING, MODEL
from test_dashboard import browser, made, sync_api  # fixtures and steps of the other tests

from browser import Tab

TEXTS = [
    "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "<svg onload=window.hacked=1>", "<svg><script>window.hacked=1</script></svg>",
    "\"><script>window.hacked=1</script>", "'-window.hacked=1-'", "</textarea><script>window.hacked=1</script>", "</title><script>window.hacked=1</script>",
    "<iframe src=javascript:window.hacked=1></iframe>", "<a href=\"javascript:window.hacked=1\">x</a>", "[x](javascript:window.hacked=1)",
    "[x](JaVaScRiPt:window.hacked=1)", "[x](data:text/html,<script>window.hacked=1</script>)", "[x](vbscript:x)", "![x](http://example.invalid/leak.png?secret)",
    "<http://example.invalid/a>", "![x](x\" onerror=\"window.hacked=1)", "```html\n<script>window.hacked=1</script>\n```", "| a |\n|---|\n| <img src=x onerror=window.hacked=1> |",
    "<style>body{display:none}</style>", "<base href=//example.invalid/>", "<meta http-equiv=refresh content=\"0;url=//example.invalid\">", "{{constructor.constructor('window.hacked=1')()}}",
    "${window.hacked=1}", "\u202egnp.exe\u202c right to left", "\u001b[31mred\u001b[0m \u001b]8;;http://example.invalid\u0007x\u001b]8;;\u0007", "zero\u200bwidth\u2066isolate",
    "العربية והעברית mixed with English 日本語", "👩‍👩‍👧‍👦" * 40, "W" * 3000, "&lt;b&gt; &amp;amp; &#60;script&#62;",
]
LONG_LINE = "x" * 1_000_000
# What the screens show, which have a lot of it.
LINE = LONG_LINE if harness.LONG else LONG_LINE[:200_000]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, model):
    server = harness.Server(tmp_path_factory.mktemp("hostile-dashboard"), **model.settings)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def filled(hostile):
    """Every text in every field that a screen shows and that takes it."""
    with hostile.http() as http:
        def refusable(answer):
            assert answer.status_code < 500, answer.text
            return answer.json() if answer.status_code < 300 else None
        blocks = [{"label": f"b{number}", "value": text, "description": text} for number, text in enumerate(TEXTS)]
        blocks.append({"label": "long", "value": LINE, "limit": 2_000_000})
        agent = made(http.post("/v1/agents/", json={"name": "hostile", "model": MODEL, "embedding": EMBEDDING, "description": TEXTS[0], "memory_blocks": blocks,
                                                    "tags": [text[:200] for text in TEXTS]}))
        path = f"/v1/agents/{agent['id']}"
        joined = "\n\n".join(TEXTS)
        for text in [joined, "script: " + json.dumps([{"call": "memory_insert", "args": {"label": "b0", "new_string": joined}, "think": joined}, {"say": joined}]),
                     "script: " + json.dumps([{"call": "<img src=x onerror=window.hacked=1>", "args": {"<b>": joined}}, {"say": "x"}]), LINE]:
            refusable(http.post(f"{path}/messages", json={"messages": [{"role": "user", "content": text, "name": None}]}))
        http.post(f"{path}/messages", json={"messages": [{"role": "user", "content": "script: " + json.dumps([{"status": 400}])}]})
        folder = made(http.post("/v1/folders/", json={"name": "hostile", "description": TEXTS[1], "embedding": EMBEDDING}))
        tools = []
        refusable(http.post("/v1/templates", json={"type": "agent", "agent_id": agent["id"], "name": "hostile"}))
        for number, text in enumerate(TEXTS):
            # Names of tools are those of functions; what says what they do is free.
            tools.append(refusable(http.post("/v1/tools/", json={
                "source_code": f'def hostile_{number}(x: str) -> str:\n    """x"""\n    # {text!a}\n' + "".join(f"    # {line}\n" for line in text.splitlines()) + "    return x\n",
                "description": text, "tags": [text], "return_char_limit": 1000, "json_schema": {"name": f"hostile_{number}", "description": text, "parameters": {
                    "type": "object", "properties": {"x": {"type": "string", "description": text}, text[:60]: {"type": "string", "enum": [text]}}}}})))
            refusable(http.post("/v1/api-keys/", json={"name": text[:100]}))
            # A token is named by the address of its page alone, which can hold no such text.
            assert http.post("/v1/client-side-access-tokens", json={"hostname": f"https://{text[:100]}", "policy": []}).status_code == 422
            refusable(http.post("/v1/templates", json={"type": "agent", "agent_id": agent["id"], "name": text[:60]}))
            refusable(http.patch("/v1/templates/default-project/hostile/description", json={"description": text}))
            refusable(http.post("/v1/agents/", json={"name": text[:100], "model": MODEL, "description": text, "include_base_tools": False}))
            refusable(http.post("/v1/identities/", json={"name": text, "identifier_key": text, "identity_type": "user"}))
            refusable(http.post("/v1/blocks/", json={"label": text[:50], "value": text}))
            refusable(http.post("/v1/archives/", json={"name": text, "description": text}))
            refusable(http.post("/v1/folders/", json={"name": text, "description": text, "embedding": EMBEDDING}))
            refusable(http.post(f"{path}/archival-memory", json={"text": text}))
            refusable(http.post(f"/v1/folders/{folder['id']}/upload", files={"file": (text[:60].replace("/", "_") + ".txt", text.encode(), "text/plain")}))
            refusable(http.post("/v1/mcp-servers/", json={"server_name": text, "config": {"mcp_server_type": "streamable_http", "server_url": "http://127.0.0.1:9/" + text[:20]}}))
            refusable(http.post("/v1/groups/", json={"description": text, "agent_ids": [agent["id"]]}))
            refusable(http.post("/v1/conversations/", params={"agent_id": agent["id"]}, json={"summary": text}))
            refusable(http.post(f"{path}/schedule", json={"messages": [{"role": "user", "content": text}], "schedule": {"type": "recurring", "cron_expression": "0 0 1 1 *"}}))
            http.get("/v1/blocks/", params={"label": text[:500]})
            refusable(http.post("/v1/providers/", json={"name": text, "provider_type": "openai", "api_key": "k", "base_url": "http://127.0.0.1:9"}))
        run = http.get("/v1/runs/", params={"agent_id": agent["id"], "limit": 10}).json()
        failed = [one for one in run if one["status"] == "failed"] or run
        person = http.get("/v1/identities/").json()[0]
        (hostile.data / "backups").mkdir(exist_ok=True)
        for text in TEXTS:
            (hostile.data / "backups" / (text[:50].replace("/", "_").replace("\n", " ") + ".sqlite")).write_bytes(b"no database")
        group = made(http.post("/v1/groups/", json={"description": joined, "agent_ids": [agent["id"]]}))
        refusable(http.post(f"/v1/groups/{group['id']}/messages", json={"messages": [{"role": "user", "content": joined}]}))
        # Each kind has some whose text was taken.
        for path in ("/v1/tools/", "/v1/api-keys/", "/v1/templates"):
            assert "window.hacked=1" in http.get(path, params={"limit": 200}).text, path
        return {"agent": agent["id"], "runs": [run[-2]["id"], failed[0]["id"]], "folder": folder["id"], "person": person["id"], "group": group["id"],
                "tools": [one["id"] for one in tools if one]}


@pytest.mark.parametrize("width", [1440, 390] if harness.LONG else [390])
def test_nothing_runs(browser, hostile, filled, width):
    tab = Tab(browser, hostile, viewport={"width": width, "height": 900})
    agent = f"agents/{filled['agent']}"
    places = ["overview", "agents", agent, f"{agent}?part=context", f"{agent}?part=archive", f"{agent}?part=settings", *(f"runs/{run}" for run in filled["runs"]),
              "runs", "knowledge?query=window", "knowledge?part=blocks", f"knowledge?part=folders&folder={filled['folder']}", "knowledge?part=archives",
              "tools", *(f"tools?tool={tool}" for tool in (filled["tools"] if harness.LONG else filled["tools"][::8])), "tools?part=mcp", "people", f"people?person={filled['person']}", "people?part=groups", f"people?part=groups&group={filled['group']}", "settings",
              "settings?part=keys", "settings?part=tokens", "settings?part=schedules", "settings?part=backups", "settings?part=log", "api?text=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E", "%3Csvg%20onload%3Dx%3E"]
    for place in places:
        page = tab.open(place)
        page.wait_for_timeout(250)
        sync_api.expect(page.locator("[aria-busy=true]:visible")).to_have_count(0, timeout=15000)
        assert page.evaluate("window.hacked") is None, place
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        assert page.locator("iframe, object, embed, base, main script, main style, main svg script, main img:not(.cm-widgetBuffer)").count() == 0, place
        for address in page.eval_on_selector_all("main a[href]", "nodes => nodes.map(node => node.getAttribute('href'))"):
            assert address.startswith(("#/", "./", "http://", "https://", "mailto:")), address
        # What turns the direction of a text, or moves a terminal's cursor, is shown as an escape.
        text = page.locator("main").inner_text()
        assert not any(character in text for character in "\u202e\u2066\u001b\u200b"), place
        tab.check()
    tab.close()


@pytest.mark.parametrize("noun", ["groups/", "templates", "tools/"])
def test_answers_of_operations_are_text(browser, hostile, filled, noun):
    tab = Tab(browser, hostile, viewport={"width": 390, "height": 900})
    page = tab.open(f"api?operation=get+%2Fv1%2F{noun.replace('/', '%2F')}")
    page.get_by_label("limit (optional)").fill("200")
    page.get_by_role("button", name="Send", exact=True).click()
    tree = page.locator(".treebox")
    sync_api.expect(tree).to_be_visible()
    for branch in tree.get_by_role("button").all()[:60 if harness.LONG or noun == "tools/" else 20]:
        branch.click()
    sync_api.expect(tree).to_contain_text("window.hacked=1")
    assert page.evaluate("window.hacked") is None
    assert tree.locator("script, img, svg, iframe, a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.check()
    tab.close()


def test_a_backup_that_is_none_is_said_to_be_none(browser, hostile, filled):
    tab = Tab(browser, hostile, viewport={"width": 390, "height": 900})
    page = tab.open("settings?part=backups")
    page.get_by_role("button", name="Check").first.click()
    sync_api.expect(page.get_by_role("alert").first).to_contain_text("Can't be restored")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.check()
    tab.close()
