"""The administrator's pages: users, and a post with its end and its stand-ins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from zhida.office.accounts.access import page
from zhida.office.accounts.appointing import AppointmentError, end, stand_in
from zhida.office.accounts.forms import EndForm, StandInForm, UserForm
from zhida.office.accounts.models import Post, User
from zhida.office.accounts.permissions import may_appoint, may_keep_users
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.users import add, kept_by, reset, switch


@page(may_keep_users)
@never_cache
def users(request: HttpRequest, seat: Seat) -> HttpResponse:
    """An initial password is shown once, on the answer to the form that asked for it."""
    form = UserForm(request.POST if "add" in request.POST else None)
    told: tuple[User, str] | None = None
    refused = ""
    try:
        if form.is_bound and form.is_valid():
            told = add(seat, form.cleaned_data["username"], form.cleaned_data["name"])
            form = UserForm()
        elif request.method == "POST" and not form.is_bound:
            told = _change(request, seat)
    except AppointmentError as error:
        refused = str(error)
    context = {"users": kept_by(seat), "form": form, "told": told, "refused": refused}
    return render(request, "accounts/users.html", context)


def _change(request: HttpRequest, seat: Seat) -> tuple[User, str] | None:
    kept = {str(one.pk): one for one in kept_by(seat)}
    user = kept.get(request.POST.get("user", ""))
    if user is None:
        raise AppointmentError("没有这个用户，或不在本岗位范围内。")
    match request.POST.get("what"):
        case "reset":
            return user, reset(seat, user)
        case "off" | "on" as what:
            switch(seat, user, on=what == "on")
    return None


@page(may_appoint)
def post(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    low, high = seat.range
    there = Post.objects.filter(division__gte=low, division__lte=high).select_related("user", "division")
    found = get_object_or_404(there, pk=number)
    ending = EndForm(request.POST if "end" in request.POST else None, prefix="end")
    lending = StandInForm(request.POST if "lend" in request.POST else None, prefix="lend")
    for form in (ending, lending):
        if not form.is_bound or not form.is_valid():
            continue
        try:
            if form is ending:
                end(seat, found, form.cleaned_data["on"])
            else:
                stand_in(seat, found, **lending.values())
            return redirect("accounts:post", found.pk)
        except AppointmentError as error:
            form.add_error(None, str(error))
    lent = found.stand_ins.select_related("user")
    context = {"post": found, "lent": lent, "ending": ending, "lending": lending}
    return render(request, "accounts/post.html", context)
