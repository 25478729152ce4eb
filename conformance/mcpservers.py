"""Servers made with the kits that people use: `mcpservers.py KIT TRANSPORT [PORT]`. Runs in .build-venv-mcp, and `mcp` in
.build-venv-mcp-1 too, which has the official kit's first generation.

KIT is `mcp`, `fastmcp`, or `oauth`: fastmcp with an authorization server of its own, or `brief-oauth`: one whose tokens are good for
30 seconds, and which tells when it refreshes one, or `keeping`: fastmcp with a tool that names its session, or `refusing-oauth`: the same, but the second refresh is refused. TRANSPORT is `stdio`, `sse`, `streamable-http`, or
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
    transport = "streamable-http" if TRANSPORT == "json" else TRANSPORT
    listening = {} if TRANSPORT == "stdio" else {"host": "127.0.0.1", "port": PORT}
    if TRANSPORT == "json":
        listening |= {"json_response": True, "stateless_http": True}
    try:
        from mcp.server.mcpserver import MCPServer
    except ImportError:
        from mcp.server.fastmcp import FastMCP

        server, arguments = FastMCP("conformance", **listening), {}
    else:
        server, arguments = MCPServer("conformance"), listening
    for tool in TOOLS:
        server.add_tool(tool)
    server.run(transport, **arguments)
else:
    from fastmcp import FastMCP

    auth = None
    if KIT.endswith("oauth"):
        from fastmcp.server.auth.auth import ClientRegistrationOptions
        from fastmcp.server.auth.providers import in_memory
        from mcp.server.auth.provider import TokenError

        class Provider(in_memory.InMemoryOAuthProvider):
            asked = 0

            async def exchange_refresh_token(self, *arguments):
                self.asked += 1
                if KIT == "refusing-oauth" and self.asked == 2:
                    raise TokenError("invalid_grant", "The grant was revoked.")
                token = await super().exchange_refresh_token(*arguments)
                print("refreshed", flush=True)
                return token

        if KIT != "oauth":
            in_memory.DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = 30
        auth = Provider(
            base_url=f"http://127.0.0.1:{PORT}", client_registration_options=ClientRegistrationOptions(enabled=True))
    server = FastMCP("conformance", auth=auth)
    for tool in TOOLS:
        server.tool(tool)
    if KIT == "keeping":
        from fastmcp import Context

        @server.tool
        def session(context: Context) -> str:
            """Names the session."""
            return context.session_id

    if TRANSPORT == "stdio":
        server.run("stdio", show_banner=False)
    else:
        server.run(TRANSPORT, host="127.0.0.1", port=PORT, show_banner=False)
