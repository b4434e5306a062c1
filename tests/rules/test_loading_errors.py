"""Each mistake of a pack: named with its place, all at once, and never let through."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rules.small_pack import FILES, changed, load, write
from zhida.rules.declarations import At
from zhida.rules.loading import bundled_packs, find_pack, load_pack
from zhida.rules.problems import MOST, PackError, Problem, Problems, one_of


def refused(folder: Path, changes: Mapping[str, str | bytes | None]) -> PackError:
    with pytest.raises(PackError) as caught:
        load(folder, changes)
    return caught.value


# file, text to replace, replacement, what must be said
MISTAKES = [
    # pack.yaml
    ("pack.yaml", "id: small", "id: Small", "pack.yaml:1:5: not an id «Small»"),
    ("pack.yaml", 'root: "990000000000"', 'root: "110000000000"', "the root is not in divisions.csv"),
    ("pack.yaml", "2025-12-31", "2025-02-30", "pack.yaml:4:19: not a date «2025-02-30»"),
    ("pack.yaml", "2025-12-31", "0001-01-01", "a year that can't be meant"),
    ("pack.yaml", "day: last", "day: late", "unknown word «late»; expected perhaps «last»"),
    (
        "pack.yaml",
        "{id: person, name: 个人}",
        "{id: person, name: 个人, members: 他}",
        "person has no members",
    ),
    ("pack.yaml", ", members: 成员", "", "a unit without members «household»"),
    ("pack.yaml", "{id: person, name: 个人}", "{id: man, name: 个人, members: 各人}", "no unit for persons"),
    ("pack.yaml", "name: 家庭,", "name: 成员,", "the name of this word for members is taken by a unit"),
    (
        "pack.yaml",
        "access: register}\n  - {id: awards",
        "access: free}\n  - {id: awards",
        "unknown word «free»",
    ),
    ("pack.yaml", "id: awards", "id: hukou", "a register twice «hukou»"),
    ("pack.yaml", "{id: half, name: 半失能}", "{id: half, name: 失能}", "a choice twice «失能»"),
    ("pack.yaml", "name: 父", "name: 出生日期", "the name of this field is taken by a link (pack.yaml:10"),
    ("pack.yaml", "links:", "link:", "unknown key «link»; expected perhaps «links»"),
    (
        "pack.yaml",
        "name: 父}",
        "name: 父, register: hukuo}",
        "pack.yaml:10:41: unknown register «hukuo»; expected perhaps «hukou»",
    ),
    (
        "pack.yaml",
        "name: 父}",
        "name: 父, registers: hukou}",
        "unknown key «registers»; expected perhaps «register»",
    ),
    (
        "pack.yaml",
        "[father]",
        "[fathers]",
        "pack.yaml:11:46: unknown link «fathers»; expected perhaps «father»",
    ),
    ("pack.yaml", "[father]", "[father, father]", "pack.yaml:11:54: a link twice «father»; expected each"),
    ("pack.yaml", "[father]", "father", "where a list should be"),
    (
        "pack.yaml",
        ", followed_by: [father]",
        "",
        "pack.yaml:11:7: kin over no links «{…}»; expected `follows: […]`, `followed_by: […]` or both",
    ),
    ("pack.yaml", "followed_by: [father]", "follows: []", "pack.yaml:11:7: kin over no links"),
    ("pack.yaml", "followed_by: [father]", "follows: [father]", None),
    (
        "pack.yaml",
        "[father], register: hukou",
        "[father], register: awardz",
        "pack.yaml:11:65: unknown register «awardz»; expected perhaps «awards»",
    ),
    ("pack.yaml", "[father], register: hukou", "[father]", None),
    ("pack.yaml", "followed_by", "followd_by", "unknown key «followd_by»; expected perhaps «followed_by»"),
    ("pack.yaml", "id: children", "id: father", "the name of this kin is taken by a link (pack.yaml:10)"),
    ("pack.yaml", "name: 子女", "name: 成员", "the name of this kin is taken by a word for members"),
    ("fields/a.yaml", "name: 工资", "name: 子女", "the name of this field is taken by a kin (pack.yaml:11)"),
    ("pack.yaml", "name: 子女", "name: 子 女", "not a name for formulas «子 女»"),
    ("pack.yaml", "id: awards", "id: award", "the pack has no register for awards «basic»"),
    ("pack.yaml", "age_on: {day: last, evidence: ASSUMED, note: 未写明}", "age_on: {day: last}", "no source"),
    # sources.yaml
    ("sources.yaml", "evidence: WEAK", "evidence: UNSOURCED", "unknown word of evidence «UNSOURCED»"),
    ("sources.yaml", "id: W1", "id: L1", "a source twice «L1»"),
    ("sources.yaml", "id: W1", "id: 1W", "not the id of a source"),
    # names
    ("fields/a.yaml", "name: 工资", "name: sum", "a word of the formula language «sum»"),
    ("fields/a.yaml", "id: wage", "id: if", "a word of the formula language «if»"),
    ("fields/a.yaml", "name: 工资", "name: __import__", "not a name for formulas"),
    ("fields/a.yaml", "name: 工资", "name: 工 资", "not a name for formulas"),
    ("fields/a.yaml", "name: 工资", "name: Ａ工资", "a name that Unicode (NFKC) writes otherwise"),
    ("fields/a.yaml", "name: 工资", "name: 标准", "the name of this parameter is taken by a field"),
    ("fields/a.yaml", "name: 工资", "name: 已享基本补贴", "is taken by a field"),
    ("fields/a.yaml", "id: wage", "id: income", "the name of this variable is taken by a field"),
    ("fields/a.yaml", "id: wage", "id: household_key", "an id that the engine uses itself"),
    ("fields/a.yaml", "id: wage", "id: wage__hi", "an id that the engine uses itself"),
    ("fields/a.yaml", "id: wage", "id: " + "a" * 65, "not an id"),
    # fields
    ("fields/a.yaml", "unit: person, type: money", "unit: man, type: money", "unknown unit «man»"),
    ("fields/a.yaml", "type: money", "type: mony", "unknown word «mony»; expected perhaps «money»"),
    (
        "fields/a.yaml",
        "enum: level",
        "enum: levels",
        "unknown enumeration «levels»; expected perhaps «level»",
    ),
    ("fields/a.yaml", "enum: level, ", "", "an enum without enum «care_level»"),
    ("fields/a.yaml", "type: money,", "type: money, enum: level,", "a money has no enumeration"),
    ("fields/a.yaml", "type: money,", "type: money, places: 2,", "a money has no places"),
    ("fields/a.yaml", "type: money,", "type: decimal,", "a decimal without places «wage»"),
    ("fields/a.yaml", "max: 100000,", "max: -1,", "max is below min"),
    ("fields/a.yaml", "max: 100000,", "", "a money without max «wage»"),
    ("fields/a.yaml", "empty: 0", "empty: -1", "the empty value is outside min and max"),
    ("fields/a.yaml", "empty: 无", "empty: 没有", "not a choice of level «没有»"),
    ("fields/a.yaml", "max: 100000,", "max: 1e5,", "not such a number «1e5»"),
    ("fields/a.yaml", "max: 100000,", "max: 9" + "9" * 400 + ",", "not such a number"),
    ("fields/a.yaml", "max: 100000,", "max: 0x10,", "not such a number"),
    ("parameters/a.yaml", "places: 1, min: 1, max: 3", "places: 4, min: 1, max: 9999999999999", "too large"),
    ("fields/a.yaml", "cost: 2", "cost: 0", "out of bounds «0»; expected a whole number from 1 to 9"),
    ("fields/a.yaml", "interval: true", "interval: yes", "neither true nor false «yes»"),
    ("fields/a.yaml", "empty: 无, register: hukou", "empty: 无", None),
    ("fields/a.yaml", "empty: 0, register: hukou", "empty: 0, register: tax", "unknown register «tax»"),
    # parameters
    ("parameters/a.yaml", 'place: "9901"', 'place: "9902"', "unknown division «9902»"),
    ("parameters/a.yaml", 'place: "9901"', 'place: "99011"', "not a division code «99011»"),
    ("parameters/a.yaml", '["990101"]', '["990101", "990101"]', "a place twice"),
    ("parameters/a.yaml", '["990101"]', "[]", "no place"),
    (
        "parameters/a.yaml",
        '["990101"]',
        '["990104"]',
        "the division does not exist while the value is in force",
    ),
    ("parameters/a.yaml", "until: 2018-01-01", "until: 2016-01-01", "ends before it begins «2016-01-01»"),
    ("parameters/a.yaml", "value: 700", "value: 5001", "outside min and max of the parameter «5001»"),
    ("parameters/a.yaml", "value: 700", "value: 7.001", "not such a number «7.001»"),
    ("parameters/a.yaml", "value: 700", "value: {a: 1}", "a map stands where yuan"),
    (
        "parameters/a.yaml",
        'place: "9901", from: 2020-03-15',
        'place: "99", from: 2015-07-01',
        "on 2015-07-01",
    ),
    ("parameters/a.yaml", 'place: "9901", from', 'place: "990101", from', None),
    (
        "parameters/a.yaml",
        'place: "9901", from: 2020-03-15',
        'place: "990101", from: 2017-12-31',
        "on 2017-12-31",
    ),
    ("parameters/a.yaml", "ends_below: true", "first_month: 2014-01", None),
    (
        "parameters/a.yaml",
        "until: 2018-01-01",
        "first_month: 2018-01, until: 2018-01-01",
        "lies after `until`",
    ),
    (
        "parameters/a.yaml",
        "ends_below: true",
        "announced: 2020-02-01, superseded_on: 2020-01-01",
        "superseded before",
    ),
    ("parameters/a.yaml", "{无: 0, half: 200, 失能: 400}", "{无: 0, 失能: 400}", "the table is not complete"),
    (
        "parameters/a.yaml",
        "{无: 0, half: 200, 失能: 400}",
        "{无: 0, none: 1, half: 200, 失能: 4}",
        "a choice twice",
    ),
    ("parameters/a.yaml", "{无: 0, half: 200, 失能: 400}", "300", "one value for a whole table"),
    ("parameters/a.yaml", "half: 200", "helf: 200", "not a choice of level «helf»; expected perhaps «half»"),
    ("parameters/a.yaml", "table: level", "table: levels", "unknown enumeration «levels»"),
    ("parameters/a.yaml", "places: 1", "places: 5", "out of bounds «5»"),
    ("parameters/a.yaml", "type: decimal, places: 1", "type: date", "unknown word «date»"),
    ("parameters/a.yaml", "value: 700,", "", "missing key «value»"),
    # citations
    ("parameters/a.yaml", "source: W1", "source: W2", "unknown source «W2»; expected one of L1, W1"),
    (
        "parameters/a.yaml",
        "source: W1",
        "source: W1, evidence: GOV",
        "stronger evidence than its source (WEAK)",
    ),
    ("parameters/a.yaml", "source: W1", "source: W1, evidence: ASSUMED", None),
    ("parameters/a.yaml", "evidence: ASSUMED, note: 例", "evidence: LAW, note: 例", "needs a source «LAW»"),
    (
        "parameters/a.yaml",
        "evidence: ASSUMED, note: 例",
        "evidence: ASSUMED",
        "an assumption without a reason",
    ),
    ("parameters/a.yaml", "source: W1", "article: 一", "no source"),
    # variables
    (
        "variables/a.yaml",
        "  formula: sum(m.工资 for m in 成员)\n",
        "",
        "not one of formula and formulas «income»",
    ),
    ("variables/a.yaml", "until: 2020-01, ", "until: 2020-02, ", "two formulas of poor in the same month"),
    ("variables/a.yaml", "until: 2020-01, ", "", "two formulas of poor in the same month"),
    ("variables/a.yaml", "- from: 2020-01", "- from: 2020-13", "not a month «2020-13»"),
    ("variables/a.yaml", "sum(m.工资 for m in 成员)", "''", "an empty formula"),
    ("variables/a.yaml", "sum(m.工资 for m in 成员)", "1" + "+1" * 2000, "a formula too long"),
    ("variables/a.yaml", "type: bool", "type: ratio", "unknown word «ratio»"),
    # benefits
    ("benefits/basic.yaml", "id: basic", "id: base", "the id differs from the name of the file «base»"),
    ("benefits/basic.yaml", "kind: standing", "kind: standin", "perhaps «standing»"),
    ("benefits/basic.yaml", "award: true\n", "", "missing key «award»"),
    (
        "benefits/basic.yaml",
        "exists: {from: 2015-07}",
        "exists: {from: 2015-07, until: 2015-07}",
        "ends before it",
    ),
    ("benefits/basic.yaml", "id: poor, says", "id: income, says", "two formulas of basic.income"),
    ("benefits/basic.yaml", "id: poor, says", "id: applies, says", "an id with a meaning of its own"),
    (
        "benefits/basic.yaml",
        "near: 100元",
        "near: 100",
        "a distance beside amounts of money without its unit",
    ),
    ("benefits/basic.yaml", "near: 100元", "near: about", "not a distance «about»"),
    ("benefits/basic.yaml", "to: 1,", "to: 0.5,", "unknown word «0.5»"),
    ("benefits/basic.yaml", "direction: up", "direction: half", "perhaps «half_up»"),
    ("benefits/basic.yaml", "period: month", "period: week", "unknown word «week»"),
    ("benefits/basic.yaml", "every_months: 12", "every_months: 0", "out of bounds «0»"),
    ("benefits/basic.yaml", "clear_change: 50", "clear_change: -50", "a negative change"),
    ("benefits/basic.yaml", "documents: [身份证]", "documents: 身份证", "where a list should be"),
    ("benefits/basic.yaml", "  source: L1\nreview", "review", "no source"),
    (
        "benefits/care.yaml",
        "benefit: basic",
        "benefit: basics",
        "unknown benefit «basics»; expected perhaps «basic»",
    ),
    ("benefits/care.yaml", "benefit: basic", "benefit: care", "a benefit that excludes itself"),
    ("benefits/care.yaml", "from: 2020-01, ", "from: 2019-12, ", "two formulas of the amount of care"),
    (
        "benefits/care.yaml",
        "unit: household",
        "unit: person\ncovers: m",
        "a benefit of persons covers the person",
    ),
    ("benefits/care.yaml", "amounts:\n", "amount: {}\namounts:\n", "amount and amounts"),
    (
        "benefits/care.yaml",
        "unit: household",
        "unit: person",
        "benefits of different units (household, person)",
    ),
    # groups
    (
        "groups.yaml",
        "benefits: [basic, care], source",
        "benefits: [basic], source",
        "a group of fewer than two",
    ),
    ("groups.yaml", "benefits: [basic, care], source", "benefits: [basic, basic], source", "a benefit twice"),
    ("groups.yaml", "benefits: [basic, care], source", "benefits: [basic, carer], source", "perhaps «care»"),
    ("groups.yaml", "field: wish", "field: wage", "a choice told by a field of type money"),
    ("groups.yaml", "field: wish", "field: wisch", "unknown field «wisch»; expected perhaps «wish»"),
    ("groups.yaml", "field: wish", "field: care_level", "level has no choice for this benefit"),
    ("groups.yaml", "id: c,", "id: g,", "a group twice"),
    # divisions.csv
    ("divisions.csv", "甲县,990100000000", "甲县,990900000000", "divisions.csv:4:1: parent 990900000000"),
    ("divisions.csv", "990101000000,甲县", "990101000,甲县", "write 12 digits"),
    # YAML
    ("groups.yaml", "id: g,", "id: &a g,", "groups.yaml:1:15: an anchor «&a»"),
    ("groups.yaml", "id: g,", "id: *a,", "an alias «*a»"),
    ("groups.yaml", "id: g,", "id: !!str g,", "a tag «tag:yaml.org,2002:str»"),
    ("groups.yaml", "id: g,", "<<: {id: g},", "a merge key"),
    ("groups.yaml", "id: g,", "id: g, id: g,", "a key twice in one map «id»"),
    ("groups.yaml", "id: g,", "? [a] : g,", "a key that is no text"),
    ("groups.yaml", "id: g,", "id: [g,", "groups.yaml:1:"),
    ("groups.yaml", "name: 只领高的", "name: 只领, 高的", "expected quotes round a text that holds a comma"),
    ("groups.yaml", "name: 只领高的", 'name: "a\\0b"', "a control or invisible character"),
    ("groups.yaml", "name: 只领高的", "name: 只\u202e领", "a control or invisible character «U+202E»"),
    ("groups.yaml", "name: 只领高的", "name: 只\u200b领", "a control or invisible character «U+200B»"),
    ("groups.yaml", "name: 只领高的", "name: \x00", "a control or invisible character «U+0000»"),
    ("groups.yaml", "choices:", "---\nchoices:", "a second document"),
    ("groups.yaml", "name: 只领高的", "name: ~", "nothing stands where a name should be"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"), MISTAKES, ids=[f"{m[0]} {m[2][:24]!r}" for m in MISTAKES]
)
def test_mistake(tmp_path: Path, file: str, old: str, new: str, says: str | None) -> None:
    if says is None:
        load(tmp_path, changed(file, old, new))
        return
    error = refused(tmp_path, changed(file, old, new))
    assert says in str(error)
    # One mistake makes a few problems at most, not an avalanche.
    assert len(error.problems) <= 6, str(error)


def test_an_unknown_link_of_kin_is_one_problem(tmp_path: Path) -> None:
    error = refused(tmp_path, changed("pack.yaml", "[father]", "[fathers]"))
    assert [str(p) for p in error.problems] == [
        "pack.yaml:11:46: unknown link «fathers»; expected perhaps «father»"
    ]


def test_all_mistakes_at_once_in_order(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        {
            **changed("fields/a.yaml", "cost: 2", "cost: 0"),
            **changed("groups.yaml", "field: wish", "field: wisch"),
            **changed("parameters/a.yaml", "value: 700", "value: x"),
            "sources.yaml": FILES["sources.yaml"] + "- {id: L3, titel: a, title: b, evidence: LAW}\n",
        },
    )
    where = [(p.file, p.line, p.column) for p in error.problems]
    assert where == [
        ("fields/a.yaml", 4, 33),
        ("groups.yaml", 2, 63),
        ("parameters/a.yaml", 10, 48),
        ("sources.yaml", 3, 12),
    ]
    assert str(error).splitlines()[3] == (
        "sources.yaml:3:12: unknown key «titel»; expected one of issuer, number, where"
    )


def test_missing_files(tmp_path: Path) -> None:
    for name in ("pack.yaml", "sources.yaml", "divisions.csv"):
        assert f"{name}: missing from the pack" in str(refused(tmp_path / name, {name: None}))
    load(tmp_path / "none", {"groups.yaml": None, "benefits/care.yaml": FILES["benefits/care.yaml"]})
    with pytest.raises(PackError, match="can't be listed"):
        load_pack(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("param/a.yaml", "not a file or folder of a pack «param»; expected one of "),
        ("source.yaml", "not a file or folder of a pack «source.yaml»"),
        ("fields/b.yml", "fields/b.yml: this is no file of a pack"),
        ("fields/more/b.yaml", "fields/more: this is no file of a pack"),
    ],
)
def test_misspelt_files_are_not_passed_over(tmp_path: Path, name: str, says: str) -> None:
    assert says in str(refused(tmp_path, {name: "[]"}))


def test_links_out_of_the_pack_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("[]", encoding="utf-8")
    pack = write(tmp_path / "pack")
    (pack / "fields" / "b.yaml").symlink_to(outside)
    (pack / "variables" / "loop.yaml").symlink_to(pack / "variables" / "loop.yaml")
    (pack / "cases").symlink_to(pack)
    with pytest.raises(PackError) as caught:
        load_pack(pack)
    assert [(p.file, p.says) for p in caught.value.problems] == [
        ("cases", "a symbolic link"),
        ("fields/b.yaml", "a symbolic link"),
        ("variables/loop.yaml", "a symbolic link"),
    ]


def test_too_large_too_deep_too_many(tmp_path: Path) -> None:
    cases = {
        "the file is too long": "#" + "x" * (2 * 1024 * 1024),
        "nested too deep": "[" * 50 + "]" * 50,
        "too many values": "[" + "0," * 100_001 + "]",
    }
    for number, (says, text) in enumerate(cases.items()):
        assert says in str(refused(tmp_path / str(number), {"groups.yaml": text}))


def test_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    error = refused(tmp_path, {"groups.yaml": "a: 1\nb: 低保".encode("gbk")})
    assert "groups.yaml:2:1: not UTF-8" in str(error)


def test_problems_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    text = "".join(f"- {{id: L{i}, title: a, evidence: X}}\n" for i in range(MOST + 50))
    error = refused(tmp_path, {"sources.yaml": text})
    assert len(error.problems) == MOST
    assert str(error).endswith(f"… and {error.more} more problems")
    assert error.more >= 50


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("a.yaml", 3, 7, "x", "unknown unit", "perhaps «y»")
    assert str(problem) == "a.yaml:3:7: unknown unit «x»; expected perhaps «y»"
    problems = Problems()
    problems.add(At("a.yaml", 1, 1), "bad", "a\nb\x1b[31m" + "x" * 500)
    (line,) = str(PackError(problems)).splitlines()
    assert "\x1b" not in line
    assert len(line) < 130
    Problems().raise_if_any()


def test_suggestions() -> None:
    assert one_of("wagee", ["wage", "birth"]) == "perhaps «wage»"
    assert one_of("zzz", ["wage", "birth"]) == "one of wage, birth"
    assert one_of("zzz", []) == "none is declared"
    assert one_of("zzz", [f"a{i}" for i in range(30)]).endswith("… (30 in all)")


def test_find_pack(tmp_path: Path) -> None:
    write(tmp_path)
    assert find_pack(tmp_path) == tmp_path
    for id in bundled_packs():
        assert (find_pack(id) / "pack.yaml").is_file()
    for name in ("no-such-pack", "x" * 5000, "a\0b", str(tmp_path / "fields")):
        with pytest.raises(PackError):
            find_pack(name)


CORRECTED = """\
- id: standard
  name: 标准
  type: money
  min: 1
  max: 5000
  values:
    - {place: "99", from: 2015-07-01, value: 500, superseded_on: 2016-02-01, source: L1}
    - {place: "99", from: 2015-07-01, value: 510, known_from: KNOWN, source: L1}
