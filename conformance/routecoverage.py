"""Which test calls which route: writes docs/api-coverage.md from what the tests called.

    LETTA_CALLS=/tmp/calls scripts/test; python3 conformance/routecoverage.py /tmp/calls

While LETTA_CALLS names a file, `conftest.py` appends a line for each call that a test makes with httpx, which both client generations use.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs/api-coverage.md"
ROUTES = ROOT / "Sources/LettaServer/App/Routes"
# Rows that no call can answer with success, and why.
EXPECTED = {
    "PATCH /v1/agents/{agent_id}/messages/{message_id}": {405},
    "PATCH /v1/groups/{group_id}/messages/{message_id}": {405},
}


def rows(name):
    return [line.split("\t") for line in (ROUTES / name).read_text().splitlines()[1:] if line.strip()]


def listed():
    """`VERB path` of every route, then of every spelling that the document alone has."""
    routes = [f"{row[0]} {row[1]}" for row in rows("routes.tsv")]
    # STREAM is the document's word for a call that is answered with events.
    return routes, [row[0].replace("STREAM", "POST") for row in rows("documented-aliases.tsv")]


def pattern(path):
    """Matches the paths of a route. One segment fills a capture."""
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path.rstrip("/"))) + "/?$")


def shapes(routes, prefix):
    """The patterns by verb, those with fewer captures first: a written segment comes before a capture."""
    found = {}
    for route in sorted(routes, key=lambda route: route.count("{")):
        verb, path = route.split(" ", 1)
        found.setdefault(verb, []).append((pattern(prefix + path), route))
    return found


def called(calls):
    """The tests that got an answer as it should be, by route."""
    routes, documented = listed()
    known = [shapes(routes, ""), shapes(documented, "")]
    tests, unserved = {}, set()
    for line in Path(calls).read_text().splitlines():
        verb, path, status, test = line.split("\t")
        test = re.sub(r"\([_:A-Za-z]*\)$", "", test.replace("`", "").replace("|", "/"))
        for index, table in enumerate(known):
            # No prefix and `/latest` are the same as `/v1`.
            spelled = path if index else re.sub(r"^(/latest|/v1)?(?=/)", "/v1", path)
            route = next((route for shape, route in table.get(verb, []) if shape.match(spelled)), None)
            if route and status == "501":
                unserved.add(route)
            # Another spelling has the handler of its route: that it is found is enough.
            wanted = EXPECTED.get(route, range(200, 300)) if index == 0 else set(range(200, 500)) - {404}
            if route and int(status) in wanted:
                tests.setdefault(route, set()).add(test)
                break
    return tests, unserved


def table(calls):
    tests, unserved = called(calls)
    routes, documented = listed()
    lines = ["# Which test calls which route", "",
             "Written by `conformance/routecoverage.py` from what the tests called. A test that got an answer of success counts, "
             "for another spelling any answer of its handler. The tests of `Tests/LettaServerTests/Routes` call every route besides.", ""]
    for title, rows_ in (("Routes", routes), ("Spellings of the document", documented)):
        lines += [f"## {title}", "", "| route | test |", "|---|---|"]
        for route in rows_:
            named = sorted(tests.get(route, []), key=lambda test: (len(test), test))[:2]
            shown = ", ".join(f"`{each}`" for each in named) or ("501, see `not-done.md`" if route in unserved else "**none**")
            lines.append(f"| `{route}` | {shown} |")
        lines.append("")
    return "\n".join(lines)


def main():
    TABLE.write_text(table(sys.argv[1]))
    missing = [line for line in TABLE.read_text().splitlines() if line.endswith("| **none** |")]
    print("\n".join(missing))
    print(f"{len(missing)} rows without a test")


if __name__ == "__main__":
    main()
