"""The pages that describe the API."""

import re

import pytest


@pytest.fixture(scope="module")
def page(server):
    with server.http() as http:
        answer = http.get("/docs")
        assert answer.status_code == 200
        return answer


def test_every_operation_is_there(page, http):
    document = http.get("/openapi.json").json()
    assert len(document["paths"]) > 80
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            place = page.text.index(f'id="{operation["operationId"]}"')
            heading = page.text[place:].split("</summary>", 1)[0]
            assert path in heading and verb.upper() in heading, operation
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page.text
    links = set(re.findall(r'href="#([^"]+)"', page.text))
    assert links <= set(re.findall(r'id="([^"]+)"', page.text))


def test_it_loads_nothing_from_elsewhere_and_runs_nothing(page, http):
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'") and "unsafe" not in policy and "http" not in policy
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for forbidden in ("<script", "<style", " style=", "javascript:", "http://", "https://", " onclick", " src="):
        assert forbidden not in page.text.lower(), forbidden
    loaded = re.findall(r'<link[^>]* href="([^"]+)"', page.text)
    assert loaded == ["/docs/docs.css"]
    style = http.get(loaded[0])
    assert style.status_code == 200 and style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text and "@import" not in style.text
