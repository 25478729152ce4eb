"""Python tools that the recordings and the tests use."""

TOOLSRC = '''def add(a: int, b: int = 2) -> int:
    """Add two numbers.

    Args:
        a (int): first
        b (int): second

    Returns:
        int: the sum
    """
    print("adding")
    return a + b
'''
BOOMSRC = '''def boom(why: str) -> str:
    """Fail.

    Args:
        why (str): reason
    """
    import sys
    print("about to fail")
    print("on stderr", file=sys.stderr)
    raise ValueError("boom: " + why)
'''
BIGSRC = '''def big(n: int) -> str:
    """Return many characters.

    Args:
        n (int): how many
    """
    return "x" * n
'''
SLOWSRC = '''def slow(seconds: int) -> str:
    """Sleep.

    Args:
        seconds (int): how long
    """
    import time
    time.sleep(seconds)
    return "slept"
'''
TYPESCRIPTSRC = '''/**
 * Adds numbers.
 * @param a The first.
 * @param b The second.
 */
export function sum(a: number, b: number = 2): number {
  console.log("adding");
  return a + b;
}
'''
ASKSRC = '''def ask(path: str, method: str = "GET") -> str:
    """Ask the server itself.

    Args:
        path (str): what for
        method (str): how
    """
    import json, os, urllib.error, urllib.request
    # What `client` has, for a tool without packages.
    request = urllib.request.Request(os.environ["LETTA_BASE_URL"] + path, method=method, headers={"Content-Type": "application/json"})
    if "token" not in path:
        request.add_header("Authorization", "Bearer " + os.environ["LETTA_API_KEY"])
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.dumps([answer.status, json.load(answer), os.environ["LETTA_API_KEY"]])
    except urllib.error.HTTPError as error:
        return json.dumps([error.code, None, os.environ["LETTA_API_KEY"]])
'''
