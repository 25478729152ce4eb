"""Screens of the dashboard for what its other tests do not touch: every operation, past steps, groups, and the server itself."""

import importlib.machinery
import importlib.util
import json
import re
import subprocess
import urllib.parse

import pytest

import harness
from steps import EMBEDDING, MODEL, fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, say, script, tab  # fixtures and steps

from browser import PASSWORD, Tab, editor, until, write


def operations_table():
    loader = importlib.machinery.SourceFileLoader("dashboard_operations", str(harness.ROOT / "scripts/dashboard-operations.py"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def test_the_table_of_operations_is_complete(api):
    document = api.get("/openapi.json").json()
    listed = re.findall(r"^\| `(\w+ \S+)` \|.*\| ([^|]+) \|$", operations_table().PAGE.read_text(), re.M)
    assert sorted(name for name, _ in listed) == sorted(f"{verb.upper()} {path}" for path, verbs in document["paths"].items() for verb in verbs)
    assert all(screen.strip() for _, screen in listed)
    assert operations_table().PAGE.read_text() == operations_table().page(document), "run scripts/dashboard-operations.py"


def test_every_operation_has_a_form(tab, page, api):
    document = api.get("/openapi.json").json()
    operations = [(verb, path, operation) for path, verbs in document["paths"].items() for verb, operation in verbs.items()]
    tab.open("api")
    expect(page.get_by_text(f"{len(operations)} of {len(operations)} operations")).to_be_visible()
    for verb, path, operation in operations if harness.LONG else operations[::12]:
        tab.open(f"api?operation={urllib.parse.quote_plus(f'{verb} {path}')}")
        form = page.locator(".operations li", has=page.locator('[aria-expanded="true"]'))
        expect(form.get_by_label("curl")).to_contain_text(path)
        for one in operation.get("parameters", []):
            if one["in"] != "header":
                expect(form.get_by_label(one["name"], exact=bool(one.get("required"))).first, f"{verb} {path}").to_be_attached()
        sends = form.get_by_role("button", name="Send", exact=True)
        needed = [one for one in operation.get("parameters", []) if one.get("required") and one["in"] != "header"]
        expect(sends, f"{verb} {path}").to_be_enabled(enabled=not needed)


def test_an_operation_is_sent_from_its_form(tab, page, api):
    agent = make_agent(api)
    tab.open("api")
    page.get_by_label("Find an operation").fill("GET /v1/agents/{agent_id} ")
    page.get_by_role("button", name="GET /v1/agents/{agent_id}", exact=False).first.click()
    expect(page.get_by_text("needs agent_id")).to_be_visible()
    page.get_by_label("agent_id", exact=True).fill(agent["id"])
    page.get_by_role("button", name="Send", exact=True).click()
    tree = page.locator(".treebox")
    expect(tree).to_contain_text(agent["name"])
    tree.get_by_role("button", name="llm_config").click()
    expect(tree).to_contain_text("context_window")
    # A body by its fields, which the JSON and the curl follow.
    label = fresh("note")
    tab.open(f"api?operation={urllib.parse.quote_plus('post /v1/blocks/')}")
    page.get_by_label("label", exact=True).fill(label)
    page.get_by_label("value (optional)", exact=True).fill("It's here")
    page.get_by_label("limit (optional)").fill("77")
    expect(page.get_by_label("curl", exact=True)).to_contain_text('"limit":77')
    page.get_by_role("tab", name="Body as JSON").click()
    expect(editor(page, "Body")).to_contain_text(label)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(tree).to_contain_text("It's here")
    (block,) = api.get("/v1/blocks/", params={"label": label}).json()
    assert block["limit"] == 77
    # What deletes asks, and does nothing when it is told not to.
    tab.open(f"api?operation={urllib.parse.quote_plus('delete /v1/blocks/{block_id}')}")
    page.get_by_label("block_id", exact=True).fill(block["id"])
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("can't be brought back")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert api.get(f"/v1/blocks/{block['id']}").status_code == 200
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Answer")).to_be_visible()
    assert api.get(f"/v1/blocks/{block['id']}").status_code == 404


def test_another_way_from_a_past_step(tab, page, api):
    agent = make_agent(api)
    say(api, agent, script({"say": "The first answer"}))
    say(api, agent, script({"say": "The second answer"}))
    tab.open(f"agents/{agent['id']}")
    expect(page.get_by_text("The second answer", exact=True)).to_be_visible()
    step = api.get("/v1/steps/", params={"agent_id": agent["id"]}).json()[0]
    tab.open(f"runs/{step['run_id']}")
    page.get_by_role("button", name="Step 1").first.click()
    page.get_by_role("button", name="Fork from here").first.click()
    expect(page.get_by_text("The first answer", exact=True)).to_be_visible()
    expect(page.get_by_text("The second answer", exact=True)).to_have_count(0)
    box = page.get_by_label("Message", exact=True)
    box.fill(script({"say": "Another way"}))
    box.press("Enter")
    expect(page.get_by_text("Another way", exact=True)).to_be_visible()
    (talk,) = api.get("/v1/conversations/", params={"agent_id": agent["id"]}).json()
    assert "Another way" in api.get(f"/v1/conversations/{talk['id']}/messages").text
    assert "Another way" not in api.get(f"/v1/agents/{agent['id']}/messages", params={"conversation_id": "default"}).text


def test_a_message_is_left_out_of_the_context_and_put_back(tab, page, api):
    agent = make_agent(api)
    say(api, agent, script({"say": "A poisoned sentence"}))
    say(api, agent, script({"say": "A later sentence"}))

    def context():
        return api.get(f"/v1/agents/{agent['id']}").json()["message_ids"]
    before = context()
    tab.open(f"agents/{agent['id']}")
    said = page.get_by_role("listitem").filter(has_text="A poisoned sentence").last
    said.get_by_role("button", name="Leave out").click()
    expect(said.get_by_role("status")).to_have_text("Left out.")
    after = context()
    assert len(after) == len(before) - 1 and set(after) < set(before)
    said.get_by_role("button", name="Undo").click()
    expect(said.get_by_role("button", name="Leave out")).to_be_visible()
    assert context() == before
    # Later, too, it is put back by one click, and that can be undone.
    said.get_by_role("button", name="Leave out").click()
    expect(said.get_by_role("status")).to_have_text("Left out.")
    page.reload()
    said.get_by_role("button", name="Put back").click()
    expect(said.get_by_role("status")).to_have_text("Put back.")
    assert context() == before
    said.get_by_role("button", name="Undo").click()
    expect(said.get_by_role("button", name="Put back")).to_be_visible()
    assert context() == after


def test_a_call_is_left_out_and_put_back_with_its_result(tab, page, api):
    agent = make_agent(api)
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "Cats"}}, {"say": "Noted"}))
    before = api.get(f"/v1/agents/{agent['id']}").json()["message_ids"]
    tab.open(f"agents/{agent['id']}")
    page.get_by_role("button", name="result", exact=True).click()
    call = page.locator(".step .more").last
    call.get_by_role("button", name="Leave out").click()
    expect(call.get_by_role("status")).to_have_text("Left out.")
    assert len(api.get(f"/v1/agents/{agent['id']}").json()["message_ids"]) == len(before) - 2
    call.get_by_role("button", name="Undo").click()
    expect(call.get_by_role("button", name="Leave out")).to_be_visible()
    assert api.get(f"/v1/agents/{agent['id']}").json()["message_ids"] == before


