"""Finding a division: one field for code, name and pinyin."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhida.office.accounts.access import page
from zhida.office.accounts.permissions import may_see_divisions
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.sessions import today
from zhida.office.divisions.models import Division
from zhida.office.divisions.search import MOST, find


@page(may_see_divisions)
def search(request: HttpRequest, seat: Seat) -> HttpResponse:
    text = request.GET.get("q", "")
    on = today()
    rows = [(one, one.in_force(on), list(one.successors.all())) for one in _found(text)]
    return render(request, "divisions/search.html", {"text": text, "rows": rows, "most": MOST})


def _found(text: str) -> QuerySet[Division]:
    return find(text, today()).prefetch_related("successors")
