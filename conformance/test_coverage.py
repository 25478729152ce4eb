"""The table of which test calls which route is whole and true."""

import re

import routecoverage


def test_every_route_has_a_test_that_is_there():
    rows = dict(re.findall(r"(?m)^\| `([^`]+)` \| (.+) \|$", routecoverage.TABLE.read_text()))
    routes, documented = routecoverage.listed()
    lacking = [route for route in routes + documented if rows.get(route, "**none**") == "**none**"]
    assert not lacking, lacking
    for named in set(re.findall(r"`([\w/.]+\.py)::(\w+)`", " ".join(rows.values()))):
        file, test = named
        assert f"def {test}(" in (routecoverage.ROOT / "conformance" / file).read_text(), named
