"""What the import of a large Letta database takes: the time, and the memory of a million messages beside that of a tenth.

    .build-venv-v1/bin/python Benchmarks/imports.py SERVER [MESSAGES] [URI]

SERVER is the program. MESSAGES (a million) belong to a hundred agents of a database of Letta; the import goes to a new data folder, and has to
say that everything is there. The database is SQLite, or PostgreSQL where URI names a server on which psql may make and drop the database
`letta_bench`.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "conformance"))

import harness  # noqa: E402
from test_agent_files import LETTA_ORGANIZATION, letta_database  # noqa: E402

AGENTS = 100
DATABASE = "letta_bench"


@contextlib.contextmanager
def sqlite(folder, messages):
    """The address and the size, in bytes, of an SQLite database of Letta."""
    source = folder / f"{messages}.db"
    letta_database(source, AGENTS, messages // AGENTS)
    yield f"sqlite:///{source}", source.stat().st_size
    source.unlink()


def psql(address, *arguments):
    done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", address, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextlib.contextmanager
def postgres(server, messages):
    """The address and the size, in bytes, of a PostgreSQL database of Letta whose rows SQL makes."""
    address = f"{server.rpartition('/')[0]}/{DATABASE}"
    psql(server, "-c", f"DROP DATABASE IF EXISTS {DATABASE}", "-c", f"CREATE DATABASE {DATABASE}")
    try:
        psql(address, "-f", harness.ROOT / "Tests/Fixtures/letta-0.16.8.sql")
        model = json.dumps({"model": "gpt-4o-mini", "model_endpoint_type": "openai", "context_window": 32000, "handle": "openai-proxy/gpt-4o-mini"})
        one, all_, number = "lpad(agent::text, 12, '0')", messages // AGENTS, "agent * 1000000 + place"
        common = f"'{LETTA_ORGANIZATION}', false, timestamptz '2025-03-04 05:06:07'"
        psql(
            address, "-c", f"""
            INSERT INTO agents (id, name, agent_type, system, llm_config, message_ids, tool_rules, message_buffer_autoclear,
                organization_id, is_deleted, created_at)
            SELECT 'agent-00000000-0000-4000-8000-' || {one}, 'Agent ' || agent, 'letta_v1_agent', 'Be kind.', '{model}',
                (SELECT json_agg('message-00000000-0000-4000-8000-' || lpad(({number})::text, 12, '0')) FROM generate_series(0, 2) AS place),
                '[]', false, {common} FROM generate_series(0, {AGENTS - 1}) AS agent""",
            "-c", f"""
            INSERT INTO messages (id, agent_id, role, tool_calls, content, sequence_id, organization_id, is_deleted, created_at)
            SELECT 'message-00000000-0000-4000-8000-' || lpad(({number})::text, 12, '0'), 'agent-00000000-0000-4000-8000-' || {one},
                CASE WHEN place = 0 THEN 'system' WHEN place % 2 = 1 THEN 'user' ELSE 'assistant' END, '[]',
                json_build_array(json_build_object('type', 'text', 'text', 'line ' || place || ' of ' || agent || ' 🦉')),
                {number}, {common}
            FROM generate_series(0, {AGENTS - 1}) AS agent, generate_series(0, {all_ - 1}) AS place""",
            # As Letta has it.
            "-c", "CREATE INDEX ix_messages_agent_sequence ON messages (agent_id, sequence_id)",
            "-c", "CREATE UNIQUE INDEX uq_messages_sequence_id ON messages (sequence_id)", "-c", "ANALYZE")
        yield address, int(psql(address, "-c", f"SELECT pg_database_size('{DATABASE}')"))
    finally:
        psql(server, "-c", f"DROP DATABASE IF EXISTS {DATABASE}")


def measured(server, folder, messages, source):
    """The seconds of an import and the most memory it had, in MB."""
    data, told = folder / f"data-{messages}", folder / f"{messages}.log"
    with source as (address, size):
        begun = time.monotonic()
        with told.open("wb") as log:
            process = subprocess.Popen(
                [server, "import", "--from", address, "--data-dir", data], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
    text = told.read_text()
    assert os.waitstatus_to_exitcode(status) == 0 and "Everything is here." in text, text[-2000:]
    rate = f"{messages / seconds:,.0f} a second"
    print(f"{messages:>9,} messages, {size >> 20} MB: {seconds:.0f} s ({rate}), at most {usage.ru_maxrss >> 10} MB", flush=True)
    shutil.rmtree(data)
    return usage.ru_maxrss


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tenth, whole = (
            measured(sys.argv[1], folder, number, postgres(sys.argv[3], number) if len(sys.argv) > 3 else sqlite(folder, number))
            for number in (count // 10, count))
    print(f"memory, by that of a tenth: {whole / tenth:.2f}")
