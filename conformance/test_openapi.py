"""The server against its own OpenAPI document: schemathesis sends what the document allows and what it does not."""

import subprocess

import httpx
import pytest

import harness

PROGRAM = harness.ROOT / ".build-venv-schemathesis/bin/schemathesis"


def test_the_answers_fit_the_document(own_server, tmp_path):
    """No 500, no dropped connection, every answer fits its schema. The seed is fixed; `--long` makes more requests."""
    assert PROGRAM.exists(), "install conformance/requirements-schemathesis.txt there, or run scripts/test"
    command = [PROGRAM, "run", own_server.url + "/openapi.json", "--checks",
               "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance", "--phases",
               "examples,coverage,fuzzing", "--max-examples", "100" if harness.LONG else "2", "--seed", "20261129", "--workers", "2",
               "--request-timeout", "30", "--generation-database", "none", "--no-color", "--no-shrink", "--continue-on-failure", "--warnings", "off"]
    result = subprocess.run([*harness.BOUND, *map(str, command)], cwd=tmp_path, env=harness.environment(tmp_path), stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=1700 if harness.LONG else 170)
    (tmp_path / "schemathesis.txt").write_text(result.stdout + result.stderr)
    assert result.returncode == 0, result.stdout[-30000:] + result.stderr[-2000:]
    assert httpx.get(own_server.url + "/v1/health/").status_code == 200
