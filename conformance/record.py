#!/usr/bin/env python3
"""Makes the calls of the recordings against a server and writes what it answers, with stable placeholders.

    BASE=http://127.0.0.1:8283 MODEL=openai/gpt-4o-mini EMB=openai/text-embedding-3-small SMALL=openai/mock \
    MOCKLOG=mock.jsonl OUT=mine python3 record.py [scenario ...]     (no names: all, in order of definition)

Needs httpx (PyPI) and the scripted model (`mockllm.py --log mock.jsonl`), which the server under test uses as its OpenAI
(OPENAI_BASE_URL=http://127.0.0.1:9999/v1 OPENAI_API_KEY=x). SEC (a server with password 'sekret') and RED (one with background
streaming) are optional second and third servers. Each call becomes OUT/<scenario>.<call>.json; `compare.py` holds them against
the peer's. Scenarios that count things (agents, blocks, models) want a fresh database.

The recordings in `recordings/` are the Letta server 0.16.8's, made by this program on a fresh PostgreSQL database per group of
scenarios. With a base URL other than OpenAI's own that server lists chat models as openai-proxy/NAME.
"""
import json, os, re, sys, time, threading, uuid, io
import httpx

from toolsources import BIGSRC, BOOMSRC, SLOWSRC, TOOLSRC

BASE = os.environ.get("BASE", "http://127.0.0.1:8401")
SEC = os.environ.get("SEC", "http://127.0.0.1:8402")
RED = os.environ.get("RED", "http://127.0.0.1:8403")
MOCKLOG = os.environ.get("MOCKLOG", "mock.jsonl")
OUT = os.environ.get("OUT", "recordings")
PROMPTS = os.environ.get("PROMPTS", "")
MODEL, EMB = os.environ.get("MODEL", "openai-proxy/gpt-4o-mini"), os.environ.get("EMB", "openai/text-embedding-3-small")
SDK1 = {"X-Stainless-Package-Version": "1.12.1"}
SMALL = os.environ.get("SMALL", "openai-proxy/mock")  # context window falls back to 30000
os.makedirs(OUT, exist_ok=True)

U = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ID_RE = re.compile(r"\b([a-z][a-z_]*(?:-[a-z_]+)?)-(" + U + r")\b")
UUID_RE = re.compile(r"(?<![-\w])(" + U + r")(?![-\w])")
HEX32_RE = re.compile(r"(?<![\w-])[0-9a-f]{32}(?![\w-])")
TIME_RE = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
PTIME_RE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [AP]M( [A-Z]{2,4}[+-]\d{4})?")
PDATE_RE = re.compile(r"(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, [A-Z][a-z]+ \d\d?, \d{4}[^\"\\\n]*")
CALL_RE = re.compile(r"\b(call_|chatcmpl-|msg_|toolu_)\d{12}\b")
NS_KEYS = re.compile(r"(_ns|_ms|_time|duration)$")


def load_prompts():
    """The server's own long default texts are not copied: only named."""
    out = []
    import glob
    for f in glob.glob(PROMPTS + "/*.py"):
        try:
            ns = {}
            exec(open(f).read(), ns)
            if isinstance(ns.get("PROMPT"), str):
                out.append((ns["PROMPT"].strip(), "<default-system-prompt:" + os.path.basename(f)[:-3] + ">"))
        except Exception:
            pass
    return sorted(out, key=lambda p: -len(p[0]))


PROMPT_TEXTS = load_prompts()


class Norm:
    def __init__(self):
        self.map, self.counts = {"org-00000000-0000-4000-8000-000000000000": "<org-default>",
                                 "user-00000000-0000-4000-8000-000000000000": "<user-default>"}, {}
        self.msgs = {}

    def name(self, kind, key):
        if key not in self.map:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.map[key] = f"<{kind}-{self.counts[kind]}>"
        return self.map[key]

    def text(self, s):
        for raw, tag in PROMPT_TEXTS:
            for v in (raw, json.dumps(raw)[1:-1], json.dumps(raw, ensure_ascii=False)[1:-1]):
                if v in s:
                    s = s.replace(v, tag)

        def idr(m):
            if m.group(1) == "message":
                self.msgs[m.group(2)[:34]] = m.group(0)
            return self.name(m.group(1), m.group(0))
        s = ID_RE.sub(idr, s)

        def uu(m):
            u = m.group(1)
            if u[:34] in self.msgs and u not in self.map:
                return f"<otid:{self.name('message', self.msgs[u[:34]])[1:-1]}:{u[34:]}>"
            return self.name("uuid", u)
        s = UUID_RE.sub(uu, s)
        s = HEX32_RE.sub(lambda m: self.name("hex32", m.group(0)), s)
        s = PTIME_RE.sub(lambda m: "<ptime" + (m.group(1) or "") + ">", s)
        s = TIME_RE.sub(lambda m: "<time" + (m.group(1) if m.group(1) == " " else "") + (f".{len(m.group(2)) - 1}" if m.group(2) else "") + ">" + (m.group(3) or ""), s)
        s = PDATE_RE.sub("<longdate>", s)
        s = CALL_RE.sub(lambda m: self.name(m.group(1).rstrip("_-"), m.group(0)), s)
        return s


def redact(o, path=()):
    """Drop the server's own prose and code; shorten vectors; blank durations."""
    if isinstance(o, dict):
        r = {}
        own = str(o.get("tool_type", "")).startswith("letta_") or o.get("created_by") == "letta"
        for k, v in o.items():
            if own and k in ("description", "source_code") and isinstance(v, str):
                r[k] = f"<{k}: {len(v)} chars>"
            elif own and k == "json_schema":
                r[k] = redact_schema(v)
            elif k == "embedding" and isinstance(v, list) and len(v) > 8:
                r[k] = f"<vector of {len(v)}>"
            elif isinstance(k, str) and NS_KEYS.search(k) and isinstance(v, (int, float)) and not isinstance(v, bool):
                r[k] = "<duration>"
            elif k == "created" and isinstance(v, int):
                r[k] = "<unix>"
            else:
                r[k] = redact(v, path + (k,))
        return r
    if isinstance(o, list):
        return [redact(v, path) for v in o]
    return o


def redact_schema(o):
    if isinstance(o, dict):
        return {k: (f"<{len(v)} chars>" if k == "description" and isinstance(v, str) else redact_schema(v)) for k, v in o.items()}
    if isinstance(o, list):
        return [redact_schema(v) for v in o]
    return o


BASE_TOOL_NAMES = set()


def redact_llm(body):
    body = json.loads(json.dumps(body))
    for t in body.get("tools") or []:
        f = t.get("function") or t
        if f.get("name") in BASE_TOOL_NAMES:
            f["description"] = f"<{len(f.get('description') or '')} chars>"
            f["parameters"] = redact_schema(f.get("parameters"))
    return body


class Scenario:
    def __init__(self, name, base=None, mocklog=None):
        self.name, self.base, self.norm, self.n = name, base or BASE, Norm(), 0
        self.mocklog = mocklog or MOCKLOG
        self.http = httpx.Client(base_url=self.base, timeout=120, follow_redirects=False)

    def log_size(self):
        try:
            return os.path.getsize(self.mocklog)
        except OSError:
            return 0

    def llm_since(self, pos):
        out = []
        with open(self.mocklog) as f:
            f.seek(pos)
            for line in f:
                try:
                    e = json.loads(line)
                except ValueError:
                    continue
                if e["method"] == "POST":
                    out.append(e)
        return out

    def raw(self, method, path, body=None, headers=None, params=None, files=None, data=None, content=None):
        kw = {"headers": headers, "params": params}
        if files is not None:
            kw.update(files=files, data=data)
        elif content is not None:
            kw["content"] = content
        elif body is not None:
            kw["json"] = body
        try:
            return self.http.request(method, path, **kw)
        except (httpx.ReadError, httpx.RemoteProtocolError):  # the peer closes kept-alive connections after a 500
            return self.http.request(method, path, **kw)

    def call(self, call, method, path, body=None, headers=None, params=None, files=None, data=None, content=None,
             llm=False, note=None, save=True, cut=None, trim_tools=True):
        pos = self.log_size()
        t0 = time.time()
        try:
            r = self.raw(method, path, body, headers, params, files, data, content)
        except httpx.HTTPError as e:
            r = None
            err = repr(e)
        took = time.time() - t0
        if save:
            req = {"method": method, "path": path}
            if params:
                req["params"] = params
            if headers:
                req["headers"] = headers
            if files is not None:
                req["multipart"] = {"files": [[f, v[0], v[2] if len(v) > 2 else None] for f, v in files.items()], "data": data}
            elif content is not None:
                req["content"] = content if isinstance(content, str) else repr(content)
                req.setdefault("headers", headers or {})
            elif body is not None:
                req["body"] = body
            rec = {"name": f"{self.name}.{call}"}
            if note:
                rec["note"] = note
            rec["request"] = json.loads(self.norm.text(json.dumps(req, ensure_ascii=False)))
            if r is None:
                rec["response"] = {"transport_error": err}
            else:
                hs = {k: v for k, v in r.headers.items() if k.lower() in ("content-type", "location", "retry-after", "content-disposition", "allow", "x-run-id", "cache-control", "x-accel-buffering")}
                text = self.norm.text(r.text)
                resp = {"status": r.status_code, "headers": hs}
                if hs.get("content-type", "").startswith("text/event-stream"):
                    resp["sse"] = [redact_sse(e) for e in text.split("\n\n") if e.strip()]
                else:
                    try:
                        resp["body"] = redact(json.loads(text)) if text else None
                    except ValueError:
                        resp["text"] = text[:4000]
                if trim_tools and isinstance(resp.get("body"), (dict, list)):
                    resp["body"] = trim_agents(resp["body"])
                if cut and isinstance(resp.get("body"), list):
                    resp["body_total"] = len(resp["body"])
                    resp["body"] = resp["body"][:cut]
                rec["response"] = resp
            if llm:
                rec["llm_requests"] = [{"path": e["path"], "body": redact_llm(json.loads(self.norm.text(json.dumps(e["body"], ensure_ascii=False))))}
                                       for e in self.llm_since(pos)]
            with open(os.path.join(OUT, f"{self.name}.{call}.json"), "w") as f:
                json.dump(rec, f, indent=1, ensure_ascii=False)
            self.n += 1
            print(f"  {self.name}.{call:44s} {r.status_code if r is not None else err} {took:.2f}s", flush=True)
        return r

    def wait(self, condition, seconds=100):
        """Asks until it is so: a run's end is an event of the servers that have streams of runs alone."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: still not after {seconds} s")
            time.sleep(0.02)

    def wait_for_chat(self, pos):
        """Until the model was asked to say something: what was said before is embedded meanwhile."""
        self.wait(lambda: any("messages" in e["body"] for e in self.llm_since(pos)))

    def wait_for_run(self, run):
        self.wait(lambda: self.raw("GET", f"/v1/runs/{run}").json()["status"] in ("completed", "failed", "cancelled"))

    # conveniences -------------------------------------------------------
    def agent(self, call=None, llm=False, note=None, **kw):
        body = {"name": kw.pop("name", f"{self.name}-agent-{self.n}"), "model": MODEL, "embedding": EMB, **kw}
        r = self.call(call or "agent", "POST", "/v1/agents/", body, save=call is not None, note=note)
        if r.status_code != 200:
            print("   agent failed", r.status_code, r.text[:300])
            return None
        return r.json()["id"]

    def tool(self, src, call=None, **kw):
        r = self.call(call or "tool", "PUT", "/v1/tools/", {"source_code": src, **kw}, save=call is not None)
        return r.json().get("id") if r.status_code == 200 else None

    def send(self, call, agent, text, llm=True, path="messages", note=None, **kw):
        body = {"messages": [{"role": "user", "content": text}], **kw} if text is not None else kw
        return self.call(call, "POST", f"/v1/agents/{agent}/{path}", body, llm=llm, note=note)

    def say(self, agent, text, **kw):
        return self.raw("POST", f"/v1/agents/{agent}/messages", {"messages": [{"role": "user", "content": text}], **kw})


def redact_sse(e):
    m = re.match(r"(?s)^data: (\{.*\})$", e)
    if m:
        try:
            parsed = json.loads(m.group(1))
            red = redact(parsed)
            return e if red == parsed else "data: " + json.dumps(red, ensure_ascii=False, separators=(",", ":"))
        except ValueError:
            pass
    return e


def trim_agents(o):
    """An agent's `tools` repeat whole tool objects: keep id/name/type only."""
    if isinstance(o, dict):
        r = {}
        for k, v in o.items():
            if k == "tools" and isinstance(v, list) and v and isinstance(v[0], dict) and "tool_type" in v[0] and "agent_type" in o:
                r[k] = [{"<trimmed>": True, **{x: t.get(x) for x in ("id", "name", "tool_type", "return_char_limit", "default_requires_approval", "tags")}} for t in v]
            else:
                r[k] = trim_agents(v)
        return r
    if isinstance(o, list):
        return [trim_agents(v) for v in o]
    return o


def script(*entries):
    return "script: " + json.dumps(list(entries))


def sayx(t, **k):
    return {"say": t, **k}


def callx(_name, think=None, **args):
    d = {"call": _name, "args": args}
    if think:
        d["think"] = think
    return d


SCENARIOS = {}


def scenario(f):
    SCENARIOS[f.__name__] = f
    return f


def missing(kind):
    return f"{kind}-00000000-0000-4000-8000-00000000dead"


