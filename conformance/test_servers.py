"""Several servers on one PostgreSQL database."""

import json
import signal
import statistics
import threading
import time
from types import SimpleNamespace

import httpx
import pytest

import harness
from batchservice import BatchService
from fleet import Fleet, call, eventually, events, make_agent, script, servers_of, texts
from steps import fresh

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not harness.POSTGRES, reason="servers share a PostgreSQL database only"),
]


@pytest.fixture(scope="module")
def three(tmp_path_factory, model):
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), model, 3)
    yield fleet
    fleet.close()


@pytest.fixture
def fleet(three):
    """Three servers without a turn, whatever the test before did with them."""
    for server in three.servers:
        if not server.process.running:
            server.start()
    eventually(lambda: [each["turns"] for each in servers_of(three.servers[0])] == [0] * 3)
    return three


def holds_once(measure, is_good):
    """Whether one of a few measurements is good: what else the machine does makes times longer, never shorter."""
    measured = []
    while len(measured) < 4:
        measured.append(measure())
        if is_good(measured[-1]):
            return True
    print(measured)
    return False


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


def test_a_run_is_followed_and_cancelled_from_another_server(fleet, model):
    first, second, _ = fleet.servers
    agent = make_agent(first)
    held = fresh("held")
    run = call(first, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "slowly said", "held": held}))["id"]
    with httpx.stream("POST", f"{second.url}/v1/runs/{run}/stream", json={}) as answer:
        model.let_go(held)
        events = [line for line in answer.iter_lines() if line.startswith("data:")]
    assert any("slowly said" in line for line in events) and events[-1] == "data: [DONE]", events

    run = call(first, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "never said", "sleep_ms": 600_000}))["id"]
    eventually(lambda: call(first, "GET", f"/v1/runs/{run}")["status"] == "running")
    assert call(second, "POST", f"/v1/agents/{agent}/messages/cancel", json={}) == {run: "cancelled"}
    eventually(lambda: call(second, "GET", f"/v1/runs/{run}")["status"] == "cancelled")
    answer = call(second, "POST", f"/v1/agents/{agent}/messages", json=script({"say": "And now?"}))
    assert answer["messages"][-1]["content"] == "And now?"


def test_news_of_a_run_reach_other_servers_at_once(fleet, model):
    """Without a word from the run's server, the others look twice a second, and would be behind by a quarter of one."""
    first, second, third = fleet.servers
    agent = make_agent(first)
    look = {"call": "conversation_search", "args": {"query": "x"}, "sleep_ms": 300}

    def median_delay():
        run = call(first, "POST", f"/v1/agents/{agent}/messages/async", json=script(*[look] * 8, {"say": "found"}))["id"]
        heard = {server: [] for server in (first, second, third)}

        def listen(server):
            for event in events(server, run):
                heard[server].append((time.monotonic(), event))

        threads = [threading.Thread(target=listen, args=(server,)) for server in heard]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said = {server: [event for _, event in heard[server]] for server in heard}
        assert said[first] == said[second] == said[third] and len(said[first]) >= 18, said
        assert said[first][-1]["message_type"] == "usage_statistics"
        # The first two events may be older than the listening.
        return statistics.median(there - here for (here, _), (there, _) in list(zip(heard[first], heard[second]))[4:])

    assert holds_once(median_delay, lambda delay: delay < 0.15)

    # The run can also be found by its agent, as a client does that reconnects.
    held = fresh("held")
    busy = call(first, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "found again", "held": held}))["id"]
    body = {"agent_id": agent, "include_pings": False}
    with httpx.stream("POST", f"{third.url}/v1/conversations/default/stream", json=body) as answer:
        assert answer.status_code == 200, answer.read()
        model.let_go(held)
        assert any("found again" in line for line in answer.iter_lines()), busy


