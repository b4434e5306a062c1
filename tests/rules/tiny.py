"""A tiny pack around some formulas, for tests that look at one operation at a time. All invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhida.rules.declarations import Pack
from zhida.rules.explain.interpret import Facts, Run, Value
from zhida.rules.loading import load_pack
from zhida.rules.program.build import Program, build_program

MONTH = 2024 * 12 + 5
PLACE = "990000000000"
PACK = """\
id: tiny
name: 小县
root: "990000000000"
verified_through: 2025-12-31
age_on: {day: last, source: L1}
first_month: {source: L1}
units:
  - {id: person, name: 个人}
  - {id: household, name: 家庭, members: 成员}
links:
  - {id: father, name: 父, register: one}
  - {id: mother, name: 母}
  - {id: spouse, name: 配偶, register: one}
kin:
  - {id: children, name: 子女, followed_by: [father, mother], register: one}
  - {id: parents, name: 父母, follows: [father, mother]}
registers:
  - {id: one, name: 甲登记, department: 甲, access: register}
  - {id: awards, name: 发放登记, department: 民政, access: register}
enums:
  - {id: level, name: 等级表, choices: [{id: low, name: 低}, {id: mid, name: 中}, {id: top, name: 高}]}
  - {id: other, name: 别的表, choices: [{id: red, name: 红}, {id: blue, name: 蓝}]}
"""
DIVISIONS = "code,name,parent,level,from,until,successor,overlay\n990000000000,省,,1,,,,\n"
SOURCES = "- {id: L1, title: 办法, evidence: LAW}\n"


def fields(text: str) -> str:
    """Lines ``id unit type further: keys`` as a fields file."""
    lines = []
    for line in text.strip().splitlines():
        id, unit, kind, *rest = line.split(maxsplit=3)
        more = f", {rest[0]}" if rest else ""
        lines.append(
            f"- {{id: {id}, name: {id}名, unit: {unit}, type: {kind}, sensitivity: internal, cost: 1{more}}}"
        )
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def variables(formulas: Mapping[str, tuple[str, str, str]]) -> str:
    """id → (unit, type, formula) as a variables file, one line each."""
    lines = [
        f"- {{id: {id}, name: {id}名, unit: {unit}, type: {kind}, source: L1, formula: {quoted(formula)}}}"
        for id, (unit, kind, formula) in formulas.items()
    ]
    return "\n".join(lines) + "\n"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    whole = {
        "pack.yaml": PACK,
        "sources.yaml": SOURCES,
        "divisions.csv": DIVISIONS,
        "fields/a.yaml": "[]\n",
        **files,
    }
    for name, text in whole.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def load(folder: Path, files: Mapping[str, str]) -> Pack:
    return load_pack(write(folder, files))


@dataclass(frozen=True)
class Tiny:
    """A loaded tiny pack; ``run`` is one household in it."""

    pack: Pack
    program: Program

    def run(self, persons: Sequence[Mapping[str, Value]], group: Mapping[str, Value] | None = None) -> Run:
        places = (PLACE,) * len(persons)
        return Run(self.program, Facts(tuple(persons), len(persons), group or {}, PLACE, places))

    def variable(
        self, id: str, persons: Sequence[Mapping[str, Value]], group: Mapping[str, Value] | None = None
    ) -> Value:
        """The variable of the first person, or of the household."""
        return self.run(persons, group).value(self.program.variables[id].num)


def tiny(folder: Path, files: Mapping[str, str], month: int = MONTH) -> Tiny:
    pack = load(folder, files)
    return Tiny(pack, build_program(pack, month))
