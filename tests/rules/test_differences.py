"""Two packs compared: values as they are looked up, everything else as it is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from rules import small_pack
from zhida.codes.months import format_month
from zhida.rules.checks.difference_words import as_json, words
from zhida.rules.checks.differences import Differences, differences
from zhida.rules.declarations import Pack
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.parameters import Lookup
from zhida.rules.reforms.reform import apply, parse_set


def compared(folder: Path, name: str, old: str, new: str) -> Differences:
    before = small_pack.load(folder / "a")
    return differences(before, small_pack.load(folder / "b", small_pack.changed(name, old, new)))


def test_a_pack_does_not_differ_from_itself(tmp_path: Path) -> None:
    found = differences(small_pack.load(tmp_path / "a"), small_pack.load(tmp_path / "b"))
    assert not found
    assert words(found)[-1] == "没有差别。" and as_json(found)["same"]


def test_comments_and_lines_are_no_difference(tmp_path: Path) -> None:
    moved = {"benefits/basic.yaml": "# 备注\n\n" + small_pack.BASIC}
    assert not differences(small_pack.load(tmp_path / "a"), small_pack.load(tmp_path / "b", moved))


def by_hand(
    old: Pack, new: Pack, parameter: str, place: str, months: range
) -> dict[str, tuple[object, object]]:
    a, b = Lookup(old), Lookup(new)
    found = {}
    for m in months:
        pair = (a.resolve(parameter, m, place).values, b.resolve(parameter, m, place).values)
        if pair[0] != pair[1]:
            found[format_month(m)] = pair
    return found


def test_every_month_and_place_that_differs_is_covered_and_no_other() -> None:
    """Against plain look-up, month by month, at each division of the teaching pack."""
    old = load_pack(find_pack("taoyuan"))
    new = apply(old, parse_set("救济标准@999901=777"))
    found = differences(old, new)
    codes = [d.code for d in old.divisions]
    months = range(2019 * 12, 2026 * 12)
    for code in codes:
        told = {}
        for m in months:
            # the nearest place named above (or at) the code tells
            at: str = code
            while at:
                mine = [
                    c
                    for c in found.values
                    if at in c.places and c.first <= m and (c.until is None or m < c.until)
                ]
                if mine:
                    (one,) = mine
                    if one.before != one.after:
                        told[format_month(m)] = (one.before, one.after)
                    break
                division = old.divisions.get(at)
                at = division.parent if division is not None else ""
        assert told == by_hand(old, new, "relief_standard", code, months), code


def test_a_place_that_keeps_its_value_is_named() -> None:
    old = load_pack(find_pack("taoyuan"))
    lines = words(differences(old, apply(old, parse_set("存款月数=24"))))
    assert any("存款月数 12 → 24 月，桃源县全境" in line for line in lines)
    kept = words(
        differences(apply(old, parse_set("存款月数@999901=24")), apply(old, parse_set("存款月数=24")))
    )
    assert any("存款月数 12 → 24 月，桃源县全境" in line for line in kept)
    assert any("存款月数 24 不变，桃花乡" in line for line in kept), kept


def test_a_value_is_told_with_date_place_and_benefits(tmp_path: Path) -> None:
    found = compared(tmp_path, "parameters/a.yaml", "value: 700", "value: 750")
    (change,) = found.values
    assert (change.before, change.after) == ((70000,), (75000,))
    lines = words(found)
    assert "1 个参数、1 个参数值不同；涉及：基本补贴、护理补贴" in lines
    assert any("标准 700 → 750 元/月，小市全境（2020年3月15日施行）" in line for line in lines), lines
    assert "2020年4月起：" in lines


def test_conditions_formulas_and_benefits(tmp_path: Path) -> None:
    found = compared(tmp_path / "1", "benefits/basic.yaml", '"家庭收入 < 标准"', '"家庭收入 <= 标准"')
    lines = words(found)
    assert "  改动 基本补贴 收入低于标准（income）" in lines
    assert "    公式：家庭收入 < 标准 → 家庭收入 <= 标准" in lines
    found = compared(
        tmp_path / "2",
        "variables/a.yaml",
        "until: 2020-01, formula: 家庭收入 <",
        "until: 2020-01, formula: 家庭收入 >",
    )
    assert any("变量：" in line for line in words(found))
    assert any(line.endswith("涉及：基本补贴、护理补贴") for line in words(found)), words(found)
    before = small_pack.load(tmp_path / "3")
    gone = {"benefits/care.yaml": None, "groups.yaml": None}
    (tmp_path / "4").mkdir()
    found = differences(before, small_pack.load(tmp_path / "4", gone))
    assert "  删去 护理补贴（care）" in words(found)


def test_bounds_are_told_in_their_unit(tmp_path: Path) -> None:
    found = compared(tmp_path, "fields/a.yaml", "min: 0, max: 100000", "min: 0, max: 90000")
    assert any("上限：100,000 → 90,000" in line for line in words(found)), words(found)


def test_another_source_of_the_same_value(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        "parameters/a.yaml",
        "value: 700, ends_below: true, source: L1,",
        "value: 700, ends_below: true, source: W1,",
    )
    assert not found.values
    assert any("1 条记录换成 1 条，各月各地的数值不变" in line for line in words(found)), words(found)


def test_a_notice_for_the_whole_city_is_one_line(tmp_path: Path) -> None:
    """The pack as it was before the last notice, against the pack as it is."""
    now = load_pack(find_pack("zhejiang"))
    shutil.copytree(now.path, tmp_path / "before")
    file = tmp_path / "before" / "parameters" / "standards.yaml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "2025-01-23" in line and "value: 1301" in line)
    kept = [*lines[:at], *lines[at + (1 if "}" in lines[at] else 2) :]]
    file.write_text("".join(kept), encoding="utf-8")
    found = words(differences(load_pack(tmp_path / "before"), now))
    assert "2025年2月起：" in found
    line = "  低保标准 1,259 → 1,301 元/人·月，杭州市全境（2025年1月23日施行）"
    assert line in found
    assert found[2].startswith("1 个参数、1 个参数值不同；涉及：") and "最低生活保障" in found[2]
