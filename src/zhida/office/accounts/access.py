"""Who gets to a page. Each view says it with one of three words; a test finds a view that says nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from zhida.office.accounts.models import User
from zhida.office.accounts.permitting import Permission
from zhida.office.accounts.seats import Seat

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def public(view: View[P]) -> View[P]:
    """For everybody, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: Callable[Concatenate[HttpRequest, User, P], HttpResponse]) -> View[P]:
    """For whoever is signed in, also before a seat is taken. The view gets the user."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return _away(request, "accounts:sign-in")
        return view(request, user, *args, **kwargs)

    guarded.access = "signed in"  # type: ignore[attr-defined]
    return guarded


def page(
    permission: Permission,
) -> Callable[[Callable[Concatenate[HttpRequest, Seat, P], HttpResponse]], View[P]]:
    """For seats that the permission lets in. The view gets the seat. Others are led to what they lack."""

    def decorate(view: Callable[Concatenate[HttpRequest, Seat, P], HttpResponse]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            user = request.user
            if not isinstance(user, User):
                return _away(request, "accounts:sign-in")
            if user.must_change:
                return _away(request, "accounts:password")
            seat: Seat | None = getattr(request, "seat", None)
            if seat is None:
                return _away(request, "accounts:seats")
            if permission(seat):
                return view(request, seat, *args, **kwargs)
            if permission.lacks_only_second_factor(seat):
                return _away(request, "accounts:second-factor")
            return render(
                request, "accounts/refused.html", {"permission": permission, "seat": seat}, status=403
            )

        guarded.access = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def _away(request: HttpRequest, name: str) -> HttpResponse:
    """To another page, and back again afterwards where nothing was being sent."""
    back = {"next": request.get_full_path()} if request.method == "GET" else {}
    return redirect(f"{reverse(name)}?{urlencode(back)}" if back else reverse(name))


def access_of(view: Any) -> object:
    """What a view says of who gets to it; None where it says nothing."""
    return getattr(view, "access", None)