def test_schedules_of_all_agents(tab, page, api):
    agent, text = make_agent(api), fresh("remind")
    made(api.post(f"/v1/agents/{agent['id']}/schedule", json={"messages": [{"role": "user", "content": text}], "schedule": {"type": "recurring", "cron_expression": "0 7 * * *"}}))
    tab.open("settings?part=schedules")
    row = page.get_by_role("row").filter(has_text=text)
    expect(row).to_contain_text("0 7 * * *")
    expect(row.get_by_role("link", name=agent["name"])).to_be_visible()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    assert api.get(f"/v1/agents/{agent['id']}/schedule").json()["scheduled_messages"] == []


def test_a_context_is_emptied_and_what_was_said_stays(tab, page, api):
    agent = make_agent(api)
    say(api, agent, "Remember the lighthouse")
    tab.open(f"agents/{agent['id']}?part=settings")
    page.get_by_role("button", name="Empty the context").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It stays in the chat, where each message can be put back")
    dialog.get_by_role("textbox").fill(agent["name"])
    dialog.get_by_role("button", name="Empty the context").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".log").get_by_text("Remember the lighthouse", exact=True)).to_be_visible()
    page.get_by_role("button", name="Put back").first.click()
    expect(page.get_by_role("status").filter(has_text="Put back.")).to_be_visible()


