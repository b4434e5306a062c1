"""Every small wrong that one formula can have, one at a time.

A number a smallest step up and down (in its last decimal), ``<`` for ``<=``, ``>`` for ``>=``, ``==``
for ``!=``, ``and`` for ``or``, ``min`` for ``max``, ``any`` for ``all``, one rounding for another, one
choice out of ``in (…)``.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from zhida.rules.declarations import At, Formula

LONGEST = 100
"""Of the text shown before and after."""
_SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
_FUNCTIONS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "round_up": "round_down",
    "round_down": "round_up",
    "round_half_up": "round_down",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """A formula with one thing in it changed."""

    at: At
    kind: str
    was: str
    now: str
    formula: Formula


def edits(formula: Formula) -> Iterator[Edit]:
    """Every single change of a formula."""
    source = f"({formula.text})"
    tree = ast.parse(source, mode="eval")
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    nodes = list(ast.walk(tree))
    steps = {
        id(n.args[1])
        for n in nodes
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Name)
        and n.func.id.startswith("round_")
        and len(n.args) == 2
    }
    listed = {id(e) for n in nodes if isinstance(n, ast.Tuple) for e in n.elts}
    for i, node in enumerate(nodes):
        if id(node) in steps or id(node) in listed:
            continue
        for kind, change in _changes(node, source):
            other = copy.deepcopy(tree)
            twin = list(ast.walk(other))[i]
            shown = _shown(node, parents)
            index = nodes.index(shown)
            shown_twin: ast.AST = list(ast.walk(other))[index]
            new = change(twin)
            if new is not twin:
                _put(other, twin, new)
                if shown_twin is twin:
                    shown_twin = new
            text = ast.unparse(other)
            yield Edit(
                _at(formula, node),
                kind,
                _short(ast.unparse(shown)),
                _short(ast.unparse(shown_twin)),
                replace(formula, text=text),
            )


def _changes(node: ast.AST, source: str) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        text = (ast.get_source_segment(source, node) or str(node.value)).replace("_", "")
        for sign in (-1, 1):
            value = Decimal(text)
            exponent = value.as_tuple().exponent
            assert isinstance(exponent, int)
            new = value + sign * Decimal(1).scaleb(min(exponent, 0))
            yield "number", partial(_number, new)
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            if type(op) in _SWAPPED:
                yield "comparison", partial(_compared, k, _SWAPPED[type(op)])
            else:
                listed = node.comparators[k]
                count = len(listed.elts) if isinstance(listed, ast.Tuple) else 0
                for j in range(count if count > 1 else 0):
                    yield "choice", partial(_without, k, j)
    if isinstance(node, ast.BoolOp):
        yield "connective", _connected
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        yield "function", _called


def _number(new: Decimal, twin: ast.AST) -> ast.AST:
    """As a name, so that it is written with the digits it has."""
    return ast.Name(f"{new:f}" if new >= 0 else f"({new:f})")


def _compared(k: int, new: type[ast.cmpop], twin: ast.AST) -> ast.AST:
    assert isinstance(twin, ast.Compare)
    twin.ops[k] = new()
    return twin


def _without(k: int, j: int, twin: ast.AST) -> ast.AST:
    assert isinstance(twin, ast.Compare)
    choices = twin.comparators[k]
    assert isinstance(choices, ast.Tuple)
    del choices.elts[j]
    return twin


def _connected(twin: ast.AST) -> ast.AST:
    assert isinstance(twin, ast.BoolOp)
    twin.op = ast.Or() if isinstance(twin.op, ast.And) else ast.And()
    return twin


def _called(twin: ast.AST) -> ast.AST:
    assert isinstance(twin, ast.Call) and isinstance(twin.func, ast.Name)
    twin.func.id = _FUNCTIONS[twin.func.id]
    return twin


def _put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Replaces one node of a tree."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(v is old for v in value):
                setattr(parent, name, [new if v is old else v for v in value])


def _shown(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    """What to show of a changed node: for a number the comparison or sum that it stands in."""
    while not isinstance(node, (ast.Compare, ast.BinOp, ast.BoolOp, ast.Call, ast.IfExp)):
        above = parents.get(node)
        if above is None or isinstance(above, ast.Expression):
            break
        node = above
    return node


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"


def _at(formula: Formula, node: ast.AST) -> At:
    line = getattr(node, "lineno", 1)
    lines = f"({formula.text})".split("\n")
    column = len(lines[line - 1].encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore"))
    at = formula.at
    if line == 1:
        return At(at.file, at.line, at.column + max(0, column - 1))
    return At(at.file, at.line + line - 1, column + 1)
