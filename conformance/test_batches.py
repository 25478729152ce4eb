"""Batches, schedules, talking groups and access tokens through the published clients: each has the methods of one generation or both."""

import json
import time
from datetime import datetime, timedelta, timezone

import httpx
import pytest

import harness
from batchservice import BatchService
from conftest import client_of
from harness import unknown
from steps import fresh, ids, make_agent, refused, until

pytestmark = pytest.mark.clients
legacy = pytest.mark.only("legacy")
v1 = pytest.mark.only("v1")


def bare_agent(client, **fields):
    return make_agent(client, include_base_tools=False, agent_type="letta_v1_agent", **fields).id


@legacy
def test_batch(own_server):
    client = client_of(own_server)
    ann, bob = bare_agent(client), bare_agent(client)
    requests = [{"agent_id": agent, "messages": [{"role": "user", "content": "hello"}]} for agent in (ann, bob)]
    made = client.raw.batches.create(requests=requests)
    assert (made.status, made.job_type) == ("created", "batch")
    ended = until(lambda: client.raw.batches.retrieve(made.id), lambda job: job.completed_at)
    assert ended.status == "completed"
    own_server.restart()
    said = client.raw.batches.messages.list(made.id).messages
    assert {message.agent_id for message in said} == {ann, bob}
    assert ids(client.raw.batches.list()) == [made.id]
    client.raw.batches.cancel(made.id)
    assert client.raw.batches.retrieve(made.id).status == "completed"
    with refused(client, 404):
        client.raw.batches.retrieve(unknown("job"))


@legacy
def test_batch_survives_a_kill(own_server):
    """Each item reaches its agent once, although the server is killed while the first is at work."""
    client = client_of(own_server)
    ann, bob = bare_agent(client), bare_agent(client)
    slow = 'script: [{"say": "late", "sleep_ms": 600000}]'
    quick = 'script: [{"say": "soon"}]'
    texts = {ann: [slow, quick, "two"], bob: ["one"]}
    made = client.raw.batches.create(requests=[
        {"agent_id": agent, "messages": [{"role": "user", "content": text}]} for agent, all_texts in texts.items() for text in all_texts])
    said = lambda agent: [m.content for m in client.raw.agents.messages.list(agent, limit=100) if m.message_type == "user_message"]
    until(lambda: said(ann) + said(bob), lambda seen: seen == [slow, "one"])
    until(lambda: len(client.raw.batches.messages.list(made.id).messages), lambda count: count == 1)
    own_server.process.kill()
    own_server.start()
    client = client_of(own_server)
    ended = until(lambda: client.raw.batches.retrieve(made.id), lambda job: job.completed_at)
    assert (ended.status, ended.metadata["completed"], ended.metadata["failed"]) == ("completed", 3, 1)
    assert {agent: said(agent) for agent in texts} == texts


@legacy
def test_provider_batch_survives_kills(tmp_path, model):
    """The batch of the provider is made once and its answers reach their agents, although the server is killed while it
    waits for the response to the making, and again while it waits for the answers."""
    service = BatchService()
    server = harness.Server(tmp_path / "native", **{**model.settings, **service.settings})
    try:
        client = client_of(server.start())
        agents = [bare_agent(client, model="anthropic/m") for _ in range(3)]
        made = client.raw.batches.create(requests=[
            {"agent_id": agent, "messages": [{"role": "user", "content": f"text {index}"}]} for index, agent in enumerate(agents)])
        until(lambda: len(service.batches), lambda count: count == 1)
        server.process.kill()
        service.responds.set()
        client = client_of(server.start())
        until(lambda: service.calls, lambda calls: "GET /v1/messages/batches" in calls)
        waiting = client.raw.batches.retrieve(made.id)
        assert (waiting.status, waiting.metadata["deferred"]) == ("created", 3)
        assert [m for m in client.raw.agents.messages.list(agents[0], limit=100) if m.message_type == "user_message"] == []
        server.process.kill()
        service.has_ended = True
        client = client_of(server.start())
        ended = until(lambda: client.raw.batches.retrieve(made.id), lambda job: job.completed_at)
        assert (ended.status, ended.metadata["completed"]) == ("completed", 3)
        assert (len(service.batches), service.direct) == (1, [])
        said = {m.agent_id: m.content for m in client.raw.batches.messages.list(made.id).messages}
        assert {agent: text[0].text for agent, text in said.items()} == {agent: f"later: text {index}" for index, agent in enumerate(agents)}
    finally:
        server.close()
        service.close()


@legacy
def test_group_talks(client):
    ann, bob = bare_agent(client), bare_agent(client)
    group = client.create_group(agent_ids=[ann, bob], description="talk").id
    answer = client.raw.groups.messages.create(group, messages=[{"role": "user", "content": "hello"}])
    assert len([m for m in answer.messages if m.message_type == "assistant_message"]) == 2
    assert answer.stop_reason.stop_reason == "end_turn"
    events = list(client.raw.groups.messages.create_stream(group, messages=[{"role": "user", "content": "again"}]))
    assert [e.message_type for e in events if e.message_type == "assistant_message"] == ["assistant_message"] * 2
    listed = client.group_messages(group, limit=100, order="asc")
    assert [m.content for m in listed if m.message_type == "user_message"] == ["hello", "again"]
    client.reset_group(group)
    assert client.group_messages(group) == []


