"""Screens with much to show open about as fast as with nothing: an agent's messages, and a run's events."""

import sqlite3
import statistics
import time

import pytest

import harness
from steps import MODEL
from test_dashboard import browser, expect, made  # fixtures and steps

from browser import Tab, until

MESSAGES = 100_000 if harness.LONG else 5_000
EVENTS = 1_000

pytestmark = pytest.mark.skipif(harness.POSTGRES is not None, reason="makes the rows in the SQLite file")


@pytest.fixture(scope="module")
def filled(tmp_path_factory, model):
    """A server with two agents, of one turn and of many messages, and with their runs, the second one's of many events."""
    server = harness.Server(tmp_path_factory.mktemp("long"), **model.settings).start()
    try:
        with server.http() as http:
            ids = []
            for name in ("empty", "full"):
                agent = made(http.post("/v1/agents/", json={"name": name, "model": MODEL, "memory_blocks": [{"label": "human", "value": "Ann"}]}))["id"]
                made(http.post(f"/v1/agents/{agent}/messages", json={"messages": [{"role": "user", "content": "The only message"}]}))
                ids.append((agent, http.get("/v1/runs/", params={"agent_id": agent}).json()[0]["id"]))
        assert server.stop() == 0
        (full, run) = ids[1]
        with sqlite3.connect(server.data / "letta.sqlite") as database:
            def copies(table, count, where, changed):
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                selected = ", ".join(changed.get(column, f"{table}.{column}") for column in columns)
                database.execute(f"""
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
                    INSERT INTO {table} ({', '.join(columns)}) SELECT {selected} FROM {table}, numbers WHERE {where}""")
            last = database.execute("SELECT next_message_position FROM agent WHERE id = ?", (full,)).fetchone()[0]
            # Older ones left the context; the newest two hundred are in it.
            copies("message", MESSAGES, f"agent_id = '{full}' AND role = 'user'", {
                "id": "printf('message-00000000-0000-4000-8000-%012d', n)", "position": f"{last} + n", "created_at": "message.created_at + n",
                "context_position": f"CASE WHEN n > {MESSAGES - 200} THEN {last} + n END", "run_id": "NULL", "step_id": "NULL", "otid": "NULL"})
            database.execute("UPDATE agent SET next_message_position = ? WHERE id = ?", (last + MESSAGES + 1, full))
            copies("step", EVENTS // 2, f"run_id = '{run}'", {
                "id": "printf('step-00000000-0000-4000-8000-%012d', n)", "created_at": "step.created_at + n", "start_ns": "step.start_ns + n * 1000000",
                "model_call_start_ns": "step.model_call_start_ns + n * 1000000"})
        database.close()
        yield server.start(), ids
    finally:
        server.close()


def opened(tab, place, ready):
    """In milliseconds: until the screen shows what it is for. From another screen, as a person comes to it."""
    page = tab.open("settings?part=appearance")
    expect(page.get_by_text("Light and dark").first).to_be_visible()
    started = time.monotonic()
    tab.open(place)
    page.wait_for_selector(ready)
    return (time.monotonic() - started) * 1000


@pytest.mark.parametrize("kind", ["agent", "run"])
def test_much_opens_within_twice_the_time_of_little(browser, filled, kind):
    server, ids = filled
    tab = Tab(browser, server)
    places = [f"agents/{agent}" if kind == "agent" else f"runs/{run}" for agent, run in ids]
    ready = [".log .says, .log .turn" if kind == "agent" else ".timeline .trow[data-index]"] * 2
    times = [[], []]
    # By turns, so that what else the machine does touches both; the first time fills the browser's caches. More turns where it does much.
    for turn in range(30):
        for which in (0, 1):
            taken = opened(tab, places[which], ready[which])
            if turn:
                times[which].append(taken)
        empty, full = (statistics.median(each[-8:] or [0]) for each in times)
        # What a frame more or less takes is no difference.
        if turn >= (8 if harness.LONG else 5) and full <= 2 * empty + 16:
            break
    print(f"{kind}: empty {empty:.0f} ms, full {full:.0f} ms")
    assert full <= 2 * empty + 16, (times, places)
    assert tab.page.locator("main *").count() < 4000
    tab.check()
    tab.close()


def test_a_long_chat_goes_back_and_returns(browser, filled):
    server, ids = filled
    tab = Tab(browser, server)
    page = tab.open(f"agents/{ids[1][0]}")
    page.wait_for_selector(".log .says")
    for _ in range(8):
        with page.expect_response(lambda answer: "before=" in answer.url):
            page.get_by_role("button", name="Older messages").click()
        expect(page.locator(".log .says").first).to_be_visible()
    assert page.locator(".log .says").count() <= 240
    page.get_by_role("button", name="Back to the newest messages").click()
    expect(page.get_by_role("button", name="Back to the newest messages")).to_have_count(0)
    tab.check()
    tab.close()


def test_a_long_timeline_is_walked_by_keys(browser, filled):
    server, ids = filled
    tab = Tab(browser, server)
    page = tab.open(f"runs/{ids[1][1]}")
    timeline = page.get_by_role("group", name="Timeline")
    rows = timeline.locator("[data-index]")
    expect(rows.first).to_be_visible()
    assert rows.count() < 80
    # The first steps are shown before the others have come.
    count = lambda: int((timeline.get_attribute("aria-label") or "").split()[2])
    until(page, lambda: count() >= EVENTS, True)
    rows.first.focus()
    for _ in range(60):
        page.keyboard.press("j", delay=10)
    expect(page.locator('[data-index="60"]')).to_be_focused()
    page.locator(".scroll.grow").first.evaluate("node => node.scrollTo(0, node.querySelector('.space').offsetHeight - 200)")
    expect(page.locator(f'[data-index="{count() - 1}"]')).to_be_visible()
    assert rows.count() < 80
    tab.check()
    tab.close()
