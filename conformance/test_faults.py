"""A hostile tool and a database that refuses writes: the server answers, and no run stays at work."""

import contextlib
import json
import sqlite3
import subprocess
import threading
import time
import uuid
from pathlib import Path

import pytest

import harness
from harness import BINARY, Server
from steps import MODEL, fresh

# ------------------------------------------------------------------------------------------------ memory

# What a tool can take without mapping it, and plain memory; each goes on until something stops it.
GLUTTONS = {
    "memory": "blocks = []\nwhile True:\n    if os.fork() == 0:\n        blocks.append(bytearray(300 << 20))\n        time.sleep(100)\n",
    "memfd": "held = []\nwhile True:\n    held.append(os.memfd_create('x'))\n    os.write(held[-1], bytes(32 << 20))\n",
    "shmget": "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.shmat.restype = ctypes.c_void_p\nwhile True:\n"
              "    place = libc.shmat(libc.shmget(0, 32 << 20, 0o1600), 0, 0)\n    assert place and place < 1 << 63\n"
              "    ctypes.memset(place, 1, 32 << 20)\n    libc.shmdt(ctypes.c_void_p(place))\n",
    "folders": "n = 0\nwhile True:\n    os.mkdir(f'/tmp/{n}')\n    n += 1\n",
    "sockets": "import socket\nfor _ in range(60):\n    if os.fork() == 0:\n        pairs = []\n        try:\n            while True:\n"
               "                pairs.append(socket.socketpair())\n                pairs[-1][0].setblocking(False)\n                try:\n"
               "                    while True: pairs[-1][0].send(bytes(65536))\n                except BlockingIOError: pass\n"
               "        except OSError:\n            time.sleep(100)\ntime.sleep(100)\n",
    "files": "for folder in ('/tmp', '/dev/shm'):\n    for n in range(10):\n        with open(f'{folder}/{n}', 'wb') as file:\n"
             "            for _ in range(40): file.write(bytes(1 << 20))\n",
}


class MemoryGroup:
    """A control group with a limit of memory below the one of this process."""

    def __init__(self, limit):
        groups = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
        if "memory" in groups:
            parent, self.limit_file = Path("/sys/fs/cgroup/memory" + groups["memory"]), "memory.limit_in_bytes"
        else:
            parent, self.limit_file = Path("/sys/fs/cgroup" + groups.get("", "/")), "memory.max"
            enabled = parent / "cgroup.subtree_control"
            if not enabled.exists() or "memory" not in enabled.read_text().split():
                pytest.skip(f"no control group for memory can be made in {parent}")
        self.path = parent / f"letta-test-{uuid.uuid4().hex}"
        try:
            self.path.mkdir()
            (self.path / self.limit_file).write_text(str(limit))
        except OSError as error:
            if self.path.exists():
                self.path.rmdir()
            pytest.skip(f"no control group for memory can be made in {parent}: {error}")

    def add(self, process):
        (self.path / "cgroup.procs").write_text(str(process))

    def close(self):
        for _ in range(600):  # the kernel takes a moment to bury what was in it
            with contextlib.suppress(OSError):
                self.path.rmdir()
                return
            time.sleep(0.1)


@pytest.fixture
def group():
    group = MemoryGroup(700 << 20)
    yield group
    group.close()


def test_a_tool_that_takes_all_memory_dies_and_the_server_answers(group, own_server):
    """Server and tools share a group that has less memory than a tool may take. It is removed after the server has ended."""
    group.add(own_server.process.child.pid)
    with own_server.http() as http:
        http.timeout = 150
        for name, body in GLUTTONS.items():
            source = f"def take():\n    'T.'\n    import os, time\n" + "".join(f"    {line}\n" for line in body.splitlines())
            answer = http.post("/v1/tools/run", json={"source_code": source, "args": {}})
            assert own_server.process.running, f"{name}: {own_server.process.output[-2000:]}"
            assert answer.status_code == 200, f"{name}: {answer.text}"
            assert answer.json()["status"] == "error", f"{name}: {answer.text}"
            assert http.get("/v1/health/").status_code == 200
            assert http.post("/v1/blocks/", json={"label": "b", "value": name}).status_code == 200
        fine = http.post("/v1/tools/run", json={"source_code": "def f():\n    'F.'\n    return 1 + 1\n", "args": {}}).json()
        assert (fine["status"], fine["tool_return"]) == ("success", "2")


