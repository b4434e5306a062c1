"""One transaction a request, with the scope of the seat that its sender has taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from zhida.office.accounts.seats import Seat
from zhida.office.accounts.sessions import seat_of, today
from zhida.office.guards.scope import enter, leave


class SeatedRequest(HttpRequest):
    """A request that has passed the middleware."""

    seat: Seat | None
    failed: bool


class ScopeMiddleware:
    """Opens the transaction itself: set before Django's own per-view one, a scope would be gone at once.

    What a view that fails has written is rolled back. A stream would run after the end of the transaction and
    see nothing, so it is refused.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with transaction.atomic():
            seated = cast(SeatedRequest, request)
            seated.failed = False
            seated.seat = seat_of(request)
            if seated.seat is None:
                leave()
            else:
                enter(seated.seat.range, today())
            response = self._get_response(request)
            if response.streaming:
                raise RuntimeError("A page that streams would run outside of its scope: answer as a whole.")
            if seated.failed or response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Django makes an answer of an exception before we could see it."""
        cast(SeatedRequest, request).failed = True
