"""A small valid pack as texts, for tests of loader, parameters and reforms. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zhida.rules.declarations import Pack
from zhida.rules.loading import load_pack

PACK = """\
id: small
name: 小县
root: "990000000000"
verified_through: 2025-12-31
age_on: {day: last, evidence: ASSUMED, note: 未写明}
first_month: {evidence: ASSUMED, note: 未写明}
units:
  - {id: person, name: 个人}
  - {id: household, name: 家庭, members: 成员}
links: [{id: father, name: 父}]
kin: [{id: children, name: 子女, followed_by: [father], register: hukou}]
registers:
  - {id: hukou, name: 户籍登记, department: 公安, access: register}
  - {id: awards, name: 发放登记, department: 民政, access: register}
enums:
  - id: level
    name: 等级表
    choices: [{id: none, name: 无}, {id: half, name: 半失能}, {id: full, name: 失能}]
  - id: support
    name: 供养方式表
    choices: [{id: basic, name: 选基本}, {id: care, name: 选护理}]
"""
SOURCES = """\
- {id: L1, title: 小县办法, issuer: 小县政府, number: 〔2015〕1号, where: 公报, evidence: LAW}
- {id: W1, title: 小县通知, evidence: WEAK}
"""
FIELDS = """\
- {id: birth, name: 出生日期, unit: person, type: date, min: 1900-01-01, max: 2030-12-31, register: hukou,
   sensitivity: personal, cost: 1}
- {id: wage, name: 工资, unit: person, type: money, min: 0, max: 100000, empty: 0, register: hukou,
   sensitivity: personal, cost: 2, interval: true, measure: 元/月}
- {id: care_level, name: 等级, unit: person, type: enum, enum: level, empty: 无, register: hukou,
   sensitivity: sensitive, cost: 1}
- {id: wish, name: 意愿, unit: person, type: enum, enum: support, sensitivity: personal, cost: 3}
"""
PARAMETERS = """\
- id: standard
  name: 标准
  type: money
  measure: 元/月
  min: 1
  max: 5000
  values:
    - {place: "99", from: 2015-07-01, value: 500, source: L1}
    - {place: ["990101"], from: 2016-01-01, until: 2018-01-01, value: 450.50, source: W1}
    - {place: "9901", from: 2020-03-15, value: 700, ends_below: true, source: L1, article: 第三条}
- id: care_rate
  name: 护理标准
  type: money
  table: level
  min: 0
  max: 1000
  values:
    - place: "99"
      from: 2018-01-01
      value: {无: 0, half: 200, 失能: 400}
      source: L1
- {id: factor, name: 系数, type: decimal, places: 1, min: 1, max: 3, values: [
    {place: "99", from: 2018-01-01, value: 1.5, evidence: ASSUMED, note: 例}]}
"""
VARIABLES = """\
- id: income
  name: 家庭收入
  unit: household
  type: money
  formula: sum(m.工资 for m in 成员)
  source: L1
  article: 第二条
- id: poor
  name: 困难
  unit: household
  type: bool
  formulas:
    - {until: 2020-01, formula: 家庭收入 < 标准}
    - from: 2020-01
      formula: |
        家庭收入
          < 标准 * 2
  evidence: DERIVED
  note: 例
"""
BASIC = """\
id: basic
name: 基本补贴
unit: household
kind: standing
award: true
says: 收入低的家庭
exists: {from: 2015-07}
owners: [{department: 民政, from: 2015-07, source: L1}]
legal: [{source: L1, article: 第一条}]
applies: {says: 有成员, formula: "count(m for m in 成员) > 0", source: L1}
conditions:
  - {id: poor, says: 家庭困难, formula: 困难, source: L1}
  - {id: income, says: 收入低于标准, formula: "家庭收入 < 标准", near: 100元, source: L1, article: 第四条}
amount:
  formula: 标准 - 家庭收入
  period: month
  rounding: {to: 1, direction: up, evidence: ASSUMED, note: 未写明}
  source: L1
review: {every_months: 12, clear_change: 50, evidence: ASSUMED, note: 例}
documents: [身份证]
"""
CARE = """\
id: care
name: 护理补贴
unit: household
kind: standing
award: false
says: 有失能成员的家庭
legal: [{source: L1}]
conditions:
  - {id: need, says: 有失能成员, formula: 'any(m.等级 == "失能" for m in 成员)', source: L1}
amounts:
  - {until: 2020-01, formula: "100", period: month, rounding: {to: 1, direction: up, source: L1}, source: L1}
  - {from: 2020-01, formula: "200", period: month, rounding: {to: 1, direction: up, source: L1}, source: L1}
excluded_by: [{benefit: basic, says: 已有基本补贴, source: L1}]
signal: {says: 有工资, formula: 家庭收入 > 0, evidence: ASSUMED, note: 例}
"""
GROUPS = """\
higher: [{id: g, name: 只领高的, benefits: [basic, care], source: L1}]
choices: [{id: c, name: 本人选择, benefits: [basic, care], field: wish, source: L1}]
"""
DIVISIONS = """\
code,name,parent,level,from,until,successor,overlay
990000000000,小省,,1,,,,
990100000000,小市,990000000000,2,,,,
990101000000,甲县,990100000000,3,,,,
990102000000,乙县,990100000000,3,,2021-04-09,990104000000,
990103000000,丙县,990100000000,3,,,,
990104000000,丁县,990100000000,3,2021-04-09,,,
990101001000,甲乡,990101000000,4,,,,
"""

FILES: Mapping[str, str] = {
    "pack.yaml": PACK,
    "sources.yaml": SOURCES,
    "fields/a.yaml": FIELDS,
    "parameters/a.yaml": PARAMETERS,
    "variables/a.yaml": VARIABLES,
    "benefits/basic.yaml": BASIC,
    "benefits/care.yaml": CARE,
    "groups.yaml": GROUPS,
    "divisions.csv": DIVISIONS,
}


def write(folder: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Path:
    """Write the pack, with some files replaced or (None) left out."""
    for name, text in {**FILES, **(changes or {})}.items():
        if text is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def load(folder: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Pack:
    return load_pack(write(folder, changes))


def changed(name: str, old: str, new: str) -> dict[str, str | bytes | None]:
    """One file of the pack with ``old`` (which must occur once) replaced."""
    assert FILES[name].count(old) == 1, (name, old)
    return {name: FILES[name].replace(old, new)}