def test_changes_on_any_server_are_told_by_each(fleet):
    first, second, third = fleet.servers
    agent = make_agent(third)
    ready, seen = threading.Event(), []

    def follow():
        headers = {"Accept": "text/event-stream"}
        try:
            with httpx.stream("GET", first.url + "/v1/server/events", headers=headers) as answer:
                for line in answer.iter_lines():
                    if not line.startswith("data: "):
                        continue
                    event = json.loads(line.removeprefix("data: "))
                    if "covers_all" in event:
                        assert event["covers_all"] is True
                        ready.set()
                    elif "kind" in event:
                        seen.append((event["kind"], tuple(event["ids"])))
        except httpx.HTTPError:
            pass  # The server ends.

    def change():
        """Again, because a server that has a reader tells the others so while the change may be on its way."""
        call(second, "PATCH", f"/v1/agents/{agent}", json={"description": fresh("changed")})
        return ("agents", (agent,)) in seen

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    assert ready.wait(harness.PATIENCE)
    eventually(change)
    call(third, "POST", f"/v1/agents/{agent}/messages", json=script({"say": "Hello"}))
    (run,) = call(third, "GET", "/v1/runs/", params={"agent_id": agent})
    eventually(lambda: {("runs", (run["id"], agent)), ("steps", (run["id"], agent))} <= set(seen))
    # Also long after the stream began.
    del seen[:]
    time.sleep(10 if harness.LONG else 2)
    call(second, "PATCH", f"/v1/agents/{agent}", json={"description": "once"})
    eventually(lambda: ("agents", (agent,)) in seen)


def test_a_cancel_reaches_another_server_at_once(fleet):
    """A server asks for cancels each second: without a word it takes half of one longer than where the run is."""
    first, second, _ = fleet.servers
    agent = make_agent(first)

    def difference():
        delays = {first: [], second: []}
        for asked in [first, second] * 6:
            run = call(first, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "never", "sleep_ms": 600_000}))["id"]
            eventually(lambda: call(second, "GET", f"/v1/runs/{run}")["status"] == "running")
            begun = time.monotonic()
            call(asked, "POST", f"/v1/agents/{agent}/messages/cancel", json={"run_ids": [run]})
            while call(second, "GET", f"/v1/runs/{run}")["status"] != "cancelled":
                assert time.monotonic() - begun < harness.PATIENCE
            delays[asked].append(time.monotonic() - begun)
        return statistics.median(delays[second]) - statistics.median(delays[first])

    assert holds_once(difference, lambda seconds: seconds < 0.25)
    assert "never" not in str(texts(second, agent, "assistant_message"))


def test_a_batch_is_cancelled_from_another_server(fleet):
    agent = make_agent(fleet.servers[0])
    leads = [each["leads"] for each in sorted(servers_of(fleet.servers[0]), key=lambda each: each["started_at"])]
    other = fleet.servers[1 if leads[0] else 0]
    body = script({"say": "never", "sleep_ms": 600_000})
    batch = call(other, "POST", "/v1/messages/batches", json={"requests": [{"agent_id": agent, **body}] * 2})["id"]
    run = eventually(lambda: call(other, "GET", "/v1/runs/", params={"agent_id": agent, "active": True}))[0]["id"]
    eventually(lambda: call(other, "GET", f"/v1/runs/{run}")["status"] == "running")
    call(other, "PATCH", f"/v1/messages/batches/{batch}/cancel")
    eventually(lambda: call(other, "GET", f"/v1/runs/{run}")["status"] == "cancelled")
    assert call(other, "GET", f"/v1/messages/batches/{batch}")["status"] == "cancelled"
    assert call(other, "POST", f"/v1/agents/{agent}/messages", json=script({"say": "free"}))["messages"][-1]["content"] == "free"


