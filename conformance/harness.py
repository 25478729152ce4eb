"""Processes the suites work with: the server under test and the scripted model, each started and ended by its own handle."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import httpx

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("LETTA_SERVER_BINARY", ROOT / ".build/debug/letta-server"))
POSTGRES = os.environ.get("LETTA_TEST_PG_URI")
MODELS = os.environ.get("LETTA_TEST_MODELS")
LONG = os.environ.get("LETTA_LONG_TESTS") == "yes"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment(home, **extra):
    """What a process of the tests sees: nothing of the caller's settings, so that a developer's keys never reach a test."""
    kept = {k: os.environ[k] for k in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if k in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", **{k: v for k, v in extra.items() if v is not None}}


def psql(statement):
    program = os.environ.get("LETTA_TEST_PSQL") or shutil.which("psql")
    subprocess.run([program, POSTGRES, "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement], check=True, capture_output=True, text=True)


class Database:
    """A new, empty PostgreSQL database; its URI is what LETTA_PG_URI wants."""

    def __init__(self):
        self.name = "conformance_" + uuid.uuid4().hex
        psql(f'CREATE DATABASE "{self.name}"')
        self.uri = urlsplit(POSTGRES)._replace(path="/" + self.name).geturl()

    def drop(self):
        psql(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class Process:
    """A child with its output in a file. `end` asks it politely first."""

    def __init__(self, command, log, env=None, cwd=None):
        self.log = Path(log)
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=cwd)

    @property
    def output(self):
        return self.log.read_text(errors="replace")

    @property
    def running(self):
        return self.child.poll() is None

    def wait(self, seconds):
        """The exit status; a process that takes longer is killed and is an error."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"still running after {seconds} s:\n{self.output[-3000:]}") from None

    def end(self, seconds=20):
        """The exit status after SIGTERM."""
        if self.running:
            self.child.send_signal(signal.SIGTERM)
        return self.wait(seconds)


class Server:
    """The server under test on a folder of its own. On PostgreSQL, when LETTA_TEST_PG_URI names one, with a database of its own.

    `restart` keeps folder, database and port, so that clients made before go on working.
    """

    def __init__(self, folder, *, database=None, **settings):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.port = 0
        self.settings = settings
        self.database = database if database is not None else (Database() if POSTGRES else None)
        self.process = None

    def environment(self):
        return environment(self.folder, LETTA_PG_URI=self.database.uri if self.database else None, **self.settings)

    def command(self, *arguments):
        """Runs a subcommand to its end, with this server's settings."""
        return subprocess.run([BINARY, *map(str, arguments)], env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, *arguments):
        """Takes a free port the first time, so that no other process can have it, and the same one from then on."""
        command = [BINARY, "serve", "--port", str(self.port), "--data-dir", str(self.data), *map(str, arguments)]
        said_before = len(self.process.output) if self.process else 0
        self.process = Process(command, self.folder / "server.log", self.environment())
        deadline = time.monotonic() + 60
        while not (listening := re.search(r"listens on http://\S+:(\d+)", self.process.output[said_before:])):
            assert self.process.running, f"the server ended with {self.process.child.returncode}:\n{self.process.output[-3000:]}"
            assert time.monotonic() < deadline, f"the server does not listen:\n{self.process.output[-3000:]}"
            time.sleep(0.05)
        self.port = int(listening[1])
        assert httpx.get(self.url + "/v1/health/", timeout=30).status_code == 200
        return self

    def stop(self):
        return self.process.end()

    def restart(self):
        assert self.stop() == 0
        return self.start()

    def close(self):
        if self.process:
            self.process.end()
        if self.database:
            self.database.drop()

    def http(self, **options):
        return httpx.Client(base_url=self.url, timeout=30, **options)


class Model:
    """The scripted model as an OpenAI-compatible service."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.requests = Path(folder) / "model-requests.jsonl"
        script = Path(__file__).with_name("mockllm.py")
        self.process = Process([sys.executable, script, "--port", str(self.port), "--log", str(self.requests)], Path(folder) / "model.log")
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(self.url + "/models", timeout=5).raise_for_status()
                return
            except httpx.HTTPError:
                assert self.process.running and time.monotonic() < deadline, self.process.output
                time.sleep(0.05)

    @property
    def settings(self):
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": "sk-scripted"}

    def close(self):
        self.process.child.terminate()
        self.process.child.wait(10)


def unknown(prefix):
    """A well-formed id that no row has."""
    return f"{prefix}-{uuid.uuid4()}"
