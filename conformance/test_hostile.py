"""Bad input: never a 5xx, and what is refused changes nothing."""

import json

import pytest

import harness
from harness import unknown
from steps import EMBEDDING, MODEL, fresh

CREATE_AGENT = """name memory_blocks tools tool_ids source_ids folder_ids block_ids tool_rules tags system agent_type initial_message_sequence
    include_base_tools include_multi_agent_tools include_base_tool_rules include_default_source description metadata llm_config
    embedding_config model embedding model_settings compaction_settings context_window_limit embedding_chunk_size max_tokens
    max_reasoning_tokens enable_reasoner reasoning tool_exec_environment_variables secrets memory_variables project_id template_id
    base_template_id identity_ids message_buffer_autoclear enable_sleeptime response_format timezone max_files_open
    per_file_view_window_char_limit hidden parallel_tool_calls instructions""".split()
UPDATE_AGENT = """name tool_ids source_ids folder_ids block_ids tags system tool_rules message_ids description metadata
    tool_exec_environment_variables secrets project_id template_id base_template_id identity_ids message_buffer_autoclear model embedding
    model_settings compaction_settings context_window_limit reasoning llm_config embedding_config parallel_tool_calls response_format
    max_tokens enable_sleeptime last_run_completion last_run_duration_ms last_stop_reason timezone max_files_open
    per_file_view_window_char_limit hidden""".split()
BLOCK = """value limit project_id template_name is_template template_id base_template_id deployment_id entity_id preserve_on_migration label
    read_only description metadata hidden tags""".split()
VALUES = [None, True, 0, -1, 1.5, 10**30, "", "text", "a\u0000b", "../../etc/passwd", [], [None], [1], ["x"], [[]], {}, {"a": 1}, [{}],
          [{"label": 1}], [{"label": "x", "value": "v", "limit": -5}], [{"type": "zzz"}], {"provider_type": "zzz"}]

LEAKS = ("SELECT ", "INSERT INTO", "SQLITE_", "Traceback", "actor=", ".swift:", "Fatal error")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, model):
    server = harness.Server(tmp_path_factory.mktemp("hostile"), **model.settings)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def http(hostile):
    with hostile.http() as client:
        yield client


@pytest.fixture(scope="module")
def agent(http):
    return create(http, "/v1/agents/", {"name": "standing", "model": MODEL, "embedding": EMBEDDING, "tags": ["standing"],
                                        "memory_blocks": [{"label": "human", "value": "h"}]})


@pytest.fixture(scope="module")
def block(http):
    return create(http, "/v1/blocks/", {"label": "standing", "value": "v", "limit": 100})


def create(http, path, body):
    answer = http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(http, method, path, **options):
    """The answer, which is never the server's fault and never shows its inside."""
    answer = http.request(method, path, **options)
    assert answer.status_code < 500, (method, path, str(options)[:500], answer.status_code, answer.text[:1000])
    if answer.status_code >= 400:
        if method != "HEAD":
            assert answer.json()["detail"], answer.text
        assert not any(leak in answer.text for leak in LEAKS), answer.text[:1000]
    return answer


def state(http):
    """Everything that can be listed."""
    return [http.get(path).json() for path in ("/v1/agents/?limit=0&show_hidden_agents=true", "/v1/blocks/?limit=0", "/v1/tags/?limit=100000",
                                               "/v1/agents/count", "/v1/blocks/count")]


def try_all(http, attempts):
    """Sends each attempt; what is accepted is taken back. Then sends all that were refused again: together they change nothing."""
    refused = []
    for method, path, options in attempts:
        answer = send(http, method, path, **options)
        if answer.status_code >= 400:
            refused.append((method, path, options))
        elif method == "POST":
            send(http, "DELETE", f"{path}{answer.json()['id']}")
    before = state(http)
    for method, path, options in refused:
        assert send(http, method, path, **options).status_code >= 400, (method, path, str(options)[:500])
    assert state(http) == before


def json_body(value):
    """As bytes, so that what a well-behaved encoder refuses can be sent too."""
    return {"content": json.dumps(value).encode(), "headers": {"content-type": "application/json"}}


