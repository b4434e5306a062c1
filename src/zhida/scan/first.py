"""What to do first: a few lines that a bureau chief can act on, from the figures that may be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhida.scan.figures import Figures, Line, RegisterState, Shown, wan
from zhida.scan.result import ScanResult
from zhida.scan.totals import SMALL, of_benefit

STANDS_OUT = 1.25
"""A county is named where its rate is this many times that of all counties together."""


@dataclass(frozen=True, slots=True)
class Step:
    """``what`` to do, in a few words; ``why``: with the figures."""

    what: str
    why: str


def steps(result: ScanResult, figures: Figures, registers: Sequence[RegisterState]) -> list[Step]:
    """In the order in which they bring most for least work. Withheld figures name nothing."""
    found: list[Step] = []
    for step in (
        _pay_automatic(figures),
        _sure_leads(result, figures),
        _stop_wrong(figures),
        _one_fact(result),
        _county(figures),
        *_registers(registers),
    ):
        if step is not None:
            found.append(step)
    return found


def _known(shown: Shown) -> int:
    return shown.count or 0


def _monthly(shown: Shown) -> str:
    return f"，每月约 {wan(shown.lo)}" if shown.lo else ""


def _pay_automatic(figures: Figures) -> Step | None:
    lines = [line for line in figures.benefits if line.automatic and _known(line.cells["lead"])]
    if not lines:
        return None
    told = "、".join(
        f"{line.name} {_known(line.cells['lead']):,} 项{_monthly(line.cells['lead'])}" for line in lines
    )
    return Step("免申即享的，核对后直接发", f"不用本人申请：{told}。")


def _sure_leads(result: ScanResult, figures: Figures) -> Step | None:
    """The benefit with most leads of which nothing has to be asked, and what is left to ask of the others."""
    pack = result.loaded.pack
    leads = [line for line in figures.benefits if not line.automatic and _known(line.cells["lead"])]
    asked = {line.id: of_benefit(result.loaded, line.id)["ask"] for line in leads}
    sure = [line for line in leads if not asked[line.id]]
    if sure:
        best = max(sure, key=lambda line: _known(line.cells["lead"]))
        n = _known(best.cells["lead"])
        return Step(
            f"先办{best.name}的线索",
            f"{n:,} 项{_monthly(best.cells['lead'])}；登记就能定下来，不必再问本人。",
        )
    if not leads:
        return None
    best = max(leads, key=lambda line: (line.cells["lead"].lo or 0, _known(line.cells["lead"])))
    names = "、".join(pack.fields[f].name for f in asked[best.id][:3])
    n = _known(best.cells["lead"])
    return Step(
        f"入户核实{best.name}的线索", f"{n:,} 项{_monthly(best.cells['lead'])}；入户时要问清{names}。"
    )


def _stop_wrong(figures: Figures) -> Step | None:
    lines = [line for line in figures.benefits if _known(line.cells["no_longer_fits"])]
    if not lines:
        return None
    best = max(lines, key=lambda line: (line.cells["no_longer_fits"].award or 0, line.id))
    cell = best.cells["no_longer_fits"]
    paid = f"，现在每月发 {wan(cell.award)}" if cell.award else ""
    return Step(f"复核{best.name}", f"{_known(cell):,} 项登记里看来不再符合{paid}；核对之前不停发。")


def _one_fact(result: ScanResult) -> Step | None:
    """The single fact that settles most of what is open, over all benefits."""
    pack = result.loaded.pack
    by_fact: dict[str, int] = {}
    for (_, facts, alone), n in result.totals.deciding.items():
        if alone and facts and facts[0] in pack.fields:
            by_fact[facts[0]] = by_fact.get(facts[0], 0) + n
    if not by_fact:
        return None
    fact, n = max(by_fact.items(), key=lambda item: (item[1], item[0]))
    if n < SMALL:
        return None
    field = pack.fields[fact]
    where = f"（{pack.registers[field.register].department}）" if field.register else "（问本人）"
    return Step(f"查一项：{field.name}{where}", f"单凭这一项就能定下 {n:,} 项待核实。")


def _county(figures: Figures) -> Step | None:
    counties = [c for c in figures.counties if c.id and c.registered and c.cells["lead"].count is not None]
    people = sum(c.registered for c in counties)
    leads = sum(_known(c.cells["lead"]) for c in counties)
    if not leads or len(counties) < 2:
        return None
    best = max(counties, key=_rate)
    whole = leads / people * 10_000
    if _rate(best) < STANDS_OUT * whole:
        return None
    return Step(
        f"看一看{best.name}",
        f"每万户籍人口 {_rate(best):.0f} 项线索，各区县合起来是 {whole:.0f} 项：是找得少，还是难处多。",
    )


def _rate(line: Line) -> float:
    return _known(line.cells["lead"]) / line.registered * 10_000


def _registers(registers: Sequence[RegisterState]) -> Iterator[Step]:
    lacking = [r for r in registers if r.complete not in ("全部区县",) and r.as_of != "—"]
    absent = [r for r in registers if r.complete == "没有交来"]
    if lacking or absent:
        told = [f"{r.department}的{r.name}（{r.complete}）" for r in (*absent, *lacking)]
        yield Step(
            "催要数据", f"不完整的登记使答案定不下来：{'、'.join(told[:4])}{'等' if len(told) > 4 else ''}。"
        )
