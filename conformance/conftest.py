"""Fixtures: one scripted model and one server for the whole run, and the client generation that is installed here."""

import importlib.metadata
import os
import signal

import httpx
import pytest

import harness

try:
    VERSION = importlib.metadata.version("letta-client")
except importlib.metadata.PackageNotFoundError:
    VERSION = ""
GENERATION = "legacy" if VERSION.startswith("0.") else "v1"


def note_calls(file):
    """Appends what the tests call, for `routecoverage.py`."""
    def noted(request, response):
        test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0].removeprefix("conformance/")
        with open(file, "a") as calls:
            path = request.url.raw_path.split(b"?")[0].decode("ascii")
            calls.write(f"{request.method}\t{path}\t{response.status_code}\t{test.split('[')[0]}\n")
        return response

    send, send_async = httpx.Client.send, httpx.AsyncClient.send

    async def noting_async(self, request, **options):
        return noted(request, await send_async(self, request, **options))

    httpx.Client.send = lambda self, request, **options: noted(request, send(self, request, **options))
    httpx.AsyncClient.send = noting_async


if os.environ.get("LETTA_CALLS"):
    note_calls(os.environ["LETTA_CALLS"])


def pytest_configure(config):
    config.addinivalue_line("markers", "clients: goes through a published client, so it runs once per generation")
    config.addinivalue_line("markers", "engine: touches what differs between databases, so it runs on each")
    config.addinivalue_line("markers", "local_model: needs a real model on this machine, which LETTA_TEST_MODELS names")
    config.addinivalue_line("markers", "litellm: needs litellm's proxy, whose program LETTA_TEST_LITELLM names")
    config.addinivalue_line("markers", "nginx: needs nginx, which --long installs: installing it starts a web server")
    config.addinivalue_line("markers", "release: needs what scripts/release packed in the folder LETTA_TEST_RELEASE, debootstrap and systemd-nspawn")
    config.addinivalue_line("markers", "soak: takes the minutes that LETTA_SOAK_MINUTES names")
    config.addinivalue_line("markers", "only(generation): a call that one client generation alone has")
    if not harness.BINARY.exists():
        raise pytest.UsageError(f"no server at {harness.BINARY}: build it, or set LETTA_SERVER_BINARY")


def pytest_report_header(config):
    return f"letta-client {VERSION} ({GENERATION}), {'PostgreSQL' if harness.POSTGRES else 'SQLite'}, {harness.BINARY}"


def pytest_collection_modifyitems(config, items):
    def elsewhere(item):
        if item.get_closest_marker("local_model") and not harness.MODELS:
            return True
        if item.get_closest_marker("litellm") and not os.environ.get("LETTA_TEST_LITELLM"):
            return True
        if item.get_closest_marker("nginx") and not harness.NGINX:
            return True
        if item.get_closest_marker("release") and not os.environ.get("LETTA_TEST_RELEASE"):
            return True
        if item.get_closest_marker("soak") and not harness.SOAK_MINUTES:
            return True
        return any(GENERATION not in mark.args for mark in item.iter_markers("only"))
    config.hook.pytest_deselected(items=[item for item in items if elsewhere(item)])
    items[:] = [item for item in items if not elsewhere(item)]


def seconds(item):
    """How long one test may take, with its fixtures."""
    if item.get_closest_marker("soak"):
        return int(harness.SOAK_MINUTES * 60 + 900)
    if item.get_closest_marker("litellm"):
        return 600
    return 1800 if harness.LONG or item.get_closest_marker("local_model") or item.get_closest_marker("release") else 300


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    def out_of_time(*_):
        pytest.fail(f"not done within {seconds(item)} s")
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(seconds(item))
    try:
        return (yield)
    finally:
        signal.alarm(0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the servers said, which nobody can ask later."""
    report = yield
    if report.failed:
        report.sections += [(f"the end of {each.log}", each.output[-3000:]) for each in harness.Process.started]
    return report


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    model = harness.Model(tmp_path_factory.mktemp("model"))
    yield model
    model.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory, model):
    """A server that all tests share: they make what they need and don't count what others made."""
    server = harness.Server(tmp_path_factory.mktemp("server"), **model.settings)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def untouched(tmp_path_factory, model):
    """A server that was started and stopped."""
    server = harness.Server(tmp_path_factory.mktemp("untouched"), **model.settings)
    try:
        server.start()
        assert server.stop() == 0
        yield server
    finally:
        server.close()


@pytest.fixture
def own_server(tmp_path, untouched):
    """A server that one test may stop, start and fill as it likes."""
    server = untouched.twin(tmp_path / "own")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def http(server):
    with server.http() as client:
        yield client


def client_of(server, **options):
    if GENERATION == "legacy":
        from legacy import Client
    else:
        from v1 import Client
    return Client(server.url, **options)


@pytest.fixture
def client(server):
    """The installed client behind names that both generations share."""
    return client_of(server)
