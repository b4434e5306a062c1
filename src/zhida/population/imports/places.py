"""Division codes of a department's row, as of the day of its file."""

from __future__ import annotations

from datetime import date

from zhida.codes.divisions import LENGTHS, Division, DivisionTree, level_of
from zhida.codes.resident_id import Region, region_of
from zhida.population.imports import odd
from zhida.population.imports.reasons import Reason
from zhida.rules.declarations import Pack

_WRITTEN = (6, 9, 12)
_VILLAGE = 5


def read(text: str, pack: Pack, on: date) -> str | tuple[Reason, str]:
    """12 digits, or (reason, suggestion). Outside the pack's territory only a province must begin so."""
    code = odd.plain(text)
    if len(code) not in _WRITTEN or not (code.isascii() and code.isdigit()) or code.startswith("00"):
        return Reason.DIVISION_FORM, ""
    full = code.ljust(12, "0")
    tree = pack.divisions
    division = tree.get(full)
    if division is not None:
        return full if division.in_force(on) else _not_in_force(division, tree, on)
    root = pack.root[: LENGTHS[level_of(pack.root) - 1]]
    if not full.startswith(root):
        outside = region_of(full[:6], on, None) is Region.UNKNOWN
        return full if outside else (Reason.DIVISION_UNKNOWN, "")
    if level_of(full) == _VILLAGE:
        town = tree.get(full[:9])
        # A table that stops at towns says nothing against a village.
        if town is not None and not tree.descendants(town.code):
            return full if town.in_force(on) else _not_in_force(town, tree, on)
    return Reason.DIVISION_UNKNOWN, ""


def _not_in_force(division: Division, tree: DivisionTree, on: date) -> tuple[Reason, str]:
    now = [f"{tree[c].name}（{c}）" for c in tree.current(division.code, on)]
    if division.start is not None and on < division.start:
        return Reason.DIVISION_LATER, f"当日为{'、'.join(now[:4])}" if now else ""
    return Reason.DIVISION_ENDED, f"现为{'、'.join(now[:4])}" if now else ""
