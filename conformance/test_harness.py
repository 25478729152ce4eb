"""The processes of the tests end with the tests, however those end."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

import harness

PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
import harness
child = harness.Process(["sh", "-c", "echo bound; exec sleep 600"], sys.argv[2])
# The kernel knows what to do from the moment the child runs its program, not from its fork on.
child.wait_for("bound")
print(child.child.pid, flush=True)
sys.stdin.read()
"""


def test_a_child_is_killed_with_its_parent(tmp_path):
    here = Path(__file__).parent
    parent = subprocess.Popen([sys.executable, "-c", PARENT, here, tmp_path / "log"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        ended, _, _ = select.select([child], [], [], harness.PATIENCE)
        assert ended, "the child outlives its parent"
    finally:
        parent.kill()
        parent.communicate()


def test_a_process_that_ends_early_is_told_with_its_output(tmp_path):
    process = harness.Process(["sh", "-c", "echo cannot start; exit 3"], tmp_path / "log")
    with pytest.raises(AssertionError, match="cannot start"):
        process.wait_for("listens on")
    assert process.wait(harness.PATIENCE) == 3
    assert (tmp_path / "log").read_text() == process.output == "cannot start\n"


def test_a_process_that_hangs_is_killed(tmp_path):
    process = harness.Process(["sleep", "600"], tmp_path / "log")
    with pytest.raises(AssertionError, match="still running"):
        process.wait(0.01)
    assert not process.running
