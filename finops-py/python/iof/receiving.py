"""What receivers of webhooks need: no engine, only the secret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from . import _iof

__all__ = ["event_schema", "verify_webhook"]


def verify_webhook(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    now: datetime | str | None = None,
) -> Any:
    """Lets through what was signed with the secret at most five minutes ago, and gives the body as objects.

    Args:
        secret: ``"whsec_..."``, or several while one takes the place of another.
        headers: The headers of the request; their names may be in any case.
        body: The body as it came, byte for byte: not what a framework made of it.
        now: The time of the receiver, by default that of the system.

    Raises:
        UnauthorizedError: It was not signed so, too long ago, or a header is missing: answer with 401.
        InvalidArgumentError: The secret is none.

    Example:
        >>> from iof import verify_webhook
        >>> headers = {
        ...     "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        ...     "webhook-timestamp": "1614265330",
        ...     "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ... }
        >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        >>> verify_webhook(secret, headers, b'{"test": 2432232314}', now="2021-02-25T15:02:10Z")
        {'test': 2432232314}
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    signed = body.encode() if isinstance(body, str) else bytes(body)
    at = now.isoformat() if isinstance(now, datetime) else now
    _iof.verify_webhook(secrets, list(headers.items()), signed, at)
    return json.loads(signed)


def event_schema() -> dict[str, Any]:
    """The JSON Schema of the bodies that receivers of webhooks get.

    Example:
        >>> from iof import event_schema
        >>> event_schema()["required"]
        ['type', 'timestamp', 'data']
    """
    schema: dict[str, Any] = json.loads(_iof.event_schema())
    return schema
