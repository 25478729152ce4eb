"""The calls of the recordings made against this server: alike, put right, or a difference that is written down."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness

HERE = Path(__file__).parent
SCENARIOS = ["health", "auth", "agents", "blocks"]
KNOWN = HERE / "known-differences.txt"
ALIKE = 0.90


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, model):
    """A folder with this server's answers to all calls of the scenarios, from a fresh database."""
    folder = tmp_path_factory.mktemp("recorded")
    plain = harness.Server(folder / "plain", **model.settings)
    secured = harness.Server(folder / "secured", LETTA_SERVER_PASSWORD="sekret", **model.settings)
    out = folder / "out"
    try:
        plain.start()
        secured.start()
        done = subprocess.run([sys.executable, HERE / "record.py", *SCENARIOS], capture_output=True, text=True, timeout=300, env={
            **os.environ, "BASE": plain.url, "SEC": secured.url, "OUT": str(out), "MOCKLOG": str(model.requests)})
        (folder / "record.log").write_text(done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr[-2000:]
    finally:
        plain.close()
        secured.close()
    return out


def compare(recorded, *options):
    report = recorded.parent / "report.json"
    done = subprocess.run([sys.executable, HERE / "compare.py", recorded, "--peer", HERE / "recordings", "--only", *SCENARIOS, "--values",
                           "--json", report, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(report.read_text()), done.stdout


def known():
    """The names in the file, and their reasons."""
    lines = (line.partition("#") for line in KNOWN.read_text().splitlines() if line.split("#")[0].strip())
    return {name.strip(): reason.strip() for name, _, reason in lines}


def test_nearly_all_is_alike_or_put_right(recorded):
    counts, text = compare(recorded)
    total = sum(value for key, value in counts.items() if key != "report")
    alike = counts["same"] + counts["right"]
    print(text)
    assert total == len([f for f in (HERE / "recordings").glob("*.json") if f.name.split(".")[0] in SCENARIOS])
    assert alike >= ALIKE * total, f"{alike} of {total}:\n{text}"


def test_no_difference_is_unexplained(recorded):
    counts, text = compare(recorded, "--known", KNOWN)
    assert counts["report"] == {}, text


def test_every_known_difference_has_a_reason_and_still_differs(recorded):
    counts, _ = compare(recorded)
    assert all(known().values())
    assert set(known()) <= set(counts["report"]), sorted(set(known()) - set(counts["report"]))