def test_keys_work_from_the_page(tab, page, api):
    agent = make_agent(api)
    say(api, agent, "Hello")
    say(api, agent, script({"status": 400}))
    made(api.post("/v1/blocks/", json={"label": fresh("keys"), "value": "v"}))
    made(api.post("/v1/identities/", json={"name": fresh("Kim"), "identifier_key": fresh("kim"), "identity_type": "user"}))
    made(api.post("/v1/api-keys/", json={"name": fresh("key")}))
    for place, list_ in [("agents", ".vlist a"), ("runs", ".vlist a"), ("tools", ".vlist a"), ("knowledge?part=blocks", ".vlist a"), ("people", ".items a"),
                         ("settings?part=keys", "tbody tr button:first-of-type")]:
        tab.open(place)
        expect(page.locator(f"main {list_}").first).to_be_visible()
        page.keyboard.press("j")
        expect(page.locator(f"main {list_}").first).to_be_focused()
        if page.locator(f"main {list_}").count() > 1:
            page.keyboard.press("j")
            expect(page.locator(f"main {list_}").first).not_to_be_focused()
            page.keyboard.press("k")
            expect(page.locator(f"main {list_}").first).to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    # In a field they are letters.
    page.keyboard.type("njkt?")
    expect(page.get_by_label("Name", exact=True)).to_have_value("njkt?")
    for place, seen in [("agents", page.get_by_role("heading", name="New agent").last), ("tools", page.get_by_label("Language"))]:
        tab.open(place)
        expect(page.locator("main .vlist a").first).to_be_visible()
        page.keyboard.press("n")
        expect(seen).to_be_visible()
    (run,) = [one for one in api.get("/v1/runs/", params={"agent_id": agent["id"]}).json() if one["status"] == "failed"]
    tab.open(f"runs/{run['id']}")
    expect(page.locator(".timeline .trow.bad").first).to_be_visible()
    scale = page.get_by_role("group", name="Scale").get_by_role("button", name="Order")
    before = scale.get_attribute("aria-pressed")
    page.keyboard.press("t")
    expect(scale).to_have_attribute("aria-pressed", "false" if before == "true" else "true")
    page.keyboard.press("e")
    expect(page.locator(".timeline .trow.bad:focus")).to_be_visible()
    page.keyboard.press("?")
    for key in ("something new", "a run by time or by order"):
        expect(page.get_by_role("dialog")).to_contain_text(key)


def test_a_refused_file_holds_no_other(tab, page, api, tmp_path):
    names = ["a.bin", "b.txt", "c.bin", "d.txt"]
    for name in names:
        (tmp_path / name).write_bytes(b"\x00\xff\xfe" if name.endswith("bin") else f"The text of {name}".encode())
    folder = made(api.post("/v1/folders/", json={"name": fresh("several"), "embedding": EMBEDDING}))
    tab.open(f"knowledge?part=folders&folder={folder['id']}")
    page.get_by_label("Choose files").set_input_files([tmp_path / name for name in names])
    page.get_by_role("button", name="Upload").click()
    for name in names:
        if name.endswith("bin"):
            expect(page.get_by_text(f"{name} was not taken:")).to_be_visible()
        else:
            expect(page.get_by_role("row", name=name)).to_contain_text("done")
    expect(page.get_by_role("alert")).to_have_count(2)
    page.get_by_role("link", name="d.txt").click()
    expect(page.locator("pre", has_text="The text of d.txt")).to_be_visible()


def test_an_import_says_what_came(tab, page, api, tmp_path):
    agent = make_agent(api)
    file = tmp_path / "one.af"
    file.write_text(api.get(f"/v1/agents/{agent['id']}/export").text)
    tab.open("agents")
    page.get_by_text("Import .af").set_input_files(file)
    page.get_by_role("dialog").get_by_role("button", name="Import", exact=True).click()
    came = page.get_by_role("status").filter(has_text="Imported: ")
    came.get_by_role("link").click()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    assert agent["id"] not in page.url


