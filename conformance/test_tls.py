"""HTTPS without a proxy, and a Unix socket."""

import os
import signal
import socket
import ssl
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import harness
from conftest import client_of
from harness import BINARY, Process, environment
from steps import MODEL

PASSWORD = "sekret"
BEARER = {"Authorization": f"Bearer {PASSWORD}"}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True)


class Authority:
    """Signs certificates for this machine."""

    def __init__(self, folder):
        self.folder = folder
        self.key, self.certificate = folder / "ca.key", folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=Test authority",
                "-keyout", self.key, "-out", self.certificate)
        self.count = 0

    def issue(self):
        """A new key and certificate; their files, and the serial number as clients see it."""
        self.count += 1
        key, request, certificate = (self.folder / f"{self.count}.{ending}" for ending in ("key", "csr", "pem"))
        extensions = self.folder / "extensions"
        extensions.write_text("subjectAltName=DNS:localhost,DNS:letta.example,IP:127.0.0.1\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-set_serial", 4096 + self.count, "-days", "2",
                "-extfile", extensions, "-out", certificate)
        return certificate, key

    @property
    def context(self):
        return ssl.create_default_context(cafile=str(self.certificate))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class SecureServer(harness.Server):
    """Serves HTTPS on all addresses, with a password."""

    def __init__(self, folder, authority, **settings):
        super().__init__(folder, **settings)
        self.authority = authority
        self.certificate, self.key = self.folder / "tls.pem", self.folder / "tls.key"
        self.install(*authority.issue())

    def install(self, certificate, key):
        """As tools that renew certificates do it: each file is replaced by a rename."""
        for new, file in ((certificate, self.certificate), (key, self.key)):
            draft = file.with_suffix(".new")
            draft.write_bytes(new.read_bytes())
            draft.rename(file)

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def start(self):
        command = [BINARY, "serve", "--host", "0.0.0.0", "--port", str(self.port), "--data-dir", str(self.data), "--tls-cert",
                   str(self.certificate), "--tls-key", str(self.key)]
        settings = {**self.environment(), "LETTA_SERVER_PASSWORD": PASSWORD}
        self.process = Process(command, self.folder / "server.log", settings)
        self.port = int(self.process.wait_for(harness.LISTENING)[1])
        return self

    def reload(self, pattern):
        """Sends SIGHUP and waits for one more line that matches."""
        count = self.process.output.count(pattern)
        self.process.child.send_signal(signal.SIGHUP)
        with self.process.news:
            assert self.process.news.wait_for(lambda: self.process.said.count(pattern) > count, harness.PATIENCE), self.process.output[-2000:]

    def http(self, **options):
        return httpx.Client(base_url=self.url, verify=self.authority.context, headers=BEARER, **options)

    def serial(self):
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            with self.authority.context.wrap_socket(plain, server_hostname="localhost") as secure:
                return int(secure.getpeercert()["serialNumber"], 16) - 4096


@pytest.fixture
def secure(tmp_path, authority, model):
    server = SecureServer(tmp_path / "secure", authority, **model.settings)
    try:
        yield server.start()
    finally:
        server.close()


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", str(harness.PATIENCE), *map(str, arguments)], capture_output=True, text=True)


# ------------------------------------------------------------------------------------------------ HTTPS

def test_curl(secure, authority):
    authority_of = ("--cacert", authority.certificate)
    answer = curl(*authority_of, "-H", f"Authorization: Bearer {PASSWORD}", "-w", "\n%{http_code} %{http_version}", secure.url + "/v1/agents/")
    assert answer.stdout == "[]\n200 1.1", answer
    named = curl(*authority_of, "--resolve", f"letta.example:{secure.port}:127.0.0.1", "-H", f"Authorization: Bearer {PASSWORD}", "-w", "%{http_code}",
                 "-d", '{"label": "x", "value": "y"}', "-H", "Content-Type: application/json", f"https://letta.example:{secure.port}/v1/blocks/")
    assert named.stdout.endswith("200"), named
    assert curl(secure.url + "/v1/health/").returncode != 0, "an authority that curl does not know"
    assert curl(*authority_of, "--tls-max", "1.1", secure.url + "/v1/health/").returncode != 0
    assert "listens on https://" in secure.process.output


