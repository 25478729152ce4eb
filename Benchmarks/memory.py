"""How well the search of messages remembers, through the API of a real server process.

    python3 Benchmarks/memory.py SERVER [--models FOLDER] [--conversations COUNT]

Conversations in the manner of real chats are made from `memory/` (the same as those of `MemoryEvaluationTests`, with fewer facts in each),
imported as agent files, and asked for in other words. FOLDER is a data folder with the local embedding model installed; without it, words
alone are measured. The questions of every third fact are held out: nobody looks at them while the ranking is tuned.
"""

import argparse
import datetime
import http.client
import json
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
EMBEDDING = "letta-local/all-minilm-l6-v2"
# One fact of this many is in a conversation.
SHARE = 14
START = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
DEADLINE = 1_800


class Random:
    """The generator of `MemoryEvaluationData`."""

    def __init__(self, seed):
        self.state = seed

    def next(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        return (self.state >> 33) % max(1, bound)


def lines(name):
    return (HERE / "memory" / name).read_text().splitlines()


def facts():
    for line in lines("facts.txt"):
        parts = [part.strip() for part in line.split("|")]
        yield {"said": parts[0], "reply": parts[1], "question": parts[2], "changed": parts[3] if len(parts) > 3 else ""}


FACTS, CHATTER = list(facts()), lines("chatter.txt")


def typed(text, random):
    """The text with a typo in about every twelfth longer word."""
    words = []
    for word in text.split():
        if len(word) > 4 and random.next(12) == 0:
            letters = list(word)
            place = 1 + random.next(len(letters) - 2)
            if random.next(2) == 0:
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            else:
                del letters[place]
            word = "".join(letters)
        words.append(word)
    return " ".join(words)


def conversation(number):
    """Turns (minute, role, text, fact), in order of time."""
    random, turns = Random(number * 7919 + 17), []
    chosen = [fact for fact in range(len(FACTS)) if random.next(SHARE) == 0]
    for fact in chosen:
        minute = random.next(100_000)
        turns.append((minute, "user", typed(FACTS[fact]["said"], random), fact))
        turns.append((minute + 1, "assistant", typed(FACTS[fact]["reply"], random), None))
        if FACTS[fact]["changed"]:
            minute += 20_000 + random.next(60_000)
            turns.append((minute, "user", typed(FACTS[fact]["changed"], random), fact))
            turns.append((minute + 1, "assistant", "ok, noted", None))
    for _ in range(100):
        minute = random.next(180_000)
        turns.append((minute, "user", typed(CHATTER[random.next(len(CHATTER))], random), None))
        turns.append((minute + 1, "assistant", typed(CHATTER[random.next(len(CHATTER))], random), None))
    return sorted(turns, key=lambda turn: turn[0])


class Server:
    def __init__(self, binary, folder, models):
        self.data = folder / "data"
        self.data.mkdir()
        self.model = subprocess.Popen(
            [sys.executable, HERE.parent / "conformance/mockllm.py", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        address = self.wait(self.model.stdout, r"listens on (\S+)").rstrip("/")
        settings = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "OPENAI_API_KEY": "none",
            "OPENAI_API_BASE": address if address.endswith("/v1") else address + "/v1", "LETTA_LOCAL": "on" if models else "off"}
        if models:
            for part in ("models", "runtime"):
                (self.data / part).symlink_to(Path(models).resolve() / part)
        self.log = open(folder / "server.log", "w+")
        self.process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--data-dir", self.data], env=settings, stdout=self.log, stderr=subprocess.STDOUT)
        self.port = int(self.listening(folder / "server.log"))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    @staticmethod
    def wait(stream, pattern):
        for line in stream:
            if found := re.search(pattern, line):
                return found[1]
        sys.exit("The scripted model did not start.")

    def listening(self, log):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"127\.0\.0\.1:(\d+)", log.read_text()):
                return found[1]
            time.sleep(0.05)
        sys.exit(f"The server did not start:\n{log.read_text()}")

    def call(self, method, path, body=None, content="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        self.connection.request(method, path, data, {"Content-Type": content})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            sys.exit(f"{method} {path}: {response.status} {answer.decode()[:500]}")
        return json.loads(answer)

    def upload(self, document):
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.af"\r\nContent-Type: application/json\r\n\r\n'
        body = head.encode() + json.dumps(document).encode() + f"\r\n--{boundary}--\r\n".encode()
        return self.call("POST", "/v1/agents/import", body, f"multipart/form-data; boundary={boundary}")["agent_ids"][0]

    def close(self):
        for process in (self.process, self.model):
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def store(server, count, embedding):
    """Imports the conversations, and returns the ids of their agents."""
    body = {"name": "template", "model": "openai-proxy/gpt-4o-mini", "memory_blocks": [], "include_base_tools": False, "tools": []}
    template = server.call("POST", "/v1/agents/", body | ({"embedding": embedding} if embedding else {}))["id"]
    document = server.call("GET", f"/v1/agents/{template}/export")
    agent = document["agents"][0]
    system = next(message for message in agent["messages"] if message["role"] == "system")
    ids = []
    for number in range(count):
        messages = [system]
        for index, (minute, role, text, _) in enumerate(conversation(number)):
            created = (START + datetime.timedelta(minutes=minute)).isoformat()
            messages.append(
                system | {"id": f"message-{index + 1000}", "role": role, "content": [{"type": "text", "text": text}], "created_at": created})
        agent["messages"], agent["in_context_message_ids"] = messages, [system["id"]]
        ids.append(server.upload(document))
        # What nobody has used is not embedded.
        server.call("POST", f"/v1/agents/{ids[-1]}/messages", {"messages": [{"role": "user", "content": "hello"}]})
    return ids


def wait_for_vectors(server, ids):
    begin = time.monotonic()
    with sqlite3.connect(f"file:{server.data / 'letta.sqlite'}?mode=ro", uri=True) as database:
        while time.monotonic() - begin < DEADLINE:
            waiting = database.execute(
                """SELECT COUNT(*) FROM agent LEFT JOIN message_vector_set AS known ON known.agent_id = agent.id
                WHERE agent.last_run_completion IS NOT NULL AND (known.agent_id IS NULL OR known.first_position > 0
                OR known.next_position < agent.next_message_position)""").fetchone()[0]
            vectors = database.execute("SELECT COUNT(*) FROM message_vector").fetchone()[0]
            if not waiting:
                return vectors, time.monotonic() - begin
            time.sleep(0.2)
    sys.exit("The messages were not embedded in time.")


def measure(server, ids, mode):
    """Per part: the questions, those found among five and ten, the changes, those with the newest above the old one; and the times."""
    scores, times = {"tuned": [0] * 5, "held out": [0] * 5}, []
    for number, agent in enumerate(ids):
        turns = conversation(number)
        for fact in sorted({turn[3] for turn in turns if turn[3] is not None}):
            score = scores["held out" if fact % 3 == 2 else "tuned"]
            said = [text for _, _, text, of in turns if of == fact]
            begin = time.perf_counter()
            found = server.call(
                "POST", "/v1/messages/search", {"query": FACTS[fact]["question"], "agent_id": agent, "search_mode": mode, "limit": 10})
            times.append(time.perf_counter() - begin)
            places = {message["content"]: place for place, message in reversed(list(enumerate(found)))}
            newest = places.get(said[-1], 99)
            score[0] += 1
            score[1] += newest < 5
            score[2] += newest < 10
            if len(said) > 1:
                score[3] += 1
                score[4] += newest < places.get(said[0], 99)
    return scores, times


def main():
    options = argparse.ArgumentParser()
    options.add_argument("server")
    options.add_argument("--models")
    options.add_argument("--conversations", type=int, default=60)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(options.server, Path(folder), options.models)
        try:
            ids = store(server, options.conversations, EMBEDDING if options.models else None)
            turns = sum(len(conversation(number)) for number in range(options.conversations))
            print(f"{options.conversations} conversations, {turns:,} turns")
            modes = [("fts", "words")]
            if options.models:
                vectors, seconds = wait_for_vectors(server, ids)
                print(f"{vectors:,} vectors in {seconds:.0f} s ({vectors / max(seconds, 0.1):.0f} a second)")
                modes += [("vector", "vectors"), ("hybrid", "words and vectors")]
            else:
                print("No embedding model: words alone.")
            for mode, name in modes:
                scores, times = measure(server, ids, mode)
                for part, (questions, five, ten, changes, newest) in scores.items():
                    print(
                        f"  {name:18} {part:9} {questions:4} questions  recall@5 {five / questions:.3f}  @10 {ten / questions:.3f}"
                        f"  newest first {newest / max(1, changes):.3f} of {changes}")
                times.sort()
                print(
                    f"  {name:18} time of a query: median {statistics.median(times) * 1000:.1f} ms, 95 % {times[int(len(times) * 0.95)] * 1000:.1f} ms")
            if options.models:
                begin = time.perf_counter()
                for fact in FACTS[:50]:
                    server.call("POST", "/v1/messages/search", {"query": fact["question"], "limit": 10})
                print(f"  over all {turns:,} turns: {(time.perf_counter() - begin) / 50 * 1000:.1f} ms a query")
        finally:
            server.close()


main()