def test_the_curl_of_a_call_has_no_secrets(tab, page, api):
    def shown(begins):
        page.get_by_role("button", name="curl").click()
        command = page.get_by_role("dialog").locator("pre").filter(has_text=begins).filter(has_text="SECRET").first
        expect(command).to_be_visible()
        text = command.inner_text()
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        assert "hush" not in text
        return text

    made(api.post("/v1/sandbox-config/local/default"))
    tab.open("tools?part=sandbox")
    page.get_by_label("Name", exact=True).fill("TOK")
    page.get_by_label("Value").fill("hush-1")
    assert '{"key":"TOK","value":"$SECRET"}' in shown("environment-variable")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="TOK")).to_be_visible()
    assert '{"key":"TOK","value":"$SECRET"}' in shown("environment-variable")
    for operation, body, masked in [
        ("post /v1/agents/", {"secrets": {"A": "hush"}, "tool_exec_environment_variables": {"B": "hush"}, "memory_blocks": [{"label": "l", "value": "seen"}]},
         '{"secrets":{"A":"$SECRET"},"tool_exec_environment_variables":{"B":"$SECRET"},"memory_blocks":[{"label":"l","value":"seen"}]}'),
        ("post /v1/mcp-servers/", {"server_name": "n", "config": {"custom_headers": {"X-Key": "hush"}, "env": {"C": "hush"}}},
         '{"server_name":"n","config":{"custom_headers":{"X-Key":"$SECRET"},"env":{"C":"$SECRET"}}}')]:
        tab.open(f"api?operation={urllib.parse.quote_plus(operation)}")
        page.get_by_role("tab", name="Body as JSON").click()
        write(page, "Body", json.dumps(body))
        expect(page.get_by_label("curl", exact=True)).to_contain_text(masked)
        assert "hush" not in page.get_by_label("curl", exact=True).inner_text()


@pytest.mark.skipif(harness.POSTGRES is not None, reason="PostgreSQL has a tool of its own")
def test_a_backup_is_made_checked_and_deleted(tab, page, api, guarded):
    make_agent(api)
    tab.open("settings?part=backups")
    page.get_by_role("button", name="Back up now").click()
    copies = page.get_by_label("Copies").get_by_role("listitem")
    expect(copies).to_have_count(1)
    (backup,) = api.get("/v1/server/backups").json()
    copies.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_contain_text("Sound")
    expect(page.get_by_role("status")).to_contain_text("agent")
    # The shown command is for the data folder in which it is run, whatever the server's is.
    command = page.get_by_text("letta-server restore").inner_text()
    assert command == f"letta-server restore --data-dir . --replace 'backups/{backup['name']}'"
    verified = subprocess.run(["sh", "-c", command.replace("letta-server", '"$SERVER"', 1).replace("--replace", "--verify")], cwd=guarded.data,
                              env={**harness.environment(guarded.data), "SERVER": str(harness.BINARY)}, capture_output=True, text=True)
    assert verified.returncode == 0 and backup["name"] in verified.stdout, verified.stdout + verified.stderr
    file = guarded.data / "backups" / backup["name"]
    with file.open("r+b") as handle:
        handle.seek(8192)
        handle.write(b"Z" * 20000)
    copies.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("Can't be restored")
    copies.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(backup["name"])
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No copies yet")).to_be_visible()
    assert not file.exists()


@pytest.mark.skipif(harness.POSTGRES is not None, reason="PostgreSQL has a tool of its own")
def test_backups_are_made_by_a_schedule(tab, page, api, guarded):
    tab.open("settings?part=health")
    expect(page.get_by_text("there is no schedule")).to_be_visible()
    page.get_by_role("link", name="Set a schedule").click()
    page.get_by_label("Copy the database").select_option("24")
    page.get_by_label("Keep the newest").fill("1")
    page.get_by_role("button", name="Save").click()
    copies = page.get_by_label("Copies").get_by_role("listitem")
    expect(copies).to_have_count(1)
    expect(copies).to_contain_text("made by the schedule")
    (backup,) = api.get("/v1/server/backups").json()
    assert backup["kind"] == "scheduled"
    schedule = api.get("/v1/server/backup-schedule").json()
    assert (schedule["every_hours"], schedule["keep"]) == (24, 1) and schedule["next_at"] > schedule["last_at"]
    tab.open("settings?part=health")
    expect(page.get_by_text("The last copy was made just now")).to_be_visible()


