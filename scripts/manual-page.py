"""Turns the description of the command line (JSON on stdin) into a manual page.

    letta-server --experimental-dump-help | manual-page.py SECONDS >letta-server.1
"""

import json
import sys
import time


def text(value):
    value = (value or "").replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in value.splitlines())


def synopsis(argument):
    names = [("--" if name["kind"] == "long" else "-") + name["name"] for name in argument.get("names", [])]
    value = f" \\fI{text(argument['valueName'])}\\fR" if argument["kind"] != "flag" else ""
    return ", ".join(f"\\fB{text(name)}\\fR" for name in names) + value if names else value.strip()


def section(command, path):
    lines = [f".SS {text(' '.join(path))}", text(command.get("abstract")), ""]
    if command.get("discussion"):
        lines += [text(command["discussion"]), ""]
    for argument in command.get("arguments", []):
        if argument.get("shouldDisplay") and argument["valueName"] not in ("help", "version"):
            lines += [".TP", synopsis(argument), text(argument.get("abstract"))]
    for inner in command.get("subcommands", []):
        if inner["commandName"] != "help":
            lines += section(inner, [*path, inner["commandName"]])
    return lines


def main():
    command = json.load(sys.stdin)["command"]
    name = command["commandName"]
    date = time.strftime("%Y-%m-%d", time.gmtime(int(sys.argv[1])))
    lines = [f'.TH {name.upper()} 1 "{date}"', ".SH NAME", f"{text(name)} \\- {text(command['abstract'])}", ".SH SYNOPSIS",
             f".B {text(name)}\n[\\fIcommand\\fR] [\\fIoptions\\fR]", ".SH COMMANDS"]
    for inner in command["subcommands"]:
        if inner["commandName"] != "help":
            lines += section(inner, [inner["commandName"]])
    lines += [".SH FILES", ".TP", ".I /etc/letta\\-server/environment", "Settings of the service.",
              ".TP", ".I /var/lib/letta\\-server", "Its data.", ".SH SEE ALSO", "/usr/share/doc/letta\\-server/configuration.md"]
    print("\n".join(line for line in lines if line is not None))


main()
