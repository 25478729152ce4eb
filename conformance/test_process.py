"""The process: how it starts, refuses to start, ends, and what its subcommands say."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

import harness
from harness import BINARY, Database, Process, Server, environment, free_port, unknown
from steps import MODEL

SQLITE_ONLY = pytest.mark.skipif(harness.POSTGRES is not None, reason="about the SQLite file")


def run(home, *arguments, **settings):
    return subprocess.run([*harness.BOUND, BINARY, *map(str, arguments)], env=environment(home, **settings), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=harness.PATIENCE)


def said(result):
    return result.stdout + result.stderr


def add_block(server, value="kept"):
    with server.http() as http:
        answer = http.post("/v1/blocks/", json={"label": "notes", "value": value})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]


def values(server):
    with server.http() as http:
        return [row["value"] for row in http.get("/v1/blocks/").json()]


# ------------------------------------------------------------------------------------------------ start and end

def test_the_default_command_is_serve(tmp_path):
    port = free_port()
    process = Process([BINARY, "--port", str(port), "--data-dir", str(tmp_path / "data")], tmp_path / "log", environment(tmp_path))
    try:
        assert process.wait_for(harness.LISTENING)[1] == str(port)
        assert httpx.get(f"http://127.0.0.1:{port}/v1/health/").status_code == 200
        assert process.output.count("Made the database") == 1 and "Migrated the database" not in process.output
    finally:
        assert process.end() == 0


def test_a_misspelled_command_is_answered_with_the_commands(tmp_path):
    wrong = run(tmp_path, "doktor")
    assert wrong.returncode != 0 and "There is no command 'doktor'. The commands are: serve, " in wrong.stderr and " doctor," in wrong.stderr
    table = (harness.ROOT / "docs/configuration.md").read_text()
    commands = " ".join(wrong.stderr.split()).split("The commands are: ")[1].split(".")[0].split(", ")
    assert [name for name in commands if f"| `letta-server {name}" not in table] == []
    assert "USAGE" in run(tmp_path, "help").stdout and run(tmp_path, "doctor", "--help").returncode == 0


def test_the_option_beats_the_environment(tmp_path):
    server = Server(tmp_path, LETTA_DIR=str(tmp_path / "elsewhere"), database=False)
    try:
        server.start()
        assert (server.data / "letta.sqlite").exists()
        assert not (tmp_path / "elsewhere").exists()
    finally:
        server.close()


def test_a_second_server_on_the_same_data_is_refused(own_server):
    second = run(own_server.folder, "serve", "--port", free_port(), "--data-dir", own_server.data)
    assert second.returncode != 0
    assert "another letta-server" in said(second).lower() and str(own_server.data) in said(second)
    add_block(own_server)


def test_a_taken_port_is_said_clearly(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run(tmp_path, "serve", "--port", port, "--data-dir", tmp_path / "data")
    assert result.returncode != 0
    assert "in use" in said(result).lower() and str(port) in said(result)


def test_a_signal_ends_it_within_a_bound(own_server, tmp_path):
    """Also with a client that keeps its connection open and one that is halfway through a request, for whom it waits ten seconds."""
    other = Server(tmp_path / "other")
    servers = {signal.SIGTERM: own_server, signal.SIGINT: other}
    try:
        other.start()
        with contextlib.ExitStack() as clients:
            for server in servers.values():
                assert clients.enter_context(server.http()).get("/v1/agents/").status_code == 200
                halfway = clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                halfway.sendall(b"POST /v1/blocks/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
            for sign, server in servers.items():
                server.process.child.send_signal(sign)
            for server in servers.values():
                assert server.process.wait(40) == 0, server.process.output[-2000:]
    finally:
        other.close()


def test_what_was_acknowledged_survives_a_kill(own_server):
    for n in range(20):
        add_block(own_server, str(n))
    own_server.process.kill()
    own_server.start()
    assert values(own_server) == [str(n) for n in range(20)]


def test_beyond_loopback_a_password_is_needed(tmp_path):
    refused = run(tmp_path, "serve", "--host", "0.0.0.0", "--port", free_port(), "--data-dir", tmp_path / "data")
    assert refused.returncode != 0
    for way_out in ("LETTA_SERVER_PASSWORD", "--password-file", "127.0.0.1"):
        assert way_out in said(refused)


def test_beyond_loopback_with_a_password(tmp_path):
    port = free_port()
    process = Process([BINARY, "serve", "--host", "0.0.0.0", "--port", str(port), "--data-dir", str(tmp_path / "data")], tmp_path / "log",
                      environment(tmp_path, LETTA_SERVER_PASSWORD="sekret"))
    try:
        process.wait_for(harness.LISTENING)
        assert httpx.get(f"http://127.0.0.1:{port}/v1/agents/").status_code == 401
        assert httpx.get(f"http://127.0.0.1:{port}/v1/agents/", headers={"Authorization": "Bearer sekret", "Host": "letta.example"}).status_code == 200
    finally:
        process.end()


def test_secure_without_a_password_prints_a_random_one(tmp_path):
    server = Server(tmp_path, LETTA_SERVER_SECURE="true")
    try:
        server.start()
        with server.http() as http:
            assert http.get("/v1/agents/").status_code == 401
            line = next(line for line in server.process.output.splitlines() if "password" in line.lower())
            words = re.findall(r"[A-Za-z0-9_+/=-]{12,}", line)
            assert any(http.get("/v1/agents/", headers={"Authorization": f"Bearer {word}"}).status_code == 200 for word in words), line
    finally:
        server.close()


def test_foreign_hosts_and_origins_are_refused_on_loopback(tmp_path):
    server = Server(tmp_path, LETTA_ALLOWED_HOSTS="letta.example", ACCEPTABLE_ORIGINS="https://app.example")
    try:
        server.start()
        with server.http() as http:
            assert http.get("/v1/agents/").status_code == 200
            assert http.get("/v1/agents/", headers={"Host": f"localhost:{server.port}"}).status_code == 200
            assert http.get("/v1/agents/", headers={"Host": "letta.example"}).status_code == 200
            assert http.get("/v1/agents/", headers={"Host": "evil.example"}).status_code in (400, 403, 421)
            allowed = http.get("/v1/agents/", headers={"Origin": "https://app.example"})
            assert allowed.status_code == 200
            assert allowed.headers["access-control-allow-origin"] == "https://app.example"
            foreign = http.post("/v1/blocks/", json={"label": "x", "value": "y"}, headers={"Origin": "https://evil.example"})
            assert foreign.status_code == 403
            assert http.get("/v1/blocks/").json() == []
    finally:
        server.close()


def test_a_local_model_that_is_off_says_what_to_switch_on(tmp_path):
    server = Server(tmp_path, LETTA_LOCAL="off")
    try:
        server.start()
        with server.http() as http:
            model = {"model": "qwen2.5-coder-0.5b", "handle": "letta-local/qwen2.5-coder-0.5b", "model_endpoint_type": "openai", "context_window": 8000}
            agent = http.post("/v1/agents/", json={"name": "a", "llm_config": model}).json()["id"]
            for path in ("messages", "messages/stream"):
                answer = http.post(f"/v1/agents/{agent}/{path}", json={"input": "hello"})
                for word in ("letta-local/qwen2.5-coder-0.5b", "LETTA_LOCAL=off", "Set LETTA_LOCAL=on"):
                    assert word in answer.text, answer.text
                assert answer.status_code == (400 if path == "messages" else 200)
            unnamed = http.post("/v1/agents/", json={"name": "b"})
            assert unnamed.status_code == 400 and "Must specify either model or llm_config in request" in unnamed.text
            assert "letta-server models install" in unnamed.text
    finally:
        server.close()


# ------------------------------------------------------------------------------------------------ connections

def test_a_response_announces_the_end_of_its_connection(own_server):
    """A client that keeps connections in a pool reads from the response whether this one goes back to the pool."""
    with own_server.http() as pool:
        agent = pool.post("/v1/agents/", json={"name": "a", "model": MODEL}).json()["id"]
        archives = [pool.post("/v1/archives/", json={"name": "a"}).json()["id"] for _ in range(2)]
    message = json.dumps({"messages": [{"role": "user", "content": "hello"}]})
    requests = [(200, "GET", "/v1/health/", None), (404, "GET", "/v1/nothing-here", None), (404, "GET", f"/v1/agents/{unknown('agent')}", None),
                (204, "DELETE", "/v1/archives/{}", None), (422, "POST", "/v1/blocks/", "{"), (200, "POST", f"/v1/agents/{agent}/messages/stream", message)]
    for status, method, path, body in requests:
        for archive, close in zip(archives, (False, True)):
            with contextlib.closing(HTTPConnection("127.0.0.1", own_server.port, timeout=harness.PATIENCE)) as connection:
                headers = {"Content-Type": "application/json", **({"Connection": "close"} if close else {})}
                connection.request(method, path.format(archive), body, headers)
                used, watched = connection.sock, connection.sock.dup()
                response = connection.getresponse()
                assert response.status == status, response.read()
                assert (response.getheader("Connection") or "").lower() == ("close" if close else ""), (method, path)
                response.read()
                with watched:
                    if close:
                        assert watched.recv(1) == b"", (method, path)
                    else:
                        connection.request("GET", "/v1/health/")
                        assert connection.sock is used and connection.getresponse().status == 200


def test_a_pool_outlives_closed_connections(own_server):
    with own_server.http() as pool:
        for n in range(50):
            headers = {"Connection": "close"} if n % 2 else {}
            assert pool.post("/v1/blocks/", json={"label": "notes", "value": str(n)}, headers=headers).status_code == 200
    assert values(own_server) == [str(n) for n in range(50)]


# ------------------------------------------------------------------------------------------------ storage that refuses

def unprivileged(home):
    """A prefix that runs a program as a user whom file permissions bind, and what belongs to it."""
    if os.getuid() != 0:
        return []
    os.chown(home, 65534, 65534)
    # The kernel forgets the signal for the death of the parent when the user changes.
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--pdeathsig", "KILL", "--"]


@pytest.fixture
def public_folder():
    """A folder that an unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="letta-process."))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def reachable_binary(folder):
    """The server where the unprivileged user can run it: a clone below a private folder is out of its reach."""
    if os.getuid() != 0 or subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", "-x", BINARY]).returncode == 0:
        return BINARY
    return shutil.copy(BINARY, folder / "letta-server")


