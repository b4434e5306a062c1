"""Checks over a pack, for ``zhida rules check``.

An **error** is wrong: a formula that can't be built, a worked case that comes out otherwise. A **warning**
is something to mend: nobody uses it, nobody tried it, no case would notice if it were wrong. A **note** is
to be known and may well stay: an assumption, a value that nobody has found. Errors and warnings are
findings in the sense of the exit code; notes are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from zhida.codes.months import format_month, month_of
from zhida.rules.checks.cases import Case, load_cases
from zhida.rules.checks.cliffs import cliff_findings
from zhida.rules.checks.coverage import (
    gap_findings,
    month_findings,
    stacking_findings,
    trial_findings,
    unused_findings,
)
from zhida.rules.checks.judging import run_case
from zhida.rules.checks.mutation import MutationReport, Progress, run_mutation
from zhida.rules.checks.sheets import sheet_findings
from zhida.rules.citations import cited
from zhida.rules.declarations import At, Evidence, Pack
from zhida.rules.explain.request import earliest_month
from zhida.rules.formulas.reach import Reach
from zhida.rules.problems import PackError
from zhida.rules.program.build import Program, build_program, structure_months


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """``check``: one word for the sort of finding. ``at``: line 0 for a file as a whole."""

    severity: Severity
    check: str
    at: At
    says: str

    @property
    def where(self) -> str:
        return f"{self.at.file}:{self.at.line}" if self.at.line else self.at.file

    def __str__(self) -> str:
        return f"{self.severity} {self.where}: {self.says}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, worst first, then by place; how much was looked at."""

    pack: Pack
    findings: tuple[Finding, ...]
    months: tuple[int, ...]
    cases: int
    mutation: MutationReport | None

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is severity)

    @property
    def clean(self) -> bool:
        """No errors and no warnings."""
        return not self.of(Severity.ERROR) and not self.of(Severity.WARNING)

    def to_json(self) -> dict[str, Any]:
        """The whole report as plain data."""
        m = self.mutation
        return {
            "pack": {"id": self.pack.id, "hash": self.pack.hash},
            "clean": self.clean,
            "counts": {s.value: len(self.of(s)) for s in Severity},
            "months": [format_month(month) for month in self.months],
            "cases": self.cases,
            "mutation": None
            if m is None
            else {
                "tried": m.tried,
                "killed": m.killed,
                "survivors": len(m.survivors),
                "allowed": len(m.allowed),
                "same": m.same,
                "unusable": m.unusable,
                "left_out": m.left_out,
            },
            "findings": [
                {
                    "severity": f.severity.value,
                    "check": f.check,
                    "file": f.at.file,
                    "line": f.at.line or None,
                    "says": f.says,
                }
                for f in self.findings
            ],
        }


def check_pack(
    pack: Pack,
    mutate: bool = True,
    most: int | None = None,
    today: date | None = None,
    progress: Progress | None = None,
) -> Report:
    """Everything there is to say about a pack that could be loaded.

    ``most``: at most so many mutants. ``today``: also say whether the pack is out of date by then.
    Problems of formulas and of cases become findings; nothing is raised for them.
    """
    findings: list[Finding] = []
    programs = _programs(pack, findings)
    cases = _cases(pack, findings)
    months = tuple(structure_months(pack))
    if len(programs) < len(months):
        return _report(pack, findings, months, cases, None)
    failing = _run(pack, cases, findings)
    findings += _of(Severity.ERROR, sheet_findings(pack, cases))
    findings += _of(Severity.NOTE, cliff_findings(pack, cases))
    findings += _of(Severity.ERROR, month_findings(pack, programs))
    reach = Reach(pack)
    idle, inputs = unused_findings(pack, reach)
    findings += _of(Severity.WARNING, idle)
    findings += _of(Severity.NOTE, inputs)
    findings += _of(
        Severity.NOTE, gap_findings(pack, programs, earliest_month(pack), month_of(pack.verified_through))
    )
    findings += _of(Severity.NOTE, _assumptions(pack))
    findings += _of(Severity.WARNING, _articles(pack))
    findings += _of(Severity.NOTE, _near(pack, programs))
    untried, never_why = trial_findings(pack, cases)
    findings += _of(Severity.WARNING, untried)
    findings += _of(Severity.NOTE, never_why)
    no_cell, not_known = stacking_findings(pack)
    findings += _of(Severity.WARNING, no_cell)
    findings += _of(Severity.NOTE, not_known)
    findings += _of(Severity.NOTE, [("open", p.at, f"open: {p.says}") for p in pack.open_points])
    if today is not None and today > pack.verified_through:
        says = f"nobody has checked the rules since {pack.verified_through}; today is {today}"
        findings.append(Finding(Severity.NOTE, "stale", At("pack.yaml", 0, 0), says))
    mutation = _mutation(pack, cases, failing, most, progress, findings) if mutate else None
    return _report(pack, findings, months, cases, mutation)


