"""Agents as models, through OpenAI's own client; Letta's clients are not needed."""

import asyncio
import json
import uuid

import pytest

from steps import until

openai = pytest.importorskip("openai", reason="runs in .build-venv-openai")

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
INSERT = {"call": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}


def script(*steps):
    return "script: " + json.dumps(list(steps))


@pytest.fixture
def chat(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0)


@pytest.fixture
def agent(http):
    made = http.post("/v1/agents/", json={
        "name": f"front-{uuid.uuid4().hex[:10]}", "model": "openai-proxy/gpt-4o-mini", "embedding": "openai/text-embedding-3-small",
        "memory_blocks": [{"label": "human", "value": "Name: Ann"}]})
    assert made.status_code == 200, made.text
    return made.json()


def user(text):
    return [{"role": "user", "content": text}]


def last_chat(model):
    """What the model was asked last. Beside it, what was said is embedded in the background."""
    bodies = [json.loads(line)["body"] for line in model.requests.read_text().splitlines()]
    return [body for body in bodies if "messages" in body][-1]


def test_models_are_agents(chat, agent, http):
    assert agent["id"] in {model.id for model in chat.models.list()}
    assert isinstance(http.get("/v1/models/").json(), list)


@pytest.mark.parametrize("key", ["id", "name"])
def test_an_agent_completes_a_chat(chat, agent, http, key):
    answer = chat.chat.completions.create(model=agent[key], messages=user("hello there"))
    assert answer.id.startswith("chatcmpl-run-") and answer.object == "chat.completion"
    assert answer.choices[0].message.content == "echo: hello there" and answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    listed = http.get(f"/v1/agents/{agent['id']}/messages").json()
    assert [each["content"] for each in listed if each["message_type"] == "assistant_message"] == ["echo: hello there"]


def test_the_agent_remembers_and_works_between(chat, agent, http):
    history = [{"role": "system", "content": "You are rude."}, *user("before"), {"role": "assistant", "content": "yes"}]
    answer = chat.chat.completions.create(
        model=agent["id"], messages=history + user(script(INSERT, {"say": "noted"})), temperature=0.2, max_tokens=50,
        extra_body={"unknown": {"field": 1}})
    assert answer.choices[0].message.content == "noted"
    assert "Likes tea" in http.get(f"/v1/agents/{agent['id']}/core-memory/blocks/human").json()["value"]


