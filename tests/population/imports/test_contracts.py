"""Contracts of the bundled packs load; each mistake in one is told at its place, all of them at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from zhida.population.imports.contract import Type
from zhida.population.imports.contracts import Contracts, load_contracts
from zhida.rules.problems import PackError

HEAD = """\
id: test
name: 测试来源
department: 民政
registers: [{register}]
every: month
sensitivity: personal
purpose: 测试
person: id_number
key: [id_number]
columns:
  - {{id: id_number, name: 身份证号, type: resident_id, required: true}}
"""


def load(contracts: Contracts, folder: Path, text: str, register: str = "disability") -> Contracts:
    (folder / "imports").mkdir()
    (folder / "imports" / "test.yaml").write_text(HEAD.format(register=register) + text, encoding="utf-8")
    return load_contracts(replace(contracts.pack, path=folder))


def test_the_sources_of_the_model_city(contracts: Contracts) -> None:
    assert len(contracts.sources) == 22
    departments = {s.department for s in contracts.sources.values()}
    assert departments >= {"公安", "残联", "医保", "人力社保", "税务", "自然资源", "市场监管", "金融机构"}
    assert contracts.named("户籍人口") is contracts.sources["hukou"]
    assert contracts.named("没有") is None
    filled = {f.field for s in contracts.sources.values() for f in s.fields}
    registers = {f.id for f in contracts.pack.fields.values() if f.register}
    assert filled <= registers
    assert contracts.sources["bank"].authorised_by
    hukou = contracts.sources["hukou"]
    assert hukou.column("birth_date").type is Type.DATE
    assert hukou.column("sex").codes["男"] == "male"


def test_a_pack_without_imports_has_no_sources(contracts: Contracts, tmp_path: Path) -> None:
    assert load_contracts(replace(contracts.pack, path=tmp_path)).sources == {}


MISTAKES = [
    ("  - {id: x, name: 等级, type: code}\nfields: []", 12, "a code without codes"),
    ("  - {id: x, name: 等级, type: money, codes: {甲: a}}\nfields: []", 12, "a money has no codes"),
    ("  - {id: x, name: 等级, type: decimal}\nfields: []", 12, "a decimal without places"),
    ("  - {id: x, name: 等级, type: text, min: 0}\nfields: []", 12, "a text has no bounds"),
    ("  - {id: x, name: 等级, type: int, min: 3, max: 2}\nfields: []", 12, "max is below min"),
    ("  - {id: x, name: 等级, type: text, future: true}\nfields: []", 12, "a text is no day"),
    ("  - {id: x, name: 身份证号, type: text}\nfields: []", 12, "the header of a column twice"),
    (
        "  - {id: x, name: 等级, also: [身份 证号], type: text}\nfields: []",
        12,
        "the header of a column twice",
    ),
    ("  - {id: line, name: 行, type: int}\nfields: []", 12, "an id that staging uses itself"),
    ("  - {id: x, name: 级, type: code, codes: {一级: a, 一　级: b}}\nfields: []", 12, "a code twice"),
    ("fields:\n  - {field: none_such, take: id_number}", 13, "unknown field"),
    ("fields:\n  - {field: disability_grade, take: x}", 13, "unknown column"),
    ("fields:\n  - {field: disability_grade}", 13, "how the field follows is not clear"),
    ("fields:\n  - {field: disability_grade, count: true, any: {}}", 13, "how the field follows"),
    ("fields:\n  - {field: disability_grade, take: id_number}", 13, "does not give a int"),
    ("fields:\n  - {field: wage, count: true}", 13, "`count` gives a int, the field is a money"),
    ("fields:\n  - {field: homes, any: {}}", 13, "`any` gives a bool, the field is a int"),
    ("fields:\n  - {field: employed, any: {none: [a]}}", 13, "unknown column"),
    ("fields:\n  - {field: employed, any: {id_number: empty}}", 13, "a column that is never empty"),
    ("fields:\n  - {field: employed, any: {id_number: [1]}}", 13, "has no list of values"),
    (
        "  - {id: g, name: 级, type: code, codes: {一: '9'}}\n"
        "fields:\n  - {field: disability_grade, take: g}",
        14,
        "what the field disability_grade can't be",
    ),
    (
        "  - {id: g, name: 级, type: code, codes: {一: nothing}}\n"
        "fields:\n  - {field: disability_category, take: g}",
        14,
        "what the field disability_category can't be",
    ),
    (
        "  - {id: g, name: 级, type: code, codes: {一: '1'}}\n"
        "fields:\n  - {field: disability_grade, take: g, where: {g: ['2']}}",
        14,
        "nothing that a code of g means",
    ),
    (
        "  - {id: m, name: 钱, type: money}\nfields:\n  - {field: homes, take: m}",
        14,
        "can't be a person's `take`",
    ),
    (
        "  - {id: m, name: 钱, type: money}\nfields:\n  - {field: pension, sum: m, high: m}",
        14,
        "the field is no interval",
    ),
]


@pytest.mark.parametrize(("text", "line", "says"), MISTAKES)
def test_a_mistake_is_told_at_its_place(
    contracts: Contracts, tmp_path: Path, text: str, line: int, says: str
) -> None:
    with pytest.raises(PackError) as caught:
        load(contracts, tmp_path, text)
    told = [p for p in caught.value.problems if says in p.says]
    assert told, str(caught.value)
    assert (told[0].file, told[0].line) == ("imports/test.yaml", line)


def test_all_mistakes_are_told_at_once(contracts: Contracts, tmp_path: Path) -> None:
    text = (
        "  - {id: x, name: 甲, type: code}\n  - {id: y, name: 乙, type: decimal}\n"
        "fields: [{field: no}]\nkeys: []"
    )
    with pytest.raises(PackError) as caught:
        load(contracts, tmp_path, text)
    assert len(caught.value.problems) >= 4


def test_what_needs_a_signature_needs_its_number(contracts: Contracts, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="only with the family's authorisation"):
        load(contracts, tmp_path, "fields: []", register="bank")


def test_a_field_of_another_register_is_refused(contracts: Contracts, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="which this source is not"):
        load(contracts, tmp_path, "fields:\n  - {field: employed, any: {}}")


def test_a_field_is_filled_by_one_source(contracts: Contracts, tmp_path: Path) -> None:
    shutil.copytree(contracts.pack.path / "imports", tmp_path / "imports")
    text = (tmp_path / "imports" / "work_injury.yaml").read_text(encoding="utf-8")
    text = text.replace("id: work_injury", "id: other", 1).replace("工伤护理", "另一份")
    (tmp_path / "imports" / "other.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match="a field that two sources fill"):
        load_contracts(replace(contracts.pack, path=tmp_path))