@SQLITE_ONLY
def test_a_read_only_database_is_said_clearly_and_kept(public_folder):
    """A file that cannot be written is told at the start, and opens again when it can."""
    home = public_folder / "home"
    home.mkdir()
    prefix, binary = unprivileged(home), reachable_binary(public_folder)
    port, data = free_port(), home / "data"
    command = [*prefix, str(binary), "serve", "--port", str(port), "--data-dir", str(data)]
    url = f"http://127.0.0.1:{port}/v1/blocks/"

    @contextlib.contextmanager
    def serving():
        process = Process(command, public_folder / "log", environment(home))
        try:
            process.wait_for(harness.LISTENING)
            yield
        finally:
            process.end()

    with serving():
        assert httpx.post(url, json={"label": "notes", "value": "kept"}).status_code == 200
    (data / "letta.sqlite").chmod(0o444)
    refused = subprocess.run(command, env=environment(home), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=harness.PATIENCE)
    assert refused.returncode != 0
    assert re.search("read-?only", said(refused)) and "Fatal error" not in said(refused)
    for file in data.glob("letta.sqlite*"):  # SQLite gives its side files the mode of the database
        file.chmod(0o600)
    with serving():
        assert [row["value"] for row in httpx.get(url).json()] == ["kept"]
        assert httpx.post(url, json={"label": "notes", "value": "after"}).status_code == 200


