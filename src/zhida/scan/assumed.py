"""What a scan takes for granted though no source says it: of the rules, of their values, of the city."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zhida.rules.declarations import Benefit, Citation, Evidence
from zhida.rules.parameters import Lookup
from zhida.scan.loaded import Loaded

EVIDENCE = {
    Evidence.WEAK: "依据较弱",
    Evidence.OTHER_PLACE: "借用外地",
    Evidence.DERIVED: "推算",
    Evidence.PLAN: "规划目标",
    Evidence.ASSUMED: "假设",
}


@dataclass(frozen=True, slots=True)
class Assumption:
    """``what``: names of what it touches, joined. ``says``: in words. ``evidence``: its kind, in a word."""

    what: str
    says: str
    evidence: str


def of_rules(loaded: Loaded) -> list[Assumption]:
    """Of the pack, as far as its rules ran in the month; what is said of several things is said once."""
    found: dict[tuple[str, str], list[str]] = {}
    for what, citation in _citations(loaded):
        if not citation.evidence.is_fact:
            says = citation.note or _source(loaded, citation)
            names = found.setdefault((says, EVIDENCE[citation.evidence]), [])
            if what not in names:
                names.append(what)
    return [Assumption("、".join(names), says, kind) for (says, kind), names in found.items()]


def of_snapshot(loaded: Loaded) -> list[Assumption]:
    """What the manifest says of how the population was made."""
    found = []
    for record in loaded.snapshot.manifest.get("assumptions", ()):
        parts = [str(record[k]) for k in record if k not in ("section", "evidence", "source")]
        found.append(
            Assumption(str(record.get("section", "")), "；".join(parts), str(record.get("source", "")))
        )
    return found


def _source(loaded: Loaded, citation: Citation) -> str:
    source = loaded.pack.sources.get(citation.source)
    return f"{source.title}{citation.article}" if source is not None else citation.article


def _citations(loaded: Loaded) -> Iterator[tuple[str, Citation]]:
    pack = loaded.pack
    yield "计龄日", pack.age_citation
    yield "首发月份", pack.first_month_citation
    lookup = Lookup(pack)
    for name in dict.fromkeys(p for p, _ in loaded.kernel.source.parameters):
        for place in loaded.places.places.codes[1:]:
            value = lookup.resolve(name, loaded.month, place).value
            if value is not None and value.values is not None:
                yield pack.parameters[name].name, value.citation
    for variable in pack.variables.values():
        yield variable.name, variable.citation
    for b in loaded.benefits:
        yield from _of_benefit(pack.benefits[b])


def _of_benefit(benefit: Benefit) -> Iterator[tuple[str, Citation]]:
    name = benefit.name
    for condition in (benefit.applies, *benefit.conditions):
        if condition is not None:
            yield f"{name}（{condition.says}）", condition.citation
    for amount in benefit.amounts:
        yield f"{name}金额", amount.citation
        yield f"{name}取整", amount.rounding.citation
    for exclusion in benefit.excluded_by:
        yield f"{name}（{exclusion.says}）", exclusion.citation
    if benefit.signal is not None:
        yield f"{name}核实次序", benefit.signal.citation
    for review in benefit.reviews:
        yield f"{name}复核", review.citation
