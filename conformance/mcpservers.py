"""Servers made with the kits that people use: `mcpservers.py KIT TRANSPORT [PORT]`. Runs in .build-venv-mcp.

KIT is `mcp`, `fastmcp`, or `oauth`: fastmcp with an authorization server of its own, or `brief-oauth`: one whose tokens are good for
30 seconds, and which tells when it refreshes one. TRANSPORT is `stdio`, `sse`, `streamable-http`, or
`json`, which is the last one without streams.
"""

import asyncio
import sys

KIT, TRANSPORT = sys.argv[1:3]
PORT = int(sys.argv[3]) if len(sys.argv) > 3 else 0


def add(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b


def greet(name: str = "you") -> dict[str, str]:
    """Greets somebody."""
    return {"greeting": f"Hello, {name}."}


def fail() -> str:
    """Fails."""
    raise ValueError("it did not work")


async def hang() -> str:
    """Never returns."""
    await asyncio.sleep(600)
    return "late"


TOOLS = (add, greet, fail, hang)

if KIT == "mcp":
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("conformance")
    for tool in TOOLS:
        server.add_tool(tool)
    if TRANSPORT == "stdio":
        server.run()
    elif TRANSPORT == "json":
        server.run("streamable-http", host="127.0.0.1", port=PORT, json_response=True, stateless_http=True)
    else:
        server.run(TRANSPORT, host="127.0.0.1", port=PORT)
else:
    from fastmcp import FastMCP

    auth = None
    if KIT in ("oauth", "brief-oauth"):
        from fastmcp.server.auth.auth import ClientRegistrationOptions
        from fastmcp.server.auth.providers import in_memory

        class Provider(in_memory.InMemoryOAuthProvider):
            async def exchange_refresh_token(self, *arguments):
                token = await super().exchange_refresh_token(*arguments)
                print("refreshed", flush=True)
                return token

        if KIT == "brief-oauth":
            in_memory.DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = 30
        auth = Provider(
            base_url=f"http://127.0.0.1:{PORT}", client_registration_options=ClientRegistrationOptions(enabled=True))
    server = FastMCP("conformance", auth=auth)
    for tool in TOOLS:
        server.tool(tool)
    if TRANSPORT == "stdio":
        server.run("stdio", show_banner=False)
    else:
        server.run(TRANSPORT, host="127.0.0.1", port=PORT, show_banner=False)
