"""Writes what a release is made of: SPDX in JSON, and Debian's copyright file with the licences.

    swift package show-dependencies --format json | bill-of-materials.py VERSION SECONDS CHECKOUTS SBOM COPYRIGHT
"""

import json
import sys
import time
from pathlib import Path

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


def main():
    version, seconds, checkouts, sbom, copyright_file = sys.argv[1:]
    found = packages(json.load(sys.stdin), {})
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(seconds)))
    rows, texts = [], {}
    for identity, package in sorted(found.items()):
        name, text = licence(Path(checkouts) / Path(package["path"]).name)
        rows.append({"SPDXID": f"SPDXRef-{identity}", "name": package["name"], "versionInfo": package["version"],
                     "downloadLocation": package["url"], "licenseConcluded": name, "licenseDeclared": name, "copyrightText": "NOASSERTION"})
        texts.setdefault((name, text), []).append(f"{package['name']} {package['version']}")
    own = {"SPDXID": "SPDXRef-letta-server", "name": "letta-server", "versionInfo": version, "downloadLocation": "NOASSERTION",
           "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION"}
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"letta-server-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/letta-server-{version}-{seconds}",
        "creationInfo": {"created": created, "creators": ["Tool: scripts/release"]},
        "packages": [own, *rows],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-letta-server"},
            *({"spdxElementId": "SPDXRef-letta-server", "relationshipType": "STATIC_LINK", "relatedSpdxElement": row["SPDXID"]} for row in rows)],
    }
    Path(sbom).write_text(json.dumps(document, indent=1) + "\n")
    parts = ["letta-server is under the Apache License 2.0, in /usr/share/common-licenses/Apache-2.0. It is linked with:"]
    parts += ["; ".join(names) + f" ({name})\n\n{text.strip()}" for (name, text), names in sorted(texts.items())]
    Path(copyright_file).write_text("\n\n----\n\n".join(parts) + "\n")


main()
