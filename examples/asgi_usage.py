"""An ASGI application that meters its requests: python asgi_usage.py [PORT], with uvicorn installed.

Then: curl -H 'x-tenant: ten_001' localhost:8000/hello/you. The events are printed, in place of an engine that keeps
them: give ``iof.finops`` to the middleware for that.
"""

import sys

import uvicorn

from iof.middleware import UsageMiddleware


class Shown:
    def record_usage(self, events):
        for event in events:
            print(event["tenant_id"], event["resource"], event["properties"], flush=True)


async def hello(scope, receive, send):
    if scope["type"] != "http":
        return
    body = f"Hello, {scope['path'].rpartition('/')[2]}!\n".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


def tenant(scope):
    """Whose request it is; here whoever says so in a header."""
    value = dict(scope["headers"]).get(b"x-tenant")
    return value.decode() if value else None


app = UsageMiddleware(
    hello, Shown(), tenant=tenant, route=lambda scope: "/hello/{name}" if scope["path"].startswith("/hello/") else None
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8000, log_level="warning")
    app.batches.close()
