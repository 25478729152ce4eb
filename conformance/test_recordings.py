"""The calls of the recordings made against this server: alike, put right, or a difference that is written down."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import harness
import recorded_calls
from recorded_calls import KINDS, KNOWN

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Group:
    """Scenarios that are recorded on one fresh server, in an order in which each finds what the peer's had."""

    name: str
    scenarios: tuple
    # The part that has to be alike or put right.
    alike: float
    # Whether it takes minutes, and is compared in long tests alone.
    is_long: bool = False

    def has(self, recording):
        return recording.split(".")[0] in self.scenarios

    @property
    def recordings(self):
        return [f.stem for f in (HERE / "recordings").glob("*.json") if self.has(f.stem)]


# How many groups are recorded at the same time.
AT_ONCE = 3
# Those that wait longest come first.
GROUPS = [
    # Background turns and busy conversations; the peer needs Redis for them.
    Group("redis_background", ("redis_background",), 0.90),
    Group("pings", ("pings",), 0.90, is_long=True),
    Group("llm_errors", ("llm_errors",), 0.90),
    # Agents are to be listed, for one, before there are others.
    Group("nouns", ("agents", "blocks", "health", "auth"), 0.90),
    Group("archival", ("archival",), 0.90),
    Group("identities", ("identities",), 0.90),
    Group("folders", ("files",), 0.90),
    Group("models", ("models",), 0.90),
    Group("sandbox", ("sandbox",), 0.90),
    Group("tools", ("tools", "misc"), 0.90),
    Group("user_tools", ("tools_agent", "tool_schemas"), 0.90),
    Group("multi_agent", ("multi_agent",), 0.90),
    Group("extra", ("extra",), 0.90),
    Group("sdk1", ("sdk1",), 0.90),
    Group("groups", ("groups",), 0.90),
    Group("conversations", ("conversations",), 0.90),
    Group("export_import", ("export_import",), 0.90),
    Group("compaction", ("compaction",), 0.90),
    # Without the older types of agents, which the loops below have.
    Group("turns", ("runs", "stream", "msg_requests", "msg_v1"), 0.85),
    Group("approvals", ("approvals", "client_tools"), 0.90),
    Group("base_tools", ("base_tools",), 0.90),
    Group("concurrency", ("concurrency",), 0.90),
    Group("loops", ("msg_v2", "msg_memgpt", "msg_react_workflow", "tool_rules"), 0.90),
]


@dataclass(frozen=True)
class Recorded:
    group: Group
    # A folder with this server's answers.
    folder: Path

    def compare(self, *options):
        report = self.folder.parent / "report.json"
        done = subprocess.run(
            [sys.executable, HERE / "compare.py", self.folder, "--peer", HERE / "recordings", "--only", *self.group.scenarios, "--values",
             "--json", report, *options], capture_output=True, text=True, timeout=harness.PATIENCE)
        assert done.returncode == 0, done.stderr
        return json.loads(report.read_text()), done.stdout


class Recorder:
    """Makes the calls of a group against fresh servers, with a model of its own, whose requests are recorded too."""

    def __init__(self, group, folder):
        self.out = folder / "out"
        self.parts = []
        try:
            model = self.part(harness.Model(folder))
            plain = self.part(harness.Server(folder / "plain", **model.settings)).start()
            secured = plain
            if "auth" in group.scenarios:
                secured = self.part(harness.Server(folder / "secured", LETTA_SERVER_PASSWORD="sekret", **model.settings)).start()
            self.process = harness.Process([sys.executable, "-u", HERE / "record.py", *group.scenarios], folder / "record.log", {
                **os.environ, "BASE": plain.url, "RED": plain.url, "SEC": secured.url, "OUT": str(self.out), "MOCK": model.url,
                "MOCKLOG": str(model.requests)})
        except BaseException:
            self.close()
            raise

    def part(self, part):
        # Servers end before their model.
        self.parts.insert(0, part)
        return part

    @property
    def is_at_work(self):
        return bool(self.parts) and self.process.running

    def close(self):
        while self.parts:
            self.parts.pop(0).close()