def test_sleeping_tools_of_one_agent_do_not_keep_others_waiting(own_server):
    sleep = "def sleeper():\n    'S.'\n    import time\n    time.sleep(100)\n"
    quick = "def quick():\n    'Q.'\n    return 'quick'\n"
    with own_server.http() as http:
        for source in (sleep, quick):
            http.put("/v1/tools/", json={"source_code": source, "enable_parallel_execution": True}).raise_for_status()
        busy, other = (http.post("/v1/agents/", json={"model": MODEL, "tools": ["sleeper", "quick"], "include_base_tools": False}).json()["id"]
                       for _ in range(2))
        script = 'script: [{"calls": [' + ", ".join(['{"call": "sleeper"}'] * 8) + ']}, {"say": "late"}]'
        http.post(f"/v1/agents/{busy}/messages/async", json={"input": script}).raise_for_status()
        deadline = time.monotonic() + 60
        while http.get(f"/v1/agents/{busy}/messages").json()[-1]["message_type"] != "tool_call_message":
            assert time.monotonic() < deadline
        started = time.monotonic()
        answer = http.post(f"/v1/agents/{other}/messages", json={"input": 'script: [{"call": "quick"}, {"say": "done"}]'})
        assert answer.json()["messages"][1]["tool_return"] == "quick", answer.text
        assert time.monotonic() - started < 60
        http.post(f"/v1/agents/{busy}/messages/cancel", json={}).raise_for_status()


# ------------------------------------------------------------------------------------------------ a database that refuses

class SmallDisk(Server):
    """A server whose disk can be full: the kernel's limit on the size of files stands for it, and for PostgreSQL cut connections."""

    def start(self, *arguments):
        command = ["env", "--ignore-signal=XFSZ", BINARY, "serve", "--port", str(self.port), "--data-dir", str(self.data), *arguments]
        self.process = harness.Process(command, self.folder / "server.log", self.environment())
        self.port = int(self.process.wait_for(harness.LISTENING)[1])
        return self

    @contextlib.contextmanager
    def refusing(self):
        if self.database:
            harness.psql(f'ALTER DATABASE "{self.database.name}" ALLOW_CONNECTIONS false')
            harness.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database.name}'")
        else:
            self.limit_files("1")
        try:
            yield
        finally:
            if self.database:
                harness.psql(f'ALTER DATABASE "{self.database.name}" ALLOW_CONNECTIONS true')
            else:
                self.limit_files("unlimited")

    def limit_files(self, size):
        subprocess.run(["prlimit", f"--fsize={size}:unlimited", "--pid", str(self.process.child.pid)], check=True)