def _report(
    pack: Pack,
    findings: list[Finding],
    months: tuple[int, ...],
    cases: list[Case],
    mutation: MutationReport | None,
) -> Report:
    order = {s: i for i, s in enumerate(Severity)}
    findings = sorted(findings, key=lambda f: (order[f.severity], f.at.file, f.at.line, f.check, f.says))
    return Report(pack, tuple(dict.fromkeys(findings)), months, len(cases), mutation)


def _of(
    severity: Severity, found: Iterator[tuple[str, At, str]] | list[tuple[str, At, str]]
) -> list[Finding]:
    return [Finding(severity, check, at, says) for check, at, says in found]


def _programs(pack: Pack, findings: list[Finding]) -> dict[int, Program]:
    """A program for each stretch of months of one structure; what can't be built is an error."""
    found: dict[int, Program] = {}
    for month in structure_months(pack):
        try:
            found[month] = build_program(pack, month)
        except PackError as error:
            findings += _errors("formula", error, f" (in {format_month(month)})")
    return found


def _errors(check: str, error: PackError, more: str = "") -> list[Finding]:
    found = []
    for p in error.problems:
        text = f" «{p.text}»" if p.text else ""
        expected = f"; expected {p.expected}" if p.expected else ""
        at = At(p.file, p.line, p.column)
        found.append(Finding(Severity.ERROR, check, at, f"{p.says}{text}{expected}{more}"))
    return found


def _cases(pack: Pack, findings: list[Finding]) -> list[Case]:
    try:
        return list(load_cases(pack))
    except PackError as error:
        findings += _errors("case", error)
        return []


def _run(pack: Pack, cases: list[Case], findings: list[Finding]) -> set[str]:
    """Ids of the cases that fail."""
    failing: set[str] = set()
    for case in cases:
        for f in run_case(pack, case):
            findings.append(Finding(Severity.ERROR, "case", f.at, f"case {f.case}: {f.says}"))
            failing.add(case.id)
    return failing


def _assumptions(pack: Pack) -> Iterator[tuple[str, At, str]]:
    for what, citation, at in cited(pack):
        if not citation.evidence.is_fact:
            note = f": {citation.note}" if citation.note else ""
            yield "assumption", at, f"{what} is {citation.evidence}{note}"


def _articles(pack: Pack) -> Iterator[tuple[str, At, str]]:
    """A condition that cites a law should say which article."""
    for b in pack.benefits.values():
        for c in b.conditions:
            if c.citation.evidence is Evidence.LAW and not c.citation.article:
                yield "article", c.at, f"condition {b.id}.{c.id} cites {c.citation.source} without an article"


def _near(pack: Pack, programs: dict[int, Program]) -> Iterator[tuple[str, At, str]]:
    """Conditions that could be missed by little, of benefits that people apply for, without ``near``."""
    seen: set[str] = set()
    for program in programs.values():
        for b in program.benefits.values():
            ats = {c.id: c.at for c in b.benefit.conditions}
            for c in b.conditions:
                key = f"{b.benefit.id}.{c.id}"
                if c.role == "rule" and c.left is not None and c.near is None and key not in seen:
                    seen.add(key)
                    yield (
                        "near",
                        ats[c.id],
                        f"condition {key} has no near: nobody who misses it by little is listed",
                    )


def _mutation(
    pack: Pack,
    cases: list[Case],
    failing: set[str],
    most: int | None,
    progress: Callable[[int, int], None] | None,
    findings: list[Finding],
) -> MutationReport | None:
    try:
        report = run_mutation(pack, [c for c in cases if c.id not in failing], most, progress)
    except PackError as error:
        findings += _errors("mutation", error)
        return None
    for m in report.survivors:
        findings.append(Finding(Severity.WARNING, "mutation", m.at, f"no worked case notices: {m.key}"))
    for a in report.needless:
        says = f"allowed to survive but it does not, or is no longer there: {a.key}"
        findings.append(Finding(Severity.WARNING, "mutation", a.at, says))
    return report
