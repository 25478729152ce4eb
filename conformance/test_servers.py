"""Several servers on one PostgreSQL database."""

import json
import signal
import threading
import time

import httpx
import pytest

import harness
from steps import fresh

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not harness.POSTGRES, reason="servers share a PostgreSQL database only"),
]

MODEL = "openai-proxy/gpt-4o-mini"


class Fleet:
    def __init__(self, folder, model, count):
        self.database = harness.Database()
        self.servers = [harness.Server(folder / str(n), database=self.database, LETTA_ENCRYPTION_KEY="one key", **model.settings)
                        for n in range(count)]
        for server in self.servers:
            server.start()

    def close(self):
        for server in self.servers:
            if server.process:
                server.process.child.send_signal(signal.SIGCONT)
                server.process.end()
        self.database.drop()


@pytest.fixture
def fleet(tmp_path, model):
    fleet = Fleet(tmp_path, model, 3)
    yield fleet
    fleet.close()


def call(server, verb, path, expect=200, **options):
    answer = httpx.request(verb, server.url + path, timeout=60, **options)
    assert answer.status_code == expect, (answer.status_code, answer.text)
    return answer.json()


def make_agent(server):
    return call(server, "POST", "/v1/agents/", json={"name": fresh("agent"), "model": MODEL})["id"]


def script(*steps):
    return {"messages": [{"role": "user", "content": f"script: {json.dumps(steps)}"}]}


def servers_of(server):
    return call(server, "GET", "/v1/ready/")["servers"]


def eventually(condition, seconds=20):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)
    return value


def test_turns_of_one_agent_run_one_after_the_other(fleet):
    agent = make_agent(fleet.servers[0])
    failures = []

    def send(number):
        try:
            call(fleet.servers[number % 3], "POST", f"/v1/agents/{agent}/messages", json={
                "messages": [{"role": "user", "content": f"number {number}."}]})
        except AssertionError as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    messages = call(fleet.servers[1], "GET", f"/v1/agents/{agent}/messages", params={"limit": 100, "order": "asc"})
    said = [each for each in messages if each["message_type"] in ("user_message", "assistant_message")]
    assert len(said) == 36
    for asked, answered in zip(said[::2], said[1::2]):
        assert asked["message_type"] == "user_message" and answered["content"] == f"echo: {asked['content']}", (asked, answered)
    states = servers_of(fleet.servers[2])
    assert len(states) == 3 and sum(each["leads"] for each in states) == 1 and sum(each["turns"] for each in states) == 0


def test_a_run_is_followed_and_cancelled_from_another_server(fleet):
    first, second, _ = fleet.servers
    agent = make_agent(first)
    run = call(first, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "slowly said", "sleep_ms": 2000}))["id"]
    with httpx.stream("POST", f"{second.url}/v1/runs/{run}/stream", json={}, timeout=30) as answer:
        events = [line for line in answer.iter_lines() if line.startswith("data:")]
    assert any("slowly said" in line for line in events) and events[-1] == "data: [DONE]", events

    run = call(first, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "never said", "sleep_ms": 30000}))["id"]
    eventually(lambda: call(first, "GET", f"/v1/runs/{run}")["status"] == "running")
    begun = time.monotonic()
    assert call(second, "POST", f"/v1/agents/{agent}/messages/cancel", json={}) == {run: "cancelled"}
    eventually(lambda: call(second, "GET", f"/v1/runs/{run}")["status"] == "cancelled")
    assert time.monotonic() - begun < 10
    call(second, "POST", f"/v1/agents/{agent}/messages", json={"messages": [{"role": "user", "content": "And now?"}]})


def test_a_conversation_that_another_server_serves_is_busy(fleet):
    first, second, _ = fleet.servers
    agent = make_agent(first)
    conversation = call(first, "POST", "/v1/conversations/", params={"agent_id": agent}, json={})["id"]
    body = {**script({"say": "slow", "sleep_ms": 3000}), "background": True}
    with httpx.stream("POST", f"{first.url}/v1/conversations/{conversation}/messages", json=body, timeout=30) as answer:
        lines = answer.iter_lines()
        next(lines)
        eventually(lambda: sum(each["turns"] for each in servers_of(second)) == 1)
        busy = httpx.post(f"{second.url}/v1/conversations/{conversation}/messages", json=script({"say": "x"}), timeout=30)
        text = busy.text
        assert busy.status_code == 409 or "CONFLICT" in text, (busy.status_code, text)
        assert any("slow" in line for line in lines)


def test_the_death_of_a_server_frees_what_it_held(fleet):
    victim, other, third = fleet.servers
    agent = make_agent(victim)
    run = call(victim, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "never", "sleep_ms": 60000}))["id"]
    eventually(lambda: call(other, "GET", f"/v1/runs/{run}")["status"] == "running")
    begun = time.monotonic()
    victim.process.kill()
    answer = call(other, "POST", f"/v1/agents/{agent}/messages", json=script({"say": "still here"}))
    assert answer["messages"][-1]["content"] == "still here"
    assert time.monotonic() - begun < 15
    failed = call(third, "GET", f"/v1/runs/{run}")
    assert failed["status"] == "failed", failed
    assert [each["leads"] for each in servers_of(third)].count(True) == 1
    victim.start()
    assert len(servers_of(victim)) == 3


def test_a_server_that_was_paused_writes_nothing_stale_and_ends(fleet):
    paused, other, _ = fleet.servers
    agent = make_agent(paused)
    call(paused, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "stale words", "sleep_ms": 1500}))
    eventually(lambda: sum(each["turns"] for each in servers_of(other)) == 1)
    paused.process.child.send_signal(signal.SIGSTOP)
    eventually(lambda: len(servers_of(other)) == 2, 20)
    answer = call(other, "POST", f"/v1/agents/{agent}/messages", json=script({"say": "another server"}))
    assert answer["messages"][-1]["content"] == "another server"
    paused.process.child.send_signal(signal.SIGCONT)
    assert paused.process.wait(20) not in (0, None)
    messages = call(other, "GET", f"/v1/agents/{agent}/messages", params={"limit": 100})
    assert not [each for each in messages if each["message_type"] == "assistant_message" and "stale" in str(each.get("content"))], messages


def test_schedules_and_batches_are_done_once(fleet, model):
    agents = [make_agent(server) for server in fleet.servers]
    when = int(time.time() * 1000) + 1500
    for number, server in enumerate(fleet.servers):
        call(server, "POST", f"/v1/agents/{agents[number]}/schedule", json={
            "messages": [{"role": "user", "content": f"scheduled {agents[number]}"}], "schedule": {"type": "one-time", "scheduled_at": when}})
    batch = call(fleet.servers[1], "POST", "/v1/messages/batches", json={"requests": [
        {"agent_id": agent, "messages": [{"role": "user", "content": f"batched {agent}"}]} for agent in agents]})["id"]
    eventually(lambda: call(fleet.servers[2], "GET", f"/v1/messages/batches/{batch}")["status"] == "completed", 40)

    def said(agent):
        listed = call(fleet.servers[0], "GET", f"/v1/agents/{agent}/messages", params={"limit": 100})
        return [each["content"] for each in listed if each["message_type"] == "user_message"]

    for agent in agents:
        eventually(lambda: any("scheduled" in text for text in said(agent)), 40)
    for agent in agents:
        assert sorted(text.split(" ")[0] for text in said(agent) if agent in text) == ["batched", "scheduled"], said(agent)
