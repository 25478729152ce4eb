# Searches texts for a regular expression that a model wrote.
# Request: pattern, context (lines before and after a match), skip, most, files: [{name, text}].
# Answer: total, counts: [[name, count]], matches: [{name, line, lines: [[number, text]]}], or error.
import re

LONGEST_LINE = 1000


def work(request):
    try:
        pattern = re.compile(request["pattern"])
    except re.error as error:
        return {"error": f"Invalid regex pattern: {error}"}
    total, counts, matches = 0, [], []
    for file in request["files"]:
        count = 0
        lines = file["text"].split("\n")
        for index, line in enumerate(lines):
            if not pattern.search(line):
                continue
            count += 1
            if request["skip"] <= total + count - 1 < request["skip"] + request["most"]:
                first = max(0, index - request["context"])
                shown = lines[first : index + request["context"] + 1]
                matches.append({
                    "name": file["name"], "line": index + 1,
                    "lines": [[first + n + 1, text[:LONGEST_LINE]] for n, text in enumerate(shown)],
                })
        if count:
            counts.append([file["name"], count])
        total += count
    return {"total": total, "counts": counts, "matches": matches}
