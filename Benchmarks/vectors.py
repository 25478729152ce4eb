"""Compares the scan of vectors with numpy's exact search, sqlite-vec and usearch, on the same data in one run.

    python3 -m venv .build-venv-vectors && .build-venv-vectors/bin/pip install -r Benchmarks/requirements-vectors.txt
    .build-venv-vectors/bin/python Benchmarks/vectors.py [COUNT …]

With `PGVECTOR_URI`, the address of a PostgreSQL database with the extension, and psycopg installed, pgvector is compared, too, exact and in one
process. It makes and drops a table `vectors_bench`.

The vectors have 384 numbers and lie in clusters, as those of texts do. Each line is the median time of a query for the ten nearest, by numpy's,
and the share of the exact ten that was found. All of them run on one thread.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import apsw  # noqa: E402
import numpy as np  # noqa: E402
import sqlite_vec  # noqa: E402
from usearch.index import Index, MetricKind, ScalarKind  # noqa: E402

DIMENSIONS, WANTED, QUERIES, CANDIDATES = 384, 10, 15, 100
# A graph of a million vectors takes the better part of an hour to build.
LIBRARIES_UP_TO = 100_000
SOURCE = Path(__file__).resolve().parent.parent / "Sources/CVectors"


def library():
    """The server's own scan, compiled as its release is."""
    path = Path(tempfile.mkdtemp()) / "scan.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-I", SOURCE / "include", SOURCE / "scan.c", "-o", path], check=True)
    scan = ctypes.CDLL(str(path)).cvectors_scan
    scan.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    scan.restype = None
    return scan


def data(count, random):
    centres = random.standard_normal((200, DIMENSIONS), dtype=np.float32)
    rows = centres[random.integers(0, 200, count)] + random.standard_normal((count, DIMENSIONS), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def best(scores, wanted):
    top = np.argpartition(scores, -wanted)[-wanted:]
    return top[np.argsort(-scores[top])]


class Ours:
    name = "the server's scan and full vectors of 100"

    def __init__(self, rows):
        self.rows = rows
        self.scan = library()
        largest = np.abs(rows).max(axis=1, keepdims=True)
        self.codes = np.ascontiguousarray(np.rint(rows / largest * 127).astype(np.int8))
        self.scales = np.ascontiguousarray((largest[:, 0] / 127).astype(np.float32))
        self.products = np.empty(len(rows), dtype=np.float32)

    def find(self, query):
        code = np.rint(query / np.abs(query).max() * 127).astype(np.int8)
        self.scan(self.codes.ctypes.data, self.scales.ctypes.data, len(self.codes), DIMENSIONS, code.ctypes.data, self.products.ctypes.data)
        candidates = np.argpartition(self.products, -CANDIDATES)[-CANDIDATES:]
        return candidates[best(self.rows[candidates] @ query, WANTED)]


class Exact:
    name = "numpy, exact"

    def __init__(self, rows):
        self.rows = rows

    def find(self, query):
        return best(self.rows @ query, WANTED)


class SQLiteVec:
    name = "sqlite-vec 0.1.9, vec0"

    def __init__(self, rows):
        self.database = apsw.Connection(":memory:")
        self.database.enable_load_extension(True)
        self.database.load_extension(sqlite_vec.loadable_path())
        self.database.execute(f"CREATE VIRTUAL TABLE v USING vec0(e float[{DIMENSIONS}])")
        self.database.executemany("INSERT INTO v (rowid, e) VALUES (?, ?)", ((i + 1, row.tobytes()) for i, row in enumerate(rows)))

    def find(self, query):
        rows = self.database.execute("SELECT rowid FROM v WHERE e MATCH ? AND k = ?", (query.tobytes(), WANTED)).fetchall()
        return np.array([row[0] - 1 for row in rows])


class USearchExact:
    name = "usearch, exact, int8"

    def __init__(self, rows):
        self.index = Index(ndim=DIMENSIONS, metric=MetricKind.IP, dtype=ScalarKind.I8)
        self.index.add(np.arange(len(rows)), rows, threads=2)

    def find(self, query):
        return np.asarray(self.index.search(query, WANTED, exact=True, threads=1).keys)


class USearchGraph:
    name = "usearch, HNSW, int8"

    def __init__(self, exact):
        self.index = exact.index

    def find(self, query):
        return np.asarray(self.index.search(query, WANTED, threads=1).keys)


class PGVector:
    name = "pgvector, exact"

    def __init__(self, rows):
        import psycopg

        self.database = psycopg.connect(os.environ["PGVECTOR_URI"], autocommit=True)
        self.database.execute("DROP TABLE IF EXISTS vectors_bench")
        self.database.execute(f"CREATE TABLE vectors_bench (id INT PRIMARY KEY, e vector({DIMENSIONS}))")
        self.database.execute("ALTER TABLE vectors_bench ALTER e SET STORAGE PLAIN")
        with self.database.cursor().copy("COPY vectors_bench FROM STDIN") as copy:
            for number, row in enumerate(rows):
                copy.write_row((number, self.text(row)))
        self.database.execute("VACUUM ANALYZE vectors_bench")
        self.database.execute("SET max_parallel_workers_per_gather = 0")

    @staticmethod
    def text(row):
        return "[" + ",".join(f"{number:.7f}" for number in row) + "]"

    def find(self, query):
        rows = self.database.execute(f"SELECT id FROM vectors_bench ORDER BY e <#> %s::vector LIMIT {WANTED}", (self.text(query),))
        return np.array([row[0] for row in rows.fetchall()])

    def close(self):
        self.database.execute("DROP TABLE vectors_bench")
        self.database.close()


def main():
    random = np.random.default_rng(7)
    for count in [int(text) for text in sys.argv[1:]] or [10_000, 100_000]:
        rows = data(count, random)
        queries = data(QUERIES, random)
        exact = [set(Exact(rows).find(query)) for query in queries]
        engines = [Exact(rows), Ours(rows)]
        if count <= LIBRARIES_UP_TO:
            engines += [SQLiteVec(rows), USearchExact(rows)]
            engines.append(USearchGraph(engines[-1]))
        if "PGVECTOR_URI" in os.environ:
            engines.append(PGVector(rows))
        times = {engine.name: [] for engine in engines}
        hits = dict.fromkeys(times, 0)
        # In turns, so that a busy machine slows all of them alike.
        for query, truth in zip(queries, exact):
            for engine in engines:
                begin = time.perf_counter()
                found = engine.find(query)
                times[engine.name].append(time.perf_counter() - begin)
                hits[engine.name] += len(truth & {int(one) for one in found})
        base = statistics.median(times[Exact.name])
        print(f"\n{count:,} vectors of {DIMENSIONS} numbers")
        for name, all_times in times.items():
            median = statistics.median(all_times)
            print(f"  {name:45} {median * 1000:9.2f} ms  {median / base:7.2f} of numpy  recall@10 {hits[name] / QUERIES / WANTED:.3f}")
        if isinstance(engines[-1], PGVector):
            engines[-1].close()


if __name__ == "__main__":
    main()
