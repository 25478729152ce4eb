#!/usr/bin/env python3
"""Writes docs/dashboard-operations.md: on which screen of the dashboard each operation of the API is.

    scripts/dashboard-operations.py http://127.0.0.1:8283    of a running server; or a file with its /openapi.json
    scripts/dashboard-operations.py --check ADDRESS          exits 1 if the page is not what would be written

What a screen calls is read from its source. The form of the API screen sends every operation; those that no other screen calls are there alone.
"""

import json
import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "Sources/Dashboard/Web"
PAGE = ROOT / "docs/dashboard-operations.md"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SCREENS = {
    "app.js": "every screen", "live.js": "every screen", "parts/palette.js": "Find anything", "parts/upload.js": "Knowledge", "places/signin.js": "Signing in", "places/overview.js": "Overview",
    "places/agents.js": "Agents", "places/newagent.js": "New agent", "places/agent.js": "Agent", "places/agent/chat.js": "Agent: chat",
    "places/agent/around.js": "Agent: chat", "places/agent/turn.js": "Agent: chat", "places/agent/fork.js": "Agent: chat",
    "places/agent/approval.js": "Overview", "places/agent/conversations.js": "Agent: conversations", "places/agents/many.js": "Agents",
    "places/agents/import.js": "Agents", "places/agent/memory.js": "Agent: memory", "places/agent/context.js": "Agent: context",
    "places/agent/agenttools.js": "Agent: tools", "places/agent/archive.js": "Agent: archive", "places/agent/files.js": "Agent: files", "places/agent/agentsettings.js": "Agent: settings",
    "places/runs.js": "Runs", "places/run.js": "Run", "places/knowledge.js": "Knowledge", "places/knowledge/archives.js": "Knowledge: archives", "places/tools.js": "Tools",
    "places/tools/try.js": "Tools", "places/tools/servers.js": "Tools: MCP servers", "places/tools/sandbox.js": "Tools: sandbox", "places/people.js": "People",
    "places/groups.js": "People: groups", "places/api/operations.js": "API", "places/settings.js": "Settings",
    "places/settings/providers.js": "Settings: providers", "places/settings/models.js": "Settings: models",
    "places/settings/defaults.js": "Settings: models", "places/settings/keys.js": "Settings: keys",
    "places/settings/tokens.js": "Settings: tokens", "places/settings/usage.js": "Settings: usage", "places/settings/schedules.js": "Settings: schedules",
    "places/settings/backups.js": "Settings: backups", "places/settings/health.js": "Settings: health", "places/settings/log.js": "Settings: log",
}


def until(text, start, ends):
    """The expression from `start` on: up to one of `ends` that is in no bracket and no text, or to the bracket that closes around it."""
    inside, at = [], start
    while at < len(text):
        character, around = text[at], inside[-1] if inside else ""
        if around in ('"', "'", "`"):
            if character == "\\":
                at += 1
            elif character == around:
                inside.pop()
            elif around == "`" and text.startswith("${", at):
                inside.append("{")
                at += 1
        elif character in "\"'`([{":
            if not inside and character in ends:
                break
            inside.append(character)
        elif character in ")]}":
            if not inside:
                break
            inside.pop()
        elif not inside and character in ends:
            break
        at += 1
    return text[start:at]


def literals(expression):
    """The texts of an expression; what a template fills in is `{}`, or one of the texts it chooses from."""
    found, at = [], 0
    while at < len(expression):
        quote = expression[at]
        if quote in "\"'":
            end = expression.index(quote, at + 1)
            found.append([expression[at + 1:end]])
            at = end + 1
        elif quote == "`":
            texts, at = [""], at + 1
            while expression[at] != "`":
                if expression.startswith("${", at):
                    inner = until(expression, at + 2, "}")
                    at += 3 + len(inner)
                    name = inner.strip()
                    chosen = re.findall(r'[?:] "(\w+)"', inner)
                    choices = chosen or (["${%s}" % name] if name in ("path", "base") else [""] if name == "address" else ["{}"])
                    texts = [text + choice for text in texts for choice in choices]
                else:
                    texts = [text + expression[at] for text in texts]
                    at += 1
            found.append(texts)
            at += 1
        else:
            at += 1
    return [text for texts in found for text in texts]


