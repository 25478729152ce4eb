"""Runs and steps through the published clients: what a turn left, what it cost, how it was judged, and how it is stopped."""

import pytest

from conftest import client_of
from harness import unknown
from steps import ids, make_agent, refused
from test_background import follow, user
from test_messages import kinds, script

pytestmark = pytest.mark.clients

INSERT = {"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}


@pytest.fixture
def agent(client):
    return make_agent(client, memory_blocks=[{"label": "human", "value": "Name: Ann"}])


def all_of(page):
    return list(page)


def test_what_a_run_left(client, agent):
    answer = client.send(agent.id, script(INSERT, {"say": "noted"}))
    run_id = answer.messages[0].run_id
    runs = client.raw.runs
    steps = all_of(runs.steps.list(run_id))
    assert [step.run_id for step in steps] == [run_id] * 2
    assert ids(all_of(runs.steps.list(run_id, order="asc"))) == ids(steps)[::-1]
    said = all_of(runs.messages.list(run_id))
    assert sorted(kinds(said)) == sorted(["user_message", "tool_call_message", "tool_return_message", "assistant_message"])
    usage = runs.usage.retrieve(run_id)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens == answer.usage.total_tokens > 0
    for call in (runs.usage.retrieve, lambda run: all_of(runs.steps.list(run)), lambda run: all_of(runs.messages.list(run))):
        with refused(client, 404):
            call(unknown("run"))


def test_what_a_step_left(client, agent):
    answer = client.send(agent.id, script(INSERT, {"say": "noted"}))
    first, last = answer.messages[0].step_id, answer.messages[-1].step_id
    steps = client.raw.steps
    assert ids(all_of(steps.list(agent_id=agent.id))) == [last, first]
    assert ids(all_of(steps.list(agent_id=agent.id, order="asc"))) == [first, last]
    assert kinds(all_of(steps.messages.list(last))) == ["assistant_message"]
    assert steps.metrics.retrieve(first).step_ns > 0
    trace = steps.trace.retrieve(first)
    assert trace.request_json["messages"][-1]["content"].startswith("script: ")
    assert "memory_insert" in str(trace.response_json)
    for call in (steps.metrics.retrieve, steps.trace.retrieve, lambda step: all_of(steps.messages.list(step))):
        with refused(client, 404):
            call(unknown("step"))


def test_a_step_is_judged(own_server):
    client = client_of(own_server)
    agent = make_agent(client)
    step, other = (client.send(agent.id, text).messages[0].step_id for text in ("one", "two"))
    feedback = client.raw.steps.feedback
    judged = feedback.create(step, feedback="positive", tags=["kind"])
    assert (judged.id, judged.feedback, judged.tags) == (step, "positive", ["kind"])
    own_server.restart()
    listing = client.raw.steps.list
    for wanted in ({"feedback": "positive"}, {"has_feedback": True}, {"tags": ["kind"]}):
        assert ids(all_of(listing(**wanted))) == [step]
    assert ids(all_of(listing(has_feedback=False))) == [other]
    assert feedback.create(step, feedback=None).feedback is None
    with refused(client, 404):
        feedback.create(unknown("step"), feedback="negative")


def test_a_running_turn_is_cancelled(client, agent):
    messages = client.raw.agents.messages
    run = messages.create_async(agent_id=agent.id, messages=user(script({"say": "late", "sleep_ms": 600_000})))
    assert messages.cancel(agent_id=agent.id, run_ids=[run.id]) == {run.id: "cancelled"}
    assert kinds(follow(client, run.id))[-2:] == ["stop_reason", "usage_statistics"]
    ended = client.run(run.id)
    assert (ended.status, ended.stop_reason) == ("cancelled", "cancelled")
    assert client.send(agent.id, script({"say": "still there"})).messages[-1].content == "still there"
    with refused(client, 409):
        messages.cancel(agent_id=agent.id)


@pytest.mark.only("v1")
def test_a_stream_by_its_older_name(client, agent):
    with client.raw.agents.messages.stream(agent.id, messages=user("hello"), stream_tokens=True) as events:
        seen = list(events)
    assert "".join(event.content for event in seen if event.message_type == "assistant_message") == "echo: hello"
    assert seen[-1].message_type == "usage_statistics"


@pytest.mark.only("v1")
def test_the_trace_of_a_run(client, agent):
    run_id = client.send(agent.id, "hello").messages[0].run_id
    assert isinstance(client.raw.runs.trace.retrieve(run_id), list)


@pytest.mark.only("legacy")
def test_runs_are_listed_while_they_run_and_deleted(client, agent):
    run = client.raw.agents.messages.create_async(agent_id=agent.id, messages=user(script({"say": "late", "sleep_ms": 600_000})))
    assert ids(client.raw.runs.list_active(agent_id=agent.id)) == [run.id]
    assert ids(client.raw.runs.list_active(agent_id=agent.id, background=False)) == []
    client.raw.agents.messages.cancel(agent_id=agent.id)
    follow(client, run.id)
    assert client.raw.runs.list_active(agent_id=agent.id) == []
    client.raw.runs.delete(run.id)
    with refused(client, 404):
        client.raw.runs.delete(run.id)


@pytest.mark.only("legacy")
def test_the_request_of_a_step_and_of_a_preview(client, agent):
    step_id = client.send(agent.id, "hello").messages[0].step_id
    assert client.raw.telemetry.retrieve_provider_trace(step_id).request_json["messages"][-1]["content"] == "hello"
    from letta_client import LettaRequest
    preview = client.raw.agents.messages.preview(agent.id, request=LettaRequest(messages=user("not sent")))
    assert preview["messages"][-1]["content"] == "not sent"
    assert "not sent" not in str(client.messages(agent.id))


@pytest.mark.only("legacy")
def test_messages_are_not_rewritten(client, agent):
    """As with the peer: the route is there, and says that history stays as it is."""
    message = client.send(agent.id, "hello").messages[-1]
    from letta_client import UpdateAssistantMessage
    with refused(client, 405):
        client.raw.agents.messages.modify(agent.id, message.id, request=UpdateAssistantMessage(content="never said"))
    assert client.messages(agent.id)[-1].content == "echo: hello"