@legacy
def test_groups_with_a_manager(client):
    """What a script says, each agent says in its own turns."""
    ann, bob, boss = (bare_agent(client, name=fresh(name)) for name in ("ann", "bob", "boss"))
    name = client.agent(bob).name

    def talk(script, **manager):
        group = client.create_group(agent_ids=[ann, bob], description="d", manager_config={"manager_agent_id": boss, **manager}).id
        answer = client.raw.groups.messages.create(group, messages=[{"role": "user", "content": f"script: {json.dumps(script)}"}])
        said = [m.content for m in answer.messages if m.message_type == "assistant_message"]
        assert said == [m.content for m in client.group_messages(group, order="asc", limit=100) if m.message_type == "assistant_message"]
        return said, answer.stop_reason.stop_reason

    assert talk([{"say": "one"}, {"say": "two"}], manager_type="supervisor") == (["one", "one", "one", "two"], "end_turn")
    script = [{"say": name}, {"say": "It is over: STOP"}]
    assert talk(script, manager_type="dynamic", termination_token="STOP") == ([name], "end_turn")
    assert talk(script, manager_type="dynamic", max_turns=1) == ([name], "max_steps")


@v1
def test_schedule(own_server):
    client = client_of(own_server)
    agent = bare_agent(client)
    schedules = client.raw.agents.schedule
    say = [{"role": "user", "content": "hello"}]
    recurring = schedules.create(agent, messages=say, schedule={"type": "recurring", "cron_expression": "0 9 * * 1"})
    soon = schedules.create(agent, messages=say, schedule={"type": "one-time", "scheduled_at": (time.time() + 1) * 1000})
    assert recurring.next_scheduled_at and soon.next_scheduled_at
    own_server.restart()
    read = schedules.retrieve(recurring.id, agent_id=agent)
    assert (read.agent_id, read.schedule.cron_expression, read.message.messages[0].content) == (agent, "0 9 * * 1", "hello")
    sent = until(lambda: schedules.retrieve(soon.id, agent_id=agent), lambda schedule: schedule.next_scheduled_time is None)
    assert sent.schedule.type == "one-time"
    until(lambda: client.raw.runs.list(agent_id=agent).items, lambda runs: [run.status for run in runs] == ["completed"])
    page = schedules.list(agent)
    assert ([one.id for one in page.scheduled_messages], page.has_next_page) == ([recurring.id, soon.id], False)
    assert schedules.list(agent, limit="1").has_next_page
    assert schedules.delete(recurring.id, agent_id=agent).success
    with refused(client, 404):
        schedules.retrieve(recurring.id, agent_id=agent)


@v1
def test_schedules_survive_a_kill(own_server):
    """What waited behind a long turn is sent by the next server, what was at work is not sent again."""
    client = client_of(own_server)
    busy, idle = bare_agent(client), bare_agent(client)
    slow, quick = 'script: [{"say": "late", "sleep_ms": 600000}]', 'script: [{"say": "soon"}]'
    client.raw.agents.messages.create_async(busy, messages=[{"role": "user", "content": slow}])
    said = lambda agent: [m.content for m in client.raw.agents.messages.list(agent, limit=100) if m.message_type == "user_message"]
    until(lambda: said(busy), lambda seen: seen == [slow])
    due = int(time.time() * 1000)
    for agent, text in ((busy, quick), (idle, slow)):
        client.raw.agents.schedule.create(
            agent, messages=[{"role": "user", "content": text}], schedule={"type": "one-time", "scheduled_at": due})
    until(lambda: client.raw.runs.list(active=True).items, lambda runs: len(runs) == 3)
    until(lambda: said(idle), lambda seen: seen == [slow])
    own_server.process.kill()
    own_server.start()
    client = client_of(own_server)
    until(lambda: said(busy), lambda seen: seen == [slow, quick])
    until(lambda: client.raw.runs.list(active=True).items, lambda runs: runs == [])
    own_server.restart()
    assert (said(busy), said(idle)) == ([slow, quick], [slow])
    assert sorted(run.status for run in client.raw.runs.list(agent_id=busy).items) == ["completed", "failed"]


def tokens(client):
    """Create, list and delete, as the generation calls them."""
    if hasattr(client.raw, "access_tokens"):
        return client.raw.access_tokens.create, client.raw.access_tokens.list, client.raw.access_tokens.delete
    raw = client.raw.client_side_access_tokens
    return raw.create, raw.client_side_access_tokens_list_client_side_access_tokens, lambda token: raw.delete(token, request={})


def test_access_tokens(own_server):
    client = client_of(own_server)
    create, listed, delete = tokens(client)
    ann, bob = bare_agent(client), bare_agent(client)
    policy = [{"type": "agent", "id": ann, "access": ["read_messages", "write_messages", "read_agent"]}]
    expiry = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    made = create(hostname="https://example.org", policy=policy, expires_at=expiry)
    assert (made.hostname, made.policy.data[0].id) == ("https://example.org", ann)
    own_server.restart()
    page = client_of(own_server, token=made.token)
    assert page.agent(ann).id == ann
    for call in (lambda: page.agent(bob), lambda: page.agents(), lambda: page.delete_agent(ann)):
        with refused(page, 403):
            call()
    headers = {"Authorization": f"Bearer {made.token}", "Origin": "https://example.org"}
    answer = httpx.post(f"{own_server.url}/v1/agents/{ann}/messages", json={"input": "hello"}, headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://example.org")
    seen = listed(agent_id=ann)
    assert len(seen.tokens) == 1 and seen.tokens[0].token != made.token and not seen.has_next_page
    assert listed(agent_id=bob).tokens == []
    delete(made.token)
    with refused(page, 401):
        page.agent(ann)
