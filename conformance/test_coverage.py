"""The table of which test calls which route is whole and true."""

import re

import routecoverage


def test_every_route_has_a_test_that_is_there():
    rows = dict(re.findall(r"(?m)^\| `([^`]+)` \| (.+) \|$", routecoverage.TABLE.read_text()))
    routes, documented = routecoverage.listed()
    lacking = [route for route in routes + documented if rows.get(route, "**none**") == "**none**"]
    assert not lacking, lacking
    files = {f"{file.relative_to(routecoverage.ROOT / 'Tests').parts[0]}/{file.name}": file
             for file in (routecoverage.ROOT / "Tests").rglob("*.swift")}
    for file, test in set(re.findall(r"`([\w/+]+\.swift)::([^`]+)`", " ".join(rows.values()))):
        assert test in files[file].read_text(), (file, test)
    for named in set(re.findall(r"`([\w/.]+\.py)::(\w+)`", " ".join(rows.values()))):
        file, test = named
        assert f"def {test}(" in (routecoverage.ROOT / "conformance" / file).read_text(), named