def test_a_circle_through_two_servers_is_found_out(fleet, model):
    """Two agents that ask each other at the same time, from two servers: one is refused, and both come to an end."""
    first, second, _ = fleet.servers
    tool = "send_message_to_agent_and_wait_for_reply"
    made = [call(server, "POST", "/v1/agents/", json={"name": fresh("agent"), "model": "openai-proxy/gpt-4o-mini", "tools": [tool]})["id"]
            for server in (first, second)]
    answers, held = {}, fresh("held")

    def ask(server, agent, other):
        answers[agent] = call(server, "POST", f"/v1/agents/{agent}/messages", json=script(
            {"call": tool, "args": {"message": "What do you say?", "other_agent_id": other}, "held": held}, {"say": "over"}))

    threads = [threading.Thread(target=ask, args=(first, *made)), threading.Thread(target=ask, args=(second, *reversed(made)))]
    for thread in threads:
        thread.start()
    eventually(lambda: sum(each["turns"] for each in servers_of(first)) == 2)
    model.let_go(held)
    for thread in threads:
        thread.join()
    assert set(answers) == set(made)
    returns = [each["tool_return"] for answer in answers.values() for each in answer["messages"] if each["message_type"] == "tool_return_message"]
    assert sum("waits for an answer of this agent" in text for text in returns) == 1, returns
    assert sum("'response': ['" in text for text in returns) == 1, returns
    # Nothing of it is left: they can ask each other again, one after the other.
    again = call(second, "POST", f"/v1/agents/{made[0]}/messages", json=script(
        {"call": tool, "args": {"message": "And now?", "other_agent_id": made[1]}}, {"say": "over"}))
    assert any("'response': ['" in str(each.get("tool_return")) for each in again["messages"]), again


@pytest.mark.parametrize("stream", [False, True])
def test_a_send_that_is_repeated_to_another_server_is_one_turn(fleet, model, stream):
    first, second, _ = fleet.servers
    agent = make_agent(first)
    held = fresh("held")
    body = script({"say": "said once", "held": held})
    body["messages"][0]["otid"] = fresh("otid")
    answers = {}

    def send():
        answers["first"] = call(first, "POST", f"/v1/agents/{agent}/messages", json=body)

    thread = threading.Thread(target=send)
    thread.start()
    eventually(lambda: [each for each in call(second, "GET", "/v1/runs/", params={"agent_id": agent}) if each["status"] == "running"])
    # Once the repeated one is on its way.
    threading.Timer(1, model.let_go, [held]).start()
    if stream:
        answer = httpx.post(f"{second.url}/v1/agents/{agent}/messages/stream", json=body)
        assert answer.status_code == 200 and "said once" in answer.text and answer.text.endswith("[DONE]\n\n"), answer.text
    else:
        repeated = call(second, "POST", f"/v1/agents/{agent}/messages", json=body)
    thread.join()
    if not stream:
        assert repeated["messages"] == answers["first"]["messages"]
    assert texts(second, agent, "assistant_message") == ["said once"]
    assert len(texts(second, agent)) == 1


@pytest.mark.parametrize("path", ["messages", "messages/stream", "messages/async"])
def test_a_send_that_reaches_two_servers_at_once_is_one_turn(fleet, path):
    agent = make_agent(fleet.servers[0])
    answers = []

    def send(server, body, start):
        start.wait()
        answers.append(httpx.post(f"{server.url}/v1/agents/{agent}/{path}", json=body))

    for number in range(10):
        body = script({"say": f"said {number}"})
        body["messages"][0]["otid"] = fresh("otid")
        start = threading.Barrier(3)
        threads = [threading.Thread(target=send, args=(server, body, start)) for server in fleet.servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.status_code for answer in answers] == [200] * 30, [answer.text for answer in answers]
    if path == "messages/async":
        runs = {answer.json()["id"] for answer in answers}
        assert len(runs) == 10
        eventually(lambda: len(texts(fleet.servers[1], agent, "assistant_message")) == 10)
    else:
        assert all(f"said {number // 3}" in answer.text for number, answer in enumerate(answers))
    said = texts(fleet.servers[1], agent, "assistant_message")
    # Background turns that wait on several servers run in no particular order.
    assert (sorted(said) if path == "messages/async" else said) == [f"said {number}" for number in range(10)]


def test_a_conversation_that_another_server_serves_is_busy(fleet, model):
    first, second, _ = fleet.servers
    agent = make_agent(first)
    conversation = call(first, "POST", "/v1/conversations/", params={"agent_id": agent}, json={})["id"]
    held = fresh("held")
    body = {**script({"say": "slow", "held": held}), "background": True}
    with httpx.stream("POST", f"{first.url}/v1/conversations/{conversation}/messages", json=body) as answer:
        lines = answer.iter_lines()
        next(lines)
        eventually(lambda: sum(each["turns"] for each in servers_of(second)) == 1)
        busy = httpx.post(f"{second.url}/v1/conversations/{conversation}/messages", json=script({"say": "x"}))
        text = busy.text
        assert busy.status_code == 409 or "CONFLICT" in text, (busy.status_code, text)
        model.let_go(held)
        assert any("slow" in line for line in lines)


