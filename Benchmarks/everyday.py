"""Talks with an agent of a local model through 80 turns of ordinary life, and scores what it stored and said.

    scripts/bench local [--models DIR] [--model HANDLE] [--seeds 1 2 3]

A real server runs on a new folder with the models of DIR (default: the data folder of the server). everyday.jsonl holds the turns, each with
three wordings, the values that they are filled with, and what is expected of memory and answer. A seed chooses wording and
values: small-model mode is tuned with seed 1 alone, so that 2 and 3 show how it does with other words. Prints a table; --transcript
FILE keeps what was said.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

TIMER = '''def set_timer(minutes: int, label: str) -> str:
    """Sets a kitchen timer.

    Args:
        minutes: How long, in minutes.
        label: What the timer is for.
    """
    return f"The timer for {label} is set to {minutes} minutes."
'''
WEATHER = '''def get_weather(city: str) -> str:
    """Tells the weather in a city.

    Args:
        city: The name of the city.
    """
    return f"It is 17 degrees and cloudy in {city}."
'''
BLOCKS = [
    {"label": "human", "value": "", "description": "What you know about the user and the people around them."},
    {"label": "persona", "value": "I am a friendly assistant."},
    {"label": "todo", "value": "", "description": "The user's to-do and shopping list."},
]
GOALS = {
    "a told fact is in the right block": ("at least", 0.95),
    "a claim of an act without the act": ("at most", 0.02),
    "a question whose answer is stored is answered right": ("at least", 0.85),
    "an answer to what can't be known is invented": ("at most", 0.15),
}


class Server:
    """A letta-server process on a folder of its own."""

    def __init__(self, program, models):
        self.folder = Path(tempfile.mkdtemp(prefix="letta-everyday-"))
        data = self.folder / "data"
        data.mkdir()
        for name in ("models", "runtime"):
            if (Path(models) / name).exists():
                (data / name).symlink_to(Path(models) / name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH", "LETTA_LLAMA_SERVER") if name in os.environ}
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", str(data)],
            env={**kept, "HOME": str(self.folder), "LETTA_LOCAL": "on"}, stdout=self.log, stderr=subprocess.STDOUT)
        for _ in range(600):
            try:
                self.call("GET", "/v1/health/")
                return
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise SystemExit(f"The server did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def call(self, verb, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=verb, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{verb} {path}: {error.code} {error.read().decode()[:500]}")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# What an answer says.

IS_NEGATED = re.compile(r"n't\b|n’t\b|\b(cannot|not|never|unable|no|without|if you|would you|do you|shall i|should i|let me know|can i)\b", re.I)
MEMORY = r"add(?:ed|ing)?|sav(?:e|ed|ing)|stor(?:e|ed|ing)|noted?|noting|record(?:ed|ing)?|updat(?:e|ed|ing)|remov(?:e|ed|ing)|delet(?:e|ed|ing)|forgotten|forgot|forget|crossed|cross|put|putting|made a note|make a note|written down|written it|changed|change|memorized|kept|keep|taken|took"
TIMERS = r"set|setting|start(?:ed|ing)?"
OUTSIDE = r"schedul(?:e|ed|ing)|sent|send|sending|email(?:ed|ing)?|written|wrote|write|book(?:ed|ing)?|reserv(?:e|ed|ing)|order(?:ed|ing)?|transferr?(?:ed|ing)?|paid|pay|paying|turn(?:ed|ing)?|switch(?:ed|ing)?|contact(?:ed)?|placed|notif(?:y|ied)|inform(?:ed)?"
FILL = r"(?:just |now |already |also |gladly |then |be |been |successfully |it |that |definitely |certainly |happily |and )*"
ACTIVE = re.compile(rf"\bI(?:['’]ve| have|['’]m| am| will|['’]ll| did|)\s+{FILL}(?:(?P<memory>{MEMORY})|(?P<timer>{TIMERS})|(?P<outside>{OUTSIDE}))\b", re.I)
PASSIVE = re.compile(rf"\b(?:has|have|is|are|was|were|['’]s)\s+{FILL}(?:(?P<memory>added|saved|stored|noted|recorded|updated|removed|deleted|crossed|put|changed|forgotten)|(?P<timer>set|started|running)|(?P<outside>scheduled|sent|booked|reserved|ordered|transferred|paid|turned|switched|emailed|placed|on its way|off now|on now))\b", re.I)
BARE = re.compile(r"^\W*(?:(?P<memory>noted|added|saved|stored|removed|deleted|updated|done)|(?P<outside>sent|booked|ordered|paid))\b", re.I)
PROMISE = re.compile(rf"\bI(?:['’]ll| will)\s+{FILL}(?P<memory>remember)", re.I)
NOT_KNOWN = re.compile(
    r"(do|does|did) ?n[o'’]t (know|have|recall|remember|mention|tell|say)|don[’']t (know|have|recall)|not (know|sure|aware|available|mentioned|told|stored|possible|something i|able)"
    r"|haven[’']t (told|said|mentioned|shared)|have not (told|said|mentioned|shared|provided)|no (information|record|memory|way|idea|note)|never (told|mentioned)"
    r"|(can[’']t|cannot|can not|unable to|could not|couldn[’']t) (be |find|know|tell|say|predict|access|provide|determine|answer|recall|foresee|look)|nothing (about|stored|in|on|is)|unknown|unpredictable|impossible", re.I)


def sentences(text):
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]


def false_claims(text, acts):
    """The sentences that claim an act which is not among the acts of the turn."""
    found = []
    for sentence in sentences(text):
        if IS_NEGATED.search(sentence) or sentence.endswith("?"):
            continue
        for pattern in (ACTIVE, PASSIVE, BARE, PROMISE):
            match = pattern.search(sentence)
            if match and next(kind for kind, word in match.groupdict().items() if word) not in acts:
                found.append(sentence)
                break
    return found


def repeated(text, earlier):
    """The sentences of four words and more that one of the last five answers has, or that are there twice."""
    def plain(sentence):
        return " ".join(re.findall(r"[\w']+", sentence.lower()))
    own = [plain(sentence) for sentence in sentences(text)]
    known = {plain(sentence) for answer in earlier[-5:] for sentence in sentences(answer)}
    return [sentence for place, sentence in enumerate(own)
            if len(sentence.split()) >= 4 and (sentence in known or sentence in own[:place])]


def has(pattern, text):
    return re.search(pattern, text, re.I) is not None


class Life:
    """One run through the turns."""

    def __init__(self, server, model, seed, turns, head):
        self.server, self.seed, self.turns = server, seed, turns
        pick = (seed - 1) % 3
        self.values = {name: values[pick] for name, values in head["values"].items()}
        self.pick = pick
        self.scores, self.seconds, self.answers, self.lines = {}, [], [], []
        tools = [server.call("POST", "/v1/tools/", {"source_code": source})["name"] for source in (TIMER, WEATHER)]
        body = {"name": f"everyday-{seed}", "memory_blocks": BLOCKS, "tools": tools}
        if model:
            body["model"] = model
        self.agent = server.call("POST", "/v1/agents/", body)
        for text in head["passages"]:
            server.call("POST", f"/v1/agents/{self.agent['id']}/archival-memory", {"text": self.fill(text)})

    def fill(self, text):
        return re.sub(r"\{(\w+)\}", lambda match: self.values[match[1]], text)

    def blocks(self):
        return {block["label"]: block["value"] for block in self.server.call("GET", f"/v1/agents/{self.agent['id']}/core-memory/blocks")}

    def score(self, name, value, detail=""):
        self.scores.setdefault(name, []).append(value)
        if value == (name.startswith("a claim") or name.endswith("invented") or name.startswith("a sentence")):
            self.lines.append(f"    !! {name}: {detail}")

    def run(self, transcript):
        for number, turn in enumerate(self.turns, 1):
            self.turn(number, turn)
            if transcript:
                transcript.write("\n".join(self.lines) + "\n")
                transcript.flush()
            self.lines = []
            print(f"\rseed {self.seed}: turn {number} of {len(self.turns)}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)

    def turn(self, number, turn):
        said = self.fill(turn["say"][self.pick])
        before, start = self.blocks(), time.monotonic()
        messages = self.server.call(
            "POST", f"/v1/agents/{self.agent['id']}/messages", {"messages": [{"role": "user", "content": said}]})["messages"]
        self.seconds.append(time.monotonic() - start)
        after = self.blocks()
        answer = " ".join(m["content"] for m in messages if m["message_type"] == "assistant_message")
        calls = [m["tool_call"] for m in messages if m["message_type"] == "tool_call_message"]
        worked = {m["tool_call_id"] for m in messages if m["message_type"] == "tool_return_message" and m["status"] == "success"}
        done = [call for call in calls if call["tool_call_id"] in worked]
        self.lines += [f"{number:2} [{turn['kind']}] {said}"] + [f"      {c['name']}({c['arguments']})" for c in calls] + [f"    > {answer}"]
        acts = set()
        if after != before:
            acts.add("memory")
        if any(call["name"] == "set_timer" for call in done):
            acts.add("timer")
        claims = false_claims(answer, acts)
        self.score("a claim of an act without the act", bool(claims), claims)
        again = repeated(answer, self.answers)
        self.score("a sentence of an earlier answer is repeated", bool(again), again)
        self.answers.append(answer)
        self.check_memory(turn, before, after)
        self.check_answer(turn, answer, done)

    def check_memory(self, turn, before, after):
        if "block" not in turn:
            self.score("what is not to be remembered changes nothing", before == after, after)
            return
        block = after[turn["block"]]
        has_all = all(has(re.escape(self.fill(text)), block) for text in turn.get("has", []))
        is_gone = not any(has(self.fill(text), block) for text in turn.get("gone", []))
        elsewhere = any(has(re.escape(self.fill(text)), value) and not has(re.escape(self.fill(text)), before[label])
                        for label, value in after.items() if label != turn["block"] for text in turn.get("has", []))
        name = "what is to be removed or forgotten is gone" if turn["kind"] in ("forget", "remove") else "a told fact is in the right block"
        self.score(name, has_all and is_gone and not elsewhere, after)

    def check_answer(self, turn, answer, done):
        avoids = not any(has(re.escape(self.fill(text)), answer) for text in turn.get("not", []))
        if turn["kind"] == "ask":
            good = avoids and all(has(re.escape(self.fill(text)), answer) for text in turn["answer"])
            self.score("a question whose answer is stored is answered right", good, [self.fill(text) for text in turn["answer"]])
        elif turn["kind"] == "unknown":
            self.score("an answer to what can't be known is invented", not (avoids and NOT_KNOWN.search(answer)))
        elif turn["kind"] == "tool":
            wanted = {name: self.fill(value).lower() for name, value in turn["arguments"].items()}
            def fits(call):
                given = json.loads(call["arguments"])
                return call["name"] == turn["tool"] and all(wanted[name] in str(given.get(name, "")).lower() for name in wanted)
            self.score("a tool is called with the right arguments", any(map(fits, done)), wanted)


def table(lives):
    names = list(dict.fromkeys(list(GOALS) + [name for life in lives for name in life.scores]))
    rows = [["what", "goal"] + [f"seed {life.seed}" for life in lives] + ["all"]]
    for name in names:
        goal = GOALS.get(name)
        row = [name, f"{goal[0]} {goal[1]:.2f}" if goal else ""]
        every = []
        for life in lives:
            scores = life.scores.get(name, [])
            every += scores
            row.append(f"{sum(scores) / len(scores):.2f} ({sum(scores)} of {len(scores)})" if scores else "")
        rows.append(row + [f"{sum(every) / len(every):.2f}" if every else ""])
    rows.append(["seconds for a turn, median"] + [""] + [f"{sorted(life.seconds)[len(life.seconds) // 2]:.1f}" for life in lives] + [""])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0])] + lines[1:])


def main():
    home = os.environ.get("LETTA_DIR", os.path.expanduser("~/.local/share/letta-server"))
    options = argparse.ArgumentParser(prog="scripts/bench local")
    options.add_argument("--server", required=True, help="the program letta-server")
    options.add_argument("--models", default=home, help="a data folder in which models are installed")
    options.add_argument("--model", help="the handle; the server's default without it")
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--turns", type=int, help="only the first ones")
    options.add_argument("--transcript", help="a file for what was said")
    given = options.parse_args()
    head, *turns = [json.loads(line) for line in (Path(__file__).parent / "everyday.jsonl").read_text().splitlines()]
    lives = []
    transcript = open(given.transcript, "w") if given.transcript else None
    for seed in given.seeds:
        server = Server(given.server, given.models)
        try:
            lives.append(Life(server, given.model, seed, turns[:given.turns], head))
            lives[-1].run(transcript)
        except KeyboardInterrupt:
            print("\nInterrupted: the last seed is not complete.")
            break
        finally:
            server.close()
    print(f"Model: {lives[0].agent['llm_config']['handle']}\n\n{table(lives)}")


if __name__ == "__main__":
    main()