@pytest.mark.parametrize("field", CREATE_AGENT)
def test_wrong_types_when_creating_an_agent(http, agent, block, field):
    base = {"name": "tried", "model": MODEL, "embedding": EMBEDDING, "include_base_tools": False}
    try_all(http, [("POST", "/v1/agents/", json_body({**base, field: value})) for value in VALUES])


@pytest.mark.parametrize("field", UPDATE_AGENT)
def test_wrong_types_when_changing_an_agent(http, agent, block, field):
    victim = create(http, "/v1/agents/", {"name": "victim", "model": MODEL, "include_base_tools": False})
    path = f"/v1/agents/{victim['id']}"
    try_all(http, [("PATCH", path, json_body({"description": "changed", field: value})) for value in VALUES])
    send(http, "GET", path)
    send(http, "GET", path + "/context")
    assert send(http, "DELETE", path).status_code == 200


@pytest.mark.parametrize("field", BLOCK)
def test_wrong_types_in_blocks(http, agent, block, field):
    victim = create(http, "/v1/blocks/", {"label": "victim", "value": "v"})
    try_all(http, [("POST", "/v1/blocks/", json_body({"label": "tried", "value": "v", field: value})) for value in VALUES])
    path = f"/v1/blocks/{victim['id']}"
    try_all(http, [("PATCH", path, json_body({field: value, "description": "changed"})) for value in VALUES])
    labelled = f"/v1/agents/{agent['id']}/core-memory/blocks/human"
    if field != "label":
        try_all(http, [("PATCH", labelled, json_body({field: value})) for value in VALUES])
        send(http, "PATCH", labelled, json={"value": "h", "limit": 100})
    assert send(http, "DELETE", path).status_code == 200


BROKEN = {
    "nothing": b"", "cut": b'{"label": "a"', "trailing comma": b'{"label":"a","value":"b",}', "two documents": b'{"label":"a"}{"label":"b"}',
    "not a document": b"label=a", "array": b"[1,2]", "text": b'"label"', "number": b"17", "null": b"null", "not UTF-8": b'{"label":"\xff\xfe"}',
    "UTF-16": '{"label":"a","value":"b"}'.encode("utf-16"), "byte order mark": b'\xef\xbb\xbf{"label":}', "NaN": b'{"label":"a","limit":NaN}',
    "infinity": b'{"label":"a","limit":1e999}', "huge integer": b'{"label":"a","limit":' + b"9" * 400 + b"}", "single quotes": b"{'label':'a'}",
    "comment": b'{"label":"a"/*x*/}', "control character": b'{"label":"a\nb"}', "bad escape": b'{"label":"\\x41"}',
    "deep array": b"[" * 100_000, "closed deep array": b"[" * 5_000 + b"]" * 5_000, "deep object": b'{"metadata":' * 20_000,
    "deep metadata": b'{"label":"a","metadata":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}", "leading zero": b'{"label":"a","limit":010}',
    "nul byte": b'{"label":"a"\x00}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_documents(http, agent, block, name):
    content = {"content": BROKEN[name], "headers": {"content-type": "application/json"}}
    before = state(http)
    for method, path in (("POST", "/v1/agents/"), ("POST", "/v1/blocks/"), ("PATCH", f"/v1/agents/{agent['id']}"),
                         ("PATCH", f"/v1/blocks/{block['id']}"), ("PATCH", f"/v1/agents/{agent['id']}/core-memory/blocks/human")):
        assert 400 <= send(http, method, path, **content).status_code < 500
    assert state(http) == before


def test_duplicate_keys_are_one_field_or_refused(http):
    answer = send(http, "POST", "/v1/blocks/", content=b'{"label":"first","value":"1","value":"2","label":"second"}',
                  headers={"content-type": "application/json"})
    if answer.status_code == 200:
        made = answer.json()
        assert (made["label"], made["value"]) == ("second", "2")
        assert send(http, "GET", f"/v1/blocks/{made['id']}").json()["value"] == "2"
        send(http, "DELETE", f"/v1/blocks/{made['id']}")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data",
                                          "application/json; charset=utf-16", "nonsense", "", "application/json\u00e9"])
