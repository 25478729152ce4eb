"""A server of the Model Context Protocol over stdio that needs nothing but Python, and misbehaves on request.

Its tools are those of `tools.json` beside this file where there is one, so that a test can change them, and otherwise those below.
Not among them are `count`, which tells how often it was called, `change`, which says that there are other tools, and `endless`, which makes
progress. `many` as an argument adds 2,000 tools, in pages; `hush` answers nothing; `noise` prints what is no message first.
"""

import json
import os
import sys
import time
from pathlib import Path


def tool(name, description="", **properties):
    return {"name": name, "description": description, "inputSchema": {"type": "object", "properties": properties}}


NUMBER = {"type": "number"}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TOOLS = [
    tool("add", "Adds.", a=NUMBER, b=NUMBER), tool("look"), tool("picture"), tool("photo"), tool("facts"), tool("fail"), tool("refuse"),
    tool("ask"), tool("slow"), tool("hang"), tool("die"), tool("flood"), tool("huge"), tool("garbage"),
    tool("hog"), tool("multiply"),
    {"name": "broken", "description": "Has no schema that makes sense.", "inputSchema": {"type": 7, "properties": []}},
    {"name": "bare"}, {"description": "Has no name."}, "no tool",
]
PAGE = 100


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    return json.loads(line)


def tools():
    file = Path(__file__).with_name("tools.json")
    every = json.loads(file.read_text()) if file.exists() else TOOLS
    return every + [tool(f"tool_{n}", f"Number {n}.") for n in range(2000)] if "many" in sys.argv else every


counted = 0


def call(name, arguments, request):
    global counted
    if name == "count":
        counted += 1
        return [str(counted)]
    if name == "change":
        say({"method": "notifications/tools/list_changed"})
        return ["changed"]
    if name == "add":
        return [str(arguments["a"] + arguments["b"])]
    if name == "look":
        return [json.dumps({"environment": dict(os.environ), "home": os.listdir("/"), "user": os.getuid()})]
    if name == "picture":
        return [{"type": "image", "mimeType": "image/png", "data": "aGVsbG8h"}, {"type": "resource_link", "uri": "file:///x"}]
    if name == "photo":
        return ["a red dot", {"type": "image", "mimeType": "image/png", "data": PIXEL}]
    if name == "ask":
        say({"id": "q1", "method": "elicitation/create", "params": {"message": "Name?", "requestedSchema": {"type": "object"}}})
        answer = hear()
        say({"id": "q2", "method": "sampling/createMessage", "params": {}})
        return [f"{answer['result']['action']} {hear()['error']['code']}"]
    if name in ("slow", "endless"):
        for step in range(8 if name == "slow" else 4000):
            time.sleep(0.15)
            say({"method": "notifications/progress", "params": {"progressToken": request["params"]["_meta"]["progressToken"],
                                                                "progress": step}})
        return ["done"]
    if name == "hang":
        time.sleep(600)
    if name == "die":
        print("it fell over", file=sys.stderr, flush=True)
        os._exit(3)
    if name == "flood":
        while True:
            say({"method": "notifications/message", "params": {"level": "info", "data": "x" * 1000}})
    if name == "huge":
        sys.stdout.write("{" + "x" * (20 << 20) + "\n")
        sys.stdout.flush()
    if name == "hog":
        taken = bytearray(200 << 20)
        time.sleep(600)
        return [str(len(taken))]
    if name == "multiply":
        for _ in range(20):
            if os.fork() == 0:
                time.sleep(600)
        time.sleep(600)
    if name == "garbage":
        sys.stdout.write("{not json}\n")
        sys.stdout.flush()
        time.sleep(600)
    return []


if "noise" in sys.argv:
    print("Welcome to the server!", flush=True)
while True:
    request = hear()
    method, number = request.get("method"), request.get("id")
    if "hush" in sys.argv or number is None:
        continue
    if method == "initialize":
        say({"id": number, "result": {"protocolVersion": request["params"]["protocolVersion"], "capabilities": {"tools": {}},
                                      "serverInfo": {"name": "stdioserver", "version": "1"}}})
    elif method == "tools/list":
        start = int(request.get("params", {}).get("cursor") or 0)
        every = tools()
        page = {"tools": every[start:start + PAGE]}
        if start + PAGE < len(every):
            page["nextCursor"] = str(start + PAGE)
        say({"id": number, "result": page})
    elif method == "tools/call":
        name = request["params"]["name"]
        if name == "refuse":
            say({"id": number, "error": {"code": -32602, "message": "not today"}})
            continue
        content = call(name, request["params"].get("arguments") or {}, request)
        result = {"content": [{"type": "text", "text": part} if isinstance(part, str) else part for part in content]}
        if name == "facts":
            result["structuredContent"] = {"answer": 42}
        if name == "fail":
            result = {"content": [{"type": "text", "text": "it did not work"}], "isError": True}
        say({"id": number, "result": result})
    else:
        say({"id": number, "error": {"code": -32601, "message": "no such method"}})
