"""Checks the rules of docs/architecture.md that the compiler can't: who imports what, where SQL and tasks live, names, sizes.

Prints one line per fault (`path:line: what`) and exits 1 if there is any.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVER = "Sources/LettaServer/"
LONGEST = 400

IMPORT = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+"
                    r"(?:(?:struct|class|enum|protocol|func|typealias|let|var)\s+)?(\w+)")
# A type that owns unstructured tasks and ends them in close().
TASK_OWNER = re.compile(r"\b(?:class|actor|struct|extension)\s+\w+[^{]*\bTaskOwner\b")
TASK = re.compile(r"\bTask(?:\.detached|\.immediate(?:Detached)?)?(?:<[^>]*>)?\s*(?:\([^)]*\))?\s*\{")
SQL = re.compile(r'(?:^\s*|")(?:SELECT\s|INSERT INTO\s|DELETE FROM\s|UPDATE\s+\w+\s+SET\b)')
TYPE_NAME = re.compile(r"\b(?:class|struct|enum|actor|protocol|typealias)\s+(\w+(?:Manager|Helper|Helpers|Util|Utils|Utilities|Impl|Base))\b")
UNSAFE = re.compile(r"@unchecked\s+Sendable|nonisolated\(unsafe\)")
BANNED = re.compile(r"\bfatalError\(|\bas!|\btry!")
MARKS = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
# Where packages come from is the business of the machine that builds, not of this repository.
REGISTRIES = re.compile("|".join((r"py" r"pi\.org", r"pythonhosted" r"\.org", r"npmjs" r"\.(?:org|com)", r"deb\.debian" r"\.org",
                                  r"crates" r"\.io", r"golang" r"\.org", r"hugging" r"face\.co")))


def role(path, *suffixes):
    """Whether the file's name says one of the roles: BlockStore.swift, BlockStore+History.swift."""
    return re.search(rf"(?:{'|'.join(suffixes)})(?:\+\w+)?\.swift$", path) is not None


def within(path, *folders):
    return path.startswith(folders)


def may_import(path, module):
    """Whether a file below Sources may import a module."""
    app = within(path, SERVER + "App/", SERVER + "Kernel/", "Sources/TestSupport/")
    if module.startswith("Hummingbird"):
        return app or within(path, "Sources/HTTPKit/") or within(path, SERVER) and role(path, "Routes")
    if module == "HTTPKit":
        return app or within(path, SERVER) and role(path, "Routes")
    if module == "Storage":
        # Transactions may be opened anywhere but in routes; the SQL itself is in stores.
        return (app or within(path, "Sources/StorageSQLite/", "Sources/StoragePostgres/")
                or within(path, SERVER) and not role(path, "Routes"))
    if module in ("StorageSQLite", "StoragePostgres"):
        return app
    if module == "CSQLite":
        return within(path, "Sources/StorageSQLite/", "Sources/TestSupport/")
    if module == "CLibPQ":
        return within(path, "Sources/StoragePostgres/", "Sources/TestSupport/")
    if module.startswith("Foundation"):
        return not within(path, "Sources/JSON/", "Sources/LettaAPI/")
    return True


def code(line):
    """The line without its comment, as far as one line can tell."""
    return re.sub(r"(?<!:)//.*$", "", line)


def source_faults(path, lines):
    if len(lines) > LONGEST:
        yield len(lines), f"longer than {LONGEST} lines"
    if not within(path, "Sources/"):
        return
    owns_tasks = any(TASK_OWNER.search(code(line)) for line in lines)
    for number, line in enumerate(lines, 1):
        text = code(line)
        if (found := IMPORT.match(text)) and not may_import(path, found[1]):
            yield number, f"{found[1]} must not be imported here"
        if TASK.search(text) and not (owns_tasks or re.search(r"\bawait Task\b", text)
                                       or within(path, "Sources/letta-server/", "Sources/TestSupport/")):
            yield number, "unstructured Task that is neither awaited at once nor in the file of a TaskOwner"
        if SQL.search(text) and within(path, SERVER) and not (within(path, SERVER + "App/Migrations") or role(path, "Store", r"Migrations?")):
            yield number, "SQL outside a store or a migration"
        if found := TYPE_NAME.search(text):
            yield number, f"{found[1]} says no role: name what it is for"
        if BANNED.search(text):
            yield number, "fatalError, try! or as! in Sources"
        if UNSAFE.search(text) and not any("//" in near for near in lines[max(0, number - 5):number]):
            yield number, "unchecked sharing without a comment that names the lock"
        if MARKS.search(line):
            yield number, "a mark of unfinished work"


def main():
    faults = []
    for folder in ("Sources", "Tests", "Benchmarks", "Fuzzing"):
        for file in sorted((ROOT / folder).rglob("*.swift")):
            path = file.relative_to(ROOT).as_posix()
            if "/.build" in path:
                continue
            lines = file.read_text(encoding="utf-8").splitlines()
            faults += [f"{path}:{number}: {what}" for number, what in source_faults(path, lines)]

    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for path in listed.stdout.splitlines():
        file = ROOT / path
        if Path(path).name == "Package.resolved":
            faults.append(f"{path}:1: is not kept: versions are exact in Package.swift")
        if not file.is_file() or file.stat().st_size > 2_000_000:
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        faults += [f"{path}:{number}: names a registry's host" for number, line in enumerate(text.splitlines(), 1) if REGISTRIES.search(line)]

    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)


main()
