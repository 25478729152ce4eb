"""What `deploy/` offers, as far as this machine can run it."""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest

import harness
from harness import ROOT, Process
from steps import fresh


@pytest.fixture(scope="module")
def proxied(tmp_path_factory, model):
    """nginx with the site of `deploy/`, in front of a server on loopback."""
    folder = tmp_path_factory.mktemp("proxied")
    server = harness.Server(folder / "server", **model.settings, LETTA_SERVER_PASSWORD="secret", LETTA_ALLOWED_HOSTS="letta.example.com").start()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=letta.example.com",
         "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = (ROOT / "deploy/nginx.conf").read_text()
    site = site.replace("/etc/letsencrypt/live/letta.example.com", str(folder)).replace("listen 443", f"listen 127.0.0.1:{port}")
    site = site.replace("127.0.0.1:8283", f"127.0.0.1:{server.port}")
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        + ("user root;\n" if os.getuid() == 0 else "")
        + f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;\n"
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{site}\n}}\n")
    nginx = Process([harness.NGINX, "-c", folder / "nginx.conf"], folder / "nginx.log")
    tries = 10 * harness.PATIENCE
    while socket.socket().connect_ex(("127.0.0.1", port)) and (tries := tries - 1):
        time.sleep(0.1)
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        nginx.end()
        server.close()


@pytest.mark.nginx
def test_a_proxy_passes_events_on_as_they_come(proxied, model):
    import httpx

    headers = {"Authorization": "Bearer secret", "Host": "letta.example.com"}
    with httpx.Client(base_url=proxied, verify=False, headers=headers) as client:
        assert client.get("/v1/health/").json()["status"] == "ok"
        assert client.get("/v1/agents/", headers={"Authorization": "Bearer wrong"}).status_code == 401
        agent = client.post("/v1/agents/", json={"name": fresh("agent"), "model": "openai-proxy/gpt-4o-mini"}).json()["id"]
        # The result of the tool is told before the model says what comes after it.
        held = fresh("held")
        script = f'[{{"call": "conversation_search", "args": {{"query": "x"}}}}, {{"say": "done", "held": "{held}"}}]'
        said = []
        with client.stream("POST", f"/v1/agents/{agent}/messages/stream", json={
                "messages": [{"role": "user", "content": f"script: {script}"}], "stream_tokens": True}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                said.append(line)
                if "tool_return_message" in line:
                    model.let_go(held)
        assert "done" in "".join(said)
        upload = client.post("/v1/blocks/", json={"label": "large", "value": "x" * 90_000})
        assert upload.status_code == 200


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    analyze = shutil.which("systemd-analyze")
    assert analyze, "install systemd"
    unit = tmp_path / "letta-server.service"
    unit.write_text((ROOT / "deploy/letta-server.service").read_text().replace("/usr/local/bin/letta-server", str(harness.BINARY)))
    checked = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, timeout=harness.PATIENCE)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr


def test_the_unit_leaves_tools_their_sandbox():
    """These cover parts of /proc, over which the kernel refuses a new one, or forbid namespaces or their names."""
    settings = {line.split("=")[0] for line in (ROOT / "deploy/letta-server.service").read_text().splitlines() if not line.startswith("#")}
    in_the_way = {"RestrictNamespaces", "ProtectHostname", "PrivateDevices", "ProtectKernelLogs", "ProtectKernelTunables", "ProtectProc", "ProcSubset"}
    assert not settings & in_the_way
    assert {"NoNewPrivileges", "ProtectSystem", "CapabilityBoundingSet", "SystemCallFilter", "User"} < settings


def test_what_the_image_installs_is_what_the_readme_names():
    packages = set(re.findall(r"\b(libpq5|libsqlite3-0|bubblewrap|python3|util-linux|poppler-utils)\b", (ROOT / "README.md").read_text()))
    image = (ROOT / "deploy/Dockerfile").read_text().split("FROM debian")[1]
    assert len(packages) == 6
    assert not [name for name in packages if name not in image]
    for setting in re.findall(r"(LETTA_\w+)", (ROOT / "deploy/compose.yaml").read_text() + (ROOT / "deploy/letta-server.service").read_text()):
        assert f"`{setting}`" in (ROOT / "docs/configuration.md").read_text(), setting