def test_defaults_are_set(tab, page, api):
    tab.open("settings?part=models")
    page.get_by_label("Model of new agents", exact=True).select_option(MODEL)
    page.get_by_label("Keep traces for (days)").fill("30")
    with page.expect_response("**/v1/server/settings"):
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    settings = api.get("/v1/server/settings").json()
    assert (settings["default_model"], settings["trace_retention_days"], settings["trace_max_bytes"]) == (MODEL, 30, 2**30)
    assert api.post("/v1/agents/", json={"name": fresh("default")}).json()["model"] == MODEL
    # Less than before deletes traces, so that it is asked for.
    page.get_by_label("Keep traces for (days)").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_contain_text("can't be brought back")
    with page.expect_response("**/v1/server/settings"):
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert api.get("/v1/server/settings").json()["trace_retention_days"] == 2
    api.patch("/v1/server/settings", json={"default_model": None, "trace_retention_days": None})


@pytest.mark.skipif(harness.POSTGRES is not None, reason="PostgreSQL has a tool of its own")
def test_a_backup_that_fails_is_shown(browser, model, tmp_path):
    server = harness.Server(tmp_path, **model.settings)
    try:
        tab = Tab(browser, server.start())
        # Where the folder of the copies should be.
        (server.data / "backups").rmdir()
        (server.data / "backups").touch()
        with server.http() as http:
            made(http.patch("/v1/server/backup-schedule", json={"every_hours": 6}))
        page = tab.open("overview")
        needs = page.locator("section.card", has=page.get_by_role("heading", name="Needs you"))
        expect(needs).to_contain_text("The last copy of the database failed")
        needs.get_by_role("link", name="Look").click()
        expect(page.get_by_role("alert")).to_contain_text("The last copy failed")
        tab.open("settings?part=health")
        expect(page.get_by_text("The last copy of the database failed")).to_be_visible()
        tab.open("settings?part=log")
        expect(page.get_by_text("A scheduled backup failed").first).to_be_visible()
        tab.check()
        tab.close()
    finally:
        server.close()


def test_the_log_is_read_and_has_no_secrets(tab, page, api, guarded):
    marker = fresh("nowhere")
    api.post("/v1/providers/check", json={"provider_type": "openai", "api_key": "sk-very-secret", "base_url": f"http://127.0.0.1:9/{marker}"})
    with guarded.http(headers={"Authorization": "Bearer wrong-password"}) as stranger:
        assert stranger.get("/v1/agents/").status_code == 401
        assert stranger.get("/v1/server/log").status_code == 401
    entries = api.get("/v1/server/log", params={"count": 2000}).json()
    assert entries and [one["id"] for one in entries] == list(range(entries[0]["id"], entries[-1]["id"] + 1))
    for secret in ("sk-very-secret", "wrong-password", PASSWORD):
        assert secret not in str(entries)
    tab.open("settings?part=log")
    listed = page.get_by_label("Entries, newest first").get_by_role("listitem")
    expect(listed.first).to_be_visible()
    source = entries[-1]["source"]
    page.get_by_label("Has the text").fill("no such text at all")
    expect(page.get_by_text("was logged since the server started")).to_be_visible()
    page.get_by_label("Has the text").fill(source)
    expect(listed.first).to_contain_text(source)


def test_keys_need_admin_for_the_server(guarded, api):
    keys = {scope: made(api.post("/v1/api-keys/", json={"name": scope, "scopes": scope.split()}))["key"] for scope in ("read write", "admin")}
    for path in ("/v1/server/log", "/v1/server/backups"):
        for scope, status in (("read write", 403), ("admin", 200)):
            with guarded.http(headers={"Authorization": f"Bearer {keys[scope]}"}) as client:
                assert client.get(path).status_code == status, (path, scope)


