"""Processes the suites work with: the server under test and the scripted model, each started and ended by its own handle."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import uuid
import weakref
from pathlib import Path
from urllib.parse import urlsplit

import httpx

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("LETTA_SERVER_BINARY", ROOT / ".build/debug/letta-server"))
POSTGRES = os.environ.get("LETTA_TEST_PG_URI")
MODELS = os.environ.get("LETTA_TEST_MODELS")
LONG = os.environ.get("LETTA_LONG_TESTS") == "yes"
# How long the soak takes; without it there is none.
SOAK_MINUTES = float(os.environ.get("LETTA_SOAK_MINUTES") or 0)
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
TLS = ssl.create_default_context()
# How long a busy machine may take for what is to come, in seconds: for a request, a command, or a change that is waited for. httpx by
# itself gives a request five seconds.
PATIENCE = 100
# All clients share a context for TLS: to make one takes 40 ms.
for call in (httpx.get, httpx.post, httpx.put, httpx.patch, httpx.delete, httpx.request, httpx.stream.__wrapped__, httpx.Client.__init__,
             httpx.AsyncClient.__init__):
    call.__kwdefaults__.update(timeout=httpx.Timeout(PATIENCE), verify=TLS)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment(home, **extra):
    """What a process of the tests sees: nothing of the caller's settings, so that a developer's keys never reach a test."""
    kept = {k: os.environ[k] for k in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if k in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", **{k: v for k, v in extra.items() if v is not None}}


def psql(statement, uri=None):
    program = os.environ.get("LETTA_TEST_PSQL") or shutil.which("psql")
    subprocess.run([program, uri or POSTGRES, "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement], check=True, capture_output=True, text=True)


class Database:
    """A new PostgreSQL database, empty or like another one; its URI is what LETTA_PG_URI wants."""

    def __init__(self, template="template1"):
        self.name = "conformance_" + uuid.uuid4().hex
        psql(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')
        self.uri = urlsplit(POSTGRES)._replace(path="/" + self.name).geturl()

    def drop(self):
        psql(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


# A prefix that has the kernel kill the program when this process ends, however this process ends.
BOUND = ("setpriv", "--pdeathsig", "KILL", "--")


class Process:
    """A child that ends with this process, and whose output is also written to a file.

    The kernel kills it when the thread that started it ends: only the main thread starts processes.
    """

    # Those that a test still holds.
    started = weakref.WeakSet()

    def __init__(self, command, log, env=None, cwd=None):
        self.started.add(self)
        assert threading.current_thread() is threading.main_thread()
        self.log = Path(log)
        self.said = ""
        self.ended = False
        self.news = threading.Condition()
        self.child = subprocess.Popen([*BOUND, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, env=env, cwd=cwd)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        with self.log.open("ab", buffering=0) as log, self.child.stdout:
            while piece := self.child.stdout.read1():
                log.write(piece)
                with self.news:
                    self.said += piece.decode(errors="replace")
                    self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    @property
    def output(self):
        """All output so far; all there is when the process has ended."""
        if not self.running:
            self.reader.join(30)
        return self.said

    @property
    def running(self):
        return self.child.poll() is None

    def wait_for(self, pattern, seconds=PATIENCE):
        """Waits for output that matches and returns the match."""
        with self.news:
            self.news.wait_for(lambda: self.ended or re.search(pattern, self.said), seconds)
            found = re.search(pattern, self.said)
        assert found, f"no {pattern!r} {'before the end' if self.ended else f'within {seconds} s'}:\n{self.output[-3000:]}"
        return found

    def wait(self, seconds):
        """The exit status; a process that takes longer is killed and is an error."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {seconds} s:\n{self.output[-3000:]}") from None

    def kill(self):
        self.child.kill()
        self.child.wait()

    def end(self, seconds=PATIENCE):
        """The exit status after SIGTERM."""
        if self.running:
            self.child.send_signal(signal.SIGTERM)
        return self.wait(seconds)


# What the server prints when it accepts connections.
LISTENING = r"listens on https?://\S+:(\d+)"


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

    def twin(self, folder):
        """Another server that begins with what this one has, which is stopped. Making a database takes longer than copying one."""
        twin = Server(folder, database=Database(self.database.name) if self.database else None, **self.settings)
        shutil.copytree(self.data, twin.data)
        return twin

    def environment(self):
        return environment(self.folder, LETTA_PG_URI=self.database.uri if self.database else None, **self.settings)

    def command(self, *arguments):
        """Runs a subcommand to its end, with this server's settings."""
        return subprocess.run([*BOUND, BINARY, *map(str, arguments)], env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, *arguments):
        """Takes a free port the first time, so that no other process can have it, and the same one from then on."""
        command = [BINARY, "serve", "--port", str(self.port), "--data-dir", str(self.data), *map(str, arguments)]
        self.process = Process(command, self.folder / "server.log", self.environment())
        self.port = int(self.process.wait_for(LISTENING)[1])
        assert httpx.get(self.url + "/v1/health/").status_code == 200
        return self

    def stop(self):
        return self.process.end()

    def restart(self):
        assert self.stop() == 0
        return self.start()

    def execute(self, *statements):
        """Stores rows for which there is no call yet. The server is stopped meanwhile."""
        assert self.stop() == 0
        if self.database:
            for statement in statements:
                psql(statement, self.database.uri)
        else:
            with contextlib.closing(sqlite3.connect(self.data / "letta.sqlite")) as database, database:
                for statement in statements:
                    database.execute(statement)
        self.start()

    def close(self):
        if self.process:
            self.process.end()
        if self.database:
            self.database.drop()

    def http(self, **options):
        return httpx.Client(base_url=self.url, **options)


class Model:
    """The scripted model as an OpenAI-compatible service."""

    def __init__(self, folder, *arguments):
        self.requests = Path(folder) / "model-requests.jsonl"
        script = Path(__file__).with_name("mockllm.py")
        self.process = Process([sys.executable, script, "--port", "0", "--log", str(self.requests), *arguments], Path(folder) / "model.log")
        self.url = self.process.wait_for(LISTENING)[0].removeprefix("listens on ") + "/v1"

    @property
    def settings(self):
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": "sk-scripted"}

    @property
    def anthropic_settings(self):
        """As a service that speaks Anthropic's API."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": "sk-ant-scripted"}

    def let_go(self, name):
        """What a script holds under the name is answered now, and from now on."""
        assert httpx.get(self.url.removesuffix("/v1") + "/let-go/" + name).status_code == 200

    def close(self):
        self.process.kill()


def unknown(prefix):
    """A well-formed id that no row has."""
    return f"{prefix}-{uuid.uuid4()}"