@pytest.fixture(scope="module")
def recorders(request, tmp_path_factory):
    """The recorders of groups that this run has, as they are asked for. They wait more than they compute, so some go on at a time."""
    waiting = list(dict.fromkeys(item.callspec.params["recorded"] for item in request.session.items
                                 if "recorded" in getattr(getattr(item, "callspec", None), "params", ())))
    started = {}

    def recorder(group):
        while group not in started or started[group].is_at_work:
            for other in started.values():
                if not other.is_at_work:
                    other.close()
            if waiting and sum(each.is_at_work for each in started.values()) < AT_ONCE:
                following = waiting.pop(0)
                started[following] = Recorder(following, tmp_path_factory.mktemp("recorded"))
            else:
                time.sleep(0.05)
        return started[group]

    yield recorder
    for each in started.values():
        if each.is_at_work:
            each.process.kill()
        each.close()


@pytest.fixture(scope="module", params=[group for group in GROUPS if harness.LONG or not group.is_long], ids=lambda group: group.name)
def recorded(request, recorders):
    """This server's answers to all calls of a group's scenarios, from a fresh database."""
    recorder = recorders(request.param)
    recorder.close()
    assert recorder.process.wait(0) == 0, recorder.process.output[-2000:]
    return Recorded(request.param, recorder.out)


def known(group):
    """The names of the group in the list, with the kind of each difference and its reason."""
    return {name: reason for name, reason in recorded_calls.known().items() if group.has(name)}


def test_every_recording_is_of_some_group_and_counted():
    every = {file.stem for file in (HERE / "recordings").glob("*.json")}
    assert {name for name in every if not any(group.has(name) for group in GROUPS)} == set()
    assert recorded_calls.PAGE.read_text() == recorded_calls.page(), "python3 conformance/recorded_calls.py > docs/recorded-calls.md"


def test_every_known_difference_is_of_some_group():
    lines = [line.split("#")[0].strip() for line in KNOWN.read_text().splitlines() if line.split("#")[0].strip()]
    assert len(lines) == len(set(lines))
    fields = {line for line in lines if "/" in line}
    assert set(lines) - fields <= {name for group in GROUPS for name in group.recordings}
    assert all(any(group.has(field) for group in GROUPS) for field in fields)


def test_every_known_difference_has_a_reason_and_still_differs(recorded):
    counts, _ = recorded.compare()
    for name, reason in known(recorded.group).items():
        assert len(reason) == 2 and reason[0] in KINDS and reason[1], name
    # Other rows are other rows by chance too, where a random id decides the order.
    lasting = {name for name, (kind, _) in known(recorded.group).items() if kind != "other rows" and "/" not in name}
    assert lasting <= set(counts["report"]), sorted(lasting - set(counts["report"]))
    for scenario, field in (name.split(".*/") for name in known(recorded.group) if "/" in name):
        seen = [what for name, row in counts["report"].items() if name.startswith(scenario + ".") for what in row["what"]]
        assert any(f".{field} is null" in what for what in seen), f"{field} of {scenario} is there now"


def test_no_difference_is_unexplained(recorded):
    counts, text = recorded.compare("--known", KNOWN)
    assert counts["report"] == {}, text


def test_nearly_all_is_alike_or_put_right(recorded):
    """Of all recordings, but for the fields that are null throughout: alike is what compare.py does not call `differs`."""
    counts, text = recorded.compare("--fields", KNOWN)
    total = sum(value for key, value in counts.items() if key != "report")
    assert total == len(recorded.group.recordings)
    reasons = known(recorded.group)
    put_right = {name for name, row in counts["report"].items() if reasons[name][0] == "put right"}
    differing = {name for name, row in counts["report"].items() if row["grade"] != "values"} - put_right
    print(f"of {total}: {counts['same']} the same, {counts['right'] + len(put_right)} put right, "
          f"{len(counts['report']) - len(put_right) - len(differing)} with other values, {len(differing)} different")
    assert total - len(differing) >= recorded.group.alike * total, text
