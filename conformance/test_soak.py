"""Mixed load for a long time, with a hostile model, hostile tools, clients that leave and kills of the server.

`scripts/test --long` runs it for LETTA_SOAK_MINUTES. The first half kills the server again and again; the second half measures its memory.
"""

import contextlib
import json
import random
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest

import harness
from harness import Server
from steps import MODEL, fresh

TOOLS = {
    "add": "return a + 1",
    "boom": "raise ValueError('boom' * 10_000)",
    "flood": "for _ in range(20_000): print('x' * 99)\n    return 'y' * 200_000",
    "hog": "import os\n    blocks = []\n    while True: blocks.append(os.urandom(16 << 20))",
    "forks": "import os, time\n    for _ in range(200):\n        if os.fork() == 0: time.sleep(100)\n    return 0",
    "folders": "import os\n    for n in range(10**6): os.mkdir(f'/tmp/{n}')",
    "suicide": "import os\n    os.kill(-1, 9)\n    os.kill(os.getpid(), 9)",
    "sleeper": "import time\n    time.sleep(3)\n    return 'slept'",
}
TURNS = [
    [{"say": "hello"}], [{"call": name, "args": {"a": 1}} for name in ("add", "boom", "add")] + [{"say": "done"}],
    *([{"call": name, "args": {"a": 1}}, {"say": "done"}] for name in TOOLS),
    [{"calls": [{"call": "add", "args": {"a": n}} for n in range(20)]}, {"say": "done"}],
    [{"call": "memory_insert", "args": {"label": "human", "new_string": "x"}}, {"say": "done"}],
    [{"call": "archival_memory_insert", "args": {"content": "a fact"}}, {"say": "done"}],
    [{"call": "no_such_tool", "args": {}}, {"say": "done"}], [{"call": "add", "args": {"a": 1}, "garbage": True}, {"say": "done"}],
    [{"drop": True}], [{"status": 500}], [{"status": 429}], [{"say": "z" * 500_000}], [{"say": "slow", "sleep_ms": 1500}],
]


