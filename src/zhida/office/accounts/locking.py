"""Under which name the lock-out counts a failed sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from zhida.office.accounts.models import normal_username


def username_of(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The name as accounts know it: another way of writing it is no other user."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return normal_username(str(given))
