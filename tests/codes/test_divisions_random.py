"""Random division tables: refused with lines, or a tree whose answers agree with one another."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zhida.codes.division_table import COLUMNS
from zhida.codes.divisions import DivisionError, DivisionTree, level_of

CODES = ["990000000000", "990100000000", "990200000000", "990101000000", "990102000000", "990103000000"]
CODES += ["990101001000", "990102001000", "990103001000", "990101001001", "990102001001"]
PARENT_LEVELS = {1: [], 2: [1], 3: [2], 4: [3], 5: [4]}
DAYS = [date(2000, 1, 1), date(2010, 1, 1), date(2020, 1, 1)]
ASKED = [date(1999, 1, 1), *DAYS, date(2009, 12, 31), date(2030, 1, 1)]

Rows = list[dict[str, str]]


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Mostly sound in parents and levels, so that many pass; dates and successors at random."""
    rows = []
    for code in CODES:
        level = level_of(code)
        parents = [c for c in CODES if level_of(c) in PARENT_LEVELS[level]]
        start = draw(st.sampled_from([None, None, None, *DAYS]))
        until = draw(st.sampled_from([None, None, None, *DAYS]))
        successors = draw(st.lists(st.sampled_from(CODES), max_size=2, unique=True)) if until else []
        rows.append(
            {
                "code": code,
                "name": f"甲{code}",
                "parent": draw(st.sampled_from(parents)) if parents else "",
                "level": str(level),
                "from": start.isoformat() if start else "",
                "until": until.isoformat() if until else "",
                "successor": ";".join(successors),
                "overlay": draw(st.sampled_from(["", "0", "1"])) if level == 3 else "",
            }
        )
    return rows


def _made_right(rows: Rows) -> DivisionTree | None:
    """The tree, after taking out dates and successors of the lines that were refused."""
    for _ in range(len(rows) + 1):
        try:
            return DivisionTree.from_rows(rows)
        except DivisionError as error:
            problems = error.problems
        for line, text in problems:
            assert text.endswith(".")
            rows[line - 2].update({"from": "", "until": "", "successor": ""})
    return None


@given(tables())
def test_answers_agree(rows: Rows) -> None:
    tree = _made_right(rows)
    assert tree is not None
    for on in ASKED:
        for division in tree:
            code = division.code
            chain = tree.ancestors(code, on)
            assert chain[0] == code
            assert len(set(chain)) == len(chain)
            assert all(tree[c].in_force(on) for c in chain[1:])
            levels = [tree[c].level for c in chain if tree[c].in_force(on)]
            assert levels == sorted(set(levels))[::-1]
            assert all(tree[c].in_force(on) for c in tree.current(code, on))
            if division.in_force(on):
                assert tree.current(code, on) == (code,)
                for above in chain[1:]:
                    assert code in tree.descendants(above, on)
                    assert tree.inside(code, above, on)
                    # What stands above a code stands above all that is below it.
                    assert tree.ancestors(above, on) == chain[chain.index(above) :]
            for child in tree.children(code, on):
                assert tree.ancestors(child, on)[1] == code
            assert all(code in tree.ancestors(c, on)[1:] for c in tree.descendants(code, on))


@given(tables())
def test_without_dates_nothing_depends_on_the_day(rows: Rows) -> None:
    for row in rows:
        row.update({"from": "", "until": "", "successor": ""})
    tree = DivisionTree.from_rows(rows)
    for division in tree:
        chains = {tree.ancestors(division.code, on) for on in ASKED}
        assert len(chains) == 1
        assert all(tree.is_certain(division.code, on) for on in ASKED)
        assert all(tree.inside(division.code, above) for above in chains.pop())


@given(tables(), st.data())
def test_a_day_later_in_the_same_period_is_answered_alike(rows: Rows, data: st.DataObject) -> None:
    """Answers are kept per period: a fresh tree, asked that day first, must say the same."""
    tree = _made_right(rows)
    assert tree is not None
    first, second = (data.draw(st.dates(date(1995, 1, 1), date(2025, 1, 1))) for _ in range(2))
    assume(first != second)
    code = data.draw(st.sampled_from(CODES))
    tree.ancestors(code, first)
    assert tree.ancestors(code, second) == DivisionTree(tree).ancestors(code, second)


@given(st.one_of(st.binary(max_size=200), st.text(alphabet='01;,"\n\r\0甲9-', max_size=200).map(str.encode)))
def test_any_bytes_are_a_table_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(",".join(COLUMNS).encode() + b"\n" + content)
    with pytest.raises(DivisionError) as caught:
        DivisionTree.from_csv(path)
    assert "\n" not in str(caught.value)
    assert caught.value.problems
