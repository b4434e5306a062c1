"""The figures of a report: totals along one axis each, with small cells withheld."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import first_day
from zhida.population.errors import SnapshotError
from zhida.rules.declarations import Pack
from zhida.scan.charts import grid
from zhida.scan.loaded import Loaded
from zhida.scan.result import ScanResult
from zhida.scan.totals import REVIEWS, SMALL, WAITING, protected
from zhida.scan.where import Where

Array = NDArray[Any]

LISTS = ("lead", "verify", "review")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "lead": ("lead",),
    "verify": ("verify",),
    "review": REVIEWS,
    "near": ("near",),
    "receives": ("receives",),
    "waits": WAITING,
    "possible": ("possible",),
    **{kind: (kind,) for kind in (*REVIEWS, *WAITING)},
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A count with sums in fen; all None where the count is withheld: ``small``, or because it would tell
    a small one."""

    count: int | None
    lo: int | None
    hi: int | None
    award: int | None
    small: bool = False

    @classmethod
    def of(cls, sums: Array, hidden: bool = False) -> Shown:
        """From measures of a cell; a small count is always withheld."""
        small = 0 < int(sums[0]) < SMALL
        if hidden or small:
            return cls(None, None, None, None, small)
        count, lo, hi, award = (int(x) for x in sums)
        return cls(count, lo, hi, award)


Cells = Mapping[str, Shown]


@dataclass(frozen=True, slots=True)
class Line:
    """A benefit or a county. ``period`` None: no money is paid."""

    id: str
    name: str
    cells: Cells
    unit: str = ""
    kind: str = ""
    automatic: bool = False
    period: str | None = None
    registered: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """``sums`` over all; sums of money there are of benefits paid by the month only."""

    sums: Cells
    benefits: Sequence[Line]
    others: Sequence[Line]
    counties: Sequence[Line]
    ages: Sequence[Cells]


def columns_of(table: Mapping[str, Array], whole: str = "", parts: Sequence[str] = ()) -> list[Cells]:
    """``table[name][row, measure]`` → what is shown of each row. The sum of a column is known; so is, where
    the column ``whole`` stands beside its ``parts``, the sum of these in a row."""
    counts = {name: [int(n) for n in sums[:, 0]] for name, sums in table.items()}
    hidden = {name: protected(column) for name, column in counts.items()}
    rows = range(len(next(iter(counts.values()))))
    changed = bool(parts)
    while changed:
        changed = False
        for i in rows:
            if sum(hidden[name][i] for name in (whole, *parts)) == 1:
                rest = [p for p in parts if not hidden[p][i] and counts[p][i]] or [whole]
                name = min(rest, key=lambda p: counts[p][i])
                hidden[name][i] = changed = True
                hidden[name] = protected(counts[name], hidden[name])
    return [{name: Shown.of(sums[i], hidden[name][i]) for name, sums in table.items()} for i in rows]


def figures_of(result: ScanResult) -> Figures:
    loaded, totals = result.loaded, result.totals
    pack = loaded.pack
    periods = {b: period_of(loaded, b) for b in totals.benefits}
    by = {
        axis: {name: totals.sums(*kinds, by=axis) for name, kinds in GROUPS.items()}
        for axis in ("benefit", "county", "band")
    }
    lines = []
    for b, cells in zip(totals.benefits, columns_of(by["benefit"], "review", REVIEWS), strict=True):
        benefit = pack.benefits[b]
        unit = pack.units[benefit.unit].name
        lines.append(Line(b, benefit.name, cells, unit, benefit.kind, benefit.automatic, periods[b]))
    counties = [
        Line(code, county_name(pack, code), cells, registered=int(totals.registered[i]))
        for i, (code, cells) in enumerate(zip(totals.counties, columns_of(by["county"]), strict=True))
        if totals.registered[i] or any(sums[i, 0] for sums in by["county"].values())
    ]
    monthly = [periods[b] == "month" for b in totals.benefits]
    automatic = [pack.benefits[b].automatic for b in totals.benefits]
    sums = {name: _summed(by["benefit"][name], monthly) for name in GROUPS}
    paid = [m for m, a in zip(monthly, automatic, strict=True) if a]
    sums["automatic"] = _summed(by["benefit"]["lead"][automatic], paid)
    return Figures(
        sums,
        [line for line in lines if line.kind == "standing"],
        [line for line in lines if line.kind != "standing"],
        counties,
        columns_of(by["band"]),
    )


