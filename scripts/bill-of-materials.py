"""Writes what a release is made of: SPDX in JSON, and Debian's copyright file with the licences.

    swift package show-dependencies --format json | bill-of-materials.py VERSION SECONDS CHECKOUTS LLAMA_SERVER SBOM COPYRIGHT

LLAMA_SERVER is the program as the server's installer leaves it, with its version in its name and its licence beside it.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENCES = {"Apache License": "Apache-2.0", "MIT License": "MIT", "Permission is hereby granted, free of charge": "MIT", "BSD": "BSD-3-Clause"}


def packages(package, found):
    for each in package["dependencies"]:
        found[each["identity"]] = each
        packages(each, found)
    return found


def licence(folder):
    for file in sorted(folder.glob("LICENSE*")):
        text = file.read_text(errors="replace")
        return next((name for mark, name in LICENCES.items() if mark in text), "NOASSERTION"), text
    return "NOASSERTION", ""


def row(identity, name, version, source, kind):
    return {"SPDXID": f"SPDXRef-{identity}", "name": name, "versionInfo": version, "downloadLocation": source,
            "licenseConcluded": kind, "licenseDeclared": kind, "copyrightText": "NOASSERTION"}


def swift_version():
    said = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"Swift version ([0-9.]+)", said).group(1)


def vendored():
    """What docs/third-party.md lists: file, name with version, licence."""
    table = (ROOT / "docs/third-party.md").read_text()
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0].startswith("`"):
            yield cells[0].strip("`"), cells[1].split(":")[0], cells[3], cells[4].replace(", ", " AND ")


def main():
    version, seconds, checkouts, llama, sbom, copyright_file = sys.argv[1:]
    llama = Path(llama)
    found = packages(json.load(sys.stdin), {})
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(seconds)))
    rows, texts = [], {}
    for identity, package in sorted(found.items()):
        name, text = licence(Path(checkouts) / Path(package["path"]).name)
        rows.append(row(identity, package["name"], package["version"], package["url"], name))
        texts.setdefault((name, text), []).append(f"{package['name']} {package['version']}")
    swift = row("swift-runtime", "Swift standard library and Foundation", swift_version(), "https://swift.org", "Apache-2.0 WITH Swift-exception")
    parts = [row(f"dashboard-{file.removesuffix('.js')}", name, package, "NOASSERTION", kind) for file, name, package, kind in vendored()]
    own = row("letta-server", "letta-server", version, "NOASSERTION", "Apache-2.0")
    runtime = row("llama-server", "llama-server of llama.cpp, from llama-cpp-python", llama.name.rpartition("-")[2], "NOASSERTION", "MIT")
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"letta-server-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/letta-server-{version}-{seconds}",
        "creationInfo": {"created": created, "creators": ["Tool: scripts/release"]},
        "packages": [own, runtime, swift, *rows, *parts],
        "relationships": [
            *({"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": each["SPDXID"]} for each in (own, runtime)),
            *({"spdxElementId": "SPDXRef-letta-server", "relationshipType": "STATIC_LINK", "relatedSpdxElement": each["SPDXID"]} for each in (swift, *rows)),
            *({"spdxElementId": "SPDXRef-letta-server", "relationshipType": "CONTAINS", "relatedSpdxElement": each["SPDXID"]} for each in parts)],
    }
    Path(sbom).write_text(json.dumps(document, indent=1) + "\n")
    sections = [
        "letta-server is under the Apache License 2.0, in /usr/share/common-licenses/Apache-2.0. So is the Swift runtime that it is linked\n"
        "with, with the Runtime Library Exception. What else it is linked with:"]
    sections += ["; ".join(names) + f" ({name})\n\n{text.strip()}" for (name, text), names in sorted(texts.items())]
    sections.append("llama-server (MIT)\n\n" + (llama.parent / "LICENSE").read_text().strip())
    sections.append("The dashboard\n\n" + (ROOT / "Sources/Dashboard/Web/vendor/LICENCES.txt").read_text().strip())
    Path(copyright_file).write_text("\n\n----\n\n".join(sections) + "\n")


main()
