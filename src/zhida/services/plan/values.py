"""What a cell of a table gives: a figure, nothing, or something that is not understood."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from zhida.services.plan.flow import flow
from zhida.services.plan.model import Figure
from zhida.services.plan.quantities import quantities

NOTHING = re.compile(
    r"[-—–－―─~～*＊×/／\\…·.。_＿\s]*|[（(]?(?:空|无|暂无|不适用|[Nn]/?[Aa]|缺|待定|未定|另行公布)[)）]?"
)
"""What stands where no value is given."""
CUMULATIVE = re.compile(r"[\[［〔【](.+)[\]］〕】]")
"""Brackets around a value mark it as a sum over the period."""
MINUS = re.compile(r"[-−－–](?=\d)")
_FILLER = re.compile(r"达到|达|为|增长|增加|提高|左右|每年|年均|累计|\+|＋")


@dataclass(frozen=True, slots=True)
class Given:
    """A figure with the unit that stands in its cell, if any."""

    figure: Figure
    unit: str | None


def is_nothing(text: str) -> bool:
    """True of ``--``, ``—``, ``*``, 空, an empty cell: no value is given, which is not zero."""
    return NOTHING.fullmatch(text.strip()) is not None


def given(text: str) -> Given | None:
    """The figure of a cell that holds nothing else; None where it is not understood.

    ``text`` is a cell for which ``is_nothing`` is false.
    """
    inner = CUMULATIVE.fullmatch(text.strip())
    content = flow(inner[1] if inner else text).text
    sign = MINUS.match(content)
    content = content[sign.end() :] if sign else content
    found = quantities(content)
    if len(found) != 1:
        return None
    one = found[0]
    rest = content[: one.start] + content[one.end :]
    if one.spelt or (rest and not _FILLER.fullmatch(rest)):
        return None
    if sign:
        f = one.figure
        minus = replace(f, raw=f"{sign.group()}{f.raw}", low=-f.high, high=-f.low)
        return Given(minus, one.unit) if f.comparison == "=" else None
    return Given(one.figure, one.unit)


def scaled(found: Given, unit: str | None) -> Figure | None:
    """The figure in ``unit``; None where the cell's own unit means something else.

    万 and 亿 in the cell multiply where the unit has none: 1.5万 under 人 is 15000, raw ``1.5万``.
    """
    own = found.unit
    if own is None or own == unit:
        return found.figure
    for word, factor in (("万亿", 10**12), ("亿", 10**8), ("万", 10**4)):
        if own.startswith(word) and own.removeprefix(word) in ("", unit or ""):
            f = found.figure
            return replace(f, raw=f.raw + word, low=f.low * factor, high=f.high * factor)
    if unit is not None and (unit.startswith(own) or unit.endswith(own)):
        return found.figure
    return None