def test_a_large_body_is_asked_for(secure, authority, tmp_path):
    """curl sends `Expect: 100-continue` with it and would wait for a second."""
    body = tmp_path / "body"
    body.write_text('{"label": "x", "value": "' + "y" * 90_000 + '"}')
    answer = curl("--cacert", authority.certificate, "-H", f"Authorization: Bearer {PASSWORD}", "-H", "Content-Type: application/json", "-H",
                  "Expect: 100-continue", "--expect100-timeout", "60", "-d", f"@{body}", "-v", "-o", tmp_path / "out", "-w", "%{http_code} %{time_total}",
                  secure.url + "/v1/blocks/")
    assert "HTTP/1.1 100 Continue" in answer.stderr, answer.stderr
    status, seconds = answer.stdout.split()
    assert status == "200" and float(seconds) < 50


@pytest.mark.clients
def test_the_published_client(secure, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    monkeypatch.setitem(httpx.Client.__init__.__kwdefaults__, "verify", True)
    client = client_of(secure, token=PASSWORD)
    agent = client.create_agent(name="a", model=MODEL)
    assert [each.id for each in client.agents()] == [agent.id]


def test_a_stream_and_a_client_that_leaves_it(secure):
    with secure.http() as http:
        agent = http.post("/v1/agents/", json={"name": "a", "model": MODEL}).json()["id"]
        body = {"messages": [{"role": "user", "content": "hello"}]}
        with http.stream("POST", f"/v1/agents/{agent}/messages/stream", json=body) as stream:
            assert "data: [DONE]" in stream.read().decode()
    with secure.http() as http:
        with http.stream("POST", f"/v1/agents/{agent}/messages/stream", json=body) as stream:
            next(stream.iter_bytes())
    with secure.http() as http:
        assert http.post(f"/v1/agents/{agent}/messages", json=body).status_code == 200
    assert secure.stop() == 0


@pytest.mark.parametrize("size", [0, 3_000_000])
def test_plain_http_gets_a_readable_400(secure, size):
    with socket.create_connection(("127.0.0.1", secure.port), timeout=harness.PATIENCE) as plain:
        head = f"POST /v1/agents/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
        plain.sendall(head.encode() + b"x" * size)
        plain.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: plain.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 400 Bad Request\r\n"), answer
    assert answer.endswith('{"detail":"This port speaks HTTPS. Use an address that begins with https://."}')
    answer = curl("-w", "%{http_code}", f"http://localhost:{secure.port}/v1/agents/")
    assert answer.stdout.endswith("400") and "https://" in answer.stdout, answer


def test_noise_ends_nothing(secure):
    for noise in (b"\x16\x03\x01\x00\x05hello", b"\x00" * 100, b"\x16", b""):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=harness.PATIENCE) as plain:
            plain.sendall(noise)
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(65536):
                pass
    with secure.http() as http:
        assert http.get("/v1/agents/").status_code == 200


# ------------------------------------------------------------------------------------------------ certificates

def test_a_certificate_is_swapped_under_load(secure, authority):
    """No request fails, on connections that stay as on new ones; new ones get the new certificate."""
    over = threading.Event()

    def load(stays):
        count, failures = 0, []
        client = secure.http()
        while not over.is_set():
            try:
                if not stays:
                    client.close()
                    client = secure.http()
                status = client.get("/v1/agents/").status_code
                if status != 200:
                    failures.append(status)
            except httpx.HTTPError as error:
                failures.append(repr(error))
            count += 1
        client.close()
        return count, failures

    with ThreadPoolExecutor(6) as pool:
        loads = [pool.submit(load, stays) for stays in (True, False) * 3]
        try:
            for _ in range(5):
                secure.install(*authority.issue())
                secure.reload("Reloaded the TLS certificate")
                assert secure.serial() == authority.count
        finally:
            over.set()
        results = [load.result() for load in loads]
    assert all(count > 3 for count, _ in results), results
    assert not any(failures for _, failures in results), results


def test_a_bad_certificate_on_reload_keeps_the_old_one(secure, authority):
    before = secure.serial()
    certificate, _ = authority.issue()
    secure.certificate.write_bytes(certificate.read_bytes())
    secure.reload("Kept the TLS certificate in use")
    assert "does not belong to the certificate" in secure.process.output
    secure.certificate.write_text("nonsense")
    secure.reload("Kept the TLS certificate in use")
    assert secure.serial() == before
    secure.install(*authority.issue())
    secure.reload("Reloaded the TLS certificate")
    assert secure.serial() == authority.count