def test_a_group_is_made_talks_and_forgets(tab, page, api):
    ann, bob = make_agent(api), make_agent(api)
    purpose = fresh("panel")
    tab.open("people?part=groups")
    page.get_by_label("What it is for").fill(purpose)
    for one in (ann, bob):
        page.get_by_label("Add a member").fill(one["name"])
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("group", name="Members")).to_contain_text(one["name"][:20])
    page.get_by_label("Maximum number of turns").fill("1")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=purpose)).to_be_visible()
    (group,) = [one for one in api.get("/v1/groups/", params={"limit": 1000}).json() if one["description"] == purpose]
    assert group["agent_ids"] == [ann["id"], bob["id"]] and group["max_turns"] == 1
    box = page.get_by_label("Message to the group")
    box.fill("Hello all")
    box.press("Enter")
    expect(page.get_by_label("Messages of the group")).to_contain_text("echo: Hello all")
    page.get_by_text("Members and settings").click()
    page.get_by_role("list", name="Members").get_by_role("listitem").nth(1).get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("list", name="Members").get_by_role("listitem")).to_have_count(1)
    assert api.get(f"/v1/groups/{group['id']}").json()["agent_ids"] == [ann["id"]]
    page.get_by_role("button", name="Reset messages").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset messages").click()
    expect(page.get_by_text("Nothing yet. Say something below")).to_be_visible()
    assert api.get(f"/v1/groups/{group['id']}/messages").json() == []
    page.get_by_role("button", name="Delete the group").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(purpose)
    page.get_by_role("dialog").get_by_role("button", name="Delete the group").click()
    expect(page.get_by_text("Choose a group.")).to_be_visible()
    assert api.get(f"/v1/groups/{group['id']}").status_code == 404


def remember(api, agent, *texts):
    for text in texts:
        made(api.post(f"/v1/agents/{agent['id']}/archival-memory", json={"text": text, "tags": [text.split()[0].lower()]}))


def test_the_archive_tells_why_a_passage_was_found(tab, page, api):
    agent = make_agent(api)
    remember(api, agent, "Ann planted tulips behind the shed", "Bob repairs bicycles")
    tab.open(f"agents/{agent['id']}?part=archive")
    page.get_by_label("Search the archive").fill("planting <b>tulips</b>")
    page.get_by_label("Search the archive").press("Enter")
    found = page.get_by_label("Archive").get_by_role("listitem").filter(has_text="behind the shed")
    expect(found.locator("mark").first).to_have_text("planted")
    found.get_by_text("Why found:").click()
    expect(found.get_by_role("row", name="Words")).to_contain_text("2 of 3 (planting, b, tulips)")
    expect(found.get_by_role("row", name="Filters")).to_contain_text("none")
    found.get_by_role("button", name="ann", exact=True).click()
    expect(page.get_by_role("button", name="only the tag ann")).to_be_visible()
    expect(page.get_by_label("Archive").get_by_text("Bob repairs")).to_have_count(0)
    found.get_by_text("Why found:").click()
    expect(found.get_by_role("row", name="Filters")).to_contain_text("one of the tags ann")


def test_a_search_of_an_agent_tells_why_it_found_what(tab, page, api):
    agent = make_agent(api, tools=["archival_memory_search", "conversation_search"])
    remember(api, agent, "The gardener comes on Thursdays")
    say(api, agent, script({"call": "archival_memory_search", "args": {"query": "gardener"}}, {"say": "On Thursdays."}))
    say(api, agent, script({"call": "conversation_search", "args": {"query": "Thursdays", "roles": ["assistant"]}}, {"say": "As I said."}))
    tab.open(f"agents/{agent['id']}")
    for at, (text, filtered) in enumerate([("The gardener comes on Thursdays", "until "), ("On Thursdays.", "said by assistant")]):
        page.get_by_role("button", name="result", exact=True).nth(at).click()
        page.get_by_role("button", name="Why these were found").nth(at).click()
        found = page.get_by_label("Found", exact=True).nth(at).get_by_role("listitem").filter(has_text=text)
        expect(found).to_contain_text("in the result")
        found.get_by_text("Why found:").click()
        expect(found.get_by_role("row", name="Filters")).to_contain_text(filtered)