def calls(source):
    """What a file calls, as verbs and shapes of paths."""
    names = [(found.start(), found[1], literals(until(source, found.end(), ";"))) for found in re.finditer(r"\bconst (path|base) = ", source)]

    def paths(expression, place):
        def known(name):
            before = [texts for start, each, texts in names if each == name and start < place]
            return before[-1] if before else []
        texts = known(expression.strip()) if expression.strip() in ("path", "base") else literals(expression)
        return [text.replace("${%s}" % name, value) for text in texts for name in [(re.match(r"\$\{(path|base)\}", text) or ["", ""])[1]]
                for value in (known(name) if name else [""])]

    found = []
    for match in re.finditer(r"\bverb: ", source):
        verbs = [verb for verb in VERBS if f'"{verb}"' in until(source, match.end(), ",}")]
        behind = re.match(r"\s*,?\s*path(?:: (?=.)|(?=\s*[,}]))", source[match.end() + len(until(source, match.end(), ",}")):])
        if behind:
            start = match.end() + len(until(source, match.end(), ",}")) + behind.end()
            expression = until(source, start, ",}") if behind[0].endswith(": ") else "path"
            found += [(verb, path) for verb in verbs for path in paths(expression, match.start())]
    for match in re.finditer(r"\b(?:useCall|usePages|get)\(", source):
        arguments = until(source, match.end(), "")
        verb = (re.search(r'verb: "(\w+)"', arguments) or ["", "GET"])[1]
        found += [(verb, path) for path in paths(until(arguments, 0, ","), match.start())]
    for match in re.finditer(r'\bcall\("(\w+)", ', source):
        found += [(match[1], path) for path in paths(until(source, match.end(), ",)"), match.start())]
    # What a block's editor saves to, it is given.
    found += [("PATCH", path) for match in re.finditer(r"BlockEditor\} [^>]*?path=\$\{", source) for path in paths(until(source, match.end(), "}"), match.start())]
    found += [("GET", path) for match in re.finditer(r"(?:href=|src=)\$\{(?=`\$\{address\})", source) for path in literals(until(source, match.end(), "}"))]
    found += [("GET", path) for match in re.finditer(r"\bnew EventSource\(", source) for path in literals(until(source, match.end(), ",)"))]
    return {(verb, path.rstrip("/")) for verb, path in found if path.startswith("/")}


def fits(path, operation):
    ours, theirs = path.split("/"), operation.rstrip("/").split("/")
    return len(ours) == len(theirs) and all(one == other or (other.startswith("{") and one == "{}") or (other.startswith("{") and not one.startswith("{"))
                                            for one, other in zip(ours, theirs))


def table(document):
    """Rows of operation, summary and screens."""
    operations = sorted((path, verb.upper(), item["summary"]) for path, verbs in document["paths"].items() for verb, item in verbs.items())
    screens = {(verb, path): [] for path, verb, _ in operations}
    lost = []
    for file in sorted(WEB.rglob("*.js")):
        name = file.relative_to(WEB).as_posix()
        for verb, path in sorted(calls(file.read_text())) if not name.startswith("vendor/") else []:
            fitting = [path_ for path_, verb_, _ in operations if verb_ == verb and fits(path, path_)]
            exact = [one for one in fitting if [part for part in one.rstrip("/").split("/") if not part.startswith("{")] == [part for part in path.split("/") if part != "{}"]]
            if not fitting and not path.startswith("/v1/"):
                continue
            if not fitting or name not in SCREENS:
                lost.append(f"{name}: {verb} {path}")
            for one in exact or fitting[:1]:
                if SCREENS.get(name) not in screens[verb, one]:
                    screens[verb, one].append(SCREENS.get(name))
    assert not lost, "calls of no operation, or of a file without a screen: " + "; ".join(lost)
    return [(f"{verb} {path}", summary, screens[verb, path]) for path, verb, summary in operations]


def page(document):
    rows = table(document)
    own = sum(1 for _, _, screens in rows if [one for one in screens if one != "API"])
    lines = ["# Where each operation is in the dashboard", "",
             f"Made by `scripts/dashboard-operations.py` from the sources of the screens and `/openapi.json`. Of {len(rows)} operations {own} have a place on a",
             "screen of their own. All of them, those too, can be sent from the [API screen](dashboard.md#the-api-screen).", "",
             "| operation | what it does | screen |", "|---|---|---|"]
    lines += [f"| `{name}` | {summary.replace('|', chr(92) + '|')} | {', '.join(screens) or 'API'} |" for name, summary, screens in rows]
    return "\n".join(lines) + "\n"


def main():
    arguments = [one for one in sys.argv[1:] if one != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    place = arguments[0]
    text = urllib.request.urlopen(place.rstrip("/") + "/openapi.json").read() if place.startswith("http") else Path(place).read_bytes()
    made = page(json.loads(text))
    if "--check" not in sys.argv:
        PAGE.write_text(made)
    elif PAGE.read_text() != made:
        sys.exit("docs/dashboard-operations.md is not up to date: run scripts/dashboard-operations.py")


if __name__ == "__main__":
    main()
