"""How a permission is written: a named function, the tasks that have it, whether it needs a second factor.

The register is what the page of permissions shows and what tests go through: nothing else grants anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from zhida.office.accounts.seats import Seat
from zhida.office.accounts.tasks import Task


@dataclass(frozen=True)
class Permission:
    """Called with a seat, or None where nobody sits: whether it may. ``function`` may only narrow it."""

    name: str
    label: str
    description: str
    tasks: frozenset[Task]
    second_factor: bool
    function: Callable[[Seat], bool]
    do_not_call_in_templates: ClassVar[bool] = True  # Django's templates would

    def __call__(self, seat: Seat | None) -> bool:
        if seat is None or seat.task not in self.tasks or (self.second_factor and not seat.verified):
            return False
        return self.function(seat)

    def lacks_only_second_factor(self, seat: Seat | None) -> bool:
        return seat is not None and self.second_factor and not seat.verified and seat.task in self.tasks


PERMISSIONS: dict[str, Permission] = {}


def permission(
    label: str, *tasks: Task, second_factor: bool = False
) -> Callable[[Callable[[Seat], bool]], Permission]:
    """Registers a function ``may_…`` whose docstring tells what it allows, in a sentence for the page."""

    def register(function: Callable[[Seat], bool]) -> Permission:
        name, text = function.__name__, " ".join((function.__doc__ or "").split())
        if not name.startswith("may_") or not text or not tasks or name in PERMISSIONS:
            raise ValueError(f"permission {name}: needs a name of its own may_…, tasks and a docstring")
        found = Permission(name, label, text, frozenset(tasks), second_factor, function)
        PERMISSIONS[name] = found
        return found

    return register
