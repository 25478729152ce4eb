"""Lists of any length, in bounded memory."""

import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import harness
from steps import MODEL

COUNT = 20_000 if harness.LONG else 3_000
READERS = 8

pytestmark = pytest.mark.skipif(harness.POSTGRES is not None, reason="makes the rows in the SQLite file")


def resident(server, name):
    """In megabytes: VmRSS now, VmHWM at most so far."""
    status = Path(f"/proc/{server.process.child.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) / 1024


def test_many_readers_of_a_long_list_take_little_memory(own_server):
    with own_server.http() as http:
        system = "Long instructions. " * 1000
        agent = http.post("/v1/agents/", json={"name": "a", "model": MODEL, "system": system}).json()["id"]
    assert own_server.stop() == 0
    with sqlite3.connect(own_server.data / "letta.sqlite") as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(agent)") if row[1] not in ("id", "created_at")]
        columns = ", ".join(names)
        database.execute(f"""
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {COUNT - 1})
            INSERT INTO agent (id, created_at, {columns})
            SELECT printf('agent-00000000-0000-4000-8000-%012d', n), created_at + n / 7, {columns} FROM agent, numbers WHERE id = '{agent}'""")
    database.close()
    own_server.start()
    before = resident(own_server, "VmRSS")

    def read(number):
        with own_server.http() as http:
            limit = (100_000, 0)[number % 2]
            with http.stream("GET", f"/v1/agents/?limit={limit}&order={('asc', 'desc')[number % 4 // 2]}") as answer:
                assert answer.status_code == 200 and "link" not in answer.headers
                tail, size, ids = b"", 0, set()
                for piece in answer.iter_bytes():
                    size += len(piece)
                    tail += piece
                    ids.update(re.findall(rb'"id":"(agent-[0-9a-f-]{36})"', tail))
                    tail = tail[-60:]
                assert tail.endswith(b"}]")
                return size, len(ids)

    with ThreadPoolExecutor(READERS) as pool, own_server.http() as http:
        readers = [pool.submit(read, number) for number in range(READERS)]
        begun, slowest, others = time.monotonic(), 0, 0
        while not all(reader.done() for reader in readers):
            started = time.monotonic()
            assert http.get(f"/v1/agents/{agent}").json()["name"] == "a"
            slowest = max(slowest, time.monotonic() - started)
            others += 1
        seconds = time.monotonic() - begun
        results = [reader.result() for reader in readers]
    assert all(count == COUNT for _, count in results), results
    # They do not wait for a list to end.
    assert others > 5 and slowest < max(3, seconds / 4), (others, slowest, seconds)
    grown = resident(own_server, "VmHWM") - before
    sent = sum(size for size, _ in results) / (1 << 20)
    assert sent > 400 and grown < 150, (sent, grown)


def test_a_reader_that_stops_holds_nothing(own_server):
    """A write and other reads go on while a client has taken one piece and no more."""
    with own_server.http() as http:
        for number in range(300):
            assert http.post("/v1/blocks/", json={"label": f"b{number}", "value": "x" * 20_000}).status_code == 200
        with http.stream("GET", "/v1/blocks/?limit=100000") as answer:
            pieces = answer.iter_bytes(1000)
            next(pieces)
            with own_server.http() as other:
                assert other.post("/v1/blocks/", json={"label": "more", "value": "y"}).status_code == 200
                assert len(other.get("/v1/blocks/?limit=5").json()) == 5
        # The list that was not read to its end ends with the connection.
    assert own_server.stop() == 0