def _summed(rows: Array, monthly: Sequence[bool]) -> Shown:
    paid = rows[np.array(monthly, bool)].sum(axis=0)
    return Shown.of(np.concatenate([rows[:, :1].sum(axis=0), paid[1:]]))


def period_of(loaded: Loaded, benefit: str) -> str | None:
    amounts = loaded.pack.benefits[benefit].amounts
    if loaded.program.benefits[benefit].full.amount is None or not amounts:
        return None
    return amounts[-1].period


def county_name(pack: Pack, code: str) -> str:
    return pack.divisions[code].name if code else ""


def short(name: str) -> str:
    """Without its ending, where two characters are left."""
    return name[:-1] if len(name) > 2 and name[-1] in "区县市" else name


def wan(fen: int) -> str:
    """Money for a reader: 元, 万元 or 亿元."""
    yuan = fen / 100
    for size, word in ((1e8, "亿元"), (1e4, "万元")):
        if abs(yuan) >= size:
            value = yuan / size
            return f"{value:,.2f} {word}" if abs(value) < 100 else f"{value:,.0f} {word}"
    return f"{yuan:,.0f} 元"


def positions(pack: Pack, codes: Sequence[str]) -> list[tuple[int, int]]:
    """Row and column of each county on the map of tiles: from ``city/tiles.csv`` of the pack (code, row,
    column), else a plain square. Raises SnapshotError where the file can't be used."""
    path = pack.path / "city" / "tiles.csv"
    if not path.exists():
        return grid(len(codes))
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            told = {r["code"]: (int(r["row"]), int(r["column"])) for r in csv.DictReader(lines)}
    except (OSError, KeyError, ValueError, TypeError) as error:
        says = f"{path} is no table of tiles ({error}). Give it columns code, row and column."
        raise SnapshotError(says) from error
    found = [told.get(code) for code in codes]
    if any(p is None or min(p) < 0 or max(p) > 100 for p in found) or len(set(found)) < len(found):
        return grid(len(codes))
    return [p for p in found if p is not None]


@dataclass(frozen=True, slots=True)
class RegisterState:
    """As the report shows it. ``unread``: rows that wait to be mended and can't be told whose they are."""

    name: str
    department: str
    as_of: str
    complete: str
    unknown: str
    unread: str


def register_states(loaded: Loaded) -> list[RegisterState]:
    """What each register of the pack can tell in this snapshot."""
    manifest, pack = loaded.snapshot.manifest, loaded.pack
    on = first_day(loaded.month)
    counties = [c for c in loaded.once(Where.of).counties if c]
    found = []
    for id, register in pack.registers.items():
        if register.access != "register":
            complete = "须家庭授权，扫描不读" if register.access == "authorisation" else "由家庭申报"
            found.append(RegisterState(register.name, register.department, "—", complete, "—", "—"))
            continue
        record = manifest["registers"].get(id)
        if record is None:
            found.append(RegisterState(register.name, register.department, "—", "没有交来", "—", "—"))
            continue
        codes = {str(c) for c in record["complete"]}
        whole = [c for c in counties if codes & set(pack.divisions.ancestors(c, on))]
        missing = [county_name(pack, c) for c in counties if c not in whole]
        if date.fromisoformat(str(record["as_of"])) < on:
            complete = "截至日早于本月，一概当作不知道"
        elif not missing:
            complete = "全部区县"
        elif not whole:
            complete = "都不完整"
        else:
            complete = f"除 {'、'.join(missing)} 外" if len(missing) <= 4 else f"只有 {len(whole)} 个区县"
        as_of, unknown = str(record["as_of"]), _unknown(loaded, id)
        unread = f"{sum(sum(rows.values()) for rows in record.get('unread', {}).values()):,}"
        found.append(RegisterState(register.name, register.department, as_of, complete, unknown, unread))
    return found


def _unknown(loaded: Loaded, register: str) -> str:
    """Share of cells of its fields that say unknown."""
    fields = loaded.snapshot.manifest["fields"]
    states = [fields[f]["states"] for f in fields if loaded.pack.fields[f].register == register]
    cells = sum(sum(s.values()) for s in states)
    if not cells:
        return "—"
    share = sum(s["unknown"] for s in states) / cells
    return f"{share * 100:.2f}%"
