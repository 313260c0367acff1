"""Who is told of events: webhooks, and callables within the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, cast

from ._iof import Engine
from .results import DeliveryPage, EventPage, WebhookPage

if TYPE_CHECKING:
    from .types import Deleted, Progress, Time
    from .webhook_types import (
        Delivery,
        DeliveryState,
        Event,
        EventType,
        Redelivering,
        Webhook,
        WebhookRun,
        WebhookWithSecret,
    )

__all__ = ["Events", "Webhooks"]


class Webhooks:
    """Webhooks as the Standard Webhooks specification has them, as ``iof.finops.webhooks``.

    An event is written together with what caused it; :meth:`deliver` and ``finops.tick`` send what is due, and nothing
    else does.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        url: str,
        *,
        events: Sequence[EventType] = (),
        description: str | None = None,
        enabled: bool = True,
        secret: str | None = None,
    ) -> WebhookWithSecret:
        """Makes a webhook, and shows its secret this once.

        Args:
            url: Where events are sent to: ``https`` and a public address, unless ``webhook_allow_http`` or
                ``webhook_allow_private`` on open allow more.
            events: What it is told of. By default everything.
            description: What people say of it.
            enabled: Whether anything is sent there.
            secret: ``"whsec_..."``, where the receiver has one already. By default one is made.

        Raises:
            InvalidArgumentError: The URL is none, or out of reach.
            ConflictError: There are 1,000 webhooks already.

        Example:
            >>> from iof import Iof
            >>> made = Iof.open().finops.webhooks.create("https://hooks.example.com/finops")
            >>> made["secret"][:6], made["events"], made["enabled"]
            ('whsec_', [], True)
        """
        params = {"url": url, "events": events, "description": description, "enabled": enabled, "secret": secret}
        return cast("WebhookWithSecret", self._engine.call("webhooks.create", params))

    def get(self, id: str) -> Webhook:
        """A webhook, without its secret.

        Raises:
            NotFoundError: There is none.

        Example:
            >>> from iof import Iof
            >>> webhooks = Iof.open().finops.webhooks
            >>> "secret" in webhooks.get(webhooks.create("https://hooks.example.com")["id"])
            False
        """
        return cast("Webhook", self._engine.call("webhooks.get", {"id": id}))

    def list(self, *, limit: int = 20, offset: int = 0) -> WebhookPage:
        """A page of webhooks in the order of their making, without their secrets.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.webhooks.list()["count"]
            0
        """
        return WebhookPage(self._engine.call("webhooks.list", {"limit": limit, "offset": offset}))

    def update(
        self,
        id: str,
        *,
        url: str | EllipsisType = ...,
        events: Sequence[EventType] | None | EllipsisType = ...,
        description: str | None | EllipsisType = ...,
        enabled: bool | None | EllipsisType = ...,
    ) -> Webhook:
        """Changes what is given; ``None`` takes back what it says. What is due while it is not enabled is given up.

        Args:
            id: Which webhook.
            url: Where events are sent to.
            events: What it is told of; everything when empty.
            description: What people say of it.
            enabled: Whether anything is sent there.

        Raises:
            InvalidArgumentError: The URL is none, or out of reach.
            NotFoundError: There is none.

        Example:
            >>> from iof import Iof
            >>> webhooks = Iof.open().finops.webhooks
            >>> made = webhooks.create("https://hooks.example.com", description="Ops")
            >>> webhooks.update(made["id"], enabled=False, description=None)["description"] is None
            True
        """
        changes = {"url": url, "events": events, "description": description, "enabled": enabled}
        # Below, what is not given is None, and an ellipsis stands for null.
        given = {name: ... if value is None else value for name, value in changes.items() if value is not ...}
        return cast("Webhook", self._engine.call("webhooks.update", {"id": id, **given}))

    def delete(self, id: str) -> Deleted:
        """Removes a webhook with its secrets. What is on its way to it is given up.

        Raises:
            NotFoundError: There is none.

        Example:
            >>> from iof import Iof
            >>> webhooks = Iof.open().finops.webhooks
            >>> webhooks.delete(webhooks.create("https://hooks.example.com")["id"])
            {'deleted': True}
        """
        return cast("Deleted", self._engine.call("webhooks.delete", {"id": id}))

    def rotate(self, id: str, *, secret: str | None = None, overlap_seconds: int = 86_400) -> WebhookWithSecret:
        """Gives a webhook another secret, and shows it this once.

        Args:
            id: Which webhook.
            secret: The secret, where the receiver has one already. By default one is made.
            overlap_seconds: For how long the secret before signs as well, so that receivers can change over without
                losing anything; at most 30 days.

        Raises:
            NotFoundError: There is none.
            ConflictError: The secret signs already, or five secrets would sign at a time.

        Example:
            >>> from iof import Iof
            >>> webhooks = Iof.open().finops.webhooks
            >>> made = webhooks.create("https://hooks.example.com")
            >>> webhooks.rotate(made["id"])["secret"] != made["secret"]
            True
        """
        params = {"id": id, "secret": secret, "overlap_seconds": overlap_seconds}
        return cast("WebhookWithSecret", self._engine.call("webhooks.rotate", params))

    def test(self, id: str) -> Delivery:
        """Writes an event of type ``finops.webhook.test`` for one webhook. The next run sends it, like any other.

        Raises:
            NotFoundError: There is none.
            ConflictError: It is not enabled.

        Example:
            >>> from iof import Iof
            >>> webhooks = Iof.open().finops.webhooks
            >>> webhooks.test(webhooks.create("https://hooks.example.com")["id"])["state"]
            'pending'
        """
        return cast("Delivery", self._engine.call("webhooks.test", {"id": id}))

    def deliveries(
        self,
        *,
        id: str | None = None,
        event_id: str | None = None,
        state: DeliveryState | None = None,
        since: Time | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> DeliveryPage:
        """A page of deliveries with the log of their attempts, those of the latest events first.

        Args:
            id: Only those to that webhook, also when it was deleted.
            event_id: Only those of that event.
            state: Only those in that state.
            since: Only those of events that happened then or later.
            limit: How many, 1 to 1000.
            offset: How many to leave out before.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.webhooks.deliveries(state="failed")["items"]
            []
        """
        params = {
            "id": id,
            "event_id": event_id,
            "state": state,
            "since": since,
            "limit": limit,
            "offset": offset,
        }
        return DeliveryPage(self._engine.call("webhooks.deliveries", params))

    def redeliver(self, id: str, *, event_id: str | None = None, since: Time | None = None) -> Redelivering:
        """Has deliveries begin anew, with all attempts and under the same ids. The next run sends them.

        Args:
            id: To which webhook.
            event_id: This event, whatever became of it.
            since: Or all events from then on that were given up: after a long outage.

        Raises:
            NotFoundError: There is no such webhook, or it was not to be told of that event.
            ConflictError: It is not enabled, or the delivery was not tried yet.

        Example:
            >>> from iof import Iof
            >>> webhooks = Iof.open().finops.webhooks
            >>> webhooks.redeliver(webhooks.create("https://hooks.example.com")["id"], since="2024-01-01T00:00:00Z")
            {'deliveries': 0}
        """
        params = {"id": id, "event_id": event_id, "since": since}
        return cast("Redelivering", self._engine.call("webhooks.redeliver", params))

    def deliver(self, *, limit: int = 100, progress: Callable[[Progress], object] | None = None) -> WebhookRun:
        """Tells subscribers of what they were not told of yet, then sends what is due.

        Events to one webhook go one after another; when one fails, the others wait for the next run, so that a receiver
        that is down holds up nobody. Failures are tried again after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and
        24 hours.

        Args:
            limit: How many deliveries to attempt at most, 1 to 10,000.
            progress: Called after each attempt, which counts as a row. What it raises stops the run and comes out of this
                call; what was sent is written.

        Raises:
            ConflictError: The engine was opened for reading.

        Example:
            >>> from iof import Iof
            >>> Iof.open().finops.webhooks.deliver()["attempted"]
            0
        """
        return cast("WebhookRun", self._engine.call("webhooks.deliver", {"limit": limit}, progress))


class Events:
    """What happened, as ``iof.finops.events``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, *, after: str | None = None, type: EventType | None = None, limit: int = 20) -> EventPage:
        """Events in the order in which they were written, of the last 30 days.

        Args:
            after: Only those that were written after that one: ``after`` of the answer before leads on.
            type: Only those of that type.
            limit: How many, 1 to 1000.

        Raises:
            NotFoundError: The event to begin after is not there, or not any more.

        Example:
            >>> from iof import Iof
            >>> dict(Iof.open().finops.events.list())
            {'items': [], 'after': None}
        """
        return EventPage(self._engine.call("events.list", {"after": after, "type": type, "limit": limit}))

    def subscribe(self, sink: Callable[[Event], object]) -> int:
        """Has a callable told of every event that comes from now on, by ``webhooks.deliver`` and ``tick``, in order.

        It is called on the thread of whoever calls those. What it raises is in ``sink_errors`` of the run; it is then
        told of the same event again by the next run, and others go on meanwhile.

        Returns:
            The number by which :meth:`unsubscribe` ends it.

        Raises:
            ForbiddenError: The handle is narrowed.

        Example:
            >>> from iof import Iof
            >>> finops = Iof.open().finops
            >>> heard = []
            >>> _ = finops.events.subscribe(heard.append)
            >>> _ = finops.webhooks.test(finops.webhooks.create("https://hooks.invalid")["id"])
            >>> _ = finops.webhooks.deliver()
            >>> [event["type"] for event in heard]
            ['finops.webhook.test']
        """
        return self._engine.subscribe(sink)

    def unsubscribe(self, subscription: int) -> bool:
        """Has it told of nothing more; whether it was before.

        Example:
            >>> from iof import Iof
            >>> events = Iof.open().finops.events
            >>> events.unsubscribe(events.subscribe(print))
            True
        """
        return self._engine.unsubscribe(subscription)
