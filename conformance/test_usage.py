"""Usage, daily limits and traces of a real process, with a small receiver of OTLP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import harness

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector:
    """Takes spans over OTLP/HTTP."""

    def __init__(self):
        self.spans, self.arrived = [], threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                document = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with collector.arrived:
                    for resource in document["resourceSpans"]:
                        for scope in resource["scopeSpans"]:
                            collector.spans += scope["spans"]
                    collector.arrived.notify_all()
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def until(self, *names):
        """The spans by their names, once there is one with each name."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: set(names) <= {span["name"] for span in self.spans}, harness.PATIENCE), self.spans
            return {span["name"]: span for span in self.spans if span["traceId"] == TRACE}


@pytest.fixture(scope="module")
def collector():
    collector = Collector()
    yield collector
    collector.server.shutdown()


@pytest.fixture(scope="module")
def metered(tmp_path_factory, model, collector):
    prices = json.dumps({name: {"input": 1, "output": 2} for name in ("openai/gpt-4o-mini", "gpt-4o-mini")})
    server = harness.Server(tmp_path_factory.mktemp("metered"), OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, LETTA_MODEL_PRICES=prices,
                            **model.settings)
    try:
        yield server.start()
    finally:
        server.close()


def test_usage_limits_and_traces(metered, collector):
    with metered.http() as http:
        handle = next(found["handle"] for found in http.get("/v1/models/").json() if "gpt-4o-mini" in found["handle"])
        agent = http.post("/v1/agents/", json={"name": "ann", "model": handle, "agent_type": "letta_v1_agent"}).json()["id"]
        quota = http.put("/v1/quotas/", json={"agent_id": agent, "turns_per_day": 1}).json()
        sent = http.post(f"/v1/agents/{agent}/messages", json={"input": "Hi."}, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        assert sent.status_code == 200, sent.text
        refused = http.post(f"/v1/agents/{agent}/messages", json={"input": "Hi."})
        assert refused.status_code == 429 and refused.json()["error"]["type"] == "quota_exceeded"
        assert "1 turns a day" in refused.json()["error"]["detail"] and int(refused.headers["retry-after"]) > 0
        metered.restart()
        summary = http.get("/v1/usage/summary", params={"agent_id": agent}).json()
        [item] = summary["items"]
        assert (item["usage"]["turns"], item["agent_id"], item["model"]) == (1, agent, handle)
        assert item["usage"]["total_tokens"] > 0 and summary["total"]["cost"] > 0
        assert http.get(f"/v1/quotas/{quota['id']}").json()["used"]["turns"] == 1
        spans = collector.until("POST /v1/agents/{agent_id}/messages", "invoke_agent ann")
        request, turn = spans["POST /v1/agents/{agent_id}/messages"], spans["invoke_agent ann"]
        assert (request["parentSpanId"], turn["parentSpanId"]) == (PARENT, request["spanId"])
        assert spans["agent_step"]["parentSpanId"] == turn["spanId"]
        run = sent.json()["messages"][0]["run_id"]
        kept = http.get(f"/v1/runs/{run}/trace").json()
        assert [span["trace_id"] for span in kept] == [TRACE] * len(kept) and len(kept) == 3
        assert kept[2]["span_name"].startswith("chat ") and kept[2]["attributes"]["gen_ai.usage.input_tokens"] > 0
