"""Counts the recorded calls by what is known of their differences. `python3 recorded_calls.py > ../docs/recorded-calls.md` writes the
page that the counts are read in; `test_recordings.py` holds it against the comparison."""

from pathlib import Path

HERE = Path(__file__).parent
KNOWN = HERE / "known-differences.txt"
PAGE = HERE.parent / "docs/recorded-calls.md"
KINDS = ("put right", "own words", "other rows", "not served")

HEAD = """# Recorded calls

The recordings in `conformance/recordings` are answers of the peer, the Letta server 0.16.8. `conformance/record.py` repeats every call
against this server, `compare.py` holds the answers against each other, and `known-differences.txt` names each one that differs with its
reason. This page is counted from that list by `conformance/recorded_calls.py`, and a test compares it.

- **alike**: the same status, fields, kinds of values, events and requests to the model, or a proper answer where the peer's is a 500, 503 or
  a redirect;
- **put right**: a fault of the peer that [differences.md](differences.md) lists, or what follows from it in a later call;
- **own words**: numbers that come from our own prompts and descriptions;
- **other rows**: the peer's database held rows of other scenarios, so that these answers can't be held against each other;
- **not served**: [not-done.md](not-done.md) says what is missing.

| scenario | calls | alike | put right | own words | other rows | not served |
|---|--:|--:|--:|--:|--:|--:|
"""


def known():
    """The names in the list with the kind of each difference and its reason. `scenario.*/field` is a field of many answers."""
    lines = (line.partition("#") for line in KNOWN.read_text().splitlines() if line.split("#")[0].strip())
    return {name.strip(): [part.strip() for part in reason.split(":", 1)] for name, _, reason in lines}


def page():
    recordings = sorted(file.stem for file in (HERE / "recordings").glob("*.json"))
    reasons = known()
    rows, total = [], [0] * (2 + len(KINDS))
    for scenario in sorted({name.split(".")[0] for name in recordings}):
        names = [name for name in recordings if name.split(".")[0] == scenario]
        kinds = [sum(reasons.get(name, [""])[0] == kind for name in names) for kind in KINDS]
        row = [len(names), len(names) - sum(kinds), *kinds]
        rows.append(f"| `{scenario}` | " + " | ".join(map(str, row)) + " |\n")
        total = [a + b for a, b in zip(total, row)]
    return HEAD + "".join(rows) + "| all | " + " | ".join(map(str, total)) + " |\n"


if __name__ == "__main__":
    print(page(), end="")
