"""The dashboard with a real model on this machine: from signing in to what the model was told."""

import re
import time
from pathlib import Path

import pytest

import harness
from steps import fresh
from test_dashboard import browser, expect  # fixtures and steps

from browser import PASSWORD, Tab

pytestmark = pytest.mark.local_model

HANDLE = "letta-local/qwen2.5-coder-0.5b"
QUESTION = "What is my boat called?"
# In milliseconds: other work may slow the model down.
PATIENCE = 300_000
# The newest text of the agent at each of its changes. It is streamed by sentences: a small model may write a call as text.
WATCH = """() => {
  window.texts = [];
  const look = () => { const text = [...document.querySelectorAll('.log .says:not(.user) .text')].at(-1)?.textContent.trim(); if (text && text !== window.texts.at(-1)) window.texts.push(text); };
  new MutationObserver(look).observe(document.querySelector('.log'), { childList: true, subtree: true, characterData: true });
}"""


@pytest.fixture
def local(tmp_path):
    """A server without any provider on a new folder that borrows the models of another one."""
    server = harness.Server(tmp_path / "local", database=False, LETTA_SERVER_PASSWORD=PASSWORD)
    server.data.mkdir()
    for name in ("models", "runtime"):
        (server.data / name).symlink_to(Path(harness.MODELS) / name)
    try:
        yield server.start()
    finally:
        server.close()


def say(page, text):
    """Sends it and waits until the turn is over."""
    box = page.get_by_label("Message", exact=True)
    box.fill(text)
    box.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=PATIENCE)


def test_a_local_model_remembers_and_answers(browser, local):
    started = time.monotonic()
    tab = Tab(browser, local)
    page = tab.open("agents/new")
    tab.sign_in()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    name = fresh("sailor")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Model", exact=True).select_option(HANDLE)
    page.get_by_label("What it is like").fill("I am a friendly agent.")
    page.get_by_role("button", name="Create the agent").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.evaluate(WATCH)
    say(page, "Hello!")
    texts = page.evaluate("window.texts")
    assert any(texts[-1].startswith(text) for text in texts[:-1]), texts
    say(page, "Please remember that my boat is called Calypso.")
    page.get_by_role("button", name="human", exact=True).click()
    expect(page.get_by_role("textbox", name="human", exact=True)).to_have_value(re.compile("Calypso"))
    say(page, QUESTION)
    expect(page.locator(".log .says .text").last).to_contain_text("Calypso")
    tab.open("runs")
    runs = page.get_by_role("table", name="Runs").locator('a[href^="#/runs/"]')
    expect(runs).to_have_count(3)
    runs.first.click()
    expect(page.locator(".timeline [data-index]").first).to_be_visible()
    page.locator(".timeline [data-index]", has_text="Step 1").click()
    detail = page.get_by_role("complementary", name="Event")
    expect(detail).to_contain_text("qwen2.5-coder-0.5b")
    detail.get_by_role("link", name="What it saw").click()
    expect(page.get_by_label("Mind of the agent")).to_contain_text(QUESTION)
    tab.check()
    assert all(one.startswith("401 ") for one in tab.refused), tab.refused
    tab.close()
    print(f"all in {time.monotonic() - started:.0f} s")