def test_files_and_messages_tell_why_they_were_found(tab, page, api, tmp_path):
    agent, word = make_agent(api), fresh("zinnober").replace("-", "")
    folder = made(api.post("/v1/folders/", json={"name": fresh("manuals"), "embedding": EMBEDDING}))
    made(api.post(f"/v1/folders/{folder['id']}/upload", files={"file": ("boiler.txt", f"The {word} boiler is reset with the red button.")}))
    api.patch(f"/v1/agents/{agent['id']}/folders/attach/{folder['id']}")
    say(api, agent, script({"say": f"The {word} is red."}))
    # Read in the background.
    until(page, lambda: api.get(f"/v1/folders/{folder['id']}/files").json()[0]["processing_status"], "completed")
    tab.open(f"agents/{agent['id']}?part=files")
    page.get_by_label("Search the files").fill(word)
    page.get_by_label("Search the files").press("Enter")
    hit = page.get_by_label("Found in files").get_by_role("listitem")
    expect(hit).to_contain_text("boiler.txt")
    hit.get_by_text("Why found:").click()
    expect(hit.get_by_role("row", name="Words")).to_contain_text(f"1 of 1 ({word})")
    tab.open(f"knowledge?query={word}")
    for card, text in (("Files", "boiler is reset"), ("Messages", "is red.")):
        section = page.locator("section.card", has=page.get_by_role("heading", name=card, exact=True))
        expect(section.locator("mark", has_text=word).first).to_be_visible()
        expect(section.get_by_text("Why found:").first).to_be_visible()
        expect(section).to_contain_text(text)


def test_notices_of_the_server_are_no_words_of_the_user(tab, page, api):
    agent = make_agent(api)
    say(api, agent, '{"type": "system_alert", "message": "The context was compacted", "time": "now"}')
    say(api, agent, '{"type": "wish", "message": "Something else"}')
    tab.open(f"agents/{agent['id']}")
    notice = page.locator(".says", has_text="Notice of the server")
    expect(notice).to_have_count(1)
    expect(notice.locator(".text")).to_have_text("The context was compacted")
    expect(page.locator(".says", has_text="Something else").first).to_contain_text("You")


