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
ASKTSSRC = '''/** Tells the name of the agent. */
export async function name_of_mine(): Promise<string> {
  const { LETTA_BASE_URL: server, LETTA_API_KEY: key, LETTA_AGENT_ID: id } = process.env;
  const answer = await fetch(`${server}/v1/agents/${id}`, { headers: { Authorization: `Bearer ${key}` } });
  return (await answer.json()).name;
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
# What a tool does with the published client: its own one and the one that every tool has.
KEEPSRC = '''def keep(note: str, other: str) -> str:
    """Keep a note.

    Args:
        note (str): what
        other (str): an agent that is no business of this one
    """
    import json, os
    from letta_client import Letta
    me = {made}.agents.retrieve(os.environ["LETTA_AGENT_ID"])
    {change}
    client.agents.passages.create(me.id, text=note)
    said = [message.message_type for message in client.agents.messages.list(me.id)]
    statuses = []
    for forbidden in (lambda: client.agents.retrieve(other), lambda: client.agents.delete(me.id), lambda: client.tools.list()):
        try:
            list(forbidden())
        except Exception as error:
            statuses.append(error.status_code)
    return json.dumps([me.name, said[-1], statuses])
'''
KEEPERS = {
    "v1": KEEPSRC.format(made="Letta()", change='client.agents.blocks.update("human", agent_id=me.id, value=note)'),
    "legacy": KEEPSRC.format(
        made='Letta(base_url=os.environ["LETTA_BASE_URL"], token=os.environ["LETTA_API_KEY"])',
        change='client.agents.blocks.modify(me.id, "human", value=note)'),
}
TELLSRC = '''def tell(other: str, text: str) -> str:
    """Tell an agent.

    Args:
        other (str): which agent
        text (str): what
    """
    answer = client.agents.messages.create(other, messages=[{"role": "user", "content": text}])
    return answer.messages[-1].content
'''