# ============================================================ health, auth, headers, transport errors
@scenario
def health():
    s = Scenario("health")
    s.call("health", "GET", "/v1/health/")
    s.call("health-noslash", "GET", "/v1/health", note="no trailing slash: redirect")
    s.call("ready", "GET", "/v1/ready/")
    s.call("latest-alias", "GET", "/latest/health/")
    s.call("unknown-path", "GET", "/v1/nothing-here")
    s.call("unknown-path-root", "GET", "/v2/agents/")
    s.call("method-not-allowed", "DELETE", "/v1/agents/")
    s.call("agents-noslash-get", "GET", "/v1/agents")
    s.call("agents-noslash-post", "POST", "/v1/agents", {"name": "x"})
    s.call("agent-with-slash", "GET", f"/v1/agents/{missing('agent')}/")
    s.call("malformed-json", "POST", "/v1/agents/", content='{"name": "x",', headers={"content-type": "application/json"})
    s.call("json-not-object", "POST", "/v1/agents/", content='[1,2]', headers={"content-type": "application/json"})
    s.call("empty-body", "POST", "/v1/blocks/", content='', headers={"content-type": "application/json"})
    s.call("text-content-type", "POST", "/v1/blocks/", content='{"label":"a","value":"b"}', headers={"content-type": "text/plain"})
    s.call("bad-user-id-header", "GET", "/v1/agents/", headers={"user_id": "bob"})
    s.call("unknown-user-id-header", "GET", "/v1/agents/", headers={"user_id": "user-00000000-0000-4000-8000-00000000dead"})
    s.call("cors-preflight", "OPTIONS", "/v1/agents/", headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"})
    s.call("cors-get", "GET", "/v1/health/", headers={"Origin": "http://localhost:3000"})
    s.call("auth-post", "POST", "/v1/auth", {"password": "x"})
    s.call("openapi-root", "GET", "/", save=True)


@scenario
def auth():
    s = Scenario("auth", base=SEC)
    s.call("no-credentials", "GET", "/v1/agents/")
    s.call("wrong-bearer", "GET", "/v1/agents/", headers={"Authorization": "Bearer nope"})
    s.call("bearer", "GET", "/v1/agents/", headers={"Authorization": "Bearer sekret"})
    s.call("bare-password", "GET", "/v1/agents/", headers={"X-BARE-PASSWORD": "password sekret"})
    s.call("basic", "GET", "/v1/agents/", headers={"Authorization": "Basic c2VrcmV0"})
    s.call("health-open", "GET", "/v1/health/")
    s.call("unknown-path", "GET", "/v1/nothing")
    s.call("docs", "GET", "/docs")
    s.call("preflight", "OPTIONS", "/v1/agents/", headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"})
    s.call("auth-right", "POST", "/v1/auth", {"password": "sekret"}, headers={"Authorization": "Bearer sekret"})


# ============================================================ models, providers, tags
@scenario
def models():
    s = Scenario("models")
    s.call("llm", "GET", "/v1/models/")
    s.call("embedding", "GET", "/v1/models/embedding")
    s.call("llm-by-provider", "GET", "/v1/models/", params={"provider_name": "openai"})
    s.call("llm-category-byok", "GET", "/v1/models/", params={"provider_category": "byok"})
    s.call("llm-bad-category", "GET", "/v1/models/", params={"provider_category": "zzz"})
    s.call("providers-empty", "GET", "/v1/providers/")
    name = "byok-" + uuid.uuid4().hex[:6]
    mock = os.environ.get("MOCK", "http://127.0.0.1:9401/v1")
    r = s.call("provider-create", "POST", "/v1/providers/", {"name": name, "provider_type": "openai", "api_key": "sk-byok", "base_url": mock})
    pid = r.json().get("id") if r.status_code == 200 else missing("provider")
    s.call("provider-duplicate", "POST", "/v1/providers/", {"name": name, "provider_type": "openai", "api_key": "sk-byok", "base_url": mock})
    s.call("provider-reserved-name", "POST", "/v1/providers/", {"name": "openai", "provider_type": "openai", "api_key": "sk-byok", "base_url": mock})
    s.call("provider-bad-type", "POST", "/v1/providers/", {"name": name + "x", "provider_type": "zzz", "api_key": "k"})
    s.call("provider-get", "GET", f"/v1/providers/{pid}")
    s.call("provider-list", "GET", "/v1/providers/")
    s.call("provider-list-name", "GET", "/v1/providers/", params={"name": name})
    s.call("llm-with-byok", "GET", "/v1/models/", params={"provider_name": name})
    s.call("provider-patch", "PATCH", f"/v1/providers/{pid}", {"api_key": "sk-two"})
    s.call("provider-refresh", "PATCH", f"/v1/providers/{pid}/refresh")
    s.call("provider-check-existing", "POST", f"/v1/providers/{pid}/check")
    s.call("provider-check", "POST", "/v1/providers/check", {"provider_type": "openai", "api_key": "k", "base_url": mock})
    s.call("provider-check-bad", "POST", "/v1/providers/check", {"provider_type": "openai", "api_key": "k", "base_url": "http://127.0.0.1:9"})
    s.call("provider-delete", "DELETE", f"/v1/providers/{pid}")
    s.call("provider-delete-again", "DELETE", f"/v1/providers/{pid}")
    s.call("provider-get-missing", "GET", f"/v1/providers/{missing('provider')}")
    s.call("storage-size", "GET", "/v1/embeddings/total_storage_size")


# ============================================================ agents
@scenario
def agents():
    s = Scenario("agents")
    s.call("create-empty", "POST", "/v1/agents/", {}, note="no model at all")
    s.call("create-bad-handle", "POST", "/v1/agents/", {"model": "openai/nope", "embedding": EMB})
    s.call("create-handle-no-slash", "POST", "/v1/agents/", {"model": "gpt-4o-mini", "embedding": EMB})
    s.call("create-bad-embedding", "POST", "/v1/agents/", {"model": MODEL, "embedding": "openai/nope"})
    s.call("create-no-embedding", "POST", "/v1/agents/", {"name": "noemb", "model": MODEL})
    s.call("create-unknown-field", "POST", "/v1/agents/", {"name": "unkf", "model": MODEL, "embedding": EMB, "zzz": 1, "memory_blocks": []})
    for t in ["memgpt_agent", "memgpt_v2_agent", "letta_v1_agent", "react_agent", "workflow_agent", "sleeptime_agent", "voice_convo_agent", "voice_sleeptime_agent", "split_thread_agent"]:
        s.call("create-" + t, "POST", "/v1/agents/", {"name": t, "agent_type": t, "model": MODEL, "embedding": EMB,
                                                      "memory_blocks": [{"label": "human", "value": "Name: Ann"}, {"label": "persona", "value": "Helpful"}]})
    s.call("create-default-type", "POST", "/v1/agents/", {"model": MODEL, "embedding": EMB}, note="no name, no type, no blocks: the name is random words")
    r = s.call("create-full", "POST", "/v1/agents/", {
        "name": "full", "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB, "description": "desc", "metadata": {"k": "v", "n": 1},
        "tags": ["b", "a", "b"], "timezone": "Europe/Berlin", "system": "You are X.", "context_window_limit": 16000, "max_tokens": 1000,
        "include_base_tools": False, "tools": ["send_message"], "tool_rules": [{"type": "exit_loop", "tool_name": "send_message"}],
        "secrets": {"API_K": "1"}, "message_buffer_autoclear": True, "max_files_open": 7, "per_file_view_window_char_limit": 999, "hidden": True,
        "memory_blocks": [{"label": "human", "value": "Name: Ann", "limit": 100, "description": "about the human"}, {"label": "ro", "value": "x", "read_only": True}],
        "response_format": {"type": "json_object"}, "parallel_tool_calls": False, "enable_sleeptime": False})
    full = r.json().get("id")
    s.call("create-base-tool-rules-off", "POST", "/v1/agents/", {"name": "nobtr", "agent_type": "memgpt_v2_agent", "model": MODEL, "embedding": EMB, "include_base_tool_rules": False})
    s.call("create-no-base-tools", "POST", "/v1/agents/", {"name": "nobt", "agent_type": "memgpt_v2_agent", "model": MODEL, "embedding": EMB, "include_base_tools": False})
    s.call("create-multi-agent-tools", "POST", "/v1/agents/", {"name": "mat", "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB, "include_multi_agent_tools": True})
    s.call("create-initial-messages", "POST", "/v1/agents/", {"name": "ims", "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB,
                                                              "initial_message_sequence": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]})
    s.call("create-initial-empty", "POST", "/v1/agents/", {"name": "ime", "agent_type": "memgpt_v2_agent", "model": MODEL, "embedding": EMB, "initial_message_sequence": []})
    s.call("create-dup-block-labels", "POST", "/v1/agents/", {"name": "dupb", "model": MODEL, "embedding": EMB, "memory_blocks": [{"label": "human", "value": "a"}, {"label": "human", "value": "b"}]})
    s.call("create-block-over-limit", "POST", "/v1/agents/", {"name": "ovl", "model": MODEL, "embedding": EMB, "memory_blocks": [{"label": "human", "value": "abcdef", "limit": 3}]})
    s.call("create-unknown-tool", "POST", "/v1/agents/", {"name": "unt", "model": MODEL, "embedding": EMB, "tools": ["no_such_tool"]})
    s.call("create-unknown-tool-id", "POST", "/v1/agents/", {"name": "unti", "model": MODEL, "embedding": EMB, "tool_ids": [missing("tool")]})
    s.call("create-unknown-block-id", "POST", "/v1/agents/", {"name": "unbi", "model": MODEL, "embedding": EMB, "block_ids": [missing("block")]})
    s.call("create-bad-name", "POST", "/v1/agents/", {"name": "a/b:c", "model": MODEL, "embedding": EMB})
    s.call("create-empty-name", "POST", "/v1/agents/", {"name": "", "model": MODEL, "embedding": EMB})
    s.call("create-long-name", "POST", "/v1/agents/", {"name": "n" * 300, "model": MODEL, "embedding": EMB})
    s.call("create-bad-timezone", "POST", "/v1/agents/", {"name": "btz", "model": MODEL, "embedding": EMB, "timezone": "Mars/Olympus"})
    s.call("create-bad-type", "POST", "/v1/agents/", {"agent_type": "zzz", "model": MODEL, "embedding": EMB})
    s.call("create-window-too-big", "POST", "/v1/agents/", {"name": "wtb", "model": MODEL, "embedding": EMB, "context_window_limit": 999999})
    s.call("create-llm-config", "POST", "/v1/agents/", {"name": "llmc", "agent_type": "letta_v1_agent", "llm_config": {"model": "mock", "model_endpoint_type": "openai", "model_endpoint": "http://127.0.0.1:9401/v1", "context_window": 32000},
                                                        "embedding_config": {"embedding_model": "text-embedding-3-small", "embedding_endpoint_type": "openai", "embedding_endpoint": "http://127.0.0.1:9401/v1", "embedding_dim": 1536}})
    s.call("create-model-settings", "POST", "/v1/agents/", {"name": "mset", "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB,
                                                            "model_settings": {"provider_type": "openai", "temperature": 0.2, "max_output_tokens": 777, "parallel_tool_calls": True, "reasoning": {"reasoning_effort": "low"}, "strict": True}})
    s.call("create-parallel-with-rules", "POST", "/v1/agents/", {"name": "pwr", "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB, "parallel_tool_calls": True, "tools": ["send_message"], "tool_rules": [{"type": "exit_loop", "tool_name": "send_message"}]})
    s.call("create-sleeptime-enabled", "POST", "/v1/agents/", {"name": "slp", "agent_type": "memgpt_v2_agent", "model": MODEL, "embedding": EMB, "enable_sleeptime": True, "memory_blocks": [{"label": "human", "value": "h"}]})
    aid = s.agent(name="plain", agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}], tags=["t1", "t2"])
    s.call("get", "GET", f"/v1/agents/{aid}")
    s.call("get-include-blocks-tools", "GET", f"/v1/agents/{aid}", params={"include": ["agent.blocks", "agent.tools"]})
    s.call("get-include-none", "GET", f"/v1/agents/{aid}", params={"include_relationships": []})
    s.call("get-include-tags", "GET", f"/v1/agents/{aid}", params={"include_relationships": ["tags"]})
    s.call("get-missing", "GET", f"/v1/agents/{missing('agent')}")
    s.call("get-bad-id", "GET", "/v1/agents/nope")
    s.call("get-bad-id-prefix", "GET", "/v1/agents/block-00000000-0000-4000-8000-00000000dead")
    s.call("patch", "PATCH", f"/v1/agents/{aid}", {"name": "renamed", "description": "new", "tags": ["t3"], "metadata": {"a": 1}, "context_window_limit": 20000})
    s.call("patch-empty", "PATCH", f"/v1/agents/{aid}", {})
    s.call("patch-null-description", "PATCH", f"/v1/agents/{aid}", {"description": None})
    s.call("patch-model", "PATCH", f"/v1/agents/{aid}", {"model": "openai-proxy/gpt-4.1"})
    s.call("patch-bad-model", "PATCH", f"/v1/agents/{aid}", {"model": "openai/nope"})
    s.call("patch-system", "PATCH", f"/v1/agents/{aid}", {"system": "You are new."})
    s.call("patch-missing", "PATCH", f"/v1/agents/{missing('agent')}", {"name": "x"})
    s.call("patch-message-ids-bad", "PATCH", f"/v1/agents/{aid}", {"message_ids": []})
    s.call("context", "GET", f"/v1/agents/{aid}/context")
    s.call("list-name", "GET", "/v1/agents/", params={"name": "renamed"})
    s.call("list-limit1", "GET", "/v1/agents/", params={"limit": 1})
    s.call("list-limit0", "GET", "/v1/agents/", params={"limit": 0})
    s.call("list-limit-negative", "GET", "/v1/agents/", params={"limit": -1})
    s.call("list-limit-text", "GET", "/v1/agents/", params={"limit": "abc"})
    s.call("list-after", "GET", "/v1/agents/", params={"after": aid, "limit": 2})
    s.call("list-before", "GET", "/v1/agents/", params={"before": aid, "limit": 2})
    s.call("list-after-asc", "GET", "/v1/agents/", params={"after": full, "limit": 2, "order": "asc"})
    s.call("list-bad-cursor", "GET", "/v1/agents/", params={"after": missing("agent")})
    s.call("list-malformed-cursor", "GET", "/v1/agents/", params={"after": "zzz"})
    s.call("list-tags-any", "GET", "/v1/agents/", params={"tags": ["t3", "zz"]})
    s.call("list-tags-all", "GET", "/v1/agents/", params={"tags": ["t3", "zz"], "match_all_tags": True})
    s.call("list-query-text", "GET", "/v1/agents/", params={"query_text": "renam"})
    s.call("list-bad-order", "GET", "/v1/agents/", params={"order": "sideways"})
    s.call("list-order-by-lastrun", "GET", "/v1/agents/", params={"order_by": "last_run_completion", "limit": 1})
    s.call("list-sort-by-bad", "GET", "/v1/agents/", params={"sort_by": "zzz", "limit": 1})
    s.call("count", "GET", "/v1/agents/count")
    s.call("tags", "GET", "/v1/tags/")
    s.call("tags-query", "GET", "/v1/tags/", params={"query_text": "t", "limit": 1})
    s.call("tools-list", "GET", f"/v1/agents/{aid}/tools")
    s.call("groups-of-agent", "GET", f"/v1/agents/{aid}/groups")
    s.call("recompile", "POST", f"/v1/agents/{aid}/recompile")
    s.call("recompile-dry", "POST", f"/v1/agents/{aid}/recompile", params={"dry_run": True})
    s.call("delete", "DELETE", f"/v1/agents/{aid}")
    s.call("delete-again", "DELETE", f"/v1/agents/{aid}")
    s.call("get-deleted", "GET", f"/v1/agents/{aid}")


# ============================================================ blocks & core memory
@scenario
def blocks():
    s = Scenario("blocks")
    r = s.call("create", "POST", "/v1/blocks/", {"label": "human", "value": "Name: Ann"})
    bid = r.json()["id"]
    s.call("create-full", "POST", "/v1/blocks/", {"label": "proj/notes", "value": "v", "limit": 10, "description": "d", "metadata": {"a": 1}, "read_only": True, "tags": ["x", "y"], "hidden": False, "template_name": "tn", "is_template": True})
    s.call("create-over-limit", "POST", "/v1/blocks/", {"label": "human", "value": "abcdef", "limit": 3})
    s.call("create-no-label", "POST", "/v1/blocks/", {"value": "x"})
    s.call("create-no-value", "POST", "/v1/blocks/", {"label": "x"})
    s.call("create-empty-label", "POST", "/v1/blocks/", {"label": "", "value": "x"})
    s.call("create-odd-label", "POST", "/v1/blocks/", {"label": "a b!", "value": "x"})
    s.call("create-nul", "POST", "/v1/blocks/", {"label": "nul", "value": "a\u0000b"})
    s.call("create-same-label-again", "POST", "/v1/blocks/", {"label": "human", "value": "Name: Bob"})
    s.call("get", "GET", f"/v1/blocks/{bid}")
    s.call("get-missing", "GET", f"/v1/blocks/{missing('block')}")
    s.call("get-bad-id", "GET", "/v1/blocks/xyz")
    s.call("list-label", "GET", "/v1/blocks/", params={"label": "human"}, cut=3)
    s.call("list-bad-label", "GET", "/v1/blocks/", params={"label": "a b"})
    s.call("list-limit", "GET", "/v1/blocks/", params={"limit": 2})
    s.call("list-limit-huge", "GET", "/v1/blocks/", params={"limit": 100000}, cut=1)
    s.call("list-asc", "GET", "/v1/blocks/", params={"limit": 2, "order": "asc"})
    s.call("list-after", "GET", "/v1/blocks/", params={"after": bid, "limit": 2})
    s.call("list-templates-only", "GET", "/v1/blocks/", params={"templates_only": True}, cut=2)
    s.call("list-read-only", "GET", "/v1/blocks/", params={"read_only": True}, cut=2)
    s.call("list-value-search", "GET", "/v1/blocks/", params={"value_search": "Ann"}, cut=2)
    s.call("list-label-search", "GET", "/v1/blocks/", params={"label_search": "proj"}, cut=2)
    s.call("list-connected-eq", "GET", "/v1/blocks/", params={"connected_to_agents_count_eq": [0]}, cut=1)
    s.call("count", "GET", "/v1/blocks/count")
    s.call("patch-value", "PATCH", f"/v1/blocks/{bid}", {"value": "Name: Ann2"})
    s.call("patch-over-limit", "PATCH", f"/v1/blocks/{bid}", {"limit": 4})
    s.call("patch-value-over-limit", "PATCH", f"/v1/blocks/{bid}", {"value": "x" * 11, "limit": 10})
    s.call("patch-all", "PATCH", f"/v1/blocks/{bid}", {"label": "human2", "description": "dd", "read_only": True, "metadata": {"z": 1}, "limit": 200})
    s.call("patch-empty", "PATCH", f"/v1/blocks/{bid}", {}, note="does an empty patch reset read_only and metadata to the schema's defaults?")
    s.call("patch-missing", "PATCH", f"/v1/blocks/{missing('block')}", {"value": "x"})
    aid = s.agent(name="blk", agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}, {"label": "persona", "value": "p"}])
    s.call("core-memory", "GET", f"/v1/agents/{aid}/core-memory")
    s.call("agent-blocks", "GET", f"/v1/agents/{aid}/core-memory/blocks")
    s.call("agent-blocks-limit", "GET", f"/v1/agents/{aid}/core-memory/blocks", params={"limit": 1})
    s.call("agent-block-by-label", "GET", f"/v1/agents/{aid}/core-memory/blocks/human")
    s.call("agent-block-missing-label", "GET", f"/v1/agents/{aid}/core-memory/blocks/zzz")
    s.call("agent-block-patch", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/human", {"value": "hh"})
    s.call("agent-block-patch-over", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/human", {"value": "hh", "limit": 1})
    s.call("agent-block-patch-missing", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/zzz", {"value": "hh"})
    s.call("attach", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/attach/{bid}")
    s.call("attach-again", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/attach/{bid}")
    r = s.call("second-human", "POST", "/v1/blocks/", {"label": "human", "value": "other"})
    b2 = r.json()["id"]
    s.call("attach-same-label", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/attach/{b2}")
    s.call("attach-missing", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/attach/{missing('block')}")
    s.call("agents-of-block", "GET", f"/v1/blocks/{bid}/agents")
    s.call("patch-shared-value", "PATCH", f"/v1/blocks/{bid}", {"value": "shared new"})
    s.call("agent-context-after-shared-patch", "GET", f"/v1/agents/{aid}/context", note="is the compiled system message rebuilt by a block patch?")
    s.call("delete-attached", "DELETE", f"/v1/blocks/{bid}")
    s.call("agent-blocks-after-delete", "GET", f"/v1/agents/{aid}/core-memory/blocks")
    s.call("detach-deleted", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/detach/{bid}")
    hb = s.raw("GET", f"/v1/agents/{aid}/core-memory/blocks/human").json()["id"]
    s.call("detach", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/detach/{hb}")
    s.call("detach-again", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/detach/{hb}")
    s.call("delete", "DELETE", f"/v1/blocks/{b2}")
    s.call("delete-again", "DELETE", f"/v1/blocks/{b2}")
    s.call("internal-blocks", "GET", "/v1/_internal_blocks/", params={"limit": 1})


# ============================================================ messages, non-streaming, each agent type
def mi(line=0, **k):
    """memory_insert runs inside the server: no sandbox process, so much faster than a custom tool."""
    return callx("memory_insert", label="human", new_string="note", insert_line=line, **k)


def mi_bad():
    return callx("memory_insert", label="nope", new_string="x", insert_line=0)


def basic_turns(s, aid, t):
    s.send(t + "-hello", aid, "hello there")
    s.send(t + "-tool-then-say", aid, script(callx("add", a=1, b=2), sayx("three")))
    s.send(t + "-say-with-think", aid, script(sayx("with reasoning", think="let me think")))
    s.send(t + "-tool-exception", aid, script(callx("boom", why="test"), sayx("it failed")))
    s.send(t + "-unknown-tool", aid, script(callx("nope_tool", x=1), sayx("no such tool")))
    s.send(t + "-garbage-args", aid, script({**callx("add", a=1), "garbage": True}, sayx("after garbage")))
    s.send(t + "-wrong-args", aid, script(callx("add", a="one", zz=3), sayx("after wrong args")))
    s.send(t + "-missing-args", aid, script(callx("add"), sayx("after missing args")))
    s.send(t + "-parallel", aid, script({"calls": [callx("add", a=1), callx("add", a=10)]}, sayx("after parallel")))
    s.send(t + "-max-steps", aid, script(*[callx("add", a=i) for i in range(5)]), max_steps=2)
    s.send(t + "-text-plus-tool", aid, script({"say": "I will add", "call": "add", "args": {"a": 5}}, sayx("done")))
    s.call(t + "-messages-list", "GET", f"/v1/agents/{aid}/messages", params={"limit": 100, "order": "asc"})


def agent_with_tools(s, t, **kw):
    for src in (TOOLSRC, BOOMSRC, BIGSRC, SLOWSRC):
        s.tool(src)
    return s.agent(name=f"{s.name}-{t}-{uuid.uuid4().hex[:4]}", agent_type=t, tools=["add", "boom", "big", "slow"],
                   memory_blocks=[{"label": "human", "value": "Name: Ann\nLikes: tea"}, {"label": "persona", "value": "Helpful"}], **kw)


@scenario
def msg_v1():
    s = Scenario("msg_v1")
    basic_turns(s, agent_with_tools(s, "letta_v1_agent"), "v1")


@scenario
def msg_v2():
    s = Scenario("msg_v2")
    basic_turns(s, agent_with_tools(s, "memgpt_v2_agent"), "v2")


@scenario
def msg_memgpt():
    s = Scenario("msg_memgpt")
    aid = agent_with_tools(s, "memgpt_agent")
    s.send("hello", aid, "hello there")
    s.send("heartbeat-false", aid, script(callx("add", a=1, b=2, request_heartbeat=False), sayx("never said")))
    s.send("core-append", aid, script(callx("core_memory_append", label="human", content="Age: 5"), sayx("noted")))
    s.send("use-assistant-false", aid, "hello again", use_assistant_message=False)
    s.send("include-types", aid, "hello again", include_return_message_types=["assistant_message"])
    s.call("messages-list", "GET", f"/v1/agents/{aid}/messages", params={"limit": 100, "order": "asc"})
    s.call("messages-list-no-assistant", "GET", f"/v1/agents/{aid}/messages", params={"limit": 3, "use_assistant_message": False})


@scenario
def msg_react_workflow():
    s = Scenario("msg_react_workflow")
    aid = agent_with_tools(s, "react_agent")
    s.send("react-hello", aid, "hello there")
    s.send("react-tool", aid, script(callx("add", a=1, b=2), sayx("three")))
    wid = agent_with_tools(s, "workflow_agent")
    s.send("workflow-hello", wid, "hello there")
    s.send("workflow-tool", wid, script(callx("add", a=1, b=2), sayx("three")))
    s.call("workflow-agent-after", "GET", f"/v1/agents/{wid}", note="autoclear: message_ids after two turns")
    st = s.agent(name="st-" + uuid.uuid4().hex[:4], agent_type="sleeptime_agent", memory_blocks=[{"label": "human", "value": "h"}])
    s.send("sleeptime-hello", st, "hello there")
    s.send("sleeptime-finish", st, script(callx("memory_rethink", label="human", new_memory="brand new"), callx("memory_finish_edits")))


@scenario
def msg_requests():
    """The request's fields: input, roles, contents, errors."""
    s = Scenario("msg_requests")
    aid = agent_with_tools(s, "letta_v1_agent")
    p = f"/v1/agents/{aid}/messages"
    s.call("input-string", "POST", p, {"input": "via input"}, llm=True)
    s.call("input-parts", "POST", p, {"input": [{"type": "text", "text": "part one"}, {"type": "text", "text": "part two"}]}, llm=True)
    s.call("input-and-messages", "POST", p, {"input": "a", "messages": [{"role": "user", "content": "b"}]})
    s.call("neither", "POST", p, {})
    s.call("messages-empty", "POST", p, {"messages": []})
    s.call("system-role", "POST", p, {"messages": [{"role": "system", "content": "a system note"}]}, llm=True)
    s.call("assistant-role", "POST", p, {"messages": [{"role": "assistant", "content": "as assistant"}, {"role": "user", "content": "hi"}]}, llm=True)
    s.call("bad-role", "POST", p, {"messages": [{"role": "zzz", "content": "x"}]})
    s.call("many-messages", "POST", p, {"messages": [{"role": "user", "content": "one"}, {"role": "user", "content": "two", "name": "bob", "otid": "my-otid-1", "sender_id": "identity-00000000-0000-4000-8000-00000000dead"}]}, llm=True)
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    s.call("image", "POST", p, {"messages": [{"role": "user", "content": [{"type": "text", "text": "see"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png}}]}]}, llm=True)
    s.call("missing-agent", "POST", f"/v1/agents/{missing('agent')}/messages", {"messages": [{"role": "user", "content": "x"}]})
    s.call("max-steps-0", "POST", p, {"messages": [{"role": "user", "content": "x"}], "max_steps": 0})
    s.call("max-steps-negative", "POST", p, {"messages": [{"role": "user", "content": "x"}], "max_steps": -1})
    s.call("override-model", "POST", p, {"messages": [{"role": "user", "content": "x"}], "override_model": "openai-proxy/gpt-4.1"}, llm=True)
    s.call("override-model-bad", "POST", p, {"messages": [{"role": "user", "content": "x"}], "override_model": "openai/zzz"})
    s.call("override-system", "POST", p, {"messages": [{"role": "user", "content": "x"}], "override_system": "Only this."}, llm=True)
    s.call("client-skills", "POST", p, {"messages": [{"role": "user", "content": "x"}], "client_skills": [{"name": "sk", "description": "a skill", "location": "/home/x/.skills/sk/SKILL.md"}]}, llm=True)
    s.call("streaming-true-on-messages", "POST", p, {"messages": [{"role": "user", "content": "x"}], "streaming": True})
    s.call("include-types", "POST", p, {"messages": [{"role": "user", "content": script(callx("add", a=1), sayx("k"))}], "include_return_message_types": ["tool_return_message"]})
    s.call("include-types-bad", "POST", p, {"messages": [{"role": "user", "content": "x"}], "include_return_message_types": ["zzz"]})
    s.call("preview-raw-payload", "POST", f"/v1/agents/{aid}/messages/preview-raw-payload", {"messages": [{"role": "user", "content": "x"}]})
    s.call("generate", "POST", f"/v1/agents/{aid}/generate", {"prompt": "say hi"}, llm=True)
    s.call("generate-messages", "POST", f"/v1/agents/{aid}/generate", {"messages": [{"role": "user", "content": "x"}]})
    s.call("big-return", "POST", p, {"messages": [{"role": "user", "content": script(callx("big", n=60000), sayx("k"))}]}, llm=False)
    s.call("list-default", "GET", p)
    s.call("list-limit2", "GET", p, params={"limit": 2})
    msgs = s.raw("GET", p, params={"limit": 100}).json()
    mid = msgs[3]["id"]
    s.call("list-before", "GET", p, params={"before": mid, "limit": 3})
    s.call("list-after", "GET", p, params={"after": mid, "limit": 3})
    s.call("list-after-asc", "GET", p, params={"after": mid, "limit": 3, "order": "asc"})
    s.call("list-bad-cursor", "GET", p, params={"before": missing("message")})
    s.call("list-malformed-cursor", "GET", p, params={"before": "zzz"})
    s.call("list-limit-0", "GET", p, params={"limit": 0})
    s.call("list-huge-limit", "GET", p, params={"limit": 1000000}, cut=1)
    um = [m for m in msgs if m["message_type"] == "user_message"][0]
    am = [m for m in msgs if m["message_type"] == "assistant_message"][0]
    s.call("get-message", "GET", f"/v1/messages/{am['id']}")
    s.call("get-message-missing", "GET", f"/v1/messages/{missing('message')}")
    s.call("patch-user", "PATCH", f"{p}/{um['id']}", {"message_type": "user_message", "content": "edited"})
    s.call("patch-assistant", "PATCH", f"{p}/{am['id']}", {"message_type": "assistant_message", "content": "edited reply"})
    s.call("patch-missing", "PATCH", f"{p}/{missing('message')}", {"message_type": "user_message", "content": "edited"})
    s.call("patch-wrong-type", "PATCH", f"{p}/{um['id']}", {"message_type": "assistant_message", "content": "edited reply"})
    s.call("list-all-messages", "GET", "/v1/messages/", params={"limit": 3})
    s.call("search-agent-messages", "POST", "/v1/agents/messages/search", {"query": "hello", "agent_id": aid})
    s.call("search-all", "POST", "/v1/messages/search", {"query": "via input", "agent_id": aid})
    s.call("reset-bad", "PATCH", f"/v1/agents/{aid}/reset-messages")
    s.call("reset-with-defaults", "PATCH", f"/v1/agents/{aid}/reset-messages", {"add_default_initial_messages": True})
    s.call("reset", "PATCH", f"/v1/agents/{aid}/reset-messages", {"add_default_initial_messages": False})
    s.call("list-after-reset", "GET", p)


@scenario
def llm_errors():
    s = Scenario("llm_errors")
    aid = agent_with_tools(s, "letta_v1_agent")
    for st in (400, 401, 402, 403, 404, 408, 422, 429, 500, 503, 529):
        s.send(f"sync-{st}", aid, script({"status": st}, sayx("after")), llm=True)
    s.send("sync-drop", aid, script({"say": "x", "drop": True}, sayx("after")))
    for st in (400, 401, 429, 500, 503):
        s.call(f"stream-step-{st}", "POST", f"/v1/agents/{aid}/messages/stream", {"messages": [{"role": "user", "content": script({"status": st})}]}, llm=True)
        s.call(f"stream-token-{st}", "POST", f"/v1/agents/{aid}/messages/stream", {"stream_tokens": True, "messages": [{"role": "user", "content": script({"status": st})}]})
    s.call("stream-token-drop", "POST", f"/v1/agents/{aid}/messages/stream", {"stream_tokens": True, "messages": [{"role": "user", "content": script({"say": "a long enough reply to be cut in the middle", "drop": True})}]})
    s.call("stream-second-step-500", "POST", f"/v1/agents/{aid}/messages/stream", {"messages": [{"role": "user", "content": script(mi(), {"status": 500})}]})
    s.call("stream-token-second-step-500", "POST", f"/v1/agents/{aid}/messages/stream", {"stream_tokens": True, "messages": [{"role": "user", "content": script(mi(), {"status": 500})}]})
    s.send("sync-second-step-500", aid, script(mi(), {"status": 500}))
    s.call("messages-after", "GET", f"/v1/agents/{aid}/messages", params={"limit": 100, "order": "asc"}, note="what of the failed turns was kept")
    s.call("runs-after", "GET", "/v1/runs/", params={"agent_id": aid, "limit": 3})
    m2 = agent_with_tools(s, "memgpt_v2_agent")
    for st in (401, 429, 500):
        s.send(f"v2-sync-{st}", m2, script({"status": st}, sayx("after")), llm=False)
    s.call("v2-stream-token-500", "POST", f"/v1/agents/{m2}/messages/stream", {"stream_tokens": True, "messages": [{"role": "user", "content": script({"status": 500})}]})
    s.call("v2-messages-after", "GET", f"/v1/agents/{m2}/messages", params={"limit": 100, "order": "asc"})


# ============================================================ streaming
@scenario
def stream():
    s = Scenario("stream")
    for t, tag in (("letta_v1_agent", "v1"), ("memgpt_v2_agent", "v2")):
        aid = agent_with_tools(s, t)
        for tok in (False, True):
            k = f"{tag}-{'token' if tok else 'step'}"
            p = f"/v1/agents/{aid}/messages/stream"
            for name, sc in (("say", script(sayx("Hello there, this is a longer reply."))),
                             ("think-say", script(sayx("Answer after thinking.", think="thinking about it a while"))),
                             ("tool", script(mi(), sayx("three it is"))),
                             ("tool-error", script(mi_bad(), sayx("failed"))),
                             ("parallel", script({"calls": [mi(), mi(-1)]}, sayx("two")))):
                s.call(f"{k}-{name}", "POST", p, {"stream_tokens": tok, "messages": [{"role": "user", "content": sc}]}, llm=(name == "say"))
            s.call(f"{k}-include-types", "POST", p, {"stream_tokens": tok, "include_return_message_types": ["assistant_message"], "messages": [{"role": "user", "content": script(mi(), sayx("three it is"))}]})
            s.call(f"{k}-use-assistant-false", "POST", p, {"stream_tokens": tok, "use_assistant_message": False, "messages": [{"role": "user", "content": "hi"}]})
            s.call(f"{k}-max-steps", "POST", p, {"stream_tokens": tok, "max_steps": 1, "messages": [{"role": "user", "content": script(mi(), mi(), sayx("end"))}]})
            s.call(f"{k}-streaming-flag", "POST", f"/v1/agents/{aid}/messages", {"streaming": True, "stream_tokens": tok, "messages": [{"role": "user", "content": "hi"}]}, headers=SDK1)
    s.call("missing-agent", "POST", f"/v1/agents/{missing('agent')}/messages/stream", {"messages": [{"role": "user", "content": "x"}]})
    s.call("background-no-redis", "POST", f"/v1/agents/{aid}/messages/stream", {"background": True, "messages": [{"role": "user", "content": "x"}]})


# ============================================================ runs, steps, jobs, async, cancel, concurrency
@scenario
def runs():
    s = Scenario("runs")
    aid = agent_with_tools(s, "letta_v1_agent")
    r = s.call("async", "POST", f"/v1/agents/{aid}/messages/async", {"messages": [{"role": "user", "content": script(mi(), sayx("three"))}]})
    rid = r.json()["id"]
    s.wait_for_run(rid)
    s.call("run-get", "GET", f"/v1/runs/{rid}")
    s.call("run-messages", "GET", f"/v1/runs/{rid}/messages")
    s.call("run-messages-asc", "GET", f"/v1/runs/{rid}/messages", params={"order": "asc"})
    s.call("run-usage", "GET", f"/v1/runs/{rid}/usage")
    s.call("run-metrics", "GET", f"/v1/runs/{rid}/metrics")
    r = s.call("run-steps", "GET", f"/v1/runs/{rid}/steps")
    sid = r.json()[0]["id"] if r.status_code == 200 and r.json() else missing("step")
    s.call("run-trace", "GET", f"/v1/runs/{rid}/trace")
    s.call("run-stream-no-redis", "POST", f"/v1/runs/{rid}/stream", {"starting_after": 0})
    s.call("step-get", "GET", f"/v1/steps/{sid}")
    s.call("step-metrics", "GET", f"/v1/steps/{sid}/metrics")
    s.call("step-trace", "GET", f"/v1/steps/{sid}/trace")
    s.call("telemetry", "GET", f"/v1/telemetry/{sid}")
    s.call("step-messages", "GET", f"/v1/steps/{sid}/messages")
    s.call("step-feedback", "PATCH", f"/v1/steps/{sid}/feedback", {"feedback": "positive", "tags": ["x"]})
    s.call("step-feedback-bad", "PATCH", f"/v1/steps/{sid}/feedback", {"feedback": "meh"})
    s.call("steps-list", "GET", "/v1/steps/", params={"agent_id": aid, "limit": 1})
    s.call("steps-list-order", "GET", "/v1/steps/", params={"limit": 1, "order": "asc"})
    s.call("step-missing", "GET", f"/v1/steps/{missing('step')}")
    s.call("run-missing", "GET", f"/v1/runs/{missing('run')}")
    s.call("run-bad-id", "GET", "/v1/runs/zzz")
    s.call("runs-list", "GET", "/v1/runs/", params={"agent_id": aid})
    s.call("runs-list-status", "GET", "/v1/runs/", params={"statuses": ["failed"], "limit": 2})
    s.call("runs-list-stop-reason", "GET", "/v1/runs/", params={"stop_reason": "end_turn", "limit": 1})
    s.call("runs-list-background", "GET", "/v1/runs/", params={"background": True, "limit": 1})
    s.call("runs-active", "GET", "/v1/runs/active")
    s.call("internal-runs", "GET", "/v1/_internal_runs/", params={"limit": 1})
    s.call("jobs-list", "GET", "/v1/jobs/", params={"limit": 2})
    s.call("jobs-active", "GET", "/v1/jobs/active")
    s.call("job-missing", "GET", f"/v1/jobs/{missing('job')}")
    s.call("run-delete", "DELETE", f"/v1/runs/{rid}")
    s.call("run-after-delete", "GET", f"/v1/runs/{rid}")
    s.call("cancel-nothing", "POST", f"/v1/agents/{aid}/messages/cancel", {})
    # cancel while running
    pos = s.log_size()
    r = s.call("async-slow", "POST", f"/v1/agents/{aid}/messages/async", {"messages": [{"role": "user", "content": script({**mi(), "sleep_ms": 3000}, {**mi(), "sleep_ms": 1000}, sayx("end"))}]})
    rid = r.json()["id"]
    s.wait_for_chat(pos)
    s.call("run-while-running", "GET", f"/v1/runs/{rid}")
    s.call("cancel-no-redis", "POST", f"/v1/agents/{aid}/messages/cancel", {})
    s.call("cancel-run-ids", "POST", f"/v1/agents/{aid}/messages/cancel", {"run_ids": [rid]})
    s.wait_for_run(rid)
    s.call("run-after-cancel", "GET", f"/v1/runs/{rid}")
    s.call("messages-after-cancel", "GET", f"/v1/agents/{aid}/messages", params={"order": "asc", "limit": 100})
    s.send("send-after-cancel", aid, "are you ok")
    r = s.call("callback-url", "POST", f"/v1/agents/{aid}/messages/async", {"callback_url": "http://127.0.0.1:9/x", "messages": [{"role": "user", "content": "hi"}]})
    s.wait_for_run(r.json()["id"])


@scenario
def concurrency():
    s = Scenario("concurrency")
    aid = agent_with_tools(s, "letta_v1_agent")
    res = {}

    def go(k, sc):
        c = httpx.Client(base_url=s.base, timeout=120)
        t = time.time()
        r = c.post(f"/v1/agents/{aid}/messages", json={"messages": [{"role": "user", "content": sc}]})
        res[k] = (r.status_code, r.text, time.time() - t)
    pos = s.log_size()
    th = threading.Thread(target=go, args=("first", script({**sayx("first reply"), "sleep_ms": 1500})))
    th.start()
    s.wait_for_chat(pos)
    s.call("second-while-first-runs", "POST", f"/v1/agents/{aid}/messages", {"messages": [{"role": "user", "content": script(sayx("second reply"))}]}, llm=True, note="the first request's model call is still sleeping")
    s.call("delete-while-running-block-patch", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/human", {"value": "changed mid-run"})
    th.join()
    s.call("messages-after-both", "GET", f"/v1/agents/{aid}/messages", params={"order": "asc", "limit": 50}, note="first request returned " + str(res["first"][0]))
    s.call("agent-after-both", "GET", f"/v1/agents/{aid}", note="message_ids: last writer wins?")
    s.send("next-turn", aid, "what did I say", llm=True)
    ths = [threading.Thread(target=go, args=(i, script(sayx(f"r{i}")))) for i in range(4)]
    [t.start() for t in ths]
    [t.join() for t in ths]
    s.call("messages-after-4-parallel", "GET", f"/v1/agents/{aid}/messages", params={"order": "asc", "limit": 50}, note="statuses " + str([res[i][0] for i in range(4)]))
    s.call("agent-after-4-parallel", "GET", f"/v1/agents/{aid}")


# ============================================================ approvals and client-side tools
@scenario
def approvals():
    s = Scenario("approvals")
    for src in (TOOLSRC, BOOMSRC):
        s.tool(src)
    aid = s.agent(name="appr-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}])
    s.call("set-approval", "PATCH", f"/v1/agents/{aid}/tools/approval/memory_insert", {"requires_approval": True})
    s.call("set-approval-query", "PATCH", f"/v1/agents/{aid}/tools/approval/memory_insert", params={"requires_approval": True})
    s.call("set-approval-unknown-tool", "PATCH", f"/v1/agents/{aid}/tools/approval/zzz", {"requires_approval": True})
    p = f"/v1/agents/{aid}/messages"

    def ask(k, sc=None):
        r = s.send(k, aid, sc or script(mi(), sayx("after decision")))
        ms = [m for m in r.json().get("messages", []) if m["message_type"] == "approval_request_message"]
        return ms[0] if ms else None
    m = ask("request-1")
    s.send("user-message-while-pending", aid, "hello?")
    tc = m["tool_call"]["tool_call_id"] if m else "x"
    s.call("approve-wrong-id", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": "call_zzz", "approve": True}]}]})
    s.call("approve", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": tc, "approve": True}]}]}, llm=True)
    s.call("approve-again", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": tc, "approve": True}]}]})
    m = ask("request-2")
    tc = m["tool_call"]["tool_call_id"] if m else "x"
    s.call("deny", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": tc, "approve": False, "reason": "not today"}]}]}, llm=True)
    m = ask("request-3")
    s.call("approve-legacy", "POST", p, {"messages": [{"type": "approval", "approve": True, "approval_request_id": m["id"] if m else "x"}]}, llm=True)
    m = ask("request-4")
    s.call("deny-legacy", "POST", p, {"messages": [{"type": "approval", "approve": False, "approval_request_id": m["id"] if m else "x", "reason": "no way"}]})
    s.call("stream-request", "POST", p + "/stream", {"stream_tokens": True, "messages": [{"role": "user", "content": script(mi(), sayx("ok then"))}]})
    r = s.raw("GET", p, params={"limit": 1}).json()
    tc = (r[0].get("tool_call") or {}).get("tool_call_id", "x")
    s.call("stream-approve", "POST", p + "/stream", {"stream_tokens": True, "messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": tc, "approve": True}]}]})
    s.call("stream-step-request", "POST", p + "/stream", {"stream_tokens": False, "messages": [{"role": "user", "content": script(mi(), sayx("ok then"))}]})
    s.call("agent-pending", "GET", f"/v1/agents/{aid}", params={"include": ["agent.pending_approval"]})
    s.call("cancel-pending", "POST", f"/v1/agents/{aid}/messages/cancel", {})
    r = s.raw("GET", p, params={"limit": 1}).json()
    tc = (r[0].get("tool_call") or {}).get("tool_call_id", "x")
    s.call("approve-with-followup", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": tc, "approve": True}]}, {"role": "user", "content": "and another thing"}]}, llm=True)
    s.call("messages-list", "GET", p, params={"limit": 100, "order": "asc"})
    # parallel: one needs approval, one does not
    pid = s.agent(name="appr-par-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", model_settings={"provider_type": "openai", "parallel_tool_calls": True}, memory_blocks=[{"label": "human", "value": "h"}])
    s.raw("PATCH", f"/v1/agents/{pid}/tools/approval/memory_insert", {"requires_approval": True})
    r = s.call("parallel-mixed", "POST", f"/v1/agents/{pid}/messages", {"messages": [{"role": "user", "content": script({"calls": [mi(), callx("conversation_search", query="p"), mi(-1)]}, sayx("mixed done"))}]}, llm=True)
    ms = [m for m in r.json().get("messages", []) if m["message_type"] == "approval_request_message"]
    if ms:
        tcs = ms[0].get("tool_calls") or []
        s.call("parallel-mixed-partial", "POST", f"/v1/agents/{pid}/messages", {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": tcs[0]["tool_call_id"], "approve": True}]}]})
        s.call("parallel-mixed-answer", "POST", f"/v1/agents/{pid}/messages", {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": tcs[0]["tool_call_id"], "approve": True}, {"type": "approval", "tool_call_id": tcs[-1]["tool_call_id"], "approve": False, "reason": "too much"}]}]}, llm=True)
    s.call("parallel-mixed-list", "GET", f"/v1/agents/{pid}/messages", params={"order": "asc"})
    # memgpt_v2
    v2 = s.agent(name="appr-v2-" + uuid.uuid4().hex[:4], agent_type="memgpt_v2_agent", memory_blocks=[{"label": "human", "value": "h"}])
    s.raw("PATCH", f"/v1/agents/{v2}/tools/approval/memory_insert", {"requires_approval": True})
    r = s.send("v2-request", v2, script(mi(), sayx("done v2")))
    ms = [m for m in r.json().get("messages", []) if m["message_type"] == "approval_request_message"]
    if ms:
        s.call("v2-approve", "POST", f"/v1/agents/{v2}/messages", {"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": ms[0]["tool_call"]["tool_call_id"], "approve": True}]}]}, llm=True)
    # tools that need approval by default
    s.call("tool-default-approval", "PUT", "/v1/tools/", {"source_code": TOOLSRC.replace("def add", "def add_guarded"), "default_requires_approval": True})
    s.call("agent-with-default-approval", "POST", "/v1/agents/", {"name": "dap-" + uuid.uuid4().hex[:4], "model": MODEL, "embedding": EMB, "tools": ["add_guarded"], "include_base_tools": False})


@scenario
def client_tools():
    s = Scenario("client_tools")
    aid = s.agent(name="ct-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[])
    p = f"/v1/agents/{aid}/messages"
    ct = [{"name": "local_ls", "description": "List files here", "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}]
    r = s.call("call", "POST", p, {"messages": [{"role": "user", "content": script(callx("local_ls", path="/x"), sayx("listed"))}], "client_tools": ct}, llm=True)
    m = r.json()["messages"][-1]
    tc = (m.get("tool_call") or {}).get("tool_call_id", "x")
    s.call("return", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "tool", "tool_call_id": tc, "tool_return": "a.txt", "status": "success"}]}], "client_tools": ct}, llm=True)
    r = s.call("call-2", "POST", p, {"messages": [{"role": "user", "content": script(callx("local_ls", path="/y"), sayx("listed"))}], "client_tools": ct})
    tc = (r.json()["messages"][-1].get("tool_call") or {}).get("tool_call_id", "x")
    s.call("return-error-stderr", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "tool", "tool_call_id": tc, "tool_return": "no such dir", "status": "error", "stderr": ["E1"], "stdout": ["o"]}]}], "client_tools": ct}, llm=True)
    r = s.call("call-3", "POST", p, {"messages": [{"role": "user", "content": script(callx("local_ls", path="/z"), sayx("listed"))}], "client_tools": ct})
    tc = (r.json()["messages"][-1].get("tool_call") or {}).get("tool_call_id", "x")
    s.call("return-type-tool-return", "POST", p, {"messages": [{"type": "tool_return", "tool_returns": [{"type": "tool", "tool_call_id": tc, "tool_return": "ok", "status": "success"}]}], "client_tools": ct})
    s.call("return-unknown-id", "POST", p, {"messages": [{"type": "approval", "approvals": [{"type": "tool", "tool_call_id": "call_zz", "tool_return": "a", "status": "success"}]}]})
    s.call("stream", "POST", p + "/stream", {"stream_tokens": True, "messages": [{"role": "user", "content": script(callx("local_ls", path="/x"), sayx("listed"))}], "client_tools": ct})
    tc = ((s.raw("GET", p, params={"limit": 1}).json() or [{}])[0].get("tool_call") or {}).get("tool_call_id", "x")
    s.call("stream-return", "POST", p + "/stream", {"stream_tokens": True, "messages": [{"type": "approval", "approvals": [{"type": "tool", "tool_call_id": tc, "tool_return": "a.txt", "status": "success"}]}], "client_tools": ct})
    s.call("override-server-tool", "POST", p, {"messages": [{"role": "user", "content": "hi"}], "client_tools": [{"name": "memory_insert", "description": "mine"}]}, llm=True)
    s.call("bad-name", "POST", p, {"messages": [{"role": "user", "content": "hi"}], "client_tools": [{"name": "", "description": "mine"}]})
    s.call("messages-list", "GET", p, params={"limit": 100, "order": "asc"})


# ============================================================ tool rules
@scenario
def tool_rules():
    s = Scenario("tool_rules")
    for n in "abc":
        s.tool(f'def t_{n}(x: str = "d") -> str:\n    """Tool {n}.\n\n    Args:\n        x (str): anything\n    """\n    return "{n}:" + x\n')
    tools = ["t_a", "t_b", "t_c"]

    def ag(k, rules, **kw):
        return s.call("agent-" + k, "POST", "/v1/agents/", {"name": f"tr-{k}-{uuid.uuid4().hex[:4]}", "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB, "include_base_tools": False, "tools": tools, "tool_rules": rules}, save=k in ("init", "bad-tool", "bad-type", "empty-mapping"))
    a = ag("init", [{"type": "run_first", "tool_name": "t_a", "args": {"x": "pre"}}]).json()["id"]
    s.send("init-ok", a, script(callx("t_a", x="mine"), sayx("done")))
    s.send("init-violated", a, script(callx("t_b"), sayx("x"), sayx("y")))
    s.send("init-say-first", a, script(sayx("skip the tool")))
    a = ag("child", [{"type": "constrain_child_tools", "tool_name": "t_a", "children": ["t_b"]}]).json()["id"]
    s.send("child-ok", a, script(callx("t_a"), callx("t_b"), sayx("done")))
    s.send("child-violated", a, script(callx("t_a"), callx("t_c"), callx("t_b"), sayx("done")))
    s.send("child-say", a, script(callx("t_a"), sayx("early")))
    a = ag("parent", [{"type": "parent_last_tool", "tool_name": "t_a", "children": ["t_b"]}]).json()["id"]
    s.send("parent-violated", a, script(callx("t_b"), callx("t_a"), callx("t_b"), sayx("done")))
    a = ag("exit", [{"type": "exit_loop", "tool_name": "t_a"}]).json()["id"]
    s.send("exit", a, script(callx("t_a"), sayx("never")))
    a = ag("continue", [{"type": "continue_loop", "tool_name": "t_a"}]).json()["id"]
    s.send("continue", a, script(callx("t_a"), sayx("done")))
    a = ag("max-count", [{"type": "max_count_per_step", "tool_name": "t_a", "max_count_limit": 1}]).json()["id"]
    s.send("max-count", a, script(callx("t_a"), callx("t_a"), sayx("done")))
    a = ag("required", [{"type": "required_before_exit", "tool_name": "t_c"}]).json()["id"]
    s.send("required", a, script(sayx("try to leave"), callx("t_c"), sayx("now leave")))
    s.send("required-never", a, script(sayx("one"), sayx("two"), sayx("three")), max_steps=3)
    a = ag("conditional", [{"type": "conditional", "tool_name": "t_a", "child_output_mapping": {"a:go": "t_b"}, "default_child": "t_c", "require_output_mapping": False}]).json()["id"]
    s.send("conditional-match", a, script(callx("t_a", x="go"), callx("t_b"), sayx("done")))
    s.send("conditional-default", a, script(callx("t_a", x="zz"), callx("t_b"), callx("t_c"), sayx("done")))
    a = ag("approval", [{"type": "requires_approval", "tool_name": "t_a"}]).json()["id"]
    s.send("approval", a, script(callx("t_a"), sayx("done")))
    ag("bad-tool", [{"type": "exit_loop", "tool_name": "no_such"}])
    ag("bad-type", [{"type": "zzz", "tool_name": "t_a"}])
    ag("empty-mapping", [{"type": "conditional", "tool_name": "t_a", "child_output_mapping": {}}])
    m = s.call("v2-agent", "POST", "/v1/agents/", {"name": f"tr-v2-{uuid.uuid4().hex[:4]}", "agent_type": "memgpt_v2_agent", "model": MODEL, "embedding": EMB, "tools": tools,
                                                   "tool_rules": [{"type": "run_first", "tool_name": "t_a"}, {"type": "constrain_child_tools", "tool_name": "t_a", "children": ["t_b"]}, {"type": "required_before_exit", "tool_name": "t_c"}]}).json()["id"]
    s.send("v2-violated", m, script(callx("t_b"), callx("t_a"), sayx("too early"), callx("t_b"), callx("t_c"), sayx("bye")))


# ============================================================ what the SDK>=1 header changes
@scenario
def sdk1():
    s = Scenario("sdk1")
    r = s.call("agent-create", "POST", "/v1/agents/", {"name": "sdk-" + uuid.uuid4().hex[:4], "model": MODEL, "embedding": EMB, "tags": ["q"], "memory_blocks": [{"label": "human", "value": "h"}]}, headers=SDK1)
    aid = r.json()["id"]
    s.call("agent-get", "GET", f"/v1/agents/{aid}", headers=SDK1)
    s.call("agent-get-include", "GET", f"/v1/agents/{aid}", params={"include": ["agent.blocks", "agent.tools", "agent.tags", "agent.secrets", "agent.sources", "agent.identities", "agent.managed_group", "agent.pending_approval"]}, headers=SDK1)
    s.call("agent-list", "GET", "/v1/agents/", params={"limit": 1}, headers=SDK1)
    s.call("agent-patch", "PATCH", f"/v1/agents/{aid}", {"description": "d"}, headers=SDK1)
    b = s.raw("POST", "/v1/blocks/", {"label": "extra", "value": "e"}).json()["id"]
    s.call("block-attach", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/attach/{b}", headers=SDK1)
    s.call("block-detach", "PATCH", f"/v1/agents/{aid}/core-memory/blocks/detach/{b}", headers=SDK1)
    tid = [t for t in s.raw("GET", "/v1/tools/", params={"name": "conversation_search"}).json()][0]["id"]
    s.call("tool-detach", "PATCH", f"/v1/agents/{aid}/tools/detach/{tid}", headers=SDK1)
    s.call("tool-attach", "PATCH", f"/v1/agents/{aid}/tools/attach/{tid}", headers=SDK1)
    s.call("tool-attach-old", "PATCH", f"/v1/agents/{aid}/tools/attach/{tid}")
    s.call("tool-detach-old", "PATCH", f"/v1/agents/{aid}/tools/detach/{tid}")
    s.call("send", "POST", f"/v1/agents/{aid}/messages", {"input": "hi"}, headers=SDK1)
    s.call("send-streaming", "POST", f"/v1/agents/{aid}/messages", {"input": "hi", "streaming": True}, headers=SDK1)
    s.call("send-streaming-tokens", "POST", f"/v1/agents/{aid}/messages", {"input": "hi", "streaming": True, "stream_tokens": True}, headers=SDK1)
    s.call("messages", "GET", f"/v1/agents/{aid}/messages", headers=SDK1)
    s.call("reset", "PATCH", f"/v1/agents/{aid}/reset-messages", {"add_default_initial_messages": False}, headers=SDK1)
    s.call("archival-create", "POST", f"/v1/agents/{aid}/archival-memory", {"text": "p"}, headers=SDK1)
    s.call("agents-of-block", "GET", f"/v1/blocks/{b}/agents", headers=SDK1)
    s.call("delete", "DELETE", f"/v1/agents/{aid}", headers=SDK1)


# ============================================================ archival memory, passages, archives
@scenario
def archival():
    s = Scenario("archival")
    aid = s.agent(name="arch-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", tools=["archival_memory_insert", "archival_memory_search"], memory_blocks=[])
    p = f"/v1/agents/{aid}/archival-memory"
    s.call("list-empty", "GET", p)
    r = s.call("insert", "POST", p, {"text": "The sky is blue over Paris", "tags": ["sky", "fact"]})
    pid = r.json()[0]["id"]
    s.call("insert-date", "POST", p, {"text": "Cats like fish", "created_at": "2024-01-02T03:04:05Z"})
    s.call("insert-no-tags", "POST", p, {"text": "Dogs like bones and cats"})
    s.call("insert-empty", "POST", p, {"text": ""})
    s.call("insert-missing-agent", "POST", f"/v1/agents/{missing('agent')}/archival-memory", {"text": "x"})
    s.call("list", "GET", p)
    s.call("list-limit", "GET", p, params={"limit": 1})
    s.call("list-asc", "GET", p, params={"ascending": True, "limit": 2})
    s.call("list-desc", "GET", p, params={"ascending": False, "limit": 2})
    s.call("list-search", "GET", p, params={"search": "cats"})
    s.call("list-after", "GET", p, params={"after": pid})
    s.call("search", "GET", p + "/search", params={"query": "cats"})
    s.call("search-topk", "GET", p + "/search", params={"query": "cats", "top_k": 1})
    s.call("search-tags-any", "GET", p + "/search", params={"query": "sky", "tags": ["sky", "zz"], "tag_match_mode": "any"})
    s.call("search-tags-all", "GET", p + "/search", params={"query": "sky", "tags": ["sky", "zz"], "tag_match_mode": "all"})
    s.call("search-dates", "GET", p + "/search", params={"query": "cats", "start_datetime": "2024-01-01", "end_datetime": "2024-12-31"})
    s.call("search-bad-date", "GET", p + "/search", params={"query": "cats", "start_datetime": "yesterday"})
    s.call("search-no-query", "GET", p + "/search")
    s.call("tool-insert", "POST", f"/v1/agents/{aid}/messages", {"input": script(callx("archival_memory_insert", content="Owls hoot", tags=["bird"]), callx("archival_memory_search", query="owls", tags=["bird"]), callx("archival_memory_search", query="owls", start_datetime="2020-01-01", end_datetime="2020-01-02"), callx("archival_memory_search", query="owls", tag_match_mode="zz", tags="bird"), callx("archival_memory_insert", content=""), sayx("ok"))}, llm=True)
    s.call("context-after", "GET", f"/v1/agents/{aid}/context")
    s.call("delete", "DELETE", f"{p}/{pid}")
    s.call("delete-again", "DELETE", f"{p}/{pid}")
    s.call("passages-search", "POST", "/v1/passages/search", {"query": "cats", "agent_id": aid})
    s.call("passages-search-no-agent", "POST", "/v1/passages/search", {"query": "cats"})
    s.call("passages-search-no-query", "POST", "/v1/passages/search", {"agent_id": aid})
    r = s.call("archive-create", "POST", "/v1/archives/", {"name": "arc1", "embedding": EMB, "description": "d"})
    arc = r.json()["id"]
    s.call("archive-create-no-embedding", "POST", "/v1/archives/", {"name": "arc-noemb"})
    s.call("archive-create-no-name", "POST", "/v1/archives/", {"embedding": EMB})
    s.call("archive-get", "GET", f"/v1/archives/{arc}")
    s.call("archive-missing", "GET", f"/v1/archives/{missing('archive')}")
    s.call("archive-list", "GET", "/v1/archives/", params={"limit": 2})
    s.call("archive-list-agent", "GET", "/v1/archives/", params={"agent_id": aid})
    s.call("archive-patch", "PATCH", f"/v1/archives/{arc}", {"name": "arc2"})
    r = s.call("archive-passage", "POST", f"/v1/archives/{arc}/passages", {"text": "in archive", "tags": ["t"], "metadata": {"a": 1}})
    apid = r.json().get("id", missing("passage")) if r.status_code in (200, 201) else missing("passage")
    s.call("archive-passages-batch", "POST", f"/v1/archives/{arc}/passages/batch", {"passages": [{"text": "one"}, {"text": "two"}]})
    s.call("archive-attach-second", "PATCH", f"/v1/agents/{aid}/archives/attach/{arc}", note="the agent already has its own archive")
    a2 = s.agent(name="arch2-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[])
    s.call("archive-attach", "PATCH", f"/v1/agents/{a2}/archives/attach/{arc}")
    s.call("archive-agents", "GET", f"/v1/archives/{arc}/agents")
    s.call("agent2-archival-list", "GET", f"/v1/agents/{a2}/archival-memory")
    s.call("archive-detach", "PATCH", f"/v1/agents/{a2}/archives/detach/{arc}")
    s.call("archive-passage-delete", "DELETE", f"/v1/archives/{arc}/passages/{apid}")
    s.call("archive-delete", "DELETE", f"/v1/archives/{arc}")
    s.call("archive-delete-again", "DELETE", f"/v1/archives/{arc}")
    ne = s.raw("POST", "/v1/agents/", {"name": "noemb-" + uuid.uuid4().hex[:4], "model": MODEL}).json()["id"]
    s.call("no-embedding-insert", "POST", f"/v1/agents/{ne}/archival-memory", {"text": "text only apples"})
    s.call("no-embedding-search", "GET", f"/v1/agents/{ne}/archival-memory/search", params={"query": "apples"})


# ============================================================ base tools called by the model
@scenario
def base_tools():
    s = Scenario("base_tools")
    s.call("add-base-tools", "POST", "/v1/tools/add-base-tools", cut=3)
    # The peer was asked for send_message too, and left it out.
    aid = s.agent(name="bt-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", tools=["core_memory_append", "core_memory_replace", "memory", "memory_replace", "memory_insert", "memory_rethink", "memory_finish_edits", "memory_apply_patch", "conversation_search"],
                  include_base_tool_rules=False, memory_blocks=[{"label": "human", "value": "line one\nline two\nline two", "limit": 120}, {"label": "ro", "value": "fixed", "read_only": True}])
    n = 0

    def t(k, *calls):
        s.send(k, aid, script(*calls, sayx("ok")), llm=False)
    t("core-append", callx("core_memory_append", label="human", content="appended"), callx("core_memory_append", label="zz", content="x"), callx("core_memory_append", label="ro", content="x"), callx("core_memory_append", label="human", content="y" * 200))
    t("core-replace", callx("core_memory_replace", label="human", old_content="line one", new_content="LINE 1"), callx("core_memory_replace", label="human", old_content="absent", new_content="x"), callx("core_memory_replace", label="human", old_content="line two", new_content="L2"), callx("core_memory_replace", label="ro", old_content="fixed", new_content="x"))
    t("memory-replace", callx("memory_replace", label="human", old_string="L2", new_string="dup?"), callx("memory_replace", label="human", old_string="LINE 1", new_string="first"), callx("memory_replace", label="human", old_string="absent", new_string="x"), callx("memory_replace", label="human", old_string="1→ first", new_string="x"), callx("memory_replace", label="human", old_string="first", new_string="1→ x"), callx("memory_replace", label="zz", old_string="a", new_string="b"))
    t("memory-insert", callx("memory_insert", label="human", new_string="top", insert_line=0), callx("memory_insert", label="human", new_string="end"), callx("memory_insert", label="human", new_string="end2", insert_line=-1), callx("memory_insert", label="human", new_string="far", insert_line=99), callx("memory_insert", label="human", new_string="2→ numbered", insert_line=1), callx("memory_insert", label="zz", new_string="x", insert_line=0))
    t("memory-rethink", callx("memory_rethink", label="human", new_memory="all new"), callx("memory_rethink", label="brandnew", new_memory="created?"), callx("memory_rethink", label="ro", new_memory="x"), callx("memory_rethink", label="human", new_memory="z" * 300))
    t("memory-finish", callx("memory_finish_edits"))
    t("apply-patch", callx("memory_apply_patch", label="human", patch=" all new\n+added line"), callx("memory_apply_patch", label="human", patch="*** Begin Patch\n*** Add Block: pets\n+cat\n*** End Patch"), callx("memory_apply_patch", label="human", patch="-absent\n+x"))
    t("omni-create", callx("memory", command="create", path="/memories/todo", description="to do", file_text="buy milk"), callx("memory", command="create", path="/memories/todo", description="again", file_text="x"), callx("memory", command="create", path="/memories/nodesc"))
    t("omni-view", callx("memory", command="view", path="/memories"), callx("memory", command="view", path="/memories/todo"), callx("memory", command="zzz", path="/memories/todo"))
    t("omni-str-replace", callx("memory", command="str_replace", path="/memories/todo", old_string="milk", new_string="bread"), callx("memory", command="str_replace", path="/memories/zz", old_string="a", new_string="b"), callx("memory", command="str_replace", path="/memories/todo"))
    t("omni-insert", callx("memory", command="insert", path="/memories/todo", insert_line=0, insert_text="first"), callx("memory", command="insert", path="/memories/todo"))
    t("omni-rename", callx("memory", command="rename", old_path="/memories/todo", new_path="/memories/todo2"), callx("memory", command="rename", path="/memories/todo2", description="new description"), callx("memory", command="rename", old_path="/memories/zz", new_path="/memories/q"))
    t("omni-delete", callx("memory", command="delete", path="/memories/todo2"), callx("memory", command="delete", path="/memories/todo2"))
    s.call("blocks-after", "GET", f"/v1/agents/{aid}/core-memory/blocks")
    t("conversation-search", callx("conversation_search", query="buy milk"), callx("conversation_search", query="milk", roles=["user"], limit=1), callx("conversation_search", query="milk", start_date="2020-01-01", end_date="2020-01-02"), callx("conversation_search", query="milk", start_date="nonsense"), callx("conversation_search"), callx("conversation_search", query="milk", limit=-1))
    t("send-message", callx("send_message", message="through the tool"))
    s.call("agent-after", "GET", f"/v1/agents/{aid}", note="message_ids and system after edits")
    s.call("context", "GET", f"/v1/agents/{aid}/context", note="the system message in context against the edited blocks")
    s.send("next-turn", aid, "next turn", llm=True)
    s.call("context-after-next-turn", "GET", f"/v1/agents/{aid}/context")
    s.call("recompile-dry", "POST", f"/v1/agents/{aid}/recompile", params={"dry_run": True})
    s.call("recompile", "POST", f"/v1/agents/{aid}/recompile", params={"update_timestamp": True})
    s.call("system-prompt-recompile", "POST", f"/v1/agents/{aid}/system-prompt/recompile")
    s.call("context-after-recompile", "GET", f"/v1/agents/{aid}/context")
    # multi-agent
    b = s.agent(name="helper-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", tags=["helpers"], memory_blocks=[])
    m = s.agent(name="boss-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", include_multi_agent_tools=True, memory_blocks=[])
    s.send("multi-agent", m, script(callx("send_message_to_agent_and_wait_for_reply", message="ping", other_agent_id=b), callx("send_message_to_agents_matching_tags", message="all", match_all=["helpers"], match_some=[]), callx("send_message_to_agent_async", message="later", other_agent_id=b), callx("send_message_to_agent_and_wait_for_reply", message="ping", other_agent_id=missing("agent")), sayx("done")), llm=False)
    s.call("multi-agent-other-messages", "GET", f"/v1/agents/{b}/messages", params={"order": "asc"})
    w = s.agent(name="web-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", tools=["run_code", "web_search", "fetch_webpage"], memory_blocks=[])
    s.send("builtin-tools", w, script(callx("run_code", code="print(1)", language="python"), callx("web_search", query="x"), callx("fetch_webpage", url="http://127.0.0.1:9/"), sayx("done")), llm=False)


# ============================================================ tools
SIGS = {
    "basic": 'def f_basic(a: int, b: str, c: float, d: bool) -> str:\n    """Basic.\n\n    Args:\n        a (int): an int\n        b (str): a string\n        c (float): a float\n        d (bool): a bool\n\n    Returns:\n        str: text\n    """\n    return "x"\n',
    "defaults": 'def f_defaults(a: int = 1, b: str = "x", c: float = 0.5, d: bool = False, e: str = None) -> str:\n    """Defaults.\n\n    Args:\n        a (int): a\n        b (str): b\n        c (float): c\n        d (bool): d\n        e (str): e\n    """\n    return "x"\n',
    "optional": 'from typing import Optional\ndef f_optional(a: Optional[int], b: Optional[str] = None) -> str:\n    """Optional.\n\n    Args:\n        a (Optional[int]): a\n        b (Optional[str]): b\n    """\n    return "x"\n',
    "union-pipe": 'def f_pipe(a: int | None = None, b: str | int = 3) -> str:\n    """Pipe.\n\n    Args:\n        a: a\n        b: b\n    """\n    return "x"\n',
    "union": 'from typing import Union\ndef f_union(a: Union[int, str]) -> str:\n    """Union.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "list-typed": 'from typing import List\ndef f_list(a: List[int], b: list[str], c: list, d: List[List[int]]) -> str:\n    """Lists.\n\n    Args:\n        a: a\n        b: b\n        c: c\n        d: d\n    """\n    return "x"\n',
    "dict-typed": 'from typing import Dict, Any\ndef f_dict(a: Dict[str, int], b: dict, c: dict[str, Any]) -> str:\n    """Dicts.\n\n    Args:\n        a: a\n        b: b\n        c: c\n    """\n    return "x"\n',
    "literal": 'from typing import Literal, Optional\ndef f_literal(a: Literal["x", "y"], b: Optional[Literal[1, 2]] = None) -> str:\n    """Literal.\n\n    Args:\n        a: a\n        b: b\n    """\n    return "x"\n',
    "enum": 'from enum import Enum\nclass Color(Enum):\n    RED = "red"\n    BLUE = "blue"\ndef f_enum(a: Color) -> str:\n    """Enum.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "pydantic": 'from pydantic import BaseModel, Field\nfrom typing import List, Optional\nclass Item(BaseModel):\n    name: str = Field(..., description="item name")\n    qty: int = Field(1, description="how many")\nclass Cart(BaseModel):\n    items: List[Item]\n    note: Optional[str] = None\ndef f_pydantic(cart: Cart) -> str:\n    """Pydantic.\n\n    Args:\n        cart (Cart): the cart\n    """\n    return "x"\n',
    "tuple-set": 'from typing import Tuple, Set\ndef f_tuple(a: Tuple[int, str], b: Set[int]) -> str:\n    """Tuple.\n\n    Args:\n        a: a\n        b: b\n    """\n    return "x"\n',
    "any": 'from typing import Any\ndef f_any(a: Any) -> str:\n    """Any.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "datetime": 'from datetime import datetime\ndef f_dt(a: datetime) -> str:\n    """Datetime.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "annotated": 'from typing import Annotated\ndef f_ann(a: Annotated[int, "meta"]) -> str:\n    """Annotated.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "no-annotation": 'def f_noann(a, b=1):\n    """No annotations.\n\n    Args:\n        a: a\n        b: b\n    """\n    return "x"\n',
    "no-docstring": 'def f_nodoc(a: int) -> str:\n    return "x"\n',
    "no-arg-doc": 'def f_noargdoc(a: int, b: int = 2) -> str:\n    """Only a summary."""\n    return "x"\n',
    "partial-arg-doc": 'def f_partdoc(a: int, b: int) -> str:\n    """Summary.\n\n    Args:\n        a (int): only this one\n    """\n    return "x"\n',
    "no-args": 'def f_none() -> str:\n    """No args."""\n    return "x"\n',
    "numpy-doc": 'def f_numpy(a: int) -> str:\n    """Numpy style.\n\n    Parameters\n    ----------\n    a : int\n        the a\n    """\n    return "x"\n',
    "rest-doc": 'def f_rest(a: int) -> str:\n    """Rest style.\n\n    :param a: the a\n    :returns: text\n    """\n    return "x"\n',
    "multiline-doc": 'def f_multi(a: int) -> str:\n    """\n    First line\n    second line.\n\n    Long paragraph here.\n\n    Args:\n        a (int): starts here\n            and continues there\n\n    Raises:\n        ValueError: never\n\n    Examples:\n        >>> f_multi(1)\n    """\n    return "x"\n',
    "two-functions": 'def helper(x: int) -> int:\n    """Helper.\n\n    Args:\n        x: x\n    """\n    return x\n\ndef f_main(a: int) -> str:\n    """Main.\n\n    Args:\n        a: a\n    """\n    return str(helper(a))\n',
    "async-def": 'async def f_async(a: int) -> str:\n    """Async.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "varargs": 'def f_var(a: int, *args, **kwargs) -> str:\n    """Var.\n\n    Args:\n        a: a\n        args: rest\n        kwargs: more\n    """\n    return "x"\n',
    "agent-state": 'def f_state(agent_state: "AgentState", a: int) -> str:\n    """State.\n\n    Args:\n        a: a\n    """\n    return agent_state.id\n',
    "self-arg": 'def f_self(self, a: int) -> str:\n    """Self.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "heartbeat-arg": 'def f_hb(a: int, request_heartbeat: bool) -> str:\n    """HB.\n\n    Args:\n        a: a\n        request_heartbeat: hb\n    """\n    return "x"\n',
    "syntax-error": 'def f_bad(a: int) -> str\n    return "x"\n',
    "no-function": 'x = 1\n',
    "empty": '',
    "class-only": 'class A:\n    def m(self, a: int) -> str:\n        """M.\n\n        Args:\n            a: a\n        """\n        return "x"\n',
    "unknown-import": 'import not_a_module_xyz\ndef f_imp(a: int) -> str:\n    """Imp.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "unknown-type": 'def f_ut(a: NotAType) -> str:\n    """UT.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "side-effect": 'raise RuntimeError("at import")\ndef f_se(a: int) -> str:\n    """SE.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "long-name": 'def ' + "f" * 80 + '(a: int) -> str:\n    """LN.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "lambda": 'f_lambda = lambda a: "x"\n',
    "nested-default-list": 'from typing import List\ndef f_nd(a: List[str] = ["x"], b: dict = {"k": 1}) -> str:\n    """ND.\n\n    Args:\n        a: a\n        b: b\n    """\n    return "x"\n',
    "keyword-only": 'def f_kw(*, a: int, b: int = 1) -> str:\n    """KW.\n\n    Args:\n        a: a\n        b: b\n    """\n    return "x"\n',
    "decorated": 'import functools\ndef deco(fn):\n    """D."""\n    return fn\n@deco\ndef f_deco(a: int) -> str:\n    """Deco.\n\n    Args:\n        a: a\n    """\n    return "x"\n',
    "string-annotations": 'from __future__ import annotations\ndef f_fut(a: int, b: list[str]) -> str:\n    """Fut.\n\n    Args:\n        a: a\n        b: b\n    """\n    return "x"\n',
}


@scenario
def tool_schemas():
    s = Scenario("tool_schemas")
    for k, src in SIGS.items():
        s.call(k, "PUT", "/v1/tools/", {"source_code": src})
    s.call("generate-schema", "POST", "/v1/tools/generate-schema", {"code": SIGS["basic"]})
    s.call("generate-schema-source-code", "POST", "/v1/tools/generate-schema", {"source_code": SIGS["basic"]})
    s.call("typescript", "POST", "/v1/tools/", {"source_type": "typescript", "source_code": "export function tsadd(a: number, b?: string): string { return String(a); }"})
    s.call("typescript-schema", "PUT", "/v1/tools/", {"source_type": "typescript", "source_code": "export function tsadd(a: number): number { return a + 1; }", "json_schema": {"name": "tsadd", "description": "adds", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}})


@scenario
def tools():
    s = Scenario("tools")
    name = "t_" + uuid.uuid4().hex[:6]
    src = f'def {name}(a: int) -> str:\n    """Do it.\n\n    Args:\n        a (int): number\n    """\n    return str(a)\n'
    r = s.call("create", "POST", "/v1/tools/", {"source_code": src, "tags": ["x"], "return_char_limit": 100})
    tid = r.json()["id"]
    s.call("create-duplicate", "POST", "/v1/tools/", {"source_code": src})
    s.call("upsert", "PUT", "/v1/tools/", {"source_code": src.replace("Do it", "Do that"), "description": "given description"})
    s.call("create-reserved-name", "POST", "/v1/tools/", {"source_code": 'def send_message(message: str) -> str:\n    """X.\n\n    Args:\n        message: m\n    """\n    return "x"\n'})
    s.call("create-json-schema", "PUT", "/v1/tools/", {"source_code": src, "json_schema": {"name": name, "description": "custom", "parameters": {"type": "object", "properties": {"a": {"type": "integer", "description": "n"}}, "required": ["a"]}}})
    s.call("create-json-schema-other-name", "PUT", "/v1/tools/", {"source_code": src, "json_schema": {"name": "other_" + name, "description": "custom", "parameters": {"type": "object", "properties": {}, "required": []}}})
    s.call("create-args-schema", "PUT", "/v1/tools/", {"source_code": src.replace(name, name + "b"), "args_json_schema": {"type": "object", "properties": {"a": {"type": "integer", "description": "via args schema", "title": "A"}}, "required": ["a"], "title": "Args"}})
    s.call("create-char-limit-0", "PUT", "/v1/tools/", {"source_code": src, "return_char_limit": 0})
    s.call("create-char-limit-huge", "PUT", "/v1/tools/", {"source_code": src, "return_char_limit": 100000000})
    s.call("create-bad-source-type", "PUT", "/v1/tools/", {"source_code": src, "source_type": "ruby"})
    s.call("get", "GET", f"/v1/tools/{tid}")
    s.call("get-missing", "GET", f"/v1/tools/{missing('tool')}")
    s.call("patch-source", "PATCH", f"/v1/tools/{tid}", {"source_code": src.replace("a: int", "a: int, b: str").replace("a (int): number", "a (int): number\n        b (str): text")})
    s.call("patch-rename-source", "PATCH", f"/v1/tools/{tid}", {"source_code": src.replace(name, name + "_renamed")})
    s.call("patch-description", "PATCH", f"/v1/tools/{tid}", {"description": "only description"})
    s.call("patch-tags", "PATCH", f"/v1/tools/{tid}", {"tags": ["y"], "return_char_limit": 7})
    s.call("list-default", "GET", "/v1/tools/", cut=2)
    s.call("list-name", "GET", "/v1/tools/", params={"name": "send_message"})
    s.call("list-names", "GET", "/v1/tools/", params={"names": ["send_message", "zz"]}, cut=2)
    s.call("list-types", "GET", "/v1/tools/", params={"tool_types": ["letta_multi_agent_core"]})
    s.call("list-bad-type", "GET", "/v1/tools/", params={"tool_types": ["zz"]})
    s.call("list-exclude", "GET", "/v1/tools/", params={"exclude_tool_types": ["letta_core"], "limit": 1})
    s.call("list-search", "GET", "/v1/tools/", params={"search": "conversation"}, cut=2)
    s.call("list-return-only-letta", "GET", "/v1/tools/", params={"return_only_letta_tools": True, "limit": 100}, cut=100)
    s.call("list-tags", "GET", "/v1/tools/", params={"tags": ["y"]})
    s.call("count", "GET", "/v1/tools/count")
    s.call("count-types", "GET", "/v1/tools/count", params={"include_base_tools": True})
    s.call("search", "POST", "/v1/tools/search", {"query": "conversation", "limit": 1})

    def run(k, src, args, **kw):
        s.call("run-" + k, "POST", "/v1/tools/run", {"source_code": src, "args": args, **kw})
    run("ok", TOOLSRC, {"a": 1, "b": 2})
    run("missing-arg", TOOLSRC, {})
    run("string-for-int", TOOLSRC, {"a": "1"})
    run("extra-arg", TOOLSRC, {"a": 1, "zz": 2})
    run("exception", BOOMSRC, {"why": "w"})
    run("dict-return", 'def r() -> dict:\n    """R."""\n    return {"a": [1, 2.5, None, True], "b": "é"}\n', {})
    run("none-return", 'def r() -> None:\n    """R."""\n    return None\n', {})
    run("list-return", 'def r() -> list:\n    """R."""\n    return [1, "a"]\n', {})
    run("bool-return", 'def r() -> bool:\n    """R."""\n    return True\n', {})
    run("object-return", 'def r() -> object:\n    """R."""\n    class A:\n        pass\n    return A()\n', {})
    run("env", 'def r() -> str:\n    """R."""\n    import os\n    return os.environ.get("MYV", "unset")\n', {}, env_vars={"MYV": "hello"})
    run("async", 'async def r(a: int) -> str:\n    """R.\n\n    Args:\n        a: a\n    """\n    return str(a)\n', {"a": 3})
    run("two-functions-named", SIGS["two-functions"], {"x": 4}, name="helper")
    run("two-functions-unnamed", SIGS["two-functions"], {"a": 4})
    run("pydantic-arg", SIGS["pydantic"].replace('return "x"', 'return type(cart).__name__ + " " + str(cart)'), {"cart": {"items": [{"name": "n"}]}})
    run("exit", 'def r() -> str:\n    """R."""\n    import sys\n    sys.exit(3)\n', {})
    run("big", BIGSRC, {"n": 60000})
    run("syntax-error", SIGS["syntax-error"], {})
    run("typescript", "export function t(a: number): number { return a + 1; }", {"a": 1}, source_type="typescript", json_schema={"name": "t", "description": "d", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}})
    run("agent-state", SIGS["agent-state"], {"a": 1})
    s.call("delete-attached", "DELETE", f"/v1/tools/{tid}")
    s.call("delete-again", "DELETE", f"/v1/tools/{tid}")
    bt = s.raw("GET", "/v1/tools/", params={"name": "send_message"}).json()[0]["id"]
    s.call("patch-base-tool", "PATCH", f"/v1/tools/{bt}", {"description": "mine"})
    s.call("add-base-tools-restores", "POST", "/v1/tools/add-base-tools", cut=1)
    s.call("generate-tool", "POST", "/v1/tools/generate-tool", {"tool_name": "x", "prompt": "make x", "validation_errors": []})
    s.call("mcp-legacy-list", "GET", "/v1/tools/mcp/servers")


@scenario
def tools_agent():
    s = Scenario("tools_agent")
    s.tool(TOOLSRC)
    aid = s.agent(name="trun-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", tools=["add"], secrets={"MYV": "agent secret"}, memory_blocks=[{"label": "human", "value": "h"}])
    s.call("agent-tool-run", "POST", f"/v1/agents/{aid}/tools/add/run", {"args": {"a": 1, "b": 5}})
    s.call("agent-tool-run-base", "POST", f"/v1/agents/{aid}/tools/memory_insert/run", {"args": {"label": "human", "new_string": "x", "insert_line": 0}})
    s.call("agent-tool-run-missing", "POST", f"/v1/agents/{aid}/tools/zzz/run", {"args": {}})
    s.tool('def env_reader() -> str:\n    """Read env."""\n    import os\n    return str(os.environ.get("MYV")) + "|" + str(os.environ.get("GLOBALV")) + "|" + str(os.environ.get("LETTA_AGENT_ID"))\n')
    s.tool('def state_reader(agent_state: "AgentState") -> str:\n    """Read state."""\n    agent_state.memory.update_block_value(label="human", value="changed by tool")\n    return agent_state.name + "|" + ",".join(agent_state.memory.list_block_labels())\n')
    for n in ("env_reader", "state_reader"):
        t = s.raw("GET", "/v1/tools/", params={"name": n}).json()
        if t:
            s.raw("PATCH", f"/v1/agents/{aid}/tools/attach/{t[0]['id']}")
    s.send("agent-env-and-state", aid, script(callx("env_reader"), callx("state_reader"), sayx("k")))
    s.call("block-after-state-tool", "GET", f"/v1/agents/{aid}/core-memory/blocks/human")


# ============================================================ sandbox configs
@scenario
def sandbox():
    s = Scenario("sandbox")
    s.call("list-empty", "GET", "/v1/sandbox-config/")
    r = s.call("local-default", "POST", "/v1/sandbox-config/local/default")
    cid = r.json().get("id", missing("sandbox"))
    s.call("create-duplicate", "POST", "/v1/sandbox-config/", {"config": {"sandbox_dir": "/tmp/peer-sandbox", "use_venv": False}})
    s.call("create-local", "POST", "/v1/sandbox-config/local", {"sandbox_dir": "/tmp/peer-sandbox", "use_venv": False})
    s.call("e2b-default", "POST", "/v1/sandbox-config/e2b/default")
    s.call("patch", "PATCH", f"/v1/sandbox-config/{cid}", {"config": {"sandbox_dir": "/tmp/peer-sandbox-2", "use_venv": False}})
    s.call("list", "GET", "/v1/sandbox-config/")
    r = s.call("env-create", "POST", f"/v1/sandbox-config/{cid}/environment-variable", {"key": "GLOBALV", "value": "gv", "description": "d"})
    eid = r.json().get("id", missing("sandbox-env"))
    s.call("env-duplicate", "POST", f"/v1/sandbox-config/{cid}/environment-variable", {"key": "GLOBALV", "value": "gv2"})
    s.call("env-list", "GET", f"/v1/sandbox-config/{cid}/environment-variable")
    s.call("env-patch", "PATCH", f"/v1/sandbox-config/environment-variable/{eid}", {"value": "gv3"})
    s.call("env-used", "POST", "/v1/tools/run", {"source_code": 'def r() -> str:\n    """R."""\n    import os\n    return os.environ.get("GLOBALV", "unset") + "|" + os.getcwd()\n', "args": {}})
    s.call("env-delete", "DELETE", f"/v1/sandbox-config/environment-variable/{eid}")
    s.call("delete", "DELETE", f"/v1/sandbox-config/{cid}")
    s.call("delete-again", "DELETE", f"/v1/sandbox-config/{cid}")


# ============================================================ folders, sources, files
def wait_file(s, base, fid):
    s.wait(lambda: s.raw("GET", f"{base}/{fid}").json().get("processing_status") in ("completed", "error"))


@scenario
def files():
    s = Scenario("files")
    nm = "folder-" + uuid.uuid4().hex[:6]
    r = s.call("folder-create", "POST", "/v1/folders/", {"name": nm, "embedding": EMB, "description": "docs", "instructions": "read me"})
    fid = r.json()["id"]
    s.call("folder-duplicate", "POST", "/v1/folders/", {"name": nm, "embedding": EMB})
    s.call("folder-no-embedding", "POST", "/v1/folders/", {"name": nm + "x"})
    s.call("folder-bad-embedding", "POST", "/v1/folders/", {"name": nm + "y", "embedding": "openai/zz"})
    s.call("folder-get", "GET", f"/v1/folders/{fid}")
    s.call("folder-by-name", "GET", f"/v1/folders/name/{nm}")
    s.call("folder-by-name-missing", "GET", "/v1/folders/name/zzz")
    s.call("folder-list", "GET", "/v1/folders/", params={"limit": 2})
    s.call("folder-list-name", "GET", "/v1/folders/", params={"name": nm})
    s.call("folder-count", "GET", "/v1/folders/count")
    s.call("folder-metadata", "GET", "/v1/folders/metadata")
    s.call("folder-patch", "PATCH", f"/v1/folders/{fid}", {"description": "new"})
    s.call("folder-missing", "GET", f"/v1/folders/{missing('source')}")
    aid = s.agent(name="fa-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}], max_files_open=2)
    s.call("attach-empty-folder", "PATCH", f"/v1/agents/{aid}/folders/attach/{fid}")
    text = "\n".join(f"Line {i} of the document about apples and number {i * 7}." for i in range(1, 121))
    r = s.call("upload-txt", "POST", f"/v1/folders/{fid}/upload", files={"file": ("apples.txt", text.encode(), "text/plain")})
    f1 = r.json().get("id", missing("file")) if r.status_code == 200 else missing("file")
    wait_file(s, f"/v1/folders/{fid}/files", f1)
    s.call("file-get", "GET", f"/v1/folders/{fid}/files/{f1}")
    s.call("file-get-content", "GET", f"/v1/folders/{fid}/files/{f1}", params={"include_content": True})
    s.call("files-list", "GET", f"/v1/folders/{fid}/files")
    s.call("passages", "GET", f"/v1/folders/{fid}/passages", cut=2)
    s.call("passages-limit", "GET", f"/v1/folders/{fid}/passages", params={"limit": 1})
    for k, dup in (("skip", "skip"), ("error", "error"), ("suffix", "suffix"), ("replace", "replace")):
        r = s.call("upload-duplicate-" + k, "POST", f"/v1/folders/{fid}/upload", params={"duplicate_handling": dup}, files={"file": ("apples.txt", b"other content", "text/plain")})
        if r.status_code == 200 and r.json().get("id"):
            wait_file(s, f"/v1/folders/{fid}/files", r.json()["id"])
    r = s.call("upload-name", "POST", f"/v1/folders/{fid}/upload", params={"name": "renamed.md"}, files={"file": ("orig.md", b"# Title\n\nSome *markdown* here.\n\n## Part\n\nmore", "text/markdown")})
    fmd = r.json().get("id")
    r = s.call("upload-py", "POST", f"/v1/folders/{fid}/upload", files={"file": ("code.py", b"import os\n\ndef main():\n    return 1\n", "text/x-python")})
    fpy = r.json().get("id")
    r = s.call("upload-json", "POST", f"/v1/folders/{fid}/upload", files={"file": ("data.json", b'{"a": [1, 2]}', "application/json")})
    s.call("upload-csv", "POST", f"/v1/folders/{fid}/upload", files={"file": ("data.csv", b"a,b\n1,2\n", "text/csv")})
    s.call("upload-empty", "POST", f"/v1/folders/{fid}/upload", files={"file": ("empty.txt", b"", "text/plain")})
    s.call("upload-binary", "POST", f"/v1/folders/{fid}/upload", files={"file": ("x.bin", b"\x00\x01\x02", "application/octet-stream")})
    s.call("upload-png", "POST", f"/v1/folders/{fid}/upload", files={"file": ("x.png", b"\x89PNG\r\n", "image/png")})
    s.call("upload-pdf-no-mistral", "POST", f"/v1/folders/{fid}/upload", files={"file": ("x.pdf", b"%PDF-1.4\n%%EOF", "application/pdf")})
    s.call("upload-no-file", "POST", f"/v1/folders/{fid}/upload", {})
    s.call("upload-missing-folder", "POST", f"/v1/folders/{missing('source')}/upload", files={"file": ("a.txt", b"x", "text/plain")})
    for x in (fmd, fpy):
        if x:
            wait_file(s, f"/v1/folders/{fid}/files", x)
    s.wait(lambda: all(f["processing_status"] in ("completed", "error") for f in s.raw("GET", f"/v1/folders/{fid}/files").json()))
    s.call("files-list-after", "GET", f"/v1/folders/{fid}/files")
    s.call("agent-files", "GET", f"/v1/agents/{aid}/files")
    s.call("agent-folders", "GET", f"/v1/agents/{aid}/folders")
    s.call("agent-sources", "GET", f"/v1/agents/{aid}/sources")
    s.call("folder-agents", "GET", f"/v1/folders/{fid}/agents")
    s.call("agent-state-with-files", "GET", f"/v1/agents/{aid}")
    s.call("file-open", "PATCH", f"/v1/agents/{aid}/files/{f1}/open")
    s.call("file-open-lru", "PATCH", f"/v1/agents/{aid}/files/{fpy}/open", note="max_files_open is 2: which are evicted?")
    s.call("file-close", "PATCH", f"/v1/agents/{aid}/files/{f1}/close")
    s.call("file-close-all", "PATCH", f"/v1/agents/{aid}/files/close-all")
    s.call("file-open-missing", "PATCH", f"/v1/agents/{aid}/files/{missing('file')}/open")
    s.call("recompile-dry", "POST", f"/v1/agents/{aid}/recompile", params={"dry_run": True})
    tag = nm + "/"
    s.send("tool-open", aid, script({"call": "open_files", "args": {"file_requests": [{"file_name": tag + "apples.txt", "offset": 0, "length": 3}], "close_all_others": False}},
                                    {"call": "open_files", "args": {"file_requests": [{"file_name": "nope.txt"}]}},
                                    {"call": "open_files", "args": {"file_requests": [{"file_name": tag + "code.py", "offset": -1}]}},
                                    {"call": "open_files", "args": {"file_requests": []}},
                                    {"call": "open_files", "args": {"file_requests": [{"file_name": tag + "apples.txt"}, {"file_name": tag + "code.py"}, {"file_name": tag + "renamed.md"}]}}, sayx("ok")), llm=True)
    s.send("tool-grep", aid, script(callx("grep_files", pattern="Line 1[0-9] "), callx("grep_files", pattern="zzz"), callx("grep_files", pattern="["), callx("grep_files", pattern=""), callx("grep_files", pattern="def", include="*.py", context_lines=0), sayx("ok")))
    s.send("tool-semantic", aid, script(callx("semantic_search_files", query="apples", limit=2), callx("semantic_search_files", query=""), callx("semantic_search_files", query="zz", limit=0), sayx("ok")))
    s.call("recompile-with-open", "POST", f"/v1/agents/{aid}/recompile", params={"dry_run": True})
    s.call("detach", "PATCH", f"/v1/agents/{aid}/folders/detach/{fid}")
    s.call("agent-files-after-detach", "GET", f"/v1/agents/{aid}/files")
    s.call("detach-again", "PATCH", f"/v1/agents/{aid}/folders/detach/{fid}")
    s.call("attach-full-folder", "PATCH", f"/v1/agents/{aid}/folders/attach/{fid}")
    s.call("attach-again", "PATCH", f"/v1/agents/{aid}/folders/attach/{fid}")
    s.call("agent-files-after-attach", "GET", f"/v1/agents/{aid}/files")
    s.call("agent-tools-after-attach", "GET", f"/v1/agents/{aid}/tools", cut=0)
    s.call("file-delete", "DELETE", f"/v1/folders/{fid}/{f1}")
    s.call("file-delete-again", "DELETE", f"/v1/folders/{fid}/{f1}")
    s.call("folder-delete", "DELETE", f"/v1/folders/{fid}")
    s.call("folder-delete-again", "DELETE", f"/v1/folders/{fid}")
    s.call("source-create", "POST", "/v1/sources/", {"name": nm + "-src", "embedding": EMB})
    sid = s.raw("GET", f"/v1/sources/name/{nm}-src").json()
    s.call("source-upload", "POST", f"/v1/sources/{sid}/upload", files={"file": ("a.txt", b"hello source", "text/plain")})
    s.call("source-list", "GET", "/v1/sources/", cut=1)
    s.call("source-delete", "DELETE", f"/v1/sources/{sid}")


# ============================================================ conversations
@scenario
def conversations():
    s = Scenario("conversations")
    aid = s.agent(name="conv-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}, {"label": "iso", "value": "shared"}])
    s.call("create-no-agent", "POST", "/v1/conversations/", {})
    r = s.call("create", "POST", "/v1/conversations/", {}, params={"agent_id": aid})
    c1 = r.json()["id"]
    r = s.call("create-full", "POST", "/v1/conversations/", {"summary": "about tea", "isolated_block_labels": ["iso"], "model": "openai-proxy/gpt-4.1"}, params={"agent_id": aid})
    c2 = r.json()["id"]
    s.call("create-bad-label", "POST", "/v1/conversations/", {"isolated_block_labels": ["zz"]}, params={"agent_id": aid})
    s.call("create-missing-agent", "POST", "/v1/conversations/", {}, params={"agent_id": missing("agent")})
    s.call("get", "GET", f"/v1/conversations/{c1}")
    s.call("get-missing", "GET", f"/v1/conversations/{missing('conv')}")
    s.call("list", "GET", "/v1/conversations/", params={"agent_id": aid})
    s.call("list-after", "GET", "/v1/conversations/", params={"agent_id": aid, "after": c2})
    s.call("list-search", "GET", "/v1/conversations/", params={"agent_id": aid, "summary_search": "tea"})
    s.call("list-order-last-message", "GET", "/v1/conversations/", params={"agent_id": aid, "order_by": "last_message_at"})
    s.call("patch", "PATCH", f"/v1/conversations/{c1}", {"summary": "renamed"})
    s.call("messages-empty", "GET", f"/v1/conversations/{c1}/messages")
    p = f"/v1/conversations/{c1}/messages"
    s.call("send-stream-default", "POST", p, {"messages": [{"role": "user", "content": "hello in c1"}]}, llm=True)
    s.call("send-stream-tokens", "POST", p, {"stream_tokens": True, "messages": [{"role": "user", "content": script(mi(), sayx("k"))}]})
    s.call("send-sync", "POST", p, {"streaming": False, "messages": [{"role": "user", "content": "sync please"}]}, llm=True)
    s.call("send-isolated", "POST", f"/v1/conversations/{c2}/messages", {"streaming": False, "messages": [{"role": "user", "content": script(callx("memory_insert", label="iso", new_string="only here", insert_line=0), sayx("done"))}]}, llm=True)
    s.call("agent-block-after-isolated", "GET", f"/v1/agents/{aid}/core-memory/blocks/iso")
    s.call("conv-after-isolated", "GET", f"/v1/conversations/{c2}")
    s.call("send-missing", "POST", f"/v1/conversations/{missing('conv')}/messages", {"messages": [{"role": "user", "content": "x"}]})
    s.call("send-bad-id", "POST", "/v1/conversations/zzz/messages", {"messages": [{"role": "user", "content": "x"}]})
    s.call("send-default", "POST", "/v1/conversations/default/messages", {"agent_id": aid, "streaming": False, "messages": [{"role": "user", "content": "to the default"}]})
    s.call("send-default-no-agent", "POST", "/v1/conversations/default/messages", {"streaming": False, "messages": [{"role": "user", "content": "to the default"}]})
    s.call("send-agent-id", "POST", f"/v1/conversations/{aid}/messages", {"streaming": False, "messages": [{"role": "user", "content": "agent id as conversation"}]})
    s.call("messages", "GET", p, params={"limit": 100})
    s.call("messages-asc-limit", "GET", p, params={"limit": 2, "order": "asc"})
    s.call("messages-default", "GET", "/v1/conversations/default/messages", params={"agent_id": aid})
    s.call("agent-messages", "GET", f"/v1/agents/{aid}/messages", note="does the agent's list hold the conversations' messages?")
    s.call("agent-messages-conv", "GET", f"/v1/agents/{aid}/messages", params={"conversation_id": c1})
    r = s.call("fork", "POST", f"/v1/conversations/{c1}/fork")
    s.call("fork-default", "POST", "/v1/conversations/default/fork", params={"agent_id": aid})
    s.call("recompile", "POST", f"/v1/conversations/{c1}/recompile")
    s.call("preview", "POST", p + "/preview-raw-payload", {"messages": [{"role": "user", "content": "x"}]})
    s.call("compact", "POST", f"/v1/conversations/{c1}/compact", {}, llm=True)
    s.call("get-after-compact", "GET", f"/v1/conversations/{c1}")
    s.call("cancel", "POST", f"/v1/conversations/{c1}/cancel", {})
    s.call("stream-resume-no-redis", "POST", f"/v1/conversations/{c1}/stream", {})
    s.call("background-no-redis", "POST", p, {"background": True, "messages": [{"role": "user", "content": "x"}]})
    s.call("runs-of-conversation", "GET", "/v1/runs/", params={"conversation_id": c1, "limit": 1})
    s.call("delete", "DELETE", f"/v1/conversations/{c1}")
    s.call("get-deleted", "GET", f"/v1/conversations/{c1}")
    s.call("delete-again", "DELETE", f"/v1/conversations/{c1}")


# ============================================================ identities
@scenario
def identities():
    s = Scenario("identities")
    k = "key-" + uuid.uuid4().hex[:6]
    r = s.call("create", "POST", "/v1/identities/", {"identifier_key": k, "name": "Ann", "identity_type": "user", "properties": [{"key": "email", "value": "a@x", "type": "string"}, {"key": "age", "value": 5, "type": "number"}]})
    iid = r.json()["id"]
    s.call("create-duplicate", "POST", "/v1/identities/", {"identifier_key": k, "name": "Ann2", "identity_type": "user"})
    s.call("create-bad-type", "POST", "/v1/identities/", {"identifier_key": k + "x", "name": "Ann2", "identity_type": "zzz"})
    s.call("upsert", "PUT", "/v1/identities/", {"identifier_key": k, "name": "Ann Upserted", "identity_type": "user", "properties": [{"key": "city", "value": "Paris", "type": "string"}]})
    s.call("upsert-new", "PUT", "/v1/identities/", {"identifier_key": k + "new", "name": "New", "identity_type": "org"})
    s.call("get", "GET", f"/v1/identities/{iid}")
    s.call("get-missing", "GET", f"/v1/identities/{missing('identity')}")
    s.call("list", "GET", "/v1/identities/", params={"limit": 2})
    s.call("list-key", "GET", "/v1/identities/", params={"identifier_key": k})
    s.call("list-name", "GET", "/v1/identities/", params={"name": "ann"})
    s.call("list-type", "GET", "/v1/identities/", params={"identity_type": "org"})
    s.call("count", "GET", "/v1/identities/count")
    s.call("patch", "PATCH", f"/v1/identities/{iid}", {"name": "Renamed"})
    s.call("properties", "PUT", f"/v1/identities/{iid}/properties", [{"key": "city", "value": "Rome", "type": "string"}, {"key": "ok", "value": True, "type": "boolean"}])
    s.call("get-after-properties", "GET", f"/v1/identities/{iid}")
    s.call("properties-bad-type", "PUT", f"/v1/identities/{iid}/properties", [{"key": "city", "value": "Rome", "type": "zz"}])
    r = s.call("agent-with-identity", "POST", "/v1/agents/", {"name": "idag-" + k, "model": MODEL, "embedding": EMB, "identity_ids": [iid]})
    aid = r.json()["id"]
    s.call("agent-with-missing-identity", "POST", "/v1/agents/", {"name": "idm-" + k, "model": MODEL, "embedding": EMB, "identity_ids": [missing("identity")]})
    s.call("send-with-sender", "POST", f"/v1/agents/{aid}/messages", {"messages": [{"role": "user", "content": "who am I", "sender_id": iid}]}, llm=True)
    s.call("messages-sender", "GET", f"/v1/agents/{aid}/messages", params={"limit": 3})
    s.call("agents-of-identity", "GET", f"/v1/identities/{iid}/agents")
    s.call("agents-by-identifier-key", "GET", "/v1/agents/", params={"identifier_keys": [k]})
    s.call("agents-by-identity-id", "GET", "/v1/agents/", params={"identity_id": iid})
    s.call("detach", "PATCH", f"/v1/agents/{aid}/identities/detach/{iid}")
    s.call("attach", "PATCH", f"/v1/agents/{aid}/identities/attach/{iid}")
    s.call("attach-again", "PATCH", f"/v1/agents/{aid}/identities/attach/{iid}")
    b = s.raw("POST", "/v1/blocks/", {"label": "idblock", "value": "x"}).json()["id"]
    s.call("block-attach", "PATCH", f"/v1/blocks/{b}/identities/attach/{iid}")
    s.call("blocks-of-identity", "GET", f"/v1/identities/{iid}/blocks")
    s.call("block-detach", "PATCH", f"/v1/blocks/{b}/identities/detach/{iid}")
    s.call("delete", "DELETE", f"/v1/identities/{iid}")
    s.call("delete-again", "DELETE", f"/v1/identities/{iid}")
    s.call("agent-after-identity-delete", "GET", f"/v1/agents/{aid}")


# ============================================================ groups
@scenario
def groups():
    s = Scenario("groups")
    mk = lambda n, **kw: s.agent(name=f"{n}-" + uuid.uuid4().hex[:4], agent_type=kw.pop("t", "memgpt_v2_agent"), memory_blocks=[{"label": "human", "value": n}], **kw)
    a, b, m = mk("ga"), mk("gb"), mk("gm")
    r = s.call("round-robin", "POST", "/v1/groups/", {"agent_ids": [a, b], "description": "rr", "manager_config": {"manager_type": "round_robin", "max_turns": 2}})
    g = r.json().get("id", missing("group"))
    s.call("rr-get", "GET", f"/v1/groups/{g}")
    s.call("rr-agent-groups", "GET", f"/v1/agents/{a}/groups")
    s.call("rr-messages-post", "POST", f"/v1/groups/{g}/messages", {"messages": [{"role": "user", "content": "hi all"}]})
    s.call("rr-messages", "GET", f"/v1/groups/{g}/messages")
    s.call("list", "GET", "/v1/groups/", params={"limit": 3})
    s.call("list-type", "GET", "/v1/groups/", params={"manager_type": "round_robin", "limit": 1})
    s.call("count", "GET", "/v1/groups/count")
    s.call("patch", "PATCH", f"/v1/groups/{g}", {"description": "rr2", "manager_config": {"manager_type": "round_robin", "max_turns": 5}})
    s.call("patch-agents", "PATCH", f"/v1/groups/{g}", {"agent_ids": [b, a]})
    s.call("dynamic", "POST", "/v1/groups/", {"agent_ids": [a, b], "description": "dy", "manager_config": {"manager_type": "dynamic", "manager_agent_id": m, "termination_token": "DONE!", "max_turns": 2}})
    s.call("supervisor", "POST", "/v1/groups/", {"agent_ids": [a, b], "description": "su", "manager_config": {"manager_type": "supervisor", "manager_agent_id": m}})
    m2 = mk("gm2")
    s.call("supervisor-2", "POST", "/v1/groups/", {"agent_ids": [a, b], "description": "su", "manager_config": {"manager_type": "supervisor", "manager_agent_id": m2}})
    s.send("send-to-dynamic-manager", m, "to the dynamic manager")
    s.send("send-to-supervisor-manager", m2, "to the supervisor")
    st = mk("gst", t="sleeptime_agent")
    m3 = mk("gm3")
    s.call("sleeptime", "POST", "/v1/groups/", {"agent_ids": [st], "description": "sl", "manager_config": {"manager_type": "sleeptime", "manager_agent_id": m3, "sleeptime_agent_frequency": 2}})
    s.call("voice-sleeptime", "POST", "/v1/groups/", {"agent_ids": [st], "description": "vs", "manager_config": {"manager_type": "voice_sleeptime", "manager_agent_id": m3, "max_message_buffer_length": 10, "min_message_buffer_length": 5}})
    s.call("bad-type", "POST", "/v1/groups/", {"agent_ids": [a], "description": "x", "manager_config": {"manager_type": "zzz"}})
    s.call("missing-agent", "POST", "/v1/groups/", {"agent_ids": [missing("agent")], "description": "x"})
    s.call("empty-agents", "POST", "/v1/groups/", {"agent_ids": [], "description": "x"})
    blk = s.raw("POST", "/v1/blocks/", {"label": "gshared", "value": "s"}).json()["id"]
    s.call("block-attach", "PATCH", f"/v1/groups/{g}/blocks/attach/{blk}")
    s.call("block-detach", "PATCH", f"/v1/groups/{g}/blocks/detach/{blk}")
    s.call("reset", "PATCH", f"/v1/groups/{g}/reset-messages")
    s.call("delete", "DELETE", f"/v1/groups/{g}")
    s.call("delete-again", "DELETE", f"/v1/groups/{g}")
    # a real sleeptime pair
    r = s.call("sleeptime-agent-create", "POST", "/v1/agents/", {"name": "slp-" + uuid.uuid4().hex[:4], "agent_type": "letta_v1_agent", "enable_sleeptime": True, "model": MODEL, "embedding": EMB, "memory_blocks": [{"label": "human", "value": "h"}, {"label": "persona", "value": "p"}]})
    sa = r.json()["id"]
    gr = (r.json().get("managed_group") or r.json().get("multi_agent_group") or {}).get("id")
    r2 = s.call("sleeptime-agent-groups", "GET", f"/v1/agents/{sa}/groups")
    gid = r2.json()[0]["id"] if r2.status_code == 200 and r2.json() else gr
    s.call("sleeptime-frequency", "PATCH", f"/v1/groups/{gid}", {"manager_config": {"manager_type": "sleeptime", "sleeptime_agent_frequency": 1}})
    s.send("sleeptime-send", sa, "please remember I like tea", llm=True)
    time.sleep(6)
    s.call("sleeptime-group-after", "GET", f"/v1/groups/{gid}")
    other = [x for x in (s.raw("GET", f"/v1/groups/{gid}").json().get("agent_ids") or []) if x != sa]
    if other:
        s.call("sleeptime-other-agent", "GET", f"/v1/agents/{other[0]}")
        s.call("sleeptime-other-messages", "GET", f"/v1/agents/{other[0]}/messages", params={"order": "asc"})
        s.call("sleeptime-other-runs", "GET", "/v1/runs/", params={"agent_id": other[0]})
    s.call("sleeptime-disable", "PATCH", f"/v1/agents/{sa}", {"enable_sleeptime": False})
    s.call("sleeptime-delete-main", "DELETE", f"/v1/agents/{sa}")
    if other:
        s.call("sleeptime-other-after-delete", "GET", f"/v1/agents/{other[0]}")


# ============================================================ batches, templates, chat completions, voice, anthropic/git extras
@scenario
def misc():
    s = Scenario("misc")
    aid = s.agent(name="misc-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}])
    s.call("batch-create", "POST", "/v1/messages/batches", {"requests": [{"agent_id": aid, "messages": [{"role": "user", "content": "b"}]}]})
    s.call("batch-list", "GET", "/v1/messages/batches")
    s.call("batch-missing", "GET", f"/v1/messages/batches/{missing('job')}")
    s.call("batch-cancel-missing", "PATCH", f"/v1/messages/batches/{missing('job')}/cancel")
    s.call("chat-completion", "POST", "/v1/chat/completions", {"model": aid, "messages": [{"role": "user", "content": "hello chat"}]}, llm=True)
    s.call("chat-completion-stream", "POST", "/v1/chat/completions", {"model": aid, "stream": True, "messages": [{"role": "user", "content": "hello chat"}]})
    s.call("chat-completion-tool", "POST", "/v1/chat/completions", {"model": aid, "messages": [{"role": "user", "content": script(mi(), sayx("done"))}]})
    s.call("chat-completion-stream-tool", "POST", "/v1/chat/completions", {"model": aid, "stream": True, "messages": [{"role": "user", "content": script(mi(), sayx("done"))}]})
    s.call("chat-completion-history", "POST", "/v1/chat/completions", {"model": aid, "messages": [{"role": "system", "content": "sys"}, {"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, {"role": "user", "content": "three"}]}, llm=True)
    s.call("chat-completion-bad-model", "POST", "/v1/chat/completions", {"model": "gpt-4", "messages": [{"role": "user", "content": "x"}]})
    s.call("chat-completion-missing-agent", "POST", "/v1/chat/completions", {"model": missing("agent"), "messages": [{"role": "user", "content": "x"}]})
    s.call("chat-completion-no-messages", "POST", "/v1/chat/completions", {"model": aid, "messages": []})
    s.call("chat-completion-error", "POST", "/v1/chat/completions", {"model": aid, "messages": [{"role": "user", "content": script({"status": 500})}]})
    v = s.call("voice-agent", "POST", "/v1/agents/", {"name": "voice-" + uuid.uuid4().hex[:4], "agent_type": "voice_convo_agent", "enable_sleeptime": True, "model": MODEL, "embedding": EMB, "memory_blocks": [{"label": "human", "value": "h"}, {"label": "persona", "value": "p"}]})
    vid = v.json().get("id", missing("agent"))
    s.call("voice-chat", "POST", f"/v1/voice-beta/{vid}/chat/completions", {"model": "x", "stream": True, "messages": [{"role": "user", "content": "hello voice"}]}, llm=True)
    s.call("voice-chat-not-voice", "POST", f"/v1/voice-beta/{aid}/chat/completions", {"model": "x", "stream": True, "messages": [{"role": "user", "content": "hello voice"}]})
    tb = {"template_id": "t-1", "base_template_id": "bt-1", "deployment_id": "dep-" + uuid.uuid4().hex[:6], "entity_id": "ent-1"}
    s.call("template-block", "POST", "/v1/_internal_templates/blocks", {"label": "human", "value": "v", **tb})
    s.call("template-blocks-batch", "POST", "/v1/_internal_templates/blocks/batch", [{"label": "a", "value": "v", **tb}, {"label": "b", "value": "v", **tb}])
    s.call("template-agent", "POST", "/v1/_internal_templates/agents", {"name": "tmpl-" + uuid.uuid4().hex[:4], "model": MODEL, "embedding": EMB, **tb})
    s.call("template-group", "POST", "/v1/_internal_templates/groups", {"agent_ids": [aid], "description": "tg", **tb})
    s.call("template-deployment", "GET", f"/v1/_internal_templates/deployment/{tb['deployment_id']}")
    s.call("template-deployment-delete", "DELETE", f"/v1/_internal_templates/deployment/{tb['deployment_id']}")
    s.call("template-deployment-missing", "GET", "/v1/_internal_templates/deployment/zzz")
    s.call("internal-agents-count", "GET", "/v1/_internal_agents/count")
    s.call("cache-warm", "POST", "/v1/_internal_search/cache-warm", {})
    s.call("admin-users", "GET", "/v1/admin/users/")
    s.call("admin-user-create", "POST", "/v1/admin/users/", {"name": "u1"})
    s.call("admin-orgs", "GET", "/v1/admin/orgs/")
    s.call("admin-org-create", "POST", "/v1/admin/orgs/", {"name": "o1"})
    s.call("mcp-list", "GET", "/v1/mcp-servers/")
    r = s.call("mcp-create-stdio", "POST", "/v1/mcp-servers/", {"server_name": "m" + uuid.uuid4().hex[:5], "config": {"mcp_server_type": "stdio", "command": "/bin/false", "args": []}})
    s.call("mcp-create-http", "POST", "/v1/mcp-servers/", {"server_name": "m" + uuid.uuid4().hex[:5], "config": {"mcp_server_type": "streamable_http", "server_url": "http://127.0.0.1:9/mcp"}})
    s.call("mcp-missing", "GET", f"/v1/mcp-servers/{missing('mcp_server')}")


# ============================================================ export and import
@scenario
def export_import():
    s = Scenario("export_import")
    s.tool(TOOLSRC)
    aid = s.agent(name="exp", agent_type="letta_v1_agent", tools=["add"], tags=["t"], description="d", secrets={"K": "v"}, memory_blocks=[{"label": "human", "value": "h"}], tool_rules=[{"type": "continue_loop", "tool_name": "add"}])
    s.say(aid, script(mi(), sayx("yes")))
    r = s.call("export", "GET", f"/v1/agents/{aid}/export")
    af = r.json()
    r2 = s.call("export-legacy", "GET", f"/v1/agents/{aid}/export", params={"use_legacy_format": True})
    legacy = r2.json() if r2.status_code == 200 else {}
    s.call("export-post", "POST", f"/v1/agents/{aid}/export", {})
    s.call("export-missing", "GET", f"/v1/agents/{missing('agent')}/export")

    def imp(k, content, fname="a.af", **data):
        return s.call(k, "POST", "/v1/agents/import", files={"file": (fname, content if isinstance(content, bytes) else json.dumps(content).encode(), "application/json")}, data={k2: str(v) for k2, v in data.items()})
    r = imp("import", af)
    nid = (r.json().get("agent_ids") or [None])[0] if r.status_code == 200 else None
    if nid:
        s.call("imported-agent", "GET", f"/v1/agents/{nid}")
        s.call("imported-messages", "GET", f"/v1/agents/{nid}/messages", params={"order": "asc"})
        s.send("imported-send", nid, "hi after import")
    imp("import-no-copy-suffix", af, append_copy_suffix="false")
    imp("import-name-override", af, override_name="other name")
    imp("import-strip-messages", af, strip_messages="true")
    imp("import-env", af, env_vars_json='{"K": "new"}')
    imp("import-embedding-handle", af, override_embedding_handle=EMB)
    imp("import-model-handle", af, model="openai-proxy/gpt-4.1")
    r = imp("import-legacy", legacy)
    imp("import-garbage", b"not json")
    imp("import-empty-object", b"{}")
    imp("import-wrong-schema", b'{"agents": [{"id": "x"}]}')
    s.call("import-no-file", "POST", "/v1/agents/import", {})


# ============================================================ compaction
@scenario
def compaction():
    s = Scenario("compaction")
    aid = s.agent(name="cmp-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}])
    for i in range(6):
        s.say(aid, f"message number {i} " + "words " * 30)
    s.call("summarize", "POST", f"/v1/agents/{aid}/summarize", {}, llm=True)
    s.call("agent-after-summarize", "GET", f"/v1/agents/{aid}")
    s.call("messages-after-summarize", "GET", f"/v1/agents/{aid}/messages", params={"order": "asc", "limit": 100})
    for mode in ("all", "sliding_window", "self_compact_all", "self_compact_sliding_window"):
        b = s.agent(name=f"cmp-{mode}-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}], compaction_settings={"mode": mode, "model": MODEL})
        for i in range(6):
            s.say(b, f"message number {i} " + "words " * 30)
        s.call("summarize-" + mode, "POST", f"/v1/agents/{b}/summarize", {}, llm=True)
        s.call("messages-" + mode, "GET", f"/v1/agents/{b}/messages", params={"order": "asc", "limit": 100})
    # automatic: a small window
    w = s.call("small-window-agent", "POST", "/v1/agents/", {"name": "win-" + uuid.uuid4().hex[:4], "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB, "context_window_limit": 4500, "memory_blocks": [{"label": "human", "value": "h"}]}).json()["id"]
    for i in range(9):
        r = s.say(w, f"fill {i} " + "alpha beta gamma delta " * 60)
        if "summary" in r.text or r.status_code != 200:
            break
    s.send("auto-trigger", w, "fill x " + "alpha beta gamma delta " * 120, llm=True)
    s.call("auto-trigger-with-compaction-messages", "POST", f"/v1/agents/{w}/messages", {"input": "fill y " + "alpha beta gamma delta " * 300, "include_compaction_messages": True}, llm=True)
    s.call("auto-stream-with-compaction-messages", "POST", f"/v1/agents/{w}/messages/stream", {"messages": [{"role": "user", "content": "fill z " + "alpha beta gamma delta " * 300}], "include_compaction_messages": True})
    s.call("messages-after-auto", "GET", f"/v1/agents/{w}/messages", params={"order": "asc", "limit": 100})
    s.call("huge-message", "POST", f"/v1/agents/{w}/messages", {"input": "omega " * 8000}, note="bigger than the whole window")
    t = s.call("system-too-big", "POST", "/v1/agents/", {"name": "sys-" + uuid.uuid4().hex[:4], "agent_type": "letta_v1_agent", "model": MODEL, "embedding": EMB, "context_window_limit": 4096, "system": "word " * 6000, "memory_blocks": []}).json()["id"]
    s.send("system-too-big-send", t, "hi")
    v2 = s.agent(name="cmpv2-" + uuid.uuid4().hex[:4], agent_type="memgpt_v2_agent", memory_blocks=[{"label": "human", "value": "h"}], context_window_limit=5000)
    for i in range(8):
        s.say(v2, f"fill {i} " + "alpha beta gamma delta " * 60)
    s.send("v2-trigger", v2, "fill x " + "alpha beta gamma delta " * 120, llm=True)
    s.call("v2-messages-after", "GET", f"/v1/agents/{v2}/messages", params={"order": "asc", "limit": 100})
    s.call("v2-agent-after", "GET", f"/v1/agents/{v2}")


# ============================================================ with Redis
@scenario
def redis_background():
    s = Scenario("redis_background", base=RED, mocklog=os.environ.get("RED_MOCKLOG", MOCKLOG))
    aid = s.agent(name="bg-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}])
    p = f"/v1/agents/{aid}/messages/stream"
    for tok in (False, True):
        r = s.call(f"background-{'token' if tok else 'step'}", "POST", p, {"background": True, "stream_tokens": tok, "messages": [{"role": "user", "content": script(mi(), sayx("the end"))}]})
        m = re.search(r"run-" + U, r.text)
        if m:
            rid = m.group(0)
            s.call(f"resume-{'token' if tok else 'step'}", "POST", f"/v1/runs/{rid}/stream", {"starting_after": 0})
            s.call(f"resume-after-3-{'token' if tok else 'step'}", "POST", f"/v1/runs/{rid}/stream", {"starting_after": 3})
            s.call(f"resume-no-pings-{'token' if tok else 'step'}", "POST", f"/v1/runs/{rid}/stream", {"starting_after": 1, "include_pings": False})
            s.call(f"run-{'token' if tok else 'step'}", "GET", f"/v1/runs/{rid}")
    r = s.raw("POST", f"/v1/agents/{aid}/messages", {"input": "plain"})
    rid = (r.json()["messages"] or [{}])[0].get("run_id", missing("run"))
    s.call("resume-of-foreground-run", "POST", f"/v1/runs/{rid}/stream", {"starting_after": 0})
    s.call("resume-missing", "POST", f"/v1/runs/{missing('run')}/stream", {"starting_after": 0})
    # lock: two at once
    res = {}

    def go(k, body, path):
        r = httpx.Client(base_url=s.base, timeout=120).post(path, json=body)
        res[k] = (r.status_code, r.text)
    th = threading.Thread(target=go, args=("a", {"stream_tokens": False, "background": True, "messages": [{"role": "user", "content": script({**sayx("slow one"), "sleep_ms": 5000})}]}, p))
    pos = s.log_size()
    th.start()
    s.wait_for_chat(pos)
    s.call("second-stream-while-background", "POST", p, {"messages": [{"role": "user", "content": "me too"}]})
    s.call("second-sync-while-background", "POST", f"/v1/agents/{aid}/messages", {"messages": [{"role": "user", "content": "me too"}]})
    s.call("second-conv-default-while-background", "POST", "/v1/conversations/default/messages", {"agent_id": aid, "streaming": False, "messages": [{"role": "user", "content": "me too"}]})
    s.call("cancel", "POST", f"/v1/agents/{aid}/messages/cancel", {})
    th.join()
    with open(os.path.join(OUT, "redis_background.cancelled-stream.json"), "w") as f:
        json.dump({"name": "redis_background.cancelled-stream", "note": "the background stream that was cancelled by the call above", "response": {"status": res["a"][0], "sse": [x for x in s.norm.text(res["a"][1]).split("\n\n") if x]}}, f, indent=1)
    s.call("messages-after-cancel", "GET", f"/v1/agents/{aid}/messages", params={"order": "asc", "limit": 100})
    c = s.raw("POST", "/v1/conversations/", {}, params={"agent_id": aid}).json()["id"]
    th = threading.Thread(target=go, args=("c", {"messages": [{"role": "user", "content": script({**sayx("slow conv"), "sleep_ms": 4000}), "otid": "otid-1"}]}, f"/v1/conversations/{c}/messages"))
    pos = s.log_size()
    th.start()
    s.wait_for_chat(pos)
    s.call("conversation-busy", "POST", f"/v1/conversations/{c}/messages", {"messages": [{"role": "user", "content": "busy?"}]})
    s.call("conversation-busy-same-otid", "POST", f"/v1/conversations/{c}/messages", {"messages": [{"role": "user", "content": "busy?", "otid": "otid-1"}]})
    s.call("conversation-stream-while-running", "POST", f"/v1/conversations/{c}/stream", {})
    s.call("conversation-cancel", "POST", f"/v1/conversations/{c}/cancel", {})
    th.join()
    s.call("conversation-stream-after", "POST", f"/v1/conversations/{c}/stream", {})
    s.call("conversation-messages-after", "GET", f"/v1/conversations/{c}/messages")
    th = threading.Thread(target=go, args=("d", {"background": True, "include_pings": True, "messages": [{"role": "user", "content": script({**sayx("long sleep"), "sleep_ms": 35000})}]}, p))
    th.start()
    th.join()
    with open(os.path.join(OUT, "redis_background.pings-35s.json"), "w") as f:
        json.dump({"name": "redis_background.pings-35s", "note": "background stream, the model sleeps 35 s", "response": {"status": res["d"][0], "sse": [x for x in s.norm.text(res["d"][1]).split("\n\n") if x]}}, f, indent=1)


@scenario
def pings():
    s = Scenario("pings")
    aid = s.agent(name="ping-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[])
    s.call("step-35s", "POST", f"/v1/agents/{aid}/messages/stream", {"stream_tokens": False, "messages": [{"role": "user", "content": script({**sayx("slow"), "sleep_ms": 35000})}]})
    s.call("step-35s-no-pings", "POST", f"/v1/agents/{aid}/messages/stream", {"stream_tokens": False, "include_pings": False, "messages": [{"role": "user", "content": script({**sayx("slow"), "sleep_ms": 35000})}]})


@scenario
def multi_agent():
    """The multi-agent tools run in the sandbox and call back over HTTP: LETTA_SERVER_URL (default http://localhost:8283)."""
    s = Scenario("multi_agent")
    tag = "helpers" + uuid.uuid4().hex[:4]
    b = s.agent(name="helper-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", tags=[tag], memory_blocks=[])
    m = s.agent(name="boss-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", include_multi_agent_tools=True, memory_blocks=[], secrets={"LETTA_SERVER_URL": s.base})
    s.send("wait-for-reply", m, script(callx("send_message_to_agent_and_wait_for_reply", message="ping", other_agent_id=b), sayx("done")), llm=True)
    s.send("matching-tags", m, script(callx("send_message_to_agents_matching_tags", message="all", match_all=[tag], match_some=[]), sayx("done")))
    s.send("async", m, script(callx("send_message_to_agent_async", message="later", other_agent_id=b), sayx("done")))
    s.send("missing-agent", m, script(callx("send_message_to_agent_and_wait_for_reply", message="ping", other_agent_id=missing("agent")), sayx("done")))
    time.sleep(3)
    s.call("other-messages", "GET", f"/v1/agents/{b}/messages", params={"order": "asc"})


def scrub():
    """Replace the server's own prose that is left in the recordings (prompts, stock descriptions)."""
    import glob
    src = os.path.join(os.path.dirname(PROMPTS), "..")
    long = []
    for f in glob.glob(os.path.join(PROMPTS, "..", "*.py")):
        try:
            ns = {}
            exec(open(f).read(), ns)
            for k, v in ns.items():
                if isinstance(v, str) and len(v) > 200 and not k.startswith("__"):
                    long.append((v.strip(), f"<prompt:{os.path.basename(f)[:-3]}.{k}>"))
        except Exception:
            pass
    cns = {}
    try:
        exec(re.sub(r"^from letta.*$", "", open(os.path.join(PROMPTS, "..", "..", "constants.py")).read(), flags=re.M), cns)
    except Exception as e:
        print("constants", e)
    for k in ("DEFAULT_PERSONA_BLOCK_DESCRIPTION", "DEFAULT_HUMAN_BLOCK_DESCRIPTION", "REQUEST_HEARTBEAT_DESCRIPTION"):
        if cns.get(k):
            long.append((cns[k], f"<{k.lower()}>"))
    long += [("The following memory blocks are currently engaged in your core memory unit:", "<memory-blocks-intro>"),
             ("The following constraints define rules for tool usage and guide desired behavior. These rules must be followed to ensure proper tool execution and workflow. A single response may contain multiple tool calls.", "<tool-rules-intro>"),
             ("Deep inner monologue private to you only.", "<inner-thoughts-description>")]
    long.sort(key=lambda p: -len(p[0]))

    def fix(o, key=None):
        if isinstance(o, dict):
            if str(o.get("name")) in BASE_TOOL_NAMES and isinstance(o.get("parameters"), dict) and not str(o.get("description")).startswith("<"):
                o = {**o, "description": f"<{len(o.get('description') or '')} chars>", "parameters": redact_schema(o["parameters"])}
            return {k: fix(v, k) for k, v in o.items()}
        if isinstance(o, list):
            return [fix(v) for v in o]
        if isinstance(o, str):
            for raw, tag in long:
                for v in (raw, json.dumps(raw)[1:-1], json.dumps(json.dumps(raw)[1:-1])[1:-1]):
                    if v in o:
                        o = o.replace(v, tag)
            o = re.sub(r"<system-reminder>.*?</system-reminder>", lambda m: f"<system-reminder: {len(m.group(0))} chars>", o, flags=re.S)
            if key == "prompt" and len(o) > 400 and not o.startswith("<"):
                o = f"<compaction-prompt: {len(o)} chars>"
            if len(o) > 6000:
                o = o[:3000] + f"<... {len(o) - 6000} chars cut ...>" + o[-3000:]
        return o
    n = 0
    for f in sorted(glob.glob(OUT + "/*.json")):
        d = json.load(open(f))
        e = fix(d)
        if e != d:
            json.dump(e, open(f, "w"), indent=1, ensure_ascii=False)
            n += 1
    print("scrubbed", n)


@scenario
def extra():
    s = Scenario("extra")
    a = s.agent(name="mc2-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}], tool_rules=[{"type": "max_count_per_step", "tool_name": "memory_insert", "max_count_limit": 2}], include_base_tool_rules=False)
    s.send("max-count-2", a, script(mi(), mi(), mi(), sayx("done")), llm=True)
    m = s.agent(name="mc2v2-" + uuid.uuid4().hex[:4], agent_type="memgpt_v2_agent", memory_blocks=[{"label": "human", "value": "h"}], tool_rules=[{"type": "max_count_per_step", "tool_name": "memory_insert", "max_count_limit": 2}])
    s.send("v2-max-count-2", m, script(mi(), mi(), mi(), sayx("done")))
    p = s.agent(name="par-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}], parallel_tool_calls=True)
    s.send("parallel-on", p, script({"calls": [mi(), callx("conversation_search", query="zz"), mi_bad()]}, sayx("done")), llm=True)
    for tok in (False, True):
        s.call(f"parallel-on-stream-{'token' if tok else 'step'}", "POST", f"/v1/agents/{p}/messages/stream", {"stream_tokens": tok, "messages": [{"role": "user", "content": script({"calls": [mi(), callx("conversation_search", query="zz")]}, sayx("done"))}]})
    s.call("parallel-on-list", "GET", f"/v1/agents/{p}/messages", params={"limit": 100, "order": "asc"})
    # who sees an edit when
    e = s.agent(name="edit-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}, {"label": "other", "value": "o"}])
    s.send("edit-in-turn", e, script(mi(), sayx("edited")), llm=True, note="second model request: does the system message hold the edit?")
    s.send("edit-next-turn", e, "next", llm=True)
    ob = [b for b in s.raw("GET", f"/v1/agents/{e}/core-memory/blocks").json() if b["label"] == "other"][0]["id"]
    s.call("detach", "PATCH", f"/v1/agents/{e}/core-memory/blocks/detach/{ob}")
    s.send("after-detach", e, "next", llm=True, note="is the detached block still in the system message?")
    s.call("recompile-1", "POST", f"/v1/agents/{e}/recompile")
    s.call("recompile-2", "POST", f"/v1/agents/{e}/recompile")
    s.send("after-recompile", e, "next", llm=True)
    s.call("attach", "PATCH", f"/v1/agents/{e}/core-memory/blocks/attach/{ob}")
    s.send("after-attach", e, "next", llm=True)
    # cancel a foreground stream; disconnect a client
    c = s.agent(name="can-" + uuid.uuid4().hex[:4], agent_type="letta_v1_agent", memory_blocks=[{"label": "human", "value": "h"}])
    res = {}

    def go():
        r = httpx.Client(base_url=s.base, timeout=120).post(f"/v1/agents/{c}/messages/stream", json={"messages": [{"role": "user", "content": script({**mi(), "sleep_ms": 3000}, {**mi(), "sleep_ms": 3000}, sayx("end"))}]})
        res["x"] = (r.status_code, r.text)
    pos = s.log_size()
    th = threading.Thread(target=go)
    th.start()
    s.wait_for_chat(pos)
    s.call("cancel-foreground-stream", "POST", f"/v1/agents/{c}/messages/cancel", {})
    th.join()
    with open(os.path.join(OUT, "extra.cancelled-foreground-stream.json"), "w") as f:
        json.dump({"name": "extra.cancelled-foreground-stream", "response": {"status": res["x"][0], "sse": [x for x in s.norm.text(res["x"][1]).split("\n\n") if x]}}, f, indent=1)
    s.call("cancelled-list", "GET", f"/v1/agents/{c}/messages", params={"order": "asc"})
    s.call("cancelled-run", "GET", "/v1/runs/", params={"agent_id": c, "limit": 1})

    def gosync():
        r = httpx.Client(base_url=s.base, timeout=120).post(f"/v1/agents/{c}/messages", json={"messages": [{"role": "user", "content": script({**mi(), "sleep_ms": 3000}, {**mi(), "sleep_ms": 2000}, sayx("end"))}]})
        res["y"] = (r.status_code, r.text)
    pos = s.log_size()
    th = threading.Thread(target=gosync)
    th.start()
    s.wait_for_chat(pos)
    s.call("cancel-sync", "POST", f"/v1/agents/{c}/messages/cancel", {})
    th.join()
    with open(os.path.join(OUT, "extra.cancelled-sync.json"), "w") as f:
        json.dump({"name": "extra.cancelled-sync", "response": {"status": res["y"][0], "body": json.loads(s.norm.text(res["y"][1]))}}, f, indent=1)
    pos = s.log_size()
    try:
        with httpx.Client(base_url=s.base, timeout=httpx.Timeout(120, read=0.5)) as h:
            h.post(f"/v1/agents/{c}/messages", json={"messages": [{"role": "user", "content": script({**sayx("late"), "sleep_ms": 1000})}]})
    except httpx.HTTPError:
        pass
    s.wait_for_chat(pos)
    s.wait_for_run(s.raw("GET", "/v1/runs/", params={"agent_id": c, "limit": 1}).json()[0]["id"])
    s.call("after-client-disconnect", "GET", f"/v1/agents/{c}/messages", params={"order": "asc", "limit": 4}, note="the client hung up after 2 s of a 4 s model call")
    s.call("after-client-disconnect-run", "GET", "/v1/runs/", params={"agent_id": c, "limit": 1})


def main():
    global BASE_TOOL_NAMES
    try:
        ts = httpx.get(BASE + "/v1/tools/", params={"limit": 200}, timeout=60).json()
        if not any(t["tool_type"].startswith("letta_") for t in ts):
            httpx.post(BASE + "/v1/tools/add-base-tools", timeout=60)
            ts = httpx.get(BASE + "/v1/tools/", params={"limit": 200}, timeout=60).json()
        for t in ts:
            if t["tool_type"].startswith("letta_"):
                BASE_TOOL_NAMES.add(t["name"])
    except Exception as e:
        print("no base tools list", e)
    names = [a for a in sys.argv[1:] if a != "scrub"] or ([] if "scrub" in sys.argv else list(SCENARIOS))
    for n in names:
        t0 = time.time()
        print("==", n, flush=True)
        try:
            SCENARIOS[n]()
        except Exception as e:
            import traceback
            traceback.print_exc()
        print(f"   {time.time() - t0:.1f}s", flush=True)
    scrub()


if __name__ == "__main__":
    main()