def test_agents_are_found_by_what_they_do(tab, page, api):
    tag = fresh("herd")
    waiting, failed, idle = (make_agent(api, tags=[tag]) for _ in range(3))
    api.patch(f"/v1/agents/{waiting['id']}/tools/approval/memory_insert", json={"requires_approval": True})
    say(api, waiting, script({"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}))
    say(api, failed, script({"status": 400}))
    say(api, idle, script({"say": "Hello"}))
    with page.expect_response(lambda answer: "/v1/server/agents?" in answer.url) as answer:
        tab.open(f"agents?tag={tag}")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    assert len(answer.value.body()) < 3 * 1000
    for state, agent, text in (("waiting", waiting, "needs approval"), ("failed", failed, "failed"), ("idle", idle, "done")):
        page.get_by_label("State", exact=True).select_option(state)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(agent["name"])
        expect(rows.locator(".state")).to_have_text(text)
    page.get_by_label("State", exact=True).select_option("running")
    expect(page.get_by_text("No agent fits")).to_contain_text("running")
    page.get_by_role("button", name="Drop the filter").click()
    page.get_by_label("Order", exact=True).select_option("name")
    page.get_by_label("Find an agent by name").fill(idle["name"])
    expect(rows).to_have_count(1)


def test_one_call_finds_whatever_is_typed(tab, page, api):
    word = fresh("gazelle")
    agent = made(api.post("/v1/agents/", json={"name": f"{word} <b>", "model": MODEL}))
    made(api.post("/v1/blocks/", json={"label": f"{word}_block", "value": "x"}))
    made(api.post("/v1/archives/", json={"name": f"{word}'s archive"}))
    say(api, agent, "Hello")
    (run,) = api.get("/v1/runs/", params={"agent_id": agent["id"]}).json()
    page.clock.install()
    tab.open("overview")
    expect(page.get_by_text("Needs you")).to_be_visible()
    calls = []
    page.on("request", lambda request: calls.append(request.url) if re.search("/v1/(?!ready|server/(overview|checks|events)|models)", request.url) else None)
    page.keyboard.press("Control+k")
    # However long the machine takes for the keys, they come at once.
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    page.get_by_label("Find", exact=True).press_sequentially(word)
    page.clock.run_for(1000)
    page.clock.resume()
    found = page.get_by_role("listbox", name="Found").get_by_role("option")
    expect(found).to_have_count(3)
    expect(found.nth(0)).to_contain_text(f"{word} <b>")
    assert len(calls) == 1 and "/v1/server/search?" in calls[0], calls
    page.get_by_label("Find", exact=True).fill(run["id"])
    expect(found).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#/runs/{run['id']}"))


def test_the_overview_is_one_call(tab, page, api):
    agent = make_agent(api)
    api.patch(f"/v1/agents/{agent['id']}/tools/approval/memory_insert", json={"requires_approval": True})
    say(api, agent, script({"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}))
    broken = make_agent(api)
    say(api, broken, script({"status": 400}))
    calls = set()
    page.on("request", lambda request: calls.add(urllib.parse.urlsplit(request.url).path))
    tab.open("overview")
    needs = page.locator("section.card", has=page.get_by_role("heading", name="Needs you"))
    waiting = needs.get_by_role("listitem").filter(has_text=agent["name"])
    expect(waiting).to_contain_text("memory_insert")
    expect(needs.get_by_role("listitem").filter(has_text=broken["name"]).get_by_role("link", name="See why")).to_be_visible()
    waiting.get_by_role("button", name="Deny").click()
    expect(waiting).to_have_count(0)
    read = {path for path in calls if path.startswith("/v1/") and "messages" not in path}
    assert read <= {"/v1/server/overview", "/v1/server/checks", "/v1/server/events", "/v1/server/session", "/v1/models/", "/v1/ready/"}, read
    expect(page.get_by_role("heading", name="Tokens by hour")).to_be_visible()
    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_role("heading", name="Tokens by day")).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.get_by_role("row").filter(has_text=re.compile(r"\d{4}-\d\d-\d\d"))).to_have_count(7)
    server = page.locator("section.card", has=page.get_by_role("heading", name="Server", exact=True))
    expect(server).to_contain_text("accepts writes")


def test_failed_runs_need_somebody_until_they_are_over_or_seen(tab, page, api):
    answered, seen = make_agent(api), make_agent(api)
    for agent in (answered, seen):
        say(api, agent, script({"status": 400}))
    tab.open("overview")
    needs = page.locator("section.card", has=page.get_by_role("heading", name="Needs you"))
    row = lambda agent: needs.get_by_role("listitem").filter(has_text=agent["name"])
    expect(row(answered)).to_have_count(1)
    say(api, answered, "Hello again")
    expect(row(answered)).to_have_count(0)
    row(seen).get_by_role("link", name="See why").click()
    expect(page.get_by_role("alert")).to_contain_text("This run failed")
    tab.open("overview")
    expect(needs).to_be_visible()
    expect(row(seen)).to_have_count(0)
    say(api, seen, script({"status": 400}))
    expect(row(seen)).to_have_count(1)


def test_health_says_what_to_do(tab, page, api):
    name = fresh("away")
    made(api.post("/v1/providers/", json={"name": name, "provider_type": "openai", "api_key": "k", "base_url": "http://127.0.0.1:9/v1"}))
    try:
        tab.open("settings?part=health")
        page.get_by_role("button", name="Ask the providers").click()
        expect(page.get_by_text("The providers were asked just now.")).to_be_visible()
        row = page.locator("dl.checks dd", has=page.locator(".state.err"))
        expect(row).to_contain_text("Check the provider's address and key")
        tab.open("overview")
        needs = page.locator("section.card", has=page.get_by_role("heading", name="Needs you"))
        expect(needs.get_by_role("listitem").filter(has_text=name)).to_be_visible()
    finally:
        (provider,) = [one for one in api.get("/v1/providers/", params={"name": name}).json()]
        api.delete(f"/v1/providers/{provider['id']}")


def test_batches_tell_how_far_they_are(tab, page, api):
    agent = make_agent(api)
    requests = [{"agent_id": agent["id"], "messages": [{"role": "user", "content": text}]} for text in ("one", script({"status": 400}), "three")]
    batch = made(api.post("/v1/messages/batches", json={"requests": requests}))
    tab.open("runs?part=batches")
    row = page.get_by_role("row").filter(has_text=batch["id"][-4:])
    expect(row.get_by_role("cell")).to_have_text([re.compile("job-"), "done", "3", "2", "1", "0", re.compile(".+"), ""])


def test_the_log_does_not_tell_that_it_is_read(tab, page, api):
    tab.open("settings?part=log")
    expect(page.get_by_label("Entries, newest first").get_by_role("listitem").first).to_be_visible()
    for _ in range(3):
        assert api.get("/v1/server/log").status_code == 200
    entries = api.get("/v1/server/log", params={"text": "/v1/server/log"}).json()
    # Those that were refused stay.
    read = [one for one in entries if one["metadata"].get("http.route") == "/v1/server/log" and one["metadata"].get("http.status") == "200"]
    assert read == []