def test_a_chat_is_streamed(chat, agent):
    chunks = list(chat.chat.completions.create(
        model=agent["id"], messages=user(script(INSERT, {"say": "one two three"})), stream=True,
        stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "one two three"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens > 0 and chunks[-1].choices == []
    assert len({chunk.id for chunk in chunks}) == 1


def test_images_reach_the_model(chat, agent, model):
    parts = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]
    answer = chat.chat.completions.create(model=agent["id"], messages=user(parts))
    assert answer.choices[0].message.content == "echo: see"
    asked = last_chat(model)["messages"][-1]
    assert asked["content"][1]["image_url"]["url"] == "data:image/png;base64," + PIXEL


def test_failures_are_those_of_openai(chat, agent):
    with pytest.raises(openai.BadRequestError) as unknown:
        chat.chat.completions.create(model="gpt-4", messages=user("x"))
    assert "agent" in unknown.value.message and unknown.value.type == "invalid_request_error"
    with pytest.raises(openai.NotFoundError):
        chat.chat.completions.create(model=f"agent-{uuid.uuid4()}", messages=user("x"))
    with pytest.raises(openai.BadRequestError):
        chat.chat.completions.create(model=agent["id"], messages=[])
    with pytest.raises(openai.UnprocessableEntityError) as invalid:
        chat.chat.completions.create(model=agent["id"], messages=5)
    assert invalid.value.param == "messages"
    with pytest.raises(openai.RateLimitError) as limited:
        chat.chat.completions.create(model=agent["id"], messages=user(script({"status": 429})))
    assert limited.value.code == "llm_rate_limit"
    with pytest.raises(openai.APIError) as streamed:
        list(chat.chat.completions.create(model=agent["id"], messages=user(script({"status": 400})), stream=True))
    assert "scripted 400" in str(streamed.value)
    # The agent is no worse off.
    assert chat.chat.completions.create(model=agent["id"], messages=user(script({"say": "fine"}))).choices[0].message.content == "fine"


def test_hostile_bodies_are_refused_in_openais_shape(http, agent):
    bodies = [
        b"", b"[]", b"null", b"{", b'{"model": null, "messages": []}', b'{"model": {}, "messages": [{}]}',
        json.dumps({"model": agent["id"], "messages": [{"role": "user", "content": {"a": 1}}]}).encode(),
        json.dumps({"model": agent["id"], "messages": [{"role": "user", "content": [[]]}]}).encode(),
        json.dumps({"model": agent["id"], "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}).encode(),
        b'{"model": "x", "messages": [' + b"[" * 2000 + b"]" * 2000 + b"]}", b"x" * (40 << 20),
    ]
    for path in ("/v1/chat/completions", "/v1/responses"):
        for body in bodies:
            answer = http.post(path, content=body, headers={"content-type": "application/json"})
            assert 400 <= answer.status_code < 500, (path, body[:80], answer.text[:200])
            assert answer.json()["error"]["type"] == "invalid_request_error", (path, body[:80])


def test_responses_in_one_piece_and_streamed(chat, agent):
    first = chat.responses.create(model=agent["id"], input="hello there")
    assert first.output_text == "echo: hello there" and first.status == "completed" and first.usage.total_tokens > 0
    with chat.responses.stream(model=agent["id"], input=[{"role": "user", "content": script({"say": "one two"})}],
                               previous_response_id=first.id) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert text == "one two" == stream.get_final_response().output_text
    with pytest.raises(openai.BadRequestError):
        chat.responses.create(model=agent["id"], input="x", previous_response_id="resp_1")
    events = list(chat.responses.create(model=agent["id"], input=script({"status": 400}), stream=True))
    assert events[-1].type == "response.failed" and "scripted 400" in events[-1].response.error.message


PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "weather", "description": "Tells the weather of a city.", "parameters": PARAMETERS}
ASK = {"call": "weather", "args": {"city": "Rome"}}


@pytest.mark.parametrize("streams", [False, True])
def test_the_programs_own_tools(chat, agent, http, streams):
    tools = [{"type": "function", "function": WEATHER}]
    messages = user(script(ASK, {"say": "It is sunny."}))
    if streams:
        chunks = list(chat.chat.completions.create(model=agent["id"], messages=messages, tools=tools, stream=True))
        [call] = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
        assert chunks[-1].choices[0].finish_reason == "tool_calls"
        said = {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": dict(call.function)}]}
    else:
        answer = chat.chat.completions.create(model=agent["id"], messages=messages, tools=tools)
        [call] = answer.choices[0].message.tool_calls
        assert answer.choices[0].finish_reason == "tool_calls"
        said = answer.choices[0].message
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Rome"})
    messages += [said, {"role": "tool", "tool_call_id": call.id, "content": "25 degrees"}]
    answer = chat.chat.completions.create(model=agent["id"], messages=messages, tools=tools)
    assert answer.choices[0].message.content == "It is sunny." and answer.choices[0].finish_reason == "stop"
    returned = [each for each in http.get(f"/v1/agents/{agent['id']}/messages").json() if each["message_type"] == "tool_return_message"]
    assert [each["tool_return"] for each in returned] == ["25 degrees"]


def test_a_program_that_forgets_a_call_goes_on(chat, agent):
    tools = [{"type": "function", "function": WEATHER}]
    chat.chat.completions.create(model=agent["id"], messages=user(script(ASK)), tools=tools)
    with pytest.raises(openai.ConflictError):
        chat.chat.completions.create(model=agent["id"], messages=user(script({"say": "on"})))
    answer = chat.chat.completions.create(model=agent["id"], messages=user(script({"say": "on"})), tools=tools)
    assert answer.choices[0].message.content == "on"


def test_settings_of_one_request(chat, agent, model):
    schema = {"name": "n", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
    chat.chat.completions.create(
        model=agent["id"], messages=user("hello"), temperature=0.25, max_completion_tokens=77,
        response_format={"type": "json_schema", "json_schema": schema})
    sent = last_chat(model)
    assert (sent["temperature"], sent["response_format"]["json_schema"]["name"]) == (0.25, "n")
    assert 77 in (sent.get("max_completion_tokens"), sent.get("max_tokens"))
    chat.chat.completions.create(model=agent["id"], messages=user("hello"))
    assert last_chat(model)["temperature"] != 0.25 and "response_format" not in last_chat(model)
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        chat.chat.completions.create(model=agent["id"], messages=user("hello"), max_tokens=0)
    assert refused.value.param == "max_tokens"


def test_responses_with_tools_are_retrieved_and_run_in_the_background(chat, agent):
    tools = [{"type": "function", **WEATHER}]
    first = chat.responses.create(model=agent["id"], input=script(ASK, {"say": "It is sunny."}), tools=tools)
    [call] = first.output
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "weather", {"city": "Rome"})
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "25 degrees"}
    second = chat.responses.create(model=agent["id"], input=[result], previous_response_id=first.id, tools=tools)
    assert second.output_text == "It is sunny."
    assert chat.responses.retrieve(second.id).output_text == "It is sunny."
    assert chat.responses.retrieve(first.id).output[0].call_id == call.call_id
    with pytest.raises(openai.NotFoundError):
        chat.responses.retrieve(f"resp_run-{uuid.uuid4()}")
    late = chat.responses.create(model=agent["id"], input=script({"say": "late", "sleep_ms": 600_000}), background=True)
    assert late.status in ("queued", "in_progress")
    chat.responses.cancel(late.id)
    seen = until(lambda: chat.responses.retrieve(late.id), lambda seen: seen.status not in ("queued", "in_progress"))
    assert seen.status == "cancelled"
    done = chat.responses.create(model=agent["id"], input=script({"say": "done"}), background=True)
    seen = until(lambda: chat.responses.retrieve(done.id), lambda seen: seen.status not in ("queued", "in_progress"))
    assert seen.output_text == "done"


def test_the_asynchronous_client_and_many_at_once(server, agent):
    async def talk():
        async with openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="any") as client:
            assert agent["id"] in {each.id async for each in client.models.list()}
            return await asyncio.gather(*(client.chat.completions.create(model=agent["id"], messages=user(f"n{n}")) for n in range(5)))
    answers = asyncio.run(talk())
    assert [each.choices[0].message.content for each in answers] == [f"echo: n{n}" for n in range(5)]


def test_a_voice_service_calls_an_agent(server, http):
    made = http.post("/v1/agents/", json={
        "agent_type": "voice_convo_agent", "model": "openai-proxy/gpt-4o-mini", "embedding": "openai/text-embedding-3-small",
        "enable_sleeptime": True, "memory_blocks": [{"label": "human", "value": "h"}]})
    assert made.status_code == 200, made.text
    agent = made.json()["id"]
    for spelling in ("voice-beta", "voice"):
        voice = openai.OpenAI(base_url=f"{server.url}/v1/{spelling}/{agent}", api_key="any", max_retries=0)
        chunks = voice.chat.completions.create(model="whatever", messages=user("hello"), stream=True)
        assert list(chunks)[-1].choices[0].finish_reason == "stop"
