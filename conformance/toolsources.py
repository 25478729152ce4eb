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
