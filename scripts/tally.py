"""Sums what the parts of scripts/test reported.

    tally.py FOLDER

Each part leaves NAME.status (its exit code) and, if it runs tests, JUnit as NAME.xml (pytest) or NAME-swift-testing.xml; a part
that was to write one has NAME.expects. A part that crashed, wrote nothing, or ran no test counts as a failure. The last line is
`N passed, N failed, N skipped`; exits 1 if anything failed.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def cases(file):
    """(passed, failed, skipped, names of the failed) of one JUnit file. A test case may hold several failures: it counts once."""
    passed = failed = skipped = 0
    names = []
    for case in ElementTree.parse(file).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
            names.append(f"{case.get('classname')} {case.get('name')}")
        elif "skipped" in kinds:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped, names


def part(folder, name):
    status = (folder / f"{name}.status").read_text().strip()
    if not (folder / f"{name}.expects").exists():
        return (1, 0, 0, []) if status == "0" else (0, 1, 0, [f"{name} ended with status {status}"])
    passed = failed = skipped = 0
    names = []
    # Swift Testing puts a word of its own into the name that it is given.
    for file in (file for file in (folder / f"{name}.xml", folder / f"{name}-swift-testing.xml") if file.exists()):
        try:
            p, f, s, n = cases(file)
        except ElementTree.ParseError:
            p, f, s, n = 0, 1, 0, [f"{file.name} is cut off: the run crashed"]
        passed, failed, skipped, names = passed + p, failed + f, skipped + s, names + n
    if status != "0" and failed == 0:
        failed, names = 1, [f"{name} ended with status {status} and named no failed test"]
    if passed + failed == 0:
        failed, names = 1, [f"{name} ran no test"]
    return passed, failed, skipped, names


def main():
    folder = Path(sys.argv[1])
    total = [0, 0, 0]
    print("\n== summary")
    for status in sorted(folder.glob("*.status"), key=lambda f: f.stat().st_mtime_ns):
        *counts, names = part(folder, status.stem)
        total = [a + b for a, b in zip(total, counts)]
        print(f"  {status.stem:28s} {counts[0]:5d} passed {counts[1]:4d} failed {counts[2]:4d} skipped")
        for name in names[:50]:
            print(f"      failed: {name}")
    if total == [0, 0, 0]:
        total[1] = 1
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
    sys.exit(1 if total[1] else 0)


main()
