"""MCP servers on the dashboard: added, connected, authorized, mended, and their tools tried; so are tools of the server."""

import re
import socket
import time

import pytest

import harness
from steps import fresh
from test_dashboard import api, browser, cookies, expect, guarded, made, make_agent, page, tab  # fixtures and steps

from browser import Tab

PYTHON = harness.ROOT / ".build-venv-mcp/bin/python"
SECRET = "s3cr3t-in-a-field"


@pytest.fixture(scope="module")
def letta(tmp_path_factory, model):
    port = harness.free_port()
    server = harness.Server(
        tmp_path_factory.mktemp("letta"), LETTA_ALLOWED_PRIVATE_HOSTS="127.0.0.1", LETTA_PUBLIC_URL=f"http://127.0.0.1:{port}", **model.settings)
    server.port = port
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def here(browser, letta):
    tab = Tab(browser, letta)
    yield tab
    tab.check()
    tab.close()


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    """Starts an MCP server with a kit of .build-venv-mcp and tells its address."""
    running = []

    def start(kit, port=None):
        port = port or harness.free_port()
        running.append(harness.Process([str(PYTHON), str(harness.ROOT / "conformance/mcpservers.py"), kit, "streamable-http", str(port)], tmp_path_factory.mktemp("mcp") / "log"))
        deadline = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            assert running[-1].running and time.monotonic() < deadline, running[-1].output
            time.sleep(0.05)
        return f"http://127.0.0.1:{port}/mcp"
    yield start
    for process in running:
        process.kill()


needs_kits = pytest.mark.skipif(not PYTHON.exists(), reason="needs .build-venv-mcp")


def card(page, name):
    return page.locator("section.card", has=page.get_by_role("heading", name=name, exact=True))


def add(page, **fields):
    form = card(page, "Add an MCP server")
    for label, value in fields.items():
        box = form.get_by_label(label.replace("_", " "), exact=True)
        box.select_option(value) if label == "Kind" else box.fill(value)
    form.get_by_role("button", name="Add", exact=True).click()


def test_a_server_that_does_not_answer_says_why_and_is_mended(here, letta):
    name = fresh("dead")
    page = here.open("tools?part=mcp")
    card(page, "Add an MCP server").get_by_text("Headers", exact=True).click()
    port = harness.free_port()
    add(page, Name=name, Address=f"http://127.0.0.1:{port}/mcp", Token=SECRET, Other_headers=f"X-Team: {SECRET}\nX-Zone: eu")
    expect(card(page, name).locator(".state").first).to_have_text("does not work")
    expect(card(page, "Add an MCP server")).to_contain_text("it does not work")
    with letta.http() as client:
        (server,) = client.get("/v1/mcp-servers/").json()
    assert (server["auth_header"], sorted(server["custom_headers"])) == ("Authorization", ["X-Team", "X-Zone"])
    page.reload()
    expect(card(page, name).locator(".note.err")).to_contain_text(server["last_error"][:60])
    # What was not changed stays, and is not in the curl.
    card(page, name).get_by_role("button", name="Edit").click()
    expect(card(page, name).get_by_label("Other headers")).to_have_value(re.compile(r"X-Team: \*+\n"))
    card(page, name).get_by_label("Name", exact=True).fill(f"{name}-2")
    page.get_by_role("button", name="curl").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{name}-2")
    assert SECRET not in page.get_by_role("dialog").inner_text()
    page.keyboard.press("Escape")
    card(page, name).get_by_role("button", name="Save and connect").click()
    expect(card(page, f"{name}-2")).to_be_visible()
    with letta.http() as client:
        assert client.get("/v1/mcp-servers/").json()[0]["custom_headers"] == server["custom_headers"]


def test_a_program_has_its_variables(here, letta):
    name = fresh("program")
    page = here.open("tools?part=mcp")
    add(page, Name=name, Kind="stdio", Program="/usr/bin/unlisted", Environment_variables=f"TOKEN={SECRET}==\nMODE = fast")
    expect(card(page, name).locator(".note.err")).to_be_visible()
    with letta.http() as client:
        (server,) = [one for one in client.get("/v1/mcp-servers/").json() if one["server_name"] == name]
    assert sorted(server["env"]) == ["MODE", "TOKEN"]
    page.get_by_role("button", name="curl").click()
    expect(page.get_by_role("dialog")).to_contain_text("/usr/bin/unlisted")
    assert SECRET not in page.get_by_role("dialog").inner_text()


@needs_kits
def test_a_server_is_connected_when_it_is_added_and_its_tool_tried(here, remote):
    name = fresh("kit")
    page = here.open("tools?part=mcp")
    add(page, Name=name, Address=remote("fastmcp"))
    expect(card(page, name).locator(".state").first).to_have_text("ready")
    card(page, name).get_by_text("4 tools").click()
    card(page, name).get_by_role("link", name="add", exact=True).click()
    page.get_by_label("a", exact=True).fill("2")
    page.get_by_label("b", exact=True).fill("40")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("42")


@needs_kits
def test_a_server_is_authorized(here, remote):
    name = fresh("closed")
    page = here.open("tools?part=mcp")
    address = remote("oauth")
    add(page, Name=name, Address=address)
    expect(card(page, name)).to_contain_text("requires authorization")
    card(page, name).get_by_role("button", name="Authorize").click()
    with page.expect_popup() as opened:
        card(page, name).get_by_role("link", name=f"Open {address.split('/')[2]}").click()
    expect(opened.value.locator("body")).to_contain_text("authorized")
    expect(card(page, name).locator(".state").first).to_have_text("ready")
    expect(card(page, name)).to_contain_text("4 tools")


def test_a_tool_of_the_server_is_tried_as_an_agent(tab, page, api):
    agent = make_agent(api)
    (tool,) = api.get("/v1/tools/", params={"name": "memory_insert"}).json()
    tab.open(f"tools?tool={tool['id']}")
    run = page.get_by_role("button", name="Run", exact=True)
    expect(run).to_be_disabled()
    page.get_by_label("As the agent").fill(agent["name"])
    page.get_by_role("button", name="Choose").click()
    page.get_by_label("label", exact=True).fill("human")
    page.get_by_label("new_string", exact=True).fill("Likes trains")
    run.click()
    expect(page.get_by_role("status").filter(has_text="returned")).to_be_visible()
    assert "Likes trains" in api.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()["value"]
