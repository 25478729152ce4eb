"""The packages of `scripts/release` on a bare Debian: installed, run, used, upgraded and removed, as root and as an ordinary user.

The machine is a folder that debootstrap filled and systemd-nspawn boots, so a real systemd runs the unit. Its network is this machine's.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import httpx
import pytest

import harness
from harness import ROOT, Process, free_port

pytestmark = pytest.mark.release

DIST = Path(os.environ.get("LETTA_TEST_RELEASE") or ROOT / ".build-release/dist")
BARE = ROOT / ".build-debian"
DATA = "/var/lib/letta-server"
# From the installation to the first answer, beside what is downloaded.
MOST_SECONDS = 180


def package():
    file, = DIST.glob("letta-server_*.deb")
    return file


class Machine:
    """A Debian that was just installed."""

    def __init__(self, folder):
        if not BARE.exists():
            draft = BARE.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            subprocess.run(["debootstrap", "--variant=minbase", "--include=systemd-sysv", "bookworm", draft], check=True, stdout=subprocess.DEVNULL)
            draft.rename(BARE)
        self.root = folder / "machine"
        subprocess.run(["cp", "-a", BARE, self.root], check=True)
        # The package index may be reached through a proxy whose certificate this machine knows.
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", self.root / "etc/trusted.crt")
        (self.root / "etc/pip.conf").write_text("[global]\ncert = /etc/trusted.crt\n")
        self.nspawn = Process(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=read-only", "--resolv-conf=copy-host",
             f"--directory={self.root}", "--boot"], folder / "machine.log")
        try:
            self.nspawn.wait_for(r"Reached target.*multi-user\.target")
            self.init = self.find_init()
        except BaseException:
            self.close()
            raise

    def find_init(self):
        pid = self.nspawn.child.pid
        while Path(f"/proc/{pid}/comm").read_text().strip() != "systemd":
            pid = int(subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True).stdout.split()[0])
        return pid

    def command(self, *command, user=None, **variables):
        settings = [f"{name}={value}" for name, value in {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", **variables}.items()]
        as_user = ["runuser", "-u", user, "--"] if user else []
        return ["nsenter", "-t", str(self.init), "-m", "-u", "-i", "-p", "-r", "-w", "env", "-i", *settings, *as_user, *map(str, command)]

    def run(self, *command, status=0, **options):
        done = subprocess.run(self.command(*command, **options), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200)
        assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def file(self, path):
        return self.root / path.lstrip("/")

    def log(self):
        return self.run("journalctl", "-u", "letta-server", "--no-pager", "-n", "50")

    def close(self):
        self.nspawn.end(60)


@pytest.fixture
def machine(tmp_path):
    assert os.getuid() == 0, "only root can boot a machine"
    machine = Machine(tmp_path)
    yield machine
    machine.close()


class Stopwatch:
    """Adds up what takes time, without downloads."""

    def __init__(self):
        self.parts = {}

    def time(self, name, call):
        begun = time.monotonic()
        result = call()
        self.parts[name] = self.parts.get(name, 0) + time.monotonic() - begun
        return result

    def install_models(self, command):
        """Counts everything but the lines during which something is downloaded."""
        begun, spent, isDownload = time.monotonic(), 0, False
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = []
        for line in process.stdout:
            said.append(line)
            now = time.monotonic()
            spent += 0 if isDownload else now - begun
            begun = now
            isDownload = line.startswith(("Downloading", "  "))
        assert process.wait(60) == 0, "".join(said)[-3000:]
        self.parts["models"] = spent + time.monotonic() - begun
        return "".join(said)

    @property
    def total(self):
        return sum(self.parts.values())


def wait_until_served(port, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            assert httpx.get(f"http://127.0.0.1:{port}/v1/health/", timeout=5).status_code == 200
            return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300)
        except httpx.TransportError:
            assert time.monotonic() < end, f"nothing listens on port {port}"
            time.sleep(0.2)


def ask(client, text):
    """The first answer of an agent for which no model is named."""
    agent = client.post("/v1/agents/", json={"name": "first", "memory_blocks": [{"label": "human", "value": ""}]})
    assert agent.status_code == 200, agent.text
    answer = client.post(f"/v1/agents/{agent.json()['id']}/messages", json={"input": text})
    assert answer.status_code == 200, answer.text
    said = [m["content"] for m in answer.json()["messages"] if m["message_type"] == "assistant_message"]
    assert said and said[-1].strip(), answer.text
    return agent.json()["id"]


def service(machine, name):
    return machine.run("systemctl", "show", "-P", name, "letta-server").strip()


def newer(folder):
    """The same package with a later version."""
    parts = folder / "newer"
    subprocess.run(["dpkg-deb", "-R", package(), parts], check=True)
    control = parts / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", "Version: 99.0", control.read_text(), flags=re.M))
    file = folder / "letta-server_99.0_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", parts, file], check=True, stdout=subprocess.DEVNULL)
    return file


def test_from_the_package_to_the_first_answer_and_away_again(machine, tmp_path):
    watch, port = Stopwatch(), free_port()
    shutil.copy(package(), machine.file("/root/letta-server.deb"))
    install = ["apt-get", "install", "-y", "-q"]
    machine.run("apt-get", "update", "-q")
    machine.run(*install, "--download-only", "/root/letta-server.deb")
    watch.time("package", lambda: machine.run(*install, "/root/letta-server.deb"))
    assert service(machine, "UnitFileState") == "enabled"
    assert machine.run("which", "g++", status=1) == "", "nothing is compiled here, so no compiler was installed"

    # A setting, and the service with it.
    settings = machine.file("/etc/letta-server/environment")
    assert settings.stat().st_mode & 0o777 == 0o600 and settings.stat().st_uid == 0
    settings.write_text(settings.read_text() + f"LETTA_PORT={port}\n")
    machine.run("systemctl", "restart", "letta-server")
    client = watch.time("start", lambda: wait_until_served(port))
    assert service(machine, "User") == "letta-server"
    measures = {each["name"]: each for each in client.get("/v1/sandbox-config/policy").json()["measures"]}
    assert measures["namespaces"]["is_in_force"], measures
    sum_up = "def add(a: int, b: int) -> int:\n    '''Adds.\n\n    Args:\n        a: one\n        b: other\n    '''\n    return a + b\n"
    ran = client.post("/v1/tools/run", json={"source_code": sum_up, "args": {"a": 20, "b": 22}})
    assert ran.json()["status"] == "success" and "42" in ran.json()["tool_return"], ran.text

    # The local model, for the service.
    said = watch.install_models(machine.command("letta-server", "models", "install", "--data-dir", DATA, user="letta-server"))
    assert "llama-server: /usr/lib/letta-server/llama-server" in said, said
    agent = watch.time("answer", lambda: ask(client, "Hello, I am Ann. Who are you?"))
    print({name: round(part, 1) for name, part in watch.parts.items()}, "together", round(watch.total, 1), "s")
    assert watch.total < MOST_SECONDS, watch.parts
    rights = machine.file("/var/lib/letta-server").stat()
    assert rights.st_mode & 0o777 == 0o700 and rights.st_uid == machine.file("/var/lib/letta-server/letta.sqlite").stat().st_uid != 0

    # An ordinary user, with a server and a folder of their own.
    machine.run("useradd", "--create-home", "ann")
    own, home = free_port(), machine.file("/home/ann/.local/share/letta-server")
    machine.run("mkdir", "-p", "/home/ann/.local/share/letta-server", user="ann")
    shutil.copytree(machine.file(DATA) / "models", home / "models")
    machine.run("chown", "-R", "ann:ann", "/home/ann")
    listed = machine.run("letta-server", "models", user="ann", HOME="/home/ann")
    assert "installed" in listed and "llama-server: /usr/lib/letta-server/llama-server" in listed
    refused = subprocess.run(machine.command("letta-server", "models", "--data-dir", DATA, user="ann"), capture_output=True)
    assert b"installed" not in refused.stdout
    serving = Process(machine.command("letta-server", "serve", "--port", own, user="ann", HOME="/home/ann"), tmp_path / "ann.log")
    serving.wait_for(harness.LISTENING)
    ask(wait_until_served(own), "Hello!")
    machine.run("pkill", "-TERM", "-u", "ann", "letta-server")
    assert serving.wait(30) in (0, 143)

    # A copy, and the next version over the running one.
    machine.run("letta-server", "backup", f"{DATA}/copy.sqlite", "--data-dir", DATA, user="letta-server")
    assert machine.file(DATA + "/copy.sqlite").stat().st_size > 0
    before = service(machine, "MainPID")
    shutil.copy(newer(tmp_path), machine.file("/root/newer.deb"))
    machine.run(*install, "/root/newer.deb")
    assert service(machine, "MainPID") not in (before, "0")
    client = wait_until_served(port)
    assert client.get(f"/v1/agents/{agent}").json()["name"] == "first"
    assert f"LETTA_PORT={port}" in settings.read_text(), "what was set stays set"
    machine.run("systemctl", "disable", "--now", "letta-server")
    machine.run(*install, "--reinstall", "/root/newer.deb")
    assert service(machine, "UnitFileState") == "disabled", "what was disabled stays disabled"
    machine.run("systemctl", "enable", "--now", "letta-server")
    wait_until_served(port)

    # Away, and back.
    machine.run("apt-get", "remove", "-y", "-q", "letta-server")
    assert settings.exists() and service(machine, "MainPID") == "0"
    machine.run("apt-get", "purge", "-y", "-q", "letta-server")
    assert not settings.parent.exists() and machine.file(DATA + "/letta.sqlite").exists()
    assert not machine.file("/etc/systemd/system/multi-user.target.wants/letta-server.service").is_symlink()
    machine.run(*install, "/root/newer.deb")
    settings.write_text(f"LETTA_PORT={port}\n")
    machine.run("systemctl", "restart", "letta-server")
    assert wait_until_served(port).get(f"/v1/agents/{agent}").json()["name"] == "first", machine.log()


def test_what_is_packed(tmp_path):
    sums = dict(reversed(line.split()) for line in (DIST / "SHA256SUMS").read_text().splitlines())
    assert len(sums) == 3
    for name, sum in sums.items():
        assert hashlib.sha256((DIST / name).read_bytes()).hexdigest() == sum, name
    archive, = DIST.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    folder, = tmp_path.iterdir()
    subprocess.run(["dpkg-deb", "-x", package(), tmp_path / "deb"], check=True)
    prefix = tmp_path / "deb/usr"
    for path in ("bin/letta-server", "lib/letta-server/llama-server", "share/man/man1/letta-server.1.gz", "share/doc/letta-server/copyright",
                 "share/bash-completion/completions/letta-server", "share/doc/letta-server/deploy.md"):
        assert (prefix / path).read_bytes() == (folder / path).read_bytes(), path
    listed = subprocess.run([folder / "bin/letta-server", "models", "--data-dir", tmp_path / "data"], capture_output=True, text=True,
                            env=harness.environment(tmp_path))
    assert f"llama-server: {folder}/lib/letta-server/llama-server" in listed.stdout, listed.stdout + listed.stderr
    unit = (prefix / "lib/systemd/system/letta-server.service").read_text()
    assert "ExecStart=/usr/bin/letta-server serve" in unit
    subprocess.run(["bash", "-n", prefix / "share/bash-completion/completions/letta-server"], check=True)
    manual = subprocess.run(["man", "--warnings", "-l", prefix / "share/man/man1/letta-server.1.gz"], capture_output=True, text=True,
                            env={**os.environ, "MANWIDTH": "100"})
    assert "models install" in manual.stdout and not manual.stderr, manual.stderr
    licences = (prefix / "share/doc/letta-server/copyright").read_text()
    bill = json.loads((DIST / "sbom.spdx.json").read_text())
    names = {each["name"] for each in bill["packages"]}
    assert {"letta-server", "swift-nio", "hummingbird"} < names and any("llama.cpp" in name for name in names)
    assert "swift-nio" in licences and "The ggml authors" in licences and "Jason Miller" in licences
    unknown = [each["name"] for each in bill["packages"] if each["licenseConcluded"] == "NOASSERTION"]
    assert not unknown