def test_wrong_content_types(http, agent, block, content_type):
    try_all(http, [(method, path, {"content": b'{"label":"a","value":"b"}', "headers": {"content-type": content_type.encode()}})
                      for method, path in (("POST", "/v1/blocks/"), ("PATCH", f"/v1/blocks/{block['id']}"), ("POST", "/v1/agents/"))])


def test_lone_surrogates_and_nul(http):
    for text in ("\\ud800", "a\\udc00b", "\\ud83d", "\\ude00\\ud83d", "a\\u0000b"):
        content = f'{{"label":"odd","value":"{text}"}}'.encode()
        answer = send(http, "POST", "/v1/blocks/", content=content, headers={"content-type": "application/json"})
        if answer.status_code == 200:
            path = f"/v1/blocks/{answer.json()['id']}"
            assert send(http, "GET", path).json()["value"] == answer.json()["value"]
            assert "\u0000" not in answer.json()["value"]
            send(http, "DELETE", path)


def test_strings_of_two_megabytes(http, agent, block):
    big = "x" * 2_000_000
    attempts = []
    for field in ("value", "label", "description"):
        attempts += [("POST", "/v1/blocks/", {"json": {"label": "big", "value": "v", "limit": 3_000_000, field: big}}),
                     ("PATCH", f"/v1/blocks/{block['id']}", {"json": {field: big}})]
    for field in ("name", "system", "description", "timezone", "model"):
        attempts += [("POST", "/v1/agents/", {"json": {"model": MODEL, "include_base_tools": False, field: big}})]
    attempts += [("POST", "/v1/agents/", {"json": {"model": MODEL, "tags": [big]}}),
                 ("POST", "/v1/blocks/", {"json": {"label": "big", "metadata": {big: big}}})]
    seen = state(http)
    for method, path, options in attempts:
        answer = send(http, method, path, **options)
        if answer.status_code < 400 and method == "POST":
            made = f"{path}{answer.json()['id']}"
            assert len(send(http, "GET", made).text) > 2_000_000
            send(http, "DELETE", made)
    send(http, "PATCH", f"/v1/blocks/{block['id']}", json={"value": "v", "label": "standing", "description": None, "limit": 100})
    now = state(http)
    assert [row["id"] for row in now[0]] == [row["id"] for row in seen[0]]
    assert [row["id"] for row in now[1]] == [row["id"] for row in seen[1]]


def test_a_body_beyond_the_limit_is_refused(http):
    before = state(http)
    answer = send(http, "POST", "/v1/blocks/", json={"label": "big", "value": "x" * 40_000_000})
    assert answer.status_code == 413
    assert state(http) == before


LISTS = ["/v1/agents/", "/v1/blocks/", "/v1/tags/", "/v1/blocks/{block}/agents", "/v1/agents/{agent}/tools",
         "/v1/agents/{agent}/core-memory/blocks"]
CURSORS = ["", "zzz", "'; DROP TABLE block;--", "\u0000", "🚀", "block-", "../..", "%", "-1", "null", "x" * 6000]


@pytest.mark.parametrize("path", LISTS)
def test_bad_cursors_and_limits(http, agent, block, path):
    path = path.format(agent=agent["id"], block=block["id"])
    before = state(http)
    ids = [agent["id"], block["id"], unknown("agent"), unknown("block"), unknown("tool"), agent["id"].upper()]
    for cursor in CURSORS + ids:
        for name in ("after", "before"):
            for order in ("asc", "desc"):
                send(http, "GET", path, params={name: cursor, "order": order, "limit": 5})
        send(http, "GET", path, params={"after": cursor, "before": cursor})
    for limit in ("-1", "-9223372036854775808", "9223372036854775808", "1" * 60, "", "abc", "1.5", "1e3", " 5", "٣", "0x10", "None", "true"):
        send(http, "GET", path, params={"limit": limit})
    assert send(http, "GET", path, params={"limit": "-1"}).status_code == 422
    assert send(http, "GET", path, params={"limit": "100000"}).status_code == 200
    assert send(http, "GET", path, params={"limit": "abc"}).status_code == 422
    for name in ("order", "order_by", "include", "include_relationships", "zzz", "sort_by", "ascending", "match_all_tags", "templates_only"):
        for value in ("zzz", "", "'", "agent.zzz", "\u0000"):
            send(http, "GET", path, params={name: value})
    for name in ("name", "tags", "query_text", "label", "label_search", "value_search", "description_search", "identity_id", "project_id",
                 "identifier_keys", "connected_to_agents_count_eq", "connected_to_agents_count_gt"):
        for value in ("'", "%", "_", "\\", "\u0000", "a" * 6000, "-1", "9" * 40):
            send(http, "GET", path, params={name: value})
    assert state(http) == before


