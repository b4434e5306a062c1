"""The interpreter asked about a household of a snapshot."""

from __future__ import annotations

from zhida.rules.explain.interpret import Run
from zhida.rules.formulas.ir import PERSON
from zhida.scan.find import Found, facts_of
from zhida.scan.loaded import Loaded


def run_of(loaded: Loaded, found: Found) -> Run:
    """Over the household, in the month that was loaded."""
    return Run(loaded.program, facts_of(loaded, found)[0])


def instance_of(loaded: Loaded, found: Found, benefit: str) -> int:
    """Which instance of the benefit's unit is meant: the person asked for, the first where none was."""
    return (found.person or 0) if loaded.pack.benefits[benefit].unit == PERSON else 0
