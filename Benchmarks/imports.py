"""What the import of a large Letta database takes: the time, and the memory of a million messages beside that of a tenth.

    .build-venv-v1/bin/python Benchmarks/imports.py SERVER [MESSAGES]

SERVER is the program. MESSAGES (a million) belong to a hundred agents of an SQLite database of Letta; the import goes to a new data folder, and
has to say that everything is there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "conformance"))

from test_agent_files import letta_database  # noqa: E402

AGENTS = 100


def measured(server, folder, messages):
    """The seconds of an import and the most memory it had, in MB."""
    source, data, told = folder / f"{messages}.db", folder / f"data-{messages}", folder / f"{messages}.log"
    letta_database(source, AGENTS, messages // AGENTS)
    begun = time.monotonic()
    with told.open("wb") as log:
        process = subprocess.Popen(
            [server, "import", "--from", f"sqlite:///{source}", "--data-dir", data], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    text = told.read_text()
    assert os.waitstatus_to_exitcode(status) == 0 and "Everything is here." in text, text[-2000:]
    size = source.stat().st_size >> 20
    print(f"{messages:>9,} messages, {size} MB: {seconds:.0f} s ({messages / seconds:,.0f} a second), at most {usage.ru_maxrss >> 10} MB", flush=True)
    shutil.rmtree(data)
    source.unlink()
    return usage.ru_maxrss


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        tenth = measured(sys.argv[1], Path(folder), count // 10)
        whole = measured(sys.argv[1], Path(folder), count)
    print(f"memory, by that of a tenth: {whole / tenth:.2f}")
