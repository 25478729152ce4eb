"""What an archive of many passages costs the server: its memory, the first search, the next ones, and how many of the nearest they find.

    .build-venv-vectors/bin/pip install httpx
    LETTA_SERVER_BINARY=SERVER .build-venv-vectors/bin/python Benchmarks/archive.py [COUNT …]

The passages' vectors have 384 numbers, lie in clusters and are written into the server's SQLite database while it is stopped; a service beside it
embeds the question. numpy's exact search over the same vectors, on one thread, is what the times are compared with.
"""

import json
import os
import re
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "conformance"))

import httpx  # noqa: E402
import vectors  # noqa: E402
from harness import Server  # noqa: E402

import numpy as np  # noqa: E402

WANTED, QUERIES = 10, 15


class Embedder(BaseHTTPRequestHandler):
    """Answers a text that is a number with the query of that number, and another text with the opposite of the first."""

    protocol_version = "HTTP/1.1"
    queries = np.zeros((1, vectors.DIMENSIONS), dtype=np.float32)

    def answer(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"object": "list", "data": [{"id": "text-embedding-3-small", "object": "model"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        texts = [asked] if isinstance(asked, str) else asked
        rows = [(self.queries[int(text)] if text.isdigit() else -self.queries[0]).tolist() for text in texts]
        self.answer({"object": "list", "data": [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)],
                     "usage": {"prompt_tokens": 1, "total_tokens": 1}})

    def log_message(self, *arguments):
        pass


def resident(process):
    """The memory of the server, in MB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024


def fill(database, archive, rows):
    """Copies the one passage of an archive with other ids and vectors."""
    with sqlite3.connect(database) as db:
        db.row_factory = sqlite3.Row
        passage = dict(db.execute("SELECT * FROM passage WHERE archive_id = ?", (archive,)).fetchone())
        vector = dict(db.execute("SELECT * FROM passage_vector WHERE passage_id = ?", (passage["id"],)).fetchone())
        ids = [f"passage-{uuid.uuid4()}" for _ in rows]

        def insert(table, values):
            first = next(values)
            statement = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join('?' * len(first))})"
            db.execute(statement, list(first.values()))
            db.executemany(statement, (list(one.values()) for one in values))

        insert("passage", ({**passage, "id": id} for id in ids))
        insert("passage_vector", ({**vector, "passage_id": id, "vector": row.tobytes()} for id, row in zip(ids, rows)))
    return ids


def measured(count, folder):
    random = np.random.default_rng(7)
    rows, queries = vectors.data(count, random), vectors.data(QUERIES, random)
    Embedder.queries = queries
    service = ThreadingHTTPServer(("127.0.0.1", 0), Embedder)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    server = Server(folder, OPENAI_BASE_URL=f"http://127.0.0.1:{service.server_port}/v1", OPENAI_API_KEY="sk-scripted").start()
    try:
        config = {"embedding_endpoint_type": "openai", "embedding_endpoint": f"http://127.0.0.1:{service.server_port}/v1",
                  "embedding_model": "text-embedding-3-small", "embedding_dim": vectors.DIMENSIONS, "embedding_chunk_size": 300}
        archive = httpx.post(f"{server.url}/v1/archives/", json={"name": "large", "embedding_config": config}).raise_for_status().json()["id"]
        httpx.post(f"{server.url}/v1/archives/{archive}/passages", json={"text": "seed"}).raise_for_status()

        def search(number):
            asked = {"query": str(number), "archive_id": archive, "search_mode": "vector", "limit": WANTED}
            begun = time.perf_counter()
            found = httpx.post(f"{server.url}/v1/passages/search", json=asked, timeout=600).raise_for_status().json()
            return time.perf_counter() - begun, {one["passage"]["id"] for one in found}

        while not search(0)[1]:
            time.sleep(0.1)
        assert server.stop() == 0
        ids = fill(server.data / "letta.sqlite", archive, rows)
        server.start()
        before = resident(server.process.child)
        first, _ = search(0)
        times, exact_times, hits = [], [], 0
        exact = vectors.Exact(rows)
        for number, query in enumerate(queries):
            begun = time.perf_counter()
            truth = {ids[one] for one in exact.find(query)}
            exact_times.append(time.perf_counter() - begun)
            seconds, found = search(number)
            times.append(seconds)
            hits += len(truth & found)
        memory = resident(server.process.child) - before
        ratio = statistics.median(times) / statistics.median(exact_times)
        print(f"{count:>9,} passages: {memory:.0f} MB ({memory * 1048576 / count:.0f} bytes each), first search {first * 1000:.0f} ms, "
              f"then {statistics.median(times) * 1000:.1f} ms ({ratio:.2f} of numpy), recall@10 {hits / QUERIES / WANTED:.3f}", flush=True)
    finally:
        server.close()
        service.shutdown()


if __name__ == "__main__":
    for asked in [int(text) for text in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            measured(asked, Path(folder))
