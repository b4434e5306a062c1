"""Who of a household counts in the units that are formed by rule, and on what ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhida.rules.declarations import Pack
from zhida.rules.explain.interpret import Run
from zhida.rules.formation import PERSON, Ground
from zhida.rules.formulas.ir import NO, YES

WORDS = {YES: "yes", NO: "no"}
COUNTED = {"yes": "计入", "no": "不计入", "undetermined": "计不计入待定"}
ALONE = {"yes": "可以", "no": "不可以", "undetermined": "可不可以待定"}


def units(run: Run, ids: Sequence[str]) -> list[dict[str, Any]]:
    """One entry a formation, with every member: whether they count, and the grounds that decide or may."""
    found = []
    for formation in run.program.pack.formations.values():
        members = []
        for i in range(run.facts.members):
            bits = run.value(run.program.variables[formation.counted].num, i)
            assert isinstance(bits, int)
            grounds = [ground_json(g) for g in grounds_of(run, formation.id, i)]
            members.append({"id": ids[i], "counted": WORDS.get(bits, "undetermined"), "grounds": grounds})
        found.append({"unit": formation.id, "name": formation.name, "of": formation.of, "members": members})
    return found


def grounds_of(run: Run, formation: str, i: int) -> list[Ground]:
    """The grounds, in order, that decide or may decide whether a person counts: one, where that is known.
    None where a reform has put another formula in their place."""
    found = []
    for ground, node in run.program.grounds.get(formation, ()):
        bits = run.value(node, i)
        assert isinstance(bits, int)
        if bits & YES:
            found.append(ground)
        if bits == YES:
            break
    return found


def ground_json(g: Ground) -> dict[str, Any]:
    """As ``docs/schemas/assess.schema.json`` describes it."""
    return {
        "id": g.id,
        "says": g.says,
        "counts": g.counts,
        "article": g.citation.article,
        "source": g.citation.source,
        "evidence": str(g.citation.evidence),
        "note": g.citation.note,
    }


def lines(answer: Mapping[str, Any], pack: Pack) -> list[str]:
    """One sentence a unit: who counts, and why others do not; of units of one only who may stand alone."""
    found = []
    for unit in answer["units"]:
        alone = unit["of"] == PERSON
        told = ALONE if alone else COUNTED
        kept = [m for m in unit["members"] if not alone or m["counted"] != "no"]
        parts = []
        for counted in ("yes", "no", "undetermined"):
            by_reason: dict[str, list[str]] = {}
            for m in kept:
                if m["counted"] == counted:
                    by_reason.setdefault(_why(m, pack), []).append(m["id"])
            parts += [f"{'、'.join(who)} {told[counted]}（{why}）" for why, who in by_reason.items()]
        if parts:
            found.append(f"{unit['name']}：{'；'.join(parts)}")
    return found


def _why(member: Mapping[str, Any], pack: Pack) -> str:
    said = []
    for g in member["grounds"]:
        source = pack.sources.get(g["source"])
        basis = f"，《{source.title}》{g['article']}" if source is not None else "，假定"
        said.append(f"{g['says']}{basis}")
    return "或".join(said) or "按本次设定的公式"
