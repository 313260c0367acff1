"""The shapes of webhooks and events, for type checkers and editors."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict

__all__ = ["Attempt", "Delivery", "DeliveryState", "Event", "EventType", "Redelivering", "Webhook", "WebhookRun",
           "WebhookWithSecret"]

EventType = Literal[
    "finops.budget.warning",
    "finops.budget.exceeded",
    "finops.budget.recovered",
    "finops.anomaly.detected",
    "finops.report.generated",
    "finops.recommendation.available",
    "finops.webhook.test",
]
"""What an event is about."""

DeliveryState = Literal["pending", "waiting", "delivered", "failed", "disabled"]
"""How far a delivery is: not tried yet; to be tried again; taken; failed for the last time; given up, because the
receiver wants no more or the webhook is not enabled."""


class Event(TypedDict):
    """Something that happened."""

    id: str
    """Which: receivers of webhooks get it as ``webhook-id``."""
    type: EventType
    timestamp: datetime
    """When it happened."""
    data: dict[str, Any]
    """What happened, as receivers get it: amounts and times are text."""


class Webhook(TypedDict):
    """Where events are sent to, and which."""

    id: str
    url: str
    events: list[EventType]
    """What it is told of; everything when empty."""
    description: str | None
    enabled: bool
    """Whether anything is sent there. A receiver that answers 410 switches it off."""
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which is shown this once."""

    secret: str


class Attempt(TypedDict):
    """One attempt to deliver."""

    at: datetime
    status: int | None
    """The status of the answer; ``None`` where there was none."""
    error: str | None
    """Why it failed; ``None`` where the status says it."""


class Delivery(TypedDict):
    """An event on its way to a webhook."""

    webhook_id: str
    event_id: str
    type: EventType
    state: DeliveryState
    attempts: int
    """How many were made since it was last pending."""
    next_attempt_at: datetime | None
    """``None`` when it is over."""
    created_at: datetime
    updated_at: datetime
    log: list[Attempt]
    """The latest 20 attempts, the first of them first."""


class Redelivering(TypedDict):
    """How many deliveries begin anew."""

    deliveries: int


class WebhookRun(TypedDict):
    """What a run did."""

    attempted: int
    """How many attempts were made."""
    delivered: int
    waiting: int
    """How many wait for another attempt."""
    failed: int
    """How many failed for the last time."""
    disabled: int
    """How many were given up, because their webhook takes no more."""
    due: int
    """How many are due and were left for the next run."""
    told: int
    """How many times a sink was told of an event."""
    sink_errors: list[str]
    """Why sinks did not take an event. They are told of it again by the next run."""
    busy: bool
    """Whether another thread was telling already, so that this run did nothing."""
