"""Each permission is one function in one register; each page asks one; nothing else lets anybody in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import given
from hypothesis import strategies as st

from zhida.office.accounts.access import access_of
from zhida.office.accounts.models import Post, User
from zhida.office.accounts.permitting import PERMISSIONS, Permission, permission
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.tasks import Task
from zhida.office.divisions.models import Division

# Pages that need no seat, each with its reason. A new one has to be written here.
WITHOUT_SEAT = {
    "home": "leads on",
    "accounts:sign-in": "the way in",
    "accounts:sign-out": "the way out",
    "accounts:password": "an initial password is changed before a seat is taken",
    "accounts:second-factor": "of the user, not of a post",
    "accounts:seats": "where a seat is taken",
}


def pages(patterns: list[Any] | None = None, space: str = "") -> Iterator[tuple[str, Any]]:
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from pages(one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern):
            yield f"{space}{one.name}", one.callback


def test_every_page_says_who_gets_there() -> None:
    found = dict(pages())
    assert len(found) > 8
    silent = [name for name, view in found.items() if access_of(view) is None]
    assert not silent, f"decorate with page, signed_in or public: {silent}"
    free = {name for name, view in found.items() if not isinstance(access_of(view), Permission)}
    assert free == WITHOUT_SEAT.keys()
    asked = {access_of(view) for view in found.values()} - {"public", "signed in"}
    assert asked <= set(PERMISSIONS.values())


def seat_for(task: Task, verified: bool) -> Seat:
    division = Division(code="990101000000", low="990101000000", high="990101999999")
    return Seat(User(username="x"), Post(task=task, division=division), None, verified)


@given(st.sampled_from(sorted(PERMISSIONS)), st.sampled_from(Task), st.booleans())
def test_a_task_that_is_not_named_never_has_it(name: str, task: Task, verified: bool) -> None:
    one = PERMISSIONS[name]
    allowed = one(seat_for(task, verified))
    if allowed:
        assert task in one.tasks
        assert verified or not one.second_factor
    assert not one(None)


def test_every_permission_is_held_by_somebody_and_told_in_a_sentence() -> None:
    for one in PERMISSIONS.values():
        assert any(one(seat_for(task, True)) for task in Task)
        assert one.name.startswith("may_")
        assert one.description.endswith("。")


def test_a_permission_without_tasks_or_words_is_refused() -> None:
    def may_nothing(seat: Seat) -> bool:
        return True

    def may_appoint(seat: Seat) -> bool:
        """同名。"""
        return True

    for function, tasks in ((may_nothing, (Task.AUDIT,)), (may_appoint, (Task.AUDIT,))):
        with pytest.raises(ValueError, match="needs a name of its own"):
            permission("x", *tasks)(function)
    with pytest.raises(ValueError, match="needs a name of its own"):
        permission("x")(may_appoint)
    assert "may_nothing" not in PERMISSIONS