@SQLITE_ONLY
def test_a_full_disk_answers_503_and_loses_nothing(tmp_path):
    """The kernel's limit on the size of files stands for the full disk: writes past it fail in the same place."""
    port, data = free_port(), tmp_path / "data"
    process = Process(["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=4000000:unlimited", str(BINARY), "serve", "--port", str(port),
                       "--data-dir", str(data)], tmp_path / "log", environment(tmp_path, LETTA_LOG_LEVEL="error"))
    try:
        process.wait_for(harness.LISTENING)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            kept, status = [], 200
            while status == 200 and len(kept) < 200:
                answer = http.post("/v1/blocks/", json={"label": "notes", "value": str(len(kept)) + "x" * 90_000})
                status = answer.status_code
                kept += [answer.json()["id"]] if status == 200 else []
            assert status == 503, answer.text
            assert "SQLITE" not in answer.text.upper()
            assert [row["id"] for row in http.get("/v1/blocks/").json()] == kept
            subprocess.run(["prlimit", "--fsize=unlimited", "--pid", str(process.child.pid)], check=True)
            again = http.post("/v1/blocks/", json={"label": "notes", "value": "there is room again"})
            assert again.status_code == 200, again.text
            kept.append(again.json()["id"])
            assert [row["id"] for row in http.get("/v1/blocks/").json()] == kept
    finally:
        process.end()