def eventually(condition, seconds=harness.PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.engine
def test_a_database_that_refuses_writes_leaves_no_run_and_few_lines(tmp_path, model):
    server = SmallDisk(tmp_path / "own", LETTA_LOG_LEVEL="error", **model.settings)
    try:
        server.start()
        with server.http() as http:
            agent = http.post("/v1/agents/", json={"model": MODEL}).json()["id"]
            assert http.get("/v1/ready/").status_code == 200
            paths = (f"/v1/agents/{agent}/messages", f"/v1/agents/{agent}/messages/async")
            held = fresh("held")
            slow = {"input": f'script: [{{"say": "late", "held": "{held}"}}]'}
            answers = []
            turn = threading.Thread(target=lambda: answers.append(server.http().post(paths[0], json=slow)))
            turn.start()
            eventually(lambda: [run["status"] for run in http.get("/v1/runs/active").json()] == ["running"])
            run, = http.get("/v1/runs/active").json()
            lines = len(server.process.output.splitlines())
            with server.refusing():
                for _ in range(300):
                    assert http.post("/v1/blocks/", json={"label": "b", "value": "x"}).status_code == 503
                # The outcome of a write is good for a second.
                eventually(lambda: http.get("/v1/ready/").status_code == 503)
                model.let_go(held)
                turn.join()
                assert answers[0].status_code == 500, answers[0].text
            eventually(lambda: http.get("/v1/ready/").status_code == 200)
            eventually(lambda: http.get(f"/v1/runs/{run['id']}").json()["status"] == "failed")
            eventually(lambda: http.get("/v1/runs/active").json() == [])
            assert http.post(paths[0], json={"input": "again"}).status_code == 200
            assert http.delete(f"/v1/runs/{run['id']}").status_code == 200
            new = server.process.output.splitlines()[lines:]
            assert len(new) < 30, "\n".join(new[:50])
        if not server.database:
            with contextlib.closing(sqlite3.connect(server.data / "letta.sqlite")) as database:
                assert database.execute("SELECT COUNT(*) FROM run WHERE status IN ('created', 'running')").fetchone() == (0,)
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        server.close()


# ------------------------------------------------------------------------------------------------ kills of background runs

SLOW = {"say": "late", "sleep_ms": 600_000}
NOTE = {"call": "memory_insert", "args": {"label": "human", "new_string": "noted"}}
# What the model says, and what the message list has when the moment has come.
MOMENTS = {
    "before the first token": ([SLOW], "user_message"),
    "between two steps": ([NOTE, SLOW], "tool_return_message"),
    "in a tool": ([{"call": "sleeper"}, {"say": "late"}], "tool_call_message"),
    "waiting for another run": ([SLOW], "user_message"),
    "after the end": ([{"say": "early"}], "assistant_message"),
}


def kinds_from_script(entries):
    """The kinds of the entries from the last scripted message on."""
    scripts = [n for n, entry in enumerate(entries) if entry["message_type"] == "user_message" and "script:" in str(entry["content"])]
    return [entry["message_type"] for entry in entries[scripts[-1]:]] if scripts else []


@pytest.mark.parametrize("agent_type", ["letta_v1_agent", "memgpt_v2_agent"])
def test_a_kill_at_any_moment_of_a_background_run_leaves_an_agent_that_answers(own_server, agent_type):
    """One kill ends runs in all moments at once."""
    source = "def sleeper():\n    'S.'\n    import time\n    time.sleep(100)\n"
    runs = {}
    with own_server.http() as http:
        http.put("/v1/tools/", json={"source_code": source}).raise_for_status()
        for moment, (script, _) in MOMENTS.items():
            agent = http.post("/v1/agents/", json={
                "model": MODEL, "agent_type": agent_type, "tools": ["sleeper"],
                "memory_blocks": [{"label": "human", "value": "Ann"}]}).json()["id"]
            body = {"input": "script: " + json.dumps(script)}
            run = http.post(f"/v1/agents/{agent}/messages/async", json=body).json()["id"]
            if moment == "waiting for another run":
                run = http.post(f"/v1/agents/{agent}/messages/async", json=body).json()["id"]
            runs[moment] = (agent, run)
        for moment, (_, kind) in MOMENTS.items():
            agent = runs[moment][0]
            eventually(lambda: kind in kinds_from_script(http.get(f"/v1/agents/{agent}/messages").json()))
        eventually(lambda: http.get(f"/v1/runs/{runs['after the end'][1]}").json()["status"] == "completed")
    own_server.process.kill()
    own_server.start()
    with own_server.http() as http:
        assert http.get("/v1/runs/active").json() == []
        for moment, (agent, run) in runs.items():
            told = http.get(f"/v1/runs/{run}").json()
            if moment == "after the end":
                assert told["status"] == "completed", moment
            else:
                assert (told["status"], told["stop_reason"]) == ("failed", "error"), f"{moment}: {told}"
                assert "Send the message again" in told["metadata"]["error"], moment
            for after in (0, 1):
                stream = http.post(f"/v1/runs/{run}/stream", json={"starting_after": after})
                assert stream.status_code == 200 and stream.text.endswith("data: [DONE]\n\n"), f"{moment}: {stream.text}"
            answer = http.post(f"/v1/agents/{agent}/messages", json={"input": 'script: [{"say": "fine"}]'})
            assert answer.status_code == 200, f"{moment}: {answer.text}"
            said = [entry["content"] for entry in answer.json()["messages"] if entry["message_type"] == "assistant_message"]
            assert said == ["fine"], f"{moment}: {answer.text}"
        block = http.get(f"/v1/agents/{runs['between two steps'][0]}/core-memory/blocks/human").json()
        assert block["value"] == "Ann\nnoted"


def test_a_password_file_of_another_system_works(tmp_path):
    file = tmp_path / "password"
    file.write_bytes(b"\xef\xbb\xbfsekret \r\n")
    server = Server(tmp_path / "own")
    try:
        server.start("--password-file", file)
        with server.http() as http:
            assert http.get("/v1/agents/").status_code == 401
            assert http.get("/v1/agents/", headers={"Authorization": "Bearer sekret"}).status_code == 200
    finally:
        server.close()


def test_a_password_file_that_can_not_be_one_is_refused_with_the_reason(tmp_path):
    file = tmp_path / "password"
    file.write_bytes("sekret".encode("utf-16"))
    result = subprocess.run([*harness.BOUND, BINARY, "serve", "--port", "0", "--data-dir", tmp_path / "data", "--password-file", file],
                            env=harness.environment(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=harness.PATIENCE)
    assert result.returncode != 0 and "is not UTF-8" in result.stdout + result.stderr
    assert not (tmp_path / "data").exists()
