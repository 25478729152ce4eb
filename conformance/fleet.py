"""Servers that share a PostgreSQL database, and calls to each of them."""

import json
import signal
import time

import httpx

import harness
from steps import fresh

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


def call(server, verb, path, expect=200, **options):
    answer = httpx.request(verb, server.url + path, **options)
    assert answer.status_code == expect, (answer.status_code, answer.text)
    return answer.json()


def texts(server, agent, kind="user_message"):
    """What was said to an agent, or by it, from the first to the last."""
    said, after = [], None
    while True:
        page = call(server, "GET", f"/v1/agents/{agent}/messages", params={"limit": 200, "order": "asc", **({"after": after} if after else {})})
        said += [each["content"] for each in page if each["message_type"] == kind]
        if len(page) < 200:
            return said
        after = page[-1]["id"]


def events(server, run, after=0):
    """The events of a background run from here to its end, without pings: their numbers, where they have any, and their JSON."""
    body = {"starting_after": after, "include_pings": False}
    with httpx.stream("POST", f"{server.url}/v1/runs/{run}/stream", json=body) as answer:
        if answer.status_code == 503:
            raise httpx.ReadError("the server is about to end")
        assert answer.status_code == 200, answer.read()
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                yield json.loads(line.removeprefix("data: "))
            elif line == "data: [DONE]":
                return
    raise httpx.ReadError("the stream has no end")


def make_agent(server):
    return call(server, "POST", "/v1/agents/", json={"name": fresh("agent"), "model": MODEL})["id"]


def script(*steps):
    return {"messages": [{"role": "user", "content": f"script: {json.dumps(steps)}"}]}


def servers_of(server):
    return call(server, "GET", "/v1/ready/")["servers"]


def eventually(condition, seconds=harness.PATIENCE):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)
    return value