def migration_table(file):
    """Name and columns of the table that records the migrations."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        name, = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%migration%'").fetchone()
        return name, [row[1:3] for row in database.execute(f'PRAGMA table_info("{name}")')]


def contents(file):
    with contextlib.closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


@SQLITE_ONLY
def test_a_newer_database_is_refused_and_left_alone(own_server):
    add_block(own_server)
    assert own_server.stop() == 0
    file = own_server.data / "letta.sqlite"
    table, columns = migration_table(file)
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        row = [999_999 if "INT" in kind.upper() else "999999-from-the-future" for _, kind in columns]
        database.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', row)
    before = contents(file)
    refused = run(own_server.folder, "serve", "--port", free_port(), "--data-dir", own_server.data)
    assert refused.returncode != 0
    assert "newer" in said(refused)
    assert contents(file) == before
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute(f'DELETE FROM "{table}" WHERE "{columns[0][0]}" = ?', row[:1])
    own_server.start()
    assert values(own_server) == ["kept"]


@SQLITE_ONLY
def test_a_wrong_encryption_key_is_refused(tmp_path):
    server = Server(tmp_path, LETTA_ENCRYPTION_KEY="first key")
    try:
        server.start()
        with server.http() as http:
            body = {"name": "a", "llm_config": {"model": "m", "model_endpoint_type": "openai", "context_window": 8000}, "secrets": {"K": "plain-value"}}
            assert http.post("/v1/agents/", json=body).status_code == 200
        assert server.stop() == 0
        assert b"plain-value" not in b"".join(file.read_bytes() for file in server.data.glob("letta.sqlite*"))
        wrong = run(tmp_path, "serve", "--port", free_port(), "--data-dir", server.data, LETTA_ENCRYPTION_KEY="second key")
        assert wrong.returncode != 0 and "LETTA_ENCRYPTION_KEY" in said(wrong)
        server.settings["LETTA_ENCRYPTION_KEY"] = "second key,first key"
        server.start()
    finally:
        server.close()


# ------------------------------------------------------------------------------------------------ subcommands

def test_version(tmp_path):
    result = run(tmp_path, "version")
    assert result.returncode == 0
    assert re.search(r"\d+\.\d+", result.stdout)


def test_config_shows_the_effective_settings_and_masks_secrets(tmp_path):
    secrets = {"LETTA_SERVER_PASSWORD": "pass-in-the-clear", "OPENAI_API_KEY": "sk-in-the-clear", "ANTHROPIC_API_KEY": "ant-in-the-clear",
               "LETTA_ENCRYPTION_KEY": "key-in-the-clear",
               "LETTA_PG_URI": "postgresql://someone:pg-in-the-clear@127.0.0.1:5432/letta"}
    result = run(tmp_path, "config", LETTA_DIR=str(tmp_path / "here"), OPENAI_BASE_URL="http://127.0.0.1:9/v1", **secrets)
    assert result.returncode == 0, said(result)
    assert "in-the-clear" not in said(result)
    assert str(tmp_path / "here") in result.stdout
    assert "8283" in result.stdout and "http://127.0.0.1:9/v1" in result.stdout
    assert not (tmp_path / "here").exists()


@pytest.mark.engine
def test_migrate(own_server):
    while_running = own_server.command("migrate", "status", "--data-dir", own_server.data)
    assert while_running.returncode == 0, said(while_running)
    assert while_running.stdout.strip()
    assert own_server.stop() == 0
    up = own_server.command("migrate", "up", "--data-dir", own_server.data)
    assert up.returncode == 0, said(up)
    own_server.start()


def test_migrate_up_makes_a_database_that_serve_takes(tmp_path):
    server = Server(tmp_path)
    try:
        assert server.command("migrate", "up", "--data-dir", server.data).returncode == 0
        server.start()
        add_block(server)
    finally:
        server.close()


@SQLITE_ONLY
def test_migrate_up_is_refused_while_a_server_runs(own_server):
    refused = own_server.command("migrate", "up", "--data-dir", own_server.data)
    assert refused.returncode != 0
    add_block(own_server)


@SQLITE_ONLY
def test_backup_of_a_running_server(own_server, tmp_path, model):
    for n in range(50):
        add_block(own_server, str(n))
    copy = tmp_path / "copy.sqlite"
    result = own_server.command("backup", copy, "--data-dir", own_server.data)
    assert result.returncode == 0 and not result.stderr, said(result)
    assert result.stdout == f"Copied {own_server.data / 'letta.sqlite'} to {copy} ({copy.stat().st_size} bytes)\n"
    assert own_server.command("backup", copy, "--data-dir", own_server.data).returncode != 0, "a backup must not overwrite a file"
    with contextlib.closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    restored = Server(tmp_path / "restored")
    restored.data.mkdir()
    shutil.copy(copy, restored.data / "letta.sqlite")
    shutil.copy(own_server.data / "encryption.key", restored.data)
    try:
        restored.start()
        assert values(restored) == values(own_server) == [str(n) for n in range(50)]
    finally:
        restored.close()


@SQLITE_ONLY
def test_a_copy_is_checked_and_put_back(own_server, tmp_path):
    add_block(own_server, "kept")
    copy = tmp_path / "copy.sqlite"
    assert own_server.command("backup", copy, "--data-dir", own_server.data).returncode == 0
    before = copy.read_bytes()
    add_block(own_server, "later")
    checked = own_server.command("restore", "--verify", copy, "--data-dir", own_server.data)
    assert checked.returncode == 0 and "sound, version" in checked.stdout and "1 block" in checked.stdout, said(checked)
    assert own_server.command("restore", "--replace", copy, "--data-dir", own_server.data).returncode != 0, "a server runs"

    own_server.stop()
    refused = own_server.command("restore", copy, "--data-dir", own_server.data)
    assert refused.returncode != 0 and "--replace" in said(refused), said(refused)
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(before[:8192] + b"\x00" * 4096 + before[12288:])
    cut = tmp_path / "cut.sqlite"
    cut.write_bytes(before[:len(before) // 2])
    text = tmp_path / "text.sqlite"
    text.write_text("no database")
    for broken in (damaged, cut, text, tmp_path / "missing.sqlite"):
        for arguments in (["--verify"], ["--replace"]):
            result = own_server.command("restore", *arguments, broken, "--data-dir", own_server.data)
            assert result.returncode != 0 and "Fatal" not in said(result), (broken, said(result))
    own_server.start()
    assert values(own_server) == ["kept", "later"]

    own_server.stop()
    put = own_server.command("restore", "--replace", copy, "--data-dir", own_server.data)
    assert put.returncode == 0 and "former database" in put.stdout, said(put)
    own_server.start()
    assert values(own_server) == ["kept"]
    assert copy.read_bytes() == before
    assert [file.name.split("-")[0] for file in (own_server.data / "backups").iterdir()] == ["replaced"]

    # A copy in a folder that has another key.
    elsewhere = Server(tmp_path / "elsewhere")
    elsewhere.data.mkdir()
    (elsewhere.data / "encryption.key").write_text("another key")
    result = elsewhere.command("restore", copy, "--data-dir", elsewhere.data)
    assert result.returncode != 0 and "encryption key" in said(result), said(result)
    assert not (elsewhere.data / "letta.sqlite").exists()


@SQLITE_ONLY
def test_files_of_the_data_folder_are_private(own_server):
    for name in ("encryption.key", "letta.sqlite"):
        assert (own_server.data / name).stat().st_mode & 0o077 == 0, name
    assert own_server.data.stat().st_mode & 0o077 == 0


def test_wrong_options_are_explained(tmp_path):
    for arguments in (["serve", "--port", "99999999"], ["serve", "--port", "abc"], ["nonsense"], ["backup"], ["migrate", "sideways"]):
        result = run(tmp_path, *arguments)
        assert result.returncode != 0, arguments
        assert "Usage" in said(result) or "rror" in said(result), said(result)
        assert "Fatal error" not in said(result)
    assert run(tmp_path, "--help").returncode == 0
