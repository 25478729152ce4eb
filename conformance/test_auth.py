"""A server with a password: every route is closed without it, and the two ways to say it both work."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import harness

PASSWORD = "a password with spaces and ümlaut"
OPEN = {"/v1/health/", "/v1/ready/", "/v1/auth", "/v1/tools/mcp/oauth/callback"}


def routes():
    rows = (harness.ROOT / "Sources/LettaServer/App/Routes/routes.tsv").read_text().splitlines()[1:]
    return [tuple(row.split("\t")[:2]) for row in rows if row.strip()]


@pytest.fixture(scope="module")
def closed(tmp_path_factory, model):
    folder = tmp_path_factory.mktemp("closed")
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n")
    server = harness.Server(folder, **model.settings)
    try:
        server.start("--password-file", secret)
        # Where the right password came from, some wrong ones at a time are looked at.
        assert httpx.get(server.url + "/v1/agents/", headers=bearer(PASSWORD)).status_code == 200
        yield server
    finally:
        server.close()


@pytest.fixture
def http(closed):
    with closed.http() as client:
        yield client


def bearer(password):
    return {"Authorization": b"Bearer " + password.encode()}


def concrete(path):
    return re.sub(r"\{(\w+)\}", lambda m: f"{m[1].removesuffix('_id')}-123e4567-e89b-42d3-8456-426614174000", path)


def walk(http, headers):
    """The status of every route of the table that is not open to all."""
    def ask(route):
        method, path = route
        body = {} if method == "GET" else {"json": {}}
        return route, http.request(method, concrete(path), headers=headers, **body)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, [route for route in routes() if route[1] not in OPEN]))


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"X-BARE-PASSWORD": "password wrong"}], ids=["without", "wrong bearer", "wrong bare"])
def test_every_route_is_closed(http, headers):
    answers = walk(http, headers)
    assert len(answers) > 250
    # Of many wrong passwords at a time some are refused before they are compared.
    closed = (401, 429) if headers else (401,)
    let_in = [f"{method} {path}: {answer.status_code}" for (method, path), answer in answers if answer.status_code not in closed]
    assert not let_in, let_in
    assert all(answer.json() == {"detail": "Unauthorized"} for _, answer in answers if answer.status_code == 401)


def test_every_route_is_open_with_the_password(http):
    refused = [f"{method} {path}" for (method, path), answer in walk(http, bearer(PASSWORD))
               if answer.status_code == 401 and path != "/v1/auth"]
    assert not refused, refused


def test_every_route_is_served_or_says_that_it_is_not(http):
    """No route of the table is unknown to the router: what has no answer yet says so with 501."""
    unknown = [f"{method} {path}: {answer.status_code} {answer.text[:100]}" for (method, path), answer in walk(http, bearer(PASSWORD))
               if answer.status_code == 405 and "no longer supported" not in answer.text or answer.text == '{"detail":"Not Found"}']
    assert not unknown, unknown


def test_what_is_always_open(http):
    for path in ("/v1/health/", "/v1/health", "/v1/ready/", "/v1/ready", "/latest/health/", "/health"):
        assert http.get(path).status_code == 200, path
    # The page is the same for everybody, and asks for the password itself.
    assert http.get("/").headers["content-security-policy"].startswith("default-src 'self'")
    preflight = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    assert http.options("/v1/agents/", headers=preflight).status_code in (200, 204)


@pytest.mark.parametrize("path", ["/ui/", "/ui/0/app.js", "/v1/", "/metrics", "/openapi.json", "/docs", "/v1/nothing", "/latest/agents/", "/agents", "/v1//agents/"])
def test_nothing_else_is(http, path):
    assert http.get(path).status_code == 401


def test_the_two_ways_to_say_the_password(http):
    for headers in (bearer(PASSWORD), {"X-BARE-PASSWORD": b"password " + PASSWORD.encode()}):
        assert http.get("/v1/agents/", headers=headers).status_code == 200
    for headers in ({"Authorization": b"Basic " + PASSWORD.encode()}, bearer(PASSWORD + "x"), bearer(PASSWORD[:-1]),
                    {"Authorization": PASSWORD.encode()}, {"X-BARE-PASSWORD": PASSWORD.encode()}):
        assert http.get("/v1/agents/", headers=headers).status_code == 401


def test_the_route_that_checks_a_password(http):
    """It looks at the password in its body, and needs no header."""
    for headers in ({}, bearer(PASSWORD), bearer("wrong")):
        right = http.post("/v1/auth", json={"password": PASSWORD}, headers=headers)
        assert right.status_code == 200 and right.json()["is_admin"] is True
        for body in ({"password": "wrong"}, {}, {"password": ""}):
            wrong = http.post("/v1/auth", json=body, headers=headers)
            assert (wrong.status_code, wrong.json()) == (401, {"detail": "Unauthorized"})


def test_keys_of_the_command_line(closed, http):
    """A key works at once, where its scopes allow it, and no longer once it is deleted."""
    def keys(*arguments):
        done = closed.command("keys", *arguments, "--data-dir", closed.data)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    key = keys("create", "reader", "--scope", "read", "--days", "1")
    assert re.fullmatch(r"key-[0-9a-f-]{36}\.[0-9a-f]{64}", key)
    name, reader = key.split(".")[0], bearer(key)
    assert name in keys("list") and key not in keys("list")
    assert http.get("/v1/agents/", headers=reader).status_code == 200
    assert http.post("/v1/blocks/", json={"label": "x"}, headers=reader).status_code == 403
    assert http.get("/v1/api-keys/", headers=reader).status_code == 403
    assert http.get("/v1/agents/", headers={"X-BARE-PASSWORD": b"password " + key.encode()}).status_code == 401
    made = http.get("/v1/api-keys/" + name, headers=bearer(PASSWORD)).json()
    assert (made["name"], made["scopes"]) == ("reader", ["read"]) and "key" not in made
    keys("delete", name)
    assert http.get("/v1/agents/", headers=reader).status_code == 401


@pytest.mark.parametrize("way", ["header", "body"])
def test_guessing_is_slowed_where_the_password_never_came_from(tmp_path, way):
    """32 at once, then one a second: however many requests are made at the same time. Other addresses and the health check go on."""
    def guess(number):
        if way == "header":
            return http.get("/v1/agents/", headers=bearer(f"guess {number}"))
        return http.post("/v1/auth", json={"password": f"guess {number}"})

    server = harness.Server(tmp_path, LETTA_SERVER_PASSWORD="sekret")
    try:
        server.start()
        started = time.monotonic()
        with server.http() as http, ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(guess, range(400)))
            seconds = time.monotonic() - started
            seen = sum(answer.status_code == 401 for answer in answers)
            assert 32 <= seen <= 33 + seconds, [answer.status_code for answer in answers]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert len(refused) == 400 - seen
            assert all(int(answer.headers["retry-after"]) >= 1 and "Retry" in answer.json()["detail"] for answer in refused)
            assert http.get("/v1/health/").status_code == 200
            # From another address of this machine.
            with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"), base_url=server.url) as other:
                answer = other.get("/v1/agents/", headers=bearer("sekret"))
                assert answer.status_code == 200 and answer.elapsed.total_seconds() < 20
    finally:
        server.close()


def test_wrong_passwords_do_not_slow_the_right_one(http):
    usual = http.get("/v1/agents/", headers=bearer(PASSWORD)).elapsed.total_seconds()
    for _ in range(20 if harness.LONG else 8):
        assert http.get("/v1/agents/", headers=bearer("wrong")).status_code == 401
    answer = http.get("/v1/agents/", headers=bearer(PASSWORD))
    assert answer.status_code == 200
    # A client that is slowed waits for a second of each wrong one.
    assert answer.elapsed.total_seconds() < 3 * usual + 5


def test_the_log_holds_no_password(closed, http):
    http.get("/v1/agents/", headers=bearer("a-wrong-guess-of-mine"))
    http.get("/v1/agents/", headers=bearer(PASSWORD))
    for text in (PASSWORD, "a-wrong-guess-of-mine"):
        assert text not in closed.process.output
