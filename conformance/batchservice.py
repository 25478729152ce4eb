"""A model service that speaks Anthropic's Messages API with batches, which a test holds up and ends."""

import json
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import harness


class BatchService:
    """`batches` are those that were made, `direct` what the users of single requests said, `calls` what was asked."""

    def __init__(self):
        self.batches, self.direct, self.calls = [], [], []
        self.responds = threading.Event()
        self.has_ended = False
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(service.get(self.path.split("?")[0]))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "null")
                self.answer(service.post(self.path, body))

            def answer(self, text):
                data = (text if isinstance(text, str) else json.dumps(text)).encode()
                try:
                    self.send_response(200)
                    self.send_header("content-length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # Whoever asked was killed.

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    @property
    def settings(self):
        address = f"http://127.0.0.1:{self.http.server_port}/v1"
        return {"ANTHROPIC_API_KEY": "sk-ant-batches", "ANTHROPIC_BASE_URL": address, "LETTA_BATCH_ENDPOINTS": address}

    def close(self):
        self.responds.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def get(self, path):
        self.calls.append(f"GET {path}")
        if path.endswith("/models"):
            return {"data": [{"id": "m", "max_input_tokens": 50000}]}
        if path.endswith("/batches"):
            return {"data": [self.shown(batch) for batch in self.batches]}
        if path.endswith("/results"):
            batch = next(batch for batch in self.batches if batch["id"] == path.split("/")[-2])
            return "\n".join(json.dumps(self.result(request)) for request in batch["requests"])
        return self.shown(next(batch for batch in self.batches if batch["id"] == path.split("/")[-1]))

    def post(self, path, body):
        self.calls.append(f"POST {path}")
        if path.endswith("/cancel"):
            return {"id": path.split("/")[-2]}
        if not path.endswith("/batches"):
            self.direct.append(self.said(body))
            return self.message("at once")
        batch = {"id": f"msgbatch_{len(self.batches)}", "made": datetime.now(timezone.utc).isoformat(), "requests": body["requests"]}
        self.batches.append(batch)
        self.responds.wait(harness.PATIENCE)
        return self.shown(batch)

    def shown(self, batch):
        return {"id": batch["id"], "processing_status": "ended" if self.has_ended else "in_progress", "created_at": batch["made"],
                "request_counts": {"processing": len(batch["requests"]), "succeeded": 0}}

    def result(self, request):
        return {"custom_id": request["custom_id"], "result": {"type": "succeeded", "message": self.message(f"later: {self.said(request['params'])}")}}

    @staticmethod
    def said(body):
        content = body["messages"][-1]["content"]
        return content if isinstance(content, str) else content[-1]["text"]

    @staticmethod
    def message(text):
        return {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": {"input_tokens": 9, "output_tokens": 2}}
