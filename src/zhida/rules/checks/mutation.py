"""Whether the worked cases of a pack notice its mutants (:mod:`zhida.rules.checks.mutants`).

Each mutant is run against the cases that could see it until one fails: answers, reasons, amounts and
members are compared, not what is missing or assumed. A mutant that no case notices is a survivor.
``cases/survivors.yaml`` lists those that are meant to survive, each with the reason:
``- {mutant: "key", why: …}``, or ``mutants:`` with a list of keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zhida.rules.checks.cases import FOLDER, SURVIVORS, Case, load_cases
from zhida.rules.checks.mutants import Mutant, mutants
from zhida.rules.checks.trials import Bench
from zhida.rules.declarations import At, Pack
from zhida.rules.loading.files import PackFiles
from zhida.rules.problems import Problems

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Allowed:
    """A mutant that may survive, and why."""

    key: str
    why: str
    at: At


@dataclass(frozen=True, slots=True)
class MutationReport:
    """``tried`` = killed + survivors + allowed. ``same``: mutants that change nothing anywhere, and
    ``unusable``: mutants that can't be read as rules; neither counts. ``needless``: allowed but killed or
    no longer there. ``left_out``: not tried for the budget's sake."""

    tried: int
    killed: int
    survivors: tuple[Mutant, ...]
    allowed: tuple[Mutant, ...]
    needless: tuple[Allowed, ...]
    same: int
    unusable: int
    left_out: int


def run_mutation(
    pack: Pack, cases: Sequence[Case] | None = None, most: int | None = None, progress: Progress | None = None
) -> MutationReport:
    """Runs the cases over the mutants; with ``most``, over that many spread evenly over all.

    The cases that fail as the pack is are left out. Raises PackError where cases can't be read.
    """
    allowed = {a.key: a for a in load_allowed(pack)}
    bench = Bench(pack, load_cases(pack) if cases is None else cases)
    everything = mutants(pack)
    chosen = everything
    if most is not None and most < len(everything):
        chosen = [everything[i * len(everything) // most] for i in range(most)]
    counts = {"killed": 0, "same": 0, "unusable": 0}
    lived: list[Mutant] = []
    for done, mutant in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        fate = bench.fate(mutant)
        if fate == "lives":
            lived.append(mutant)
        else:
            counts[fate] += 1
    kept = {m.key for m in lived}
    left_out = len(everything) - len(chosen)
    return MutationReport(
        tried=counts["killed"] + len(lived),
        killed=counts["killed"],
        survivors=tuple(m for m in lived if m.key not in allowed),
        allowed=tuple(m for m in lived if m.key in allowed),
        needless=() if left_out else tuple(a for a in allowed.values() if a.key not in kept),
        same=counts["same"],
        unusable=counts["unusable"],
        left_out=left_out,
    )


def load_allowed(pack: Pack) -> list[Allowed]:
    """``cases/survivors.yaml``; PackError with every problem."""
    problems = Problems()
    files = PackFiles(pack.path, problems)
    found: list[Allowed] = []
    if SURVIVORS in files.names_in(FOLDER):
        node = files.yaml(SURVIVORS)
        for item in node.items() if node is not None else []:
            record = item.map(("why",), ("mutant", "mutants"))
            why = record.text("why")
            one, many = record.get("mutant"), record.get("mutants")
            if (one is None) == (many is None):
                item.add("unclear which mutants are meant", "`mutant: …` or `mutants: […]`")
            nodes = ([one] if one is not None else []) + (many.items() if many is not None else [])
            found += [Allowed(n.text("the key of a mutant"), why, n.at) for n in nodes]
    problems.raise_if_any()
    return found
