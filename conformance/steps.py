"""Steps that the client suites share."""

import contextlib
import time
import uuid

import pytest

import harness

MODEL = "openai-proxy/gpt-4o-mini"
EMBEDDING = "openai/text-embedding-3-small"


def fresh(prefix):
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def make_agent(client, **fields):
    return client.create_agent(**{"name": fresh("agent"), "model": MODEL, "embedding": EMBEDDING, **fields})


def labels(blocks):
    return sorted(block.label for block in blocks)


def ids(rows):
    return [row.id for row in rows]


class Refusal:
    """A refused call. `body` is there once the call was made."""

    body = None


@contextlib.contextmanager
def refused(client, status):
    """The call fails with this status, the client's class for it, and a body that has `detail` and nothing of the server's inside."""
    refusal = Refusal()
    with pytest.raises(client.Error) as caught:
        yield refusal
    error = caught.value
    assert error.status_code == status, error
    if expected := getattr(client, "classes", {}).get(status):
        assert isinstance(error, expected)
    refusal.body = error.body if isinstance(error.body, dict) else error.body.model_dump(warnings=False)
    assert refusal.body["detail"]
    text = str(refusal.body)
    for leak in ("SELECT ", "INSERT ", "sqlite", "psycopg", "Traceback", "actor=", ".swift"):
        assert leak not in text, text


def until(read, is_ready, seconds=harness.PATIENCE):
    """What `read` gives once it is ready: nothing tells of it."""
    end = time.monotonic() + seconds
    while True:
        value = read()
        if is_ready(value):
            return value
        assert time.monotonic() < end, value
        time.sleep(0.05)
