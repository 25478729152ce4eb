"""Writers create, attach, detach and delete blocks while readers page: no block that exists throughout is ever missing from a listing."""

import threading

import httpx
import pytest

import harness
from steps import MODEL

pytestmark = pytest.mark.engine

WRITERS = 50
STANDING = 60
# How often each writer goes through its round, and how many listings are read to their end meanwhile.
ROUNDS, LISTINGS = (100, 500) if harness.LONG else (4, 20)


class Failures:
    """The first few things that went wrong in any thread, and the signal to stop."""

    def __init__(self):
        self.found = []
        self.stop = threading.Event()

    def watch(self, work):
        def run(*arguments):
            try:
                work(*arguments)
            except Exception as error:  # a thread's failure must reach the test
                self.found.append(repr(error)[:500])
                self.stop.set()
        return run


def ok(answer):
    assert answer.status_code == 200, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}"
    return answer.json() if answer.content else None


def make(http, label):
    return ok(http.post("/v1/blocks/", json={"label": label, "value": "v"}))["id"]


@pytest.fixture
def world(own_server):
    """Agents for the writers, and standing blocks with short-lived ones between them."""
    with own_server.http() as http:
        agents = [ok(http.post("/v1/agents/", json={"name": f"writer {n}", "model": MODEL, "include_base_tools": False}))["id"] for n in range(10)]
        standing = [make(http, "standing") for _ in range(STANDING)]
    return own_server, agents, standing


def test_listings_are_whole_while_writers_work(world):
    server, agents, standing = world
    failures = Failures()
    deleted, walked = set(), []
    rounds = [0] * WRITERS
    done, listed = threading.Semaphore(0), threading.Semaphore(0)

    @failures.watch
    def write(number):
        with server.http() as http:
            while not failures.stop.is_set():
                block, agent = make(http, f"brief{number}"), agents[number % len(agents)]
                path = f"/v1/agents/{agent}/core-memory/blocks"
                ok(http.patch(f"{path}/attach/{block}"))
                if rounds[number] % 2:
                    ok(http.patch(f"{path}/detach/{block}"))
                ok(http.delete(f"/v1/blocks/{block}"))
                deleted.add(block)
                rounds[number] += 1
                done.release()

    @failures.watch
    def read(size, order):
        with server.http() as http:
            while not failures.stop.is_set():
                seen, cursors, after = [], [], None
                for _ in range(1000):
                    parameters = {"limit": size, "order": order, **({"after": after} if after else {})}
                    page = [row["id"] for row in ok(http.get("/v1/blocks/", params=parameters))]
                    if not page:
                        break
                    seen += page
                    after = page[-1]
                    cursors.append(after)
                else:
                    raise AssertionError("the listing has no last page")
                missing = set(standing) - set(seen)
                assert not missing, f"{len(missing)} of {STANDING} standing blocks missing from pages of {size} {order}"
                in_order = [row for row in seen if row in set(standing)]
                assert in_order == (standing if order == "asc" else standing[::-1]), "standing blocks twice or out of order"
                walked.append(cursors)
                listed.release()

    @failures.watch
    def read_whole():
        with server.http() as http:
            while not failures.stop.is_set():
                rows = [row["id"] for row in ok(http.get("/v1/blocks/"))]
                assert [row for row in rows if row in set(standing)] == standing
                walked.append([])
                listed.release()

    @failures.watch
    def read_from_a_deleted_row():
        """A cursor whose row was deleted before it is used: the listing goes on where the row stood."""
        with server.http() as http:
            while not failures.stop.is_set():
                gone = make(http, "gone")
                after = make(http, "after")
                ok(http.delete(f"/v1/blocks/{gone}"))
                rows = [row["id"] for row in ok(http.get("/v1/blocks/", params={"after": gone, "order": "desc", "limit": 1000}))]
                assert [row for row in rows if row in set(standing)] == standing[::-1]
                assert after not in rows
                rows = [row["id"] for row in ok(http.get("/v1/blocks/", params={"before": gone, "order": "desc", "limit": 1000}))]
                assert after in rows and not set(rows) & set(standing)
                ok(http.delete(f"/v1/blocks/{after}"))

    readers = [(read, (7, "asc")), (read, (7, "desc")), (read, (50, "asc")), (read_whole, ()), (read_from_a_deleted_row, ())]
    threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    threads += [threading.Thread(target=work, args=arguments) for work, arguments in readers]
    for thread in threads:
        thread.start()
    for events, count in ((done, WRITERS * ROUNDS), (listed, LISTINGS)):
        for _ in range(count):
            if failures.found or not events.acquire(timeout=harness.PATIENCE):
                break
    failures.stop.set()
    for thread in threads:
        thread.join(harness.PATIENCE)
    assert not failures.found, failures.found[:5]
    assert not any(thread.is_alive() for thread in threads)
    assert sum(rounds) >= WRITERS * ROUNDS, f"the writers made {sum(rounds)} rounds"
    assert len(walked) >= LISTINGS, "too few listings were read to their end"
    print(f"{sum(rounds)} rounds of writers, {len(walked)} full listings, "
          f"{sum(cursor in deleted for cursors in walked for cursor in cursors)} cursors of rows deleted since")

    with server.http() as http:
        assert [row["id"] for row in ok(http.get("/v1/blocks/"))] == standing
        for agent in agents:
            assert ok(http.get(f"/v1/agents/{agent}/core-memory/blocks")) == []
            view = ok(http.get(f"/v1/agents/{agent}/context"))
            assert "brief" not in view["core_memory"]


def test_one_label_wins_when_many_attach_it_at_once(world):
    """Of twenty blocks with one label attached to one agent at the same time exactly one sticks, and the others hear 409."""
    server, agents, _ = world
    with server.http() as http:
        blocks = [make(http, "same") for _ in range(20)]
    statuses, gate = [], threading.Barrier(len(blocks))

    def attach(block):
        with server.http() as http:
            gate.wait()
            statuses.append(http.patch(f"/v1/agents/{agents[0]}/core-memory/blocks/attach/{block}").status_code)

    threads = [threading.Thread(target=attach, args=(block,)) for block in blocks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(harness.PATIENCE)
    assert sorted(statuses) == [200] + [409] * 19
    with server.http() as http:
        assert [row["label"] for row in ok(http.get(f"/v1/agents/{agents[0]}/core-memory/blocks"))] == ["same"]


def test_no_acknowledged_edit_is_lost(world):
    """Edits of different fields of one block at the same time all stick."""
    server, _, standing = world
    changes = {"description": "d", "metadata": {"m": 1}, "value": "new", "limit": 5000, "read_only": True, "hidden": False}
    gate = threading.Barrier(len(changes))
    statuses = []

    def change(field, value):
        with httpx.Client(base_url=server.url) as http:
            gate.wait()
            statuses.append(http.patch(f"/v1/blocks/{standing[0]}", json={field: value}).status_code)

    threads = [threading.Thread(target=change, args=item) for item in changes.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * len(changes)
    with server.http() as http:
        stored = ok(http.get(f"/v1/blocks/{standing[0]}"))
    assert {field: stored[field] for field in changes} == changes