def test_bad_ids_in_paths(http, agent, block):
    before = state(http)
    bad = ["nope", "%00", "%20", "..%2f..%2fetc%2fpasswd", "%F0%9F%9A%80", "a" * 6000, "%ff", "x%0d%0aSet-Cookie:%20a=b", "'", agent["id"].upper(),
           agent["id"] + "0", agent["id"][:-1], "agent-00000000-0000-1000-8000-000000000000"]
    for one in bad:
        for method, path in (("GET", "/v1/agents/{}"), ("PATCH", "/v1/agents/{}"), ("DELETE", "/v1/agents/{}"), ("GET", "/v1/agents/{}/context"),
                             ("GET", "/v1/agents/{}/tools"), ("GET", "/v1/agents/{}/core-memory"), ("GET", "/v1/blocks/{}"),
                             ("PATCH", "/v1/blocks/{}"), ("DELETE", "/v1/blocks/{}"), ("GET", "/v1/blocks/{}/agents"),
                             ("GET", f"/v1/agents/{agent['id']}/core-memory/blocks/{{}}"),
                             ("PATCH", f"/v1/agents/{agent['id']}/core-memory/blocks/attach/{{}}"),
                             ("PATCH", f"/v1/agents/{agent['id']}/core-memory/blocks/detach/{{}}"),
                             ("PATCH", f"/v1/agents/{agent['id']}/tools/attach/{{}}")):
            options = {"json": {}} if method == "PATCH" else {}
            assert send(http, method, path.format(one), **options).status_code >= 400, (method, path, one)
    assert state(http) == before


def test_bad_headers(http):
    for headers in ({"user_id": "bob"}, {"user_id": "user-1"}, {"user_id": "x" * 6000}, {"X-Project-Id": "'"}, {"User-Agent": ""},
                    {"User-Agent": "letta-client/99999999999999999999"}, {"X-Stainless-Package-Version": "zzz"}, {"Accept": "text/html"},
                    {"Authorization": "Bearer \u00ff".encode("latin-1")}, {"Content-Length": "0"}):
        send(http, "GET", "/v1/agents/", headers=headers)
    assert send(http, "GET", "/v1/agents/", headers={"user_id": "bob"}).status_code == 400


def test_wildcards_in_searches_are_plain_characters(http):
    label = fresh("wild").replace("-", "")
    plain = create(http, "/v1/blocks/", {"label": label, "value": "one hundred"})
    percent = create(http, "/v1/blocks/", {"label": label, "value": "100%_\\"})
    for text in ("%", "_", "\\", "0%_\\"):
        found = http.get("/v1/blocks/", params={"label": label, "value_search": text}).json()
        assert [row["id"] for row in found] == [percent["id"]], text
    for row in (plain, percent):
        send(http, "DELETE", f"/v1/blocks/{row['id']}")


def test_an_object_as_value_is_kept_as_its_compact_text(http):
    made = create(http, "/v1/blocks/", {"label": "object", "value": {"b": 1, "a": [2, {"c": None}]}})
    assert made["value"] == '{"b":1,"a":[2,{"c":null}]}'
    assert http.get(f"/v1/blocks/{made['id']}").json()["value"] == made["value"]
    send(http, "DELETE", f"/v1/blocks/{made['id']}")


def test_the_server_is_well_afterwards(hostile, http):
    assert http.get("/v1/health/").json()["status"] == "ok"
    assert hostile.process.running
    assert "Fatal error" not in hostile.process.output
