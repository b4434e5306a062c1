"""The tables in the handbook are what the engine does: they are read from the page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rules.tiny import MONTH, PLACE, Tiny, fields, tiny, variables
from zhida.rules.explain.interpret import Value
from zhida.rules.formulas.ir import NA, NO, YES, Node
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel, Places, Table
from zhida.rules.values import NONE, VALUE

HANDBOOK = Path(__file__).parents[2] / "docs/handbook-policy-writer.md"
TABLE = re.compile(
    r"^<!-- truth(?:: (?P<inputs>[a-z ]+))?(?P<members> members)? -->\n(?P<rows>(?:\|.*\n)+)", re.MULTILINE
)
TRUTHS = {
    "yes": YES,
    "no": NO,
    "not applicable": NA,
    "unknown": YES | NO,
    "anything": YES | NO | NA,
    "no or not applicable": NO | NA,
    "yes or not applicable": YES | NA,
}
SMALL = "min: 0, max: 9, optional: true"


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables() -> list[tuple[str, list[str], list[list[str]]]]:
    """(inputs, header, rows) of each table; inputs '' for the one over members."""
    found = []
    for hit in TABLE.finditer(HANDBOOK.read_text(encoding="utf-8")):
        header, _, *rows = hit["rows"].strip().splitlines()
        found.append((hit["inputs"] or "", cells(header), [cells(row) for row in rows]))
    return found


TABLES = tables()


def told(word: str, number: bool) -> Value:
    """What a cell says: a truth set or a number."""
    if not number:
        return TRUTHS[word]
    if word == "not applicable":
        return (0, 0, NONE)
    flags = VALUE | (NONE if word.endswith(" or not applicable") else 0)
    low, _, high = word.removesuffix(" or not applicable").partition(" to ")
    return (int(low), int(high or low), flags)


def same(value: Value, word: str) -> bool:
    if isinstance(value, tuple):
        want = told(word, True)
        assert isinstance(want, tuple)
        return value[:2] == want[:2] and value[2] & (VALUE | NONE) == want[2]
    return value == TRUTHS[word]


def is_truth(word: str) -> bool:
    return word in TRUTHS and word != "not applicable"


def kind_of(column: int, rows: list[list[str]]) -> str:
    return "bool" if any(is_truth(row[column]) for row in rows) else "int"


def test_the_page_has_its_three_tables() -> None:
    assert [len(rows) for _, _, rows in TABLES] == [17, 14, 9]


def pack_of(
    folder: Path, header: list[str], rows: list[list[str]], names: dict[str, str], unit: str
) -> tuple[Tiny, dict[int, str]]:
    formulas = {i: head.strip("`") for i, head in enumerate(header) if head.startswith("`")}
    ids = {i: f"v{i}" for i in formulas}
    asked = {ids[i]: (unit, kind_of(i, rows), text) for i, text in formulas.items()}
    told = "\n".join(
        f"{n} person {kind} {'optional: true' if kind == 'bool' else SMALL}" for n, kind in names.items()
    )
    return tiny(folder, {"fields/a.yaml": fields(told), "variables/a.yaml": variables(asked)}), ids


@pytest.mark.parametrize("which", [0, 1])
def test_one_person(which: int, tmp_path: Path) -> None:
    inputs, header, rows = TABLES[which]
    names: dict[str, str] = {}
    waiting: list[str] = []
    for word in inputs.split():
        if word in ("bool", "int"):
            names.update((w, word) for w in waiting)
            waiting = []
        else:
            waiting.append(word)
    found, ids = pack_of(tmp_path, header, rows, names, "person")
    for row in rows:
        person = {name: told(row[header.index(name)], names[name] == "int") for name in names}
        for i, id in ids.items():
            value = found.variable(id, [person])
            assert same(value, row[i]), f"{row}: {header[i]} is {value}"


def test_members(tmp_path: Path) -> None:
    _, header, rows = TABLES[2]
    found, ids = pack_of(tmp_path, header, rows, {"x": "int", "c": "bool"}, "household")
    for row in rows:
        persons = [{"x": told(row[0], True), "c": YES}, {"x": told(row[1], True), "c": told(row[2], False)}]
        for i, id in ids.items():
            value = found.variable(id, persons)
            assert same(value, row[i]), f"{row}: {header[i]} is {value}"


def test_the_kernel_has_the_same_tables(tmp_path: Path) -> None:
    """The first table again, a person a row, through generated source."""
    _, header, rows = TABLES[0]
    rows = [row for row in rows if "unknown" not in row[:2]]  # of an optional field unknown is anything
    formulas = {i: head.strip("`") for i, head in enumerate(header) if head.startswith("`")}
    conditions = "\n".join(
        f"  - {{id: c{i}, says: 例, source: L1, formula: '{text}'}}" for i, text in formulas.items()
    )
    head = "id: ask\nname: 例\nunit: person\nkind: standing\naward: false\nsays: 例\nlegal: [{source: L1}]\n"
    benefit = f"{head}conditions:\n{conditions}\n"
    names = fields("a person bool optional: true\nb person bool optional: true")
    found = tiny(tmp_path, {"fields/a.yaml": names, "benefits/ask.yaml": benefit})
    n = len(rows)
    columns = {}
    for column, name in enumerate("ab"):
        words = [row[column] for row in rows]
        columns[f"c_{name}"] = np.array([word == "yes" for word in words], np.uint8)
        columns[f"s_{name}"] = np.array(
            [{"anything": 2, "not applicable": 4}.get(word, 0) for word in words], np.uint8
        )
    ones, zeros = np.ones(n, np.int32), np.zeros(n, np.int32)
    row_numbers = np.arange(n, dtype=np.int32)
    table = Table(row_numbers, ones, row_numbers, zeros, zeros, columns)
    places = Places((PLACE,), np.zeros((2, 1), np.uint8))
    kernel = Kernel(found.program, Form((("a", "states"), ("b", "states"))), compiled=False)
    out = kernel.run(table, places, kernel.parameters(places, MONTH), Keep.ALL)["ask"]
    nodes: tuple[Node, ...] = found.program.benefits["ask"].full.conditions
    assert len(nodes) == len(formulas)
    for i, row in enumerate(rows):
        for j, column in enumerate(formulas):
            assert out[6][i] >> (3 * j) & 7 == TRUTHS[row[column]], (row, header[column])