def test_the_death_of_a_server_frees_what_it_held(fleet):
    victim, other, third = fleet.servers
    agent = make_agent(victim)
    run = call(victim, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "never", "sleep_ms": 600_000}))["id"]
    eventually(lambda: call(other, "GET", f"/v1/runs/{run}")["status"] == "running")
    victim.process.kill()
    answer = call(other, "POST", f"/v1/agents/{agent}/messages", json=script({"say": "still here"}))
    assert answer["messages"][-1]["content"] == "still here"
    failed = call(third, "GET", f"/v1/runs/{run}")
    assert failed["status"] == "failed", failed
    assert [each["leads"] for each in servers_of(third)].count(True) == 1
    victim.start()
    assert len(servers_of(victim)) == 3


def test_the_batch_of_a_provider_outlives_the_server_that_leads(tmp_path, model):
    service = BatchService()
    service.responds.set()
    fleet = Fleet(tmp_path, SimpleNamespace(settings={**model.settings, **service.settings}), 2)
    try:
        states = sorted(servers_of(fleet.servers[0]), key=lambda each: each["started_at"])
        leader, other = fleet.servers if states[0]["leads"] else fleet.servers[::-1]
        agents = [call(other, "POST", "/v1/agents/", json={"name": fresh("agent"), "model": "anthropic/m", "agent_type": "letta_v1_agent"})["id"]
                  for _ in range(2)]
        batch = call(other, "POST", "/v1/messages/batches", json={"requests": [
            {"agent_id": agent, "messages": [{"role": "user", "content": "hello"}]} for agent in agents]})["id"]
        eventually(lambda: len(service.batches) == 1)
        leader.process.kill()
        service.has_ended = True
        eventually(lambda: call(other, "GET", f"/v1/messages/batches/{batch}")["status"] == "completed")
        assert [texts(other, agent, "assistant_message") for agent in agents] == [["later: hello"]] * 2
        assert (len(service.batches), service.direct) == (1, [])
        # A cancel that another server hears is one of the leader's.
        service.has_ended = False
        batch = call(other, "POST", "/v1/messages/batches", json={"requests": [
            {"agent_id": agents[0], "messages": [{"role": "user", "content": "again"}]}]})["id"]
        eventually(lambda: len(service.batches) == 2)
        leader.start()
        call(leader, "PATCH", f"/v1/messages/batches/{batch}/cancel")
        eventually(lambda: any(each.startswith("POST") and each.endswith("/cancel") for each in service.calls))
    finally:
        fleet.close()
        service.close()


def test_a_server_that_was_paused_writes_nothing_stale_and_ends(fleet, model):
    paused, other, _ = fleet.servers
    agent = make_agent(paused)
    held = fresh("held")
    call(paused, "POST", f"/v1/agents/{agent}/messages/async", json=script({"say": "stale words", "held": held}))
    eventually(lambda: sum(each["turns"] for each in servers_of(other)) == 1)
    paused.process.child.send_signal(signal.SIGSTOP)
    model.let_go(held)
    eventually(lambda: len(servers_of(other)) == 2)
    answer = call(other, "POST", f"/v1/agents/{agent}/messages", json=script({"say": "another server"}))
    assert answer["messages"][-1]["content"] == "another server"
    paused.process.child.send_signal(signal.SIGCONT)
    assert paused.process.wait(harness.PATIENCE) not in (0, None)
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
    eventually(lambda: call(fleet.servers[2], "GET", f"/v1/messages/batches/{batch}")["status"] == "completed")

    def said(agent):
        return texts(fleet.servers[0], agent)

    for agent in agents:
        eventually(lambda: any("scheduled" in text for text in said(agent)))
    for agent in agents:
        assert sorted(text.split(" ")[0] for text in said(agent) if agent in text) == ["batched", "scheduled"], said(agent)
