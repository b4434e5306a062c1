"""Formula text to a syntax tree: parsed by the standard library, never executed; bounded in size."""

from __future__ import annotations

import ast
import re
import unicodedata

from zhida.rules.declarations import At, Formula
from zhida.rules.formulas.terms import FormulaError

MAX_LENGTH = 2000
MAX_DEPTH = 40
_TEXTS = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'')


class Located(Exception):
    """A formula error with its position in the pack and the text it is about."""

    def __init__(self, at: At, text: str, error: FormulaError) -> None:
        super().__init__(str(error))
        self.at = at
        self.text = text
        self.says = error.says
        self.expected = error.expected


def parse(formula: Formula) -> ast.expr:
    """The syntax tree, or :class:`Located`."""
    text = formula.text
    if len(text) > MAX_LENGTH:
        raise Located(
            formula.at, text[:40] + "…", FormulaError("the formula is too long", f"at most {MAX_LENGTH}")
        )
    if unicodedata.normalize("NFKC", text) != text:
        bad = next((c for c in text if unicodedata.normalize("NFKC", c) != c), text[:1])
        where = _shift(formula.at, text, text.find(bad))
        raise Located(
            where,
            bad,
            FormulaError(f"the character {bad} has a plain form", unicodedata.normalize("NFKC", bad)),
        )
    remark = _TEXTS.sub(lambda t: "x" * len(t[0]), text).find("#")
    if remark >= 0:
        # The parser would pass over the rest of the line without a word.
        wrong = FormulaError("a remark inside a formula", "remarks outside it, or in `note`")
        raise Located(_shift(formula.at, text, remark), text[remark:], wrong)
    try:
        tree = ast.parse(text.strip() if "\n" not in text else f"({text})", mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Located(
            _broken_at(error, formula), text, FormulaError("this is no expression", "a formula such as a < b")
        ) from None
    _check_depth(tree.body, formula)
    return tree.body


def _broken_at(error: BaseException, formula: Formula) -> At:
    """Where the parser gave up; past the end counts as the last character."""
    lines = formula.text.split("\n")
    line = min(max(getattr(error, "lineno", 1) or 1, 1), len(lines))
    column = max(getattr(error, "offset", 1) or 1, 1) - (1 if line == 1 and len(lines) > 1 else 0)
    column = min(max(column, 1), max(len(lines[line - 1]), 1))
    at = formula.at
    return At(at.file, at.line + line - 1, at.column + column - 1 if line == 1 else column)


def _shift(at: At, text: str, offset: int) -> At:
    before = text[: max(0, offset)]
    lines = before.count("\n")
    column = at.column + len(before) if lines == 0 else len(before) - before.rfind("\n")
    return At(at.file, at.line + lines, column)


def _check_depth(tree: ast.expr, formula: Formula) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise Located(
        formula.at, formula.text[:40], FormulaError("the formula is nested too deep", f"at most {MAX_DEPTH}")
    )
