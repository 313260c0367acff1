"""Meters calls of language models, and says what they cost: python llm_usage.py.

A small server on this machine answers in place of OpenAI and Anthropic, so that it runs without a key. With their own
clients it is ``metered(client.chat.completions.create, ...)`` and ``metered(client.messages.create, ...)``.
"""

import json
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from iof import Iof
from iof.llm import metered

#: A price list in LiteLLM's format: in dollars for each token.
PRICES = {
    "gpt-5": {"mode": "chat", "input_cost_per_token": 1.25e-06, "cache_read_input_token_cost": 1.25e-07,
              "output_cost_per_token": 1e-05},
    "claude-sonnet-4": {"mode": "chat", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05},
}  # fmt: skip

ANSWERS = {
    "/v1/chat/completions": {
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-5",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 200, "total_tokens": 1_200,
                  "prompt_tokens_details": {"cached_tokens": 600}},
    },
    "/v1/messages": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4",
        "content": [{"type": "text", "text": "Hello!"}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 500, "output_tokens": 100},
    },
}  # fmt: skip


class StandIn(BaseHTTPRequestHandler):
    """Answers as the services do, always the same."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(ANSWERS[self.path]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def post(path, **body):
        url = f"http://127.0.0.1:{server.server_port}{path}"
        headers = {"content-type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
            return json.load(answer)

    with tempfile.TemporaryDirectory() as folder, Iof.open(":memory:") as iof:
        prices = Path(folder, "prices.json")
        prices.write_text(json.dumps(PRICES), encoding="utf-8")
        iof.finops.llm.load_prices(prices, "2024-01-01T00:00:00Z")

        chat = metered(post, iof.finops, tenant_id="ten_001")
        chat("/v1/chat/completions", model="gpt-5", messages=[{"role": "user", "content": "Hello"}])
        # The tenant may depend on the call.
        ask = metered(post, iof.finops, tenant_id=lambda path, **body: body["metadata"]["user_id"])
        message = {"model": "claude-sonnet-4", "messages": [{"role": "user", "content": "Hello"}]}
        ask("/v1/messages", **message, max_tokens=100, metadata={"user_id": "ten_002"})
        # The same answer, reported twice, counts once.
        ask("/v1/messages", **message, max_tokens=100, metadata={"user_id": "ten_002"})

        summary = iof.finops.get_cost_summary(window="today", group_by=["tenant", "resource"])
        for item in sorted(summary["breakdown"], key=lambda item: (item["tenant_id"], item["resource"])):
            print(item["tenant_id"], item["resource"], item["cost"])
        print("total", summary["total_cost"], summary["currency"])
    server.shutdown()


if __name__ == "__main__":
    main()
