"""The first page. So far it leads to the first room that everybody may enter."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from zhida.office.accounts.access import public


@public
def home(request: HttpRequest) -> HttpResponse:
    return redirect("divisions:search")