"""
LATER = """\
    - {place: "99", from: 2018-01-15, first_month: 2018-03, value: 600, source: L1}
    - {place: "99", from: 2018-02-20, first_month: MONTH, value: 610, source: L1}
"""


def test_only_a_correction_may_overlap(tmp_path: Path) -> None:
    rest = FILES["parameters/a.yaml"].split("- id: care_rate", 1)[1]
    text = CORRECTED + LATER.replace("MONTH", "2018-04") + "- id: care_rate" + rest
    pack = load(tmp_path / "good", {"parameters/a.yaml": text.replace("KNOWN", "2016-02-01")})
    assert len(pack.parameters["standard"].values) == 4
    error = refused(tmp_path / "bad", {"parameters/a.yaml": text.replace("KNOWN", "2016-01-31")})
    assert "two values of standard at 990000000000 on 2015-07-01 (the other: line 7)" in str(error)


def test_first_months_must_follow_the_order_of_the_acts(tmp_path: Path) -> None:
    rest = FILES["parameters/a.yaml"].split("- id: care_rate", 1)[1]
    text = CORRECTED.replace("KNOWN", "2016-02-01") + LATER + "- id: care_rate" + rest
    for number, month in enumerate(("2018-03", "2018-02")):
        error = refused(tmp_path / str(number), {"parameters/a.yaml": text.replace("MONTH", month)})
        assert "paid no later than one before it (the other: line 9)" in str(error)
