"""The calls of the recordings made against this server: alike, put right, or a difference that is written down."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness

HERE = Path(__file__).parent
# In an order in which each finds what the peer's had: agents to list, for one.
SCENARIOS = ["agents", "blocks", "health", "auth", "archival"]
KNOWN = HERE / "known-differences.txt"
ALIKE = 0.90
KINDS = ("put right", "own words", "other rows", "not served")


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
        recorder = harness.Process([sys.executable, "-u", HERE / "record.py", *SCENARIOS], folder / "record.log", {
            **os.environ, "BASE": plain.url, "SEC": secured.url, "OUT": str(out), "MOCKLOG": str(model.requests)})
        assert recorder.wait(180) == 0, recorder.output[-2000:]
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
    """The names in the file, with the kind of each difference and its reason. `scenario.*/field` is a field of many answers."""
    lines = (line.partition("#") for line in KNOWN.read_text().splitlines() if line.split("#")[0].strip())
    return {name.strip(): [part.strip() for part in reason.split(":", 1)] for name, _, reason in lines}


def test_every_known_difference_has_a_reason_and_still_differs(recorded):
    counts, _ = compare(recorded)
    for name, reason in known().items():
        assert len(reason) == 2 and reason[0] in KINDS and reason[1], name
    # Other rows are other rows by chance too, where a random id decides the order.
    lasting = {name for name, (kind, _) in known().items() if kind != "other rows" and "/" not in name}
    assert lasting <= set(counts["report"]), sorted(lasting - set(counts["report"]))
    for scenario, field in (name.split(".*/") for name in known() if "/" in name):
        seen = [what for name, row in counts["report"].items() if name.startswith(scenario + ".") for what in row["what"]]
        assert any(f".{field} is null" in what for what in seen), f"{field} of {scenario} is there now"


def test_no_difference_is_unexplained(recorded):
    counts, text = compare(recorded, "--known", KNOWN)
    assert counts["report"] == {}, text


def test_nearly_all_is_alike_or_put_right(recorded):
    """Of the recordings that can be held against each other at all, but for the fields that are null throughout."""
    counts, text = compare(recorded, "--fields", KNOWN)
    total = sum(value for key, value in counts.items() if key != "report")
    assert total == len([f for f in (HERE / "recordings").glob("*.json") if f.name.split(".")[0] in SCENARIOS])
    kinds = [kind for name, (kind, _) in known().items() if name in counts["report"]]
    alike = counts["same"] + counts["right"] + kinds.count("put right")
    comparable = total - kinds.count("other rows")
    print(f"{counts['same']} the same, {counts['right'] + kinds.count('put right')} put right, of {comparable} that can be compared")
    assert alike >= ALIKE * comparable, text