def refused(tmp_path, *arguments, **settings):
    """What the server prints when it does not start: one line."""
    result = subprocess.run([*harness.BOUND, BINARY, "serve", "--port", "0", "--data-dir", tmp_path / "data", *map(str, arguments)],
                            env=environment(tmp_path, **settings), capture_output=True, text=True, timeout=harness.PATIENCE)
    assert result.returncode != 0, result
    assert not (tmp_path / "data").exists(), "nothing is made before"
    text = (result.stdout + result.stderr).strip()
    assert text.count("\n") == 0, text
    return text


def test_a_bad_certificate_is_refused_at_the_start(tmp_path, authority):
    certificate, key = authority.issue()
    _, other = authority.issue()
    (tmp_path / "nonsense").write_text("nonsense")
    missing = tmp_path / "missing.pem"
    assert f"certificate {missing} can't be read" in refused(tmp_path, "--tls-cert", missing, "--tls-key", key)
    assert "no certificate in PEM format" in refused(tmp_path, "--tls-cert", tmp_path / "nonsense", "--tls-key", key)
    assert f"key {missing} can't be read" in refused(tmp_path, "--tls-cert", certificate, "--tls-key", missing)
    assert "no unencrypted private key" in refused(tmp_path, "--tls-cert", certificate, "--tls-key", tmp_path / "nonsense")
    assert "does not belong to the certificate" in refused(tmp_path, "--tls-cert", certificate, "--tls-key", other)
    assert "set --tls-key too" in refused(tmp_path, "--tls-cert", certificate)
    assert "set --tls-cert too" in refused(tmp_path, LETTA_TLS_KEY=str(key))


# ------------------------------------------------------------------------------------------------ Unix socket

class SocketServer:
    def __init__(self, folder, **settings):
        self.folder, self.path, self.settings = folder, folder / "letta.sock", settings

    def start(self):
        command = [BINARY, "serve", "--data-dir", str(self.folder / "data"), "--socket", str(self.path)]
        self.process = Process(command, self.folder / "log", environment(self.folder, **self.settings))
        self.process.wait_for("listens on unix:" + str(self.path))
        return self

    def http(self):
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.path)), base_url="http://letta")


def test_a_unix_socket(tmp_path):
    server = SocketServer(tmp_path).start()
    try:
        assert stat.S_IMODE(os.stat(server.path).st_mode) == 0o600
        with server.http() as http:
            block = http.post("/v1/blocks/", json={"label": "x", "value": "y"}).json()["id"]
        answer = curl("--unix-socket", server.path, f"http://localhost/v1/blocks/{block}")
        assert '"value":"y"' in answer.stdout, answer
        (tmp_path / "second").mkdir()
        second = refused(tmp_path / "second", "--socket", server.path)
        assert f"Another process listens on the socket {server.path}" in second
        with server.http() as http:
            assert http.get("/v1/agents/").status_code == 200
        # What a killed server leaves is replaced.
        server.process.kill()
        assert server.path.is_socket()
        server.start()
        with server.http() as http:
            assert http.get(f"/v1/blocks/{block}").status_code == 200
    finally:
        assert server.process.end() == 0
    assert not server.path.exists()


def test_a_unix_socket_asks_for_the_password(tmp_path):
    server = SocketServer(tmp_path, LETTA_SERVER_PASSWORD=PASSWORD).start()
    try:
        with server.http() as http:
            assert http.get("/v1/agents/").status_code == 401
            assert http.get("/v1/agents/", headers=BEARER).status_code == 200
    finally:
        server.process.end()


def test_a_path_that_no_socket_can_have_is_refused(tmp_path):
    (tmp_path / "file").write_text("kept")
    assert "another file has this name" in refused(tmp_path, "--socket", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    assert "longer than the 107 bytes" in refused(tmp_path, "--socket", tmp_path / ("x" * 120))
    assert "No such file or directory" in refused(tmp_path, LETTA_SOCKET=str(tmp_path / "nowhere" / "s"))
