"""Sandbox settings: no published client has methods for them, so they are spoken to as a program does that has none."""

import pytest

from harness import unknown

LOOK = 'def look() -> str:\n    """Look."""\n    import os\n    return os.environ.get("A", "-") + os.environ.get("B", "-")\n'
MASK = "********"


@pytest.mark.engine
def test_settings_and_variables_survive_a_restart(own_server):
    with own_server.http() as http:
        local = http.post("/v1/sandbox-config/local/default").json()
        assert (local["type"], local["config"]["use_venv"]) == ("local", False)
        assert http.post("/v1/sandbox-config/local/default").json() == local
        e2b = http.post("/v1/sandbox-config/", json={"config": {"template": "t"}}).json()
        assert (e2b["type"], e2b["config"]) == ("e2b", {"timeout": 300, "template": "t"})
        variables = f"/v1/sandbox-config/{local['id']}/environment-variable"
        made = [http.post(variables, json={"key": key, "value": value}).json() for key, value in (("A", "one"), ("B", "two"))]
        assert [(each["key"], each["value"], each["value_enc"]) for each in made] == [("A", MASK, MASK), ("B", MASK, MASK)]
    own_server.restart()
    with own_server.http() as http:
        assert http.get("/v1/sandbox-config/").json() == [local, e2b]
        assert http.get(variables).json() == made
        assert http.post("/v1/tools/run", json={"source_code": LOOK, "args": {}}).json()["tool_return"] == "onetwo"
        one = f"/v1/sandbox-config/environment-variable/{made[0]['id']}"
        assert http.patch(one, json=made[0]).json() == made[0]
        assert http.patch(one, json={"value": "new"}).status_code == 200
        ran = http.post("/v1/tools/run", json={"source_code": LOOK, "args": {}, "env_vars": {"B": "mine"}})
        assert ran.json()["tool_return"] == "newmine"
        assert http.delete(one).status_code == 204
        assert http.delete(f"/v1/sandbox-config/{e2b['id']}").status_code == 204
        assert http.get("/v1/sandbox-config/").json() == [local]


def test_what_is_not_there_or_can_not_be(http):
    nothing = unknown("sandbox")
    for answer in (
        http.patch(f"/v1/sandbox-config/{nothing}", json={"config": {}}), http.delete(f"/v1/sandbox-config/{nothing}"),
        http.get(f"/v1/sandbox-config/{nothing}/environment-variable"),
        http.delete(f"/v1/sandbox-config/environment-variable/{unknown('sandbox-env')}"),
    ):
        assert answer.status_code == 404, answer.text
    local = http.post("/v1/sandbox-config/local/default").json()
    for key in ("", "A=B"):
        answer = http.post(f"/v1/sandbox-config/{local['id']}/environment-variable", json={"key": key, "value": "x"})
        assert answer.status_code == 422 and "key" in answer.json()["detail"], answer.text
