"""What was done in a range, the newest first."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhida.office.accounts.access import page
from zhida.office.accounts.seats import Seat
from zhida.office.audit.actions import ACTIONS
from zhida.office.audit.models import Entry
from zhida.office.audit.permissions import may_see_audit
from zhida.office.audit.writing import record

MOST = 200


@page(may_see_audit)
def entries(request: HttpRequest, seat: Seat) -> HttpResponse:
    """``action`` and ``day`` narrow it down; a day that is none is no day."""
    action, day = request.GET.get("action", ""), request.GET.get("day", "")
    found = Entry.objects.select_related("actor", "post__division").order_by("-day", "-at", "-pk")
    if action in ACTIONS:
        found = found.filter(action=action)
    if (on := _date(day)) is not None:
        found = found.filter(day=on)
    rows = [(one, ACTIONS.get(one.action, one.action)) for one in found[:MOST]]
    record(seat, "audit.look", "", None, shown=len(rows))
    context = {"rows": rows, "actions": ACTIONS, "action": action, "day": day, "most": MOST}
    return render(request, "audit/entries.html", context)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
