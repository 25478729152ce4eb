"""Three servers on one PostgreSQL database under load, one of which is killed at random again and again."""

import json
import random
import re
import signal
import threading
import time

import httpx
import pytest

import harness
from fleet import Fleet, call, eventually, events, make_agent, script, servers_of, texts
from steps import fresh

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not harness.POSTGRES, reason="servers share a PostgreSQL database only"),
]

SECONDS = 300 if harness.LONG else 12
# How long the model takes for a turn.
TURN = 0.2


class Load:
    """Threads that send, and what they know of it."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.over = threading.Event()
        self.failures = []
        self.numbers = iter(range(1, 1_000_000))
        self.lock = threading.Lock()
        # The texts by agent: those that are known to be accepted, and those of which no server has said so.
        self.sent, self.unsure = {}, {}
        # How many agents texts are sent to.
        self.agents = 0
        self.batches = []
        # The events of each run that was followed, and the runs whose turn was done.
        self.streams, self.whole = [], []
        self.threads = []

    def start(self, work, *arguments):
        def run():
            while not self.over.is_set():
                try:
                    work(*arguments)
                except Exception as error:
                    self.failures.append(f"{work.__name__}: {error!r}")
                    return
        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def text(self, agent):
        with self.lock:
            return f"[{agent} {next(self.numbers)}]"

    @property
    def is_enough(self):
        """Whether each kind of work was done more than twice."""
        with self.lock:
            return len(self.whole) > 2 and len(self.sent) == self.agents and min(map(len, self.sent.values())) > 2

    def server(self, besides=None):
        return random.choice([each for each in self.fleet.servers if each is not besides])

    def message(self, text):
        return {"role": "user", "content": f"script: {json.dumps([{'say': f'to {text}', 'sleep_ms': TURN * 1000}])}"}

    def post(self, path, body, server=None):
        """The answer, or None where no server gave one: then nobody knows whether it was accepted."""
        try:
            answer = httpx.post((server or self.server()).url + path, json=body)
        except httpx.TransportError:
            time.sleep(0.2)
            return None
        if answer.status_code in (409, 429, 500, 502, 503):
            time.sleep(0.2)
            return None
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def note(self, agent, text, isSure):
        with self.lock:
            (self.sent if isSure else self.unsure).setdefault(agent, []).append(text)

    # What the threads do

    def chat(self, agent):
        """Sends one message until it is answered, as clients do that repeat what failed."""
        text = self.text(agent)
        body = {"messages": [{**self.message(text), "otid": fresh("otid")}]}
        end = time.monotonic() + harness.PATIENCE
        while not (answer := self.post(f"/v1/agents/{agent}/messages", body)):
            assert time.monotonic() < end, f"{text} was not answered"
        said = [each["content"] for each in answer["messages"] if each["message_type"] == "assistant_message"]
        assert said == [f"to {text}"], answer
        self.note(agent, text, True)

    def crowd(self, agent):
        """Sends beside others, and gives up what fails."""
        text = self.text(agent)
        self.note(agent, text, self.post(f"/v1/agents/{agent}/messages", {"messages": [self.message(text)]}) is not None)

    def schedule(self, agent):
        text = self.text(agent)
        due = int(time.time() * 1000) + random.randint(500, 3000)
        body = {"messages": [self.message(text)], "schedule": {"type": "one-time", "scheduled_at": due}}
        self.note(agent, text, self.post(f"/v1/agents/{agent}/schedule", body) is not None)
        time.sleep(1)

    def batch(self, agents):
        items = [(agent, self.text(agent)) for agent in agents * 2]
        body = {"requests": [{"agent_id": agent, "messages": [self.message(text)]} for agent, text in items]}
        made = self.post("/v1/messages/batches", body)
        for agent, text in items:
            self.note(agent, text, made is not None)
        if made:
            self.batches.append(made["id"])
        time.sleep(3)

    def stream(self, agent):
        """Follows a run from other servers than its own, and goes on where a stream broke."""
        look = {"call": "conversation_search", "args": {"query": "x"}, "sleep_ms": TURN * 1000}
        own = self.server()
        made = self.post(f"/v1/agents/{agent}/messages/async", script(look, look, look, {"say": "whole"}), own)
        if not made:
            return
        heard, last, end = [], 0, time.monotonic() + harness.PATIENCE
        while True:
            try:
                for event in events(self.server(besides=own), made["id"], last):
                    heard.append(event)
                    last = event.get("seq_id") or last
                break
            except httpx.TransportError:
                # Events without a number come after the last one that has one.
                while heard and not heard[-1].get("seq_id"):
                    heard.pop()
                assert time.monotonic() < end, (made["id"], heard)
                time.sleep(0.2)
        self.streams.append((made["id"], heard))
        if any(each.get("content") == "whole" for each in heard):
            self.whole.append(made["id"])


def disturb(fleet, load):
    """Kills one server after the other at random, and starts it again. In long runs some are paused instead. Goes on until there was
    enough of everything.

    Returns when each was killed, and how many were paused."""
    begun, killed, paused = time.monotonic(), [], 0
    while (seconds := time.monotonic() - begun) < SECONDS or len(killed) + paused < 3 or not load.is_enough:
        assert not load.failures and seconds < SECONDS + 2 * harness.PATIENCE, load.failures or "too little was sent"
        time.sleep(random.uniform(1, 4))
        victim = random.choice(fleet.servers)
        if harness.LONG and random.random() < 0.25:
            victim.process.child.send_signal(signal.SIGSTOP)
            time.sleep(13)
            victim.process.child.send_signal(signal.SIGCONT)
            assert victim.process.wait(harness.PATIENCE) not in (0, None), "a server that was paused goes on"
            paused += 1
        else:
            killed.append(time.time())
            victim.process.kill()
            time.sleep(random.uniform(0, 3))
        victim.start()
    return killed, paused


def overlaps(model, begun, agent, killed):
    """The turns of an agent that began while another one was at work, by what the model was asked. What a killed server asked ended
    with it."""
    starts = {}
    for line in model.requests.read_text().splitlines():
        asked = json.loads(line)
        if asked["t"] < begun or not asked["path"].endswith("/chat/completions"):
            continue
        last = str(asked["body"]["messages"][-1].get("content"))
        if found := re.search(rf"\[{agent} \d+\]", last):
            starts.setdefault(found[0], []).append(asked["t"])
    times = sorted((time, text) for text, all in starts.items() for time in all)
    return [(one, other) for one, other in zip(times, times[1:])
            if other[0] - one[0] < TURN * 0.9 and not any(one[0] - 1 < at < other[0] for at in killed)]


def test_a_fleet_under_load_loses_and_repeats_nothing(tmp_path, model):
    seed = random.randrange(1_000_000)
    random.seed(seed)
    print("seed", seed)
    begun = time.time()
    fleet = Fleet(tmp_path, model, 3)
    load = Load(fleet)
    try:
        make = lambda count: [make_agent(fleet.servers[0]) for _ in range(count)]
        chats, crowd, schedules, batches, streams = make(2), make(1), make(2), make(2), make(2)
        load.agents = len(chats + crowd + schedules + batches)
        for agent in chats:
            load.start(load.chat, agent)
        for _ in range(3):
            load.start(load.crowd, crowd[0])
        for agent in schedules:
            load.start(load.schedule, agent)
        load.start(load.batch, batches)
        for agent in streams:
            load.start(load.stream, agent)
        killed, paused = disturb(fleet, load)
        load.stop()
        assert not load.failures, load.failures

        one, other, _ = fleet.servers
        for agent in schedules:
            eventually(lambda agent=agent: all(
                each["next_scheduled_time"] is None
                for each in call(one, "GET", f"/v1/agents/{agent}/schedule", params={"limit": 1000})["scheduled_messages"]))
        for batch in load.batches:
            eventually(lambda batch=batch: call(other, "GET", f"/v1/messages/batches/{batch}")["status"] in ("completed", "failed"))
        eventually(lambda: not call(one, "GET", "/v1/runs/", params={"active": True, "limit": 10}))
        assert len(servers_of(one)) == 3 and sum(each["turns"] for each in servers_of(one)) == 0

        counts = {}
        for agent in chats + crowd + schedules + batches:
            said = texts(one, agent)
            found = [re.search(r"\[agent-\S+ \d+\]", text)[0] for text in said]
            missing = [text for text in load.sent.get(agent, []) if found.count(text) != 1]
            assert not missing, f"not once: {missing}, of {agent}"
            repeated = [text for text in load.unsure.get(agent, []) if found.count(text) > 1]
            assert not repeated, f"more than once: {repeated}, of {agent}"
            assert set(found) <= set(load.sent.get(agent, []) + load.unsure.get(agent, []))
            assert not overlaps(model, begun, agent, killed), agent
            counts[agent] = len(found)
        for agent in chats + crowd:
            answers = texts(other, agent, "assistant_message")
            assert not [text for text in load.sent.get(agent, []) if answers.count(f"to {text}") != 1], agent
        whole = 0
        for run, heard in load.streams:
            assert heard == list(events(one, run)), run
            ended = call(other, "GET", f"/v1/runs/{run}")["status"]
            assert ended in ("completed", "failed"), (run, ended)
            if ended == "completed":
                assert heard[-1]["message_type"] == "usage_statistics" and any(each.get("content") == "whole" for each in heard), heard
                whole += 1
        assert min(counts.values()) > 2 and whole > 2, (counts, whole)
        print(f"{len(killed)} killed, {paused} paused; turns {counts}; {whole} of {len(load.streams)} streams whole")
    finally:
        load.over.set()
        fleet.close()