def resident(process):
    """In bytes."""
    line, = (line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


class Load:
    """Clients that do everything at once until they are told to stop. What a kill cuts off is no fault, and a 5xx of the server's own is."""

    def __init__(self, server, agents):
        self.server, self.agents = server, agents
        self.stopping = threading.Event()
        self.faults, self.done = [], 0
        self.threads = [threading.Thread(target=self.work, args=(random.Random(n),)) for n in range(6)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self.threads), "a client hangs"

    def work(self, dice):
        with self.server.http() as http:
            http.timeout = 60
            while not self.stopping.is_set():
                action = dice.choice([self.send, self.send, self.stream, self.leave, self.later, self.blocks, self.lists, self.agent, self.run])
                try:
                    action(http, dice)
                    self.done += 1
                except httpx.TransportError:
                    time.sleep(0.2)  # the server was killed, or this client left
                except Exception as error:
                    self.faults.append(f"{action.__name__}: {error!r}")

    def check(self, answer):
        # Of a turn, 500 tells a failure of the model.
        if answer.status_code >= 500 and answer.status_code != 503 and "llm_" not in answer.text:
            self.faults.append(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def turn(self, dice):
        return f"/v1/agents/{dice.choice(self.agents)}/messages", {"input": "script: " + json.dumps(dice.choice(TURNS)), "max_steps": 5}

    def send(self, http, dice):
        path, body = self.turn(dice)
        self.check(http.post(path, json=body))

    def stream(self, http, dice):
        path, body = self.turn(dice)
        with http.stream("POST", path + "/stream", json={**body, "stream_tokens": True}) as answer:
            for _ in answer.iter_lines():
                pass

    def leave(self, http, dice):
        path, body = self.turn(dice)
        with http.stream("POST", path + "/stream", json={**body, "stream_tokens": True, "background": dice.random() < 0.5}) as answer:
            next(answer.iter_lines(), None)

    def later(self, http, dice):
        path, body = self.turn(dice)
        run = self.check(http.post(path + "/async", json=body))
        if run.status_code == 200:
            if dice.random() < 0.3:
                http.post(path + "/cancel", json={"run_ids": [run.json()["id"]]})
            with http.stream("POST", f"/v1/runs/{run.json()['id']}/stream", json={}) as answer:
                for _ in answer.iter_lines():
                    pass
            self.check(http.delete(f"/v1/runs/{run.json()['id']}"))

    def blocks(self, http, dice):
        block = self.check(http.post("/v1/blocks/", json={"label": "b", "value": "v" * dice.randrange(20_000)}))
        if block.status_code == 200:
            path = f"/v1/blocks/{block.json()['id']}"
            self.check(http.patch(path, json={"value": "changed"}))
            self.check(http.delete(path))

    def lists(self, http, dice):
        for path in ("/v1/agents/?limit=100", "/v1/runs/?limit=100", "/v1/blocks/?limit=1000", "/v1/ready/", "/v1/metrics",
                     f"/v1/agents/{dice.choice(self.agents)}/messages?limit=100"):
            self.check(http.get(path))

    def agent(self, http, dice):
        made = self.check(http.post("/v1/agents/", json={"model": MODEL, "memory_blocks": [{"label": "human", "value": "h"}]}))
        if made.status_code == 200:
            path = f"/v1/agents/{made.json()['id']}"
            self.check(http.post(path + "/messages", json={"input": "hello"}))
            self.check(http.delete(path))

    def run(self, http, dice):
        name = dice.choice(list(TOOLS))
        self.check(http.post("/v1/tools/run", json={"source_code": source(name), "args": {"a": 1}}))


def source(name):
    return f"def {name}(a: int) -> str:\n    '''Do {name}.\n\n    Args:\n        a (int): a number\n    '''\n    {TOOLS[name]}\n"


def make_agents(http):
    for name in TOOLS:
        http.put("/v1/tools/", json={"source_code": source(name)}).raise_for_status()
    body = {"model": MODEL, "tools": list(TOOLS), "memory_blocks": [{"label": "human", "value": "h", "limit": 1_000_000}]}
    answers = [http.post("/v1/agents/", json={"name": fresh("soak"), **body}) for _ in range(4)]
    return [answer.raise_for_status().json()["id"] for answer in answers]


@pytest.mark.soak
def test_soak(tmp_path, model):
    seconds = harness.SOAK_MINUTES * 60
    server = Server(tmp_path / "soak", database=False, LETTA_LOG_LEVEL="error", **model.settings)
    try:
        server.start()
        with server.http() as http:
            agents = make_agents(http)
            load = Load(server, agents)
            end, kills = time.monotonic() + seconds / 2, 0
            while time.monotonic() < end:
                time.sleep(random.uniform(5, 25))
                server.process.kill()
                kills += 1
                server.start()
            load.stop()
            assert load.faults == [] and load.done > 0, load.faults[:20]

            # A conversation grows; the memory of the server must not grow with the time that it is up. It takes minutes until
            # contexts are full and each kind of request has been answered beside each other kind.
            agents = make_agents(http)
            load = Load(server, agents)
            time.sleep(seconds / 4)
            load.stop()
            before = settled(server, http)
            load = Load(server, agents)
            time.sleep(seconds / 4)
            load.stop()
            after = settled(server, http)
            print(f"{kills} kills, {load.done} actions in the last part, {before >> 20} MB before, {after >> 20} MB after")
            assert load.faults == [] and load.done > 0, load.faults[:20]
            assert server.process.running
            assert after <= 1.2 * before, f"{before >> 20} MB before, {after >> 20} MB after"
            assert http.get("/v1/runs/active").json() == []
        assert server.stop() == 0
        with contextlib.closing(sqlite3.connect(server.data / "letta.sqlite")) as database:
            assert database.execute("SELECT COUNT(*) FROM run WHERE status IN ('created', 'running')").fetchone() == (0,)
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert "Fatal error" not in server.process.output
    finally:
        server.close()


def settled(server, http):
    """The memory in use when all runs have ended."""
    deadline = time.monotonic() + 200
    while http.get("/v1/runs/active").json() != []:
        assert time.monotonic() < deadline, http.get("/v1/runs/active").text[:1000]
        time.sleep(0.5)
    time.sleep(5)
    return resident(server.process.child.pid)
