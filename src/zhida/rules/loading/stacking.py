"""``stacking.yaml``: what holds for each two benefits, held against what the rules themselves do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from zhida.rules.declarations import Benefit, Group, PersonsChoice, Variable
from zhida.rules.loading.context import CITATION, Context, read_list
from zhida.rules.loading.yamlnodes import Node
from zhida.rules.matrix import Cell, Stacking, Together
from zhida.rules.problems import one_of

ALL = "*"
Pair = tuple[str, str]


class Links:
    """What the rules themselves do with a pair: for each (of, beside) the words of the matrix that fit."""

    def __init__(
        self,
        benefits: Mapping[str, Benefit],
        variables: Mapping[str, Variable],
        groups: Sequence[Group],
        choices: Sequence[PersonsChoice],
    ) -> None:
        self.benefits = benefits
        self.variables = {w: v for v in variables.values() for w in (v.id, v.name)}
        self.found: dict[Pair, set[Together]] = {}
        for b in benefits.values():
            for x in b.excluded_by:
                self._add(b.id, x.benefit, Together.EXCLUDED)
        for group in groups:
            for pair in _both_ways(group.benefits):
                self._add(*pair, Together.HIGHER)
        for choice in choices:
            for pair in _both_ways(choice.benefits):
                self._add(*pair, Together.CHOICE)

    def _add(self, of: str, beside: str, rule: Together) -> None:
        self.found.setdefault((of, beside), set()).add(rule)

    def of(self, pair: Pair) -> set[Together]:
        return self.found.get(pair, set())

    def either(self, pair: Pair) -> set[Together]:
        return self.of(pair) | self.of((pair[1], pair[0]))

    def in_amount(self, of: str, beside: str) -> bool:
        """Whether an amount of ``of`` names ``beside``, itself or through variables."""
        names = {beside, self.benefits[beside].name}
        todo = [a.formula.text for a in self.benefits[of].amounts]
        seen: set[str] = set()
        while todo:
            for word in set(re.findall(r"\w+", todo.pop())) - seen:
                seen.add(word)
                variable = self.variables.get(word)
                todo += [f.text for f in variable.formulas] if variable is not None else []
        return bool(names & seen)


def _both_ways(ids: Sequence[str]) -> Iterator[Pair]:
    return ((a, b) for a in ids for b in ids if a != b)


def read_stacking(node: Node, context: Context, benefits: Mapping[str, Benefit], links: Links) -> Stacking:
    """The first line that names a pair holds. A line that holds for no pair, or says of one what the
    rules don't do, is a problem."""
    record = node.map(("cells",), ("sets",))
    sets = _read_sets(record.get("sets"), context, benefits)
    cells: list[Cell] = []
    by_pair: dict[Pair, Cell] = {}
    for item in record["cells"].items():
        cell = _cell(item, context, benefits, sets)
        cells.append(cell)
        fresh = [
            (a, b)
            for a in cell.of
            for b in cell.beside
            if a != b and (a, b) not in by_pair and (b, a) not in by_pair
        ]
        taken: set[Pair] = set()
        for a, b in fresh:
            if (b, a) not in taken:
                taken.add((a, b))
                by_pair[(a, b)] = cell
                _held_against(item, cell, (a, b), links)
        if not fresh and cell.of and cell.beside:
            item.add("a line that holds for no pair", "pairs that no line above names", text="cells")
    return Stacking(tuple(cells), by_pair)


def _read_sets(
    node: Node | None, context: Context, benefits: Mapping[str, Benefit]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}

    def one(item: Node) -> None:
        record = item.map(("id", "benefits"))
        id = context.id(record["id"])
        if id in benefits or id in found:
            record["id"].add("a set called like a benefit or another set", "a name of its own")
        found[id] = tuple(context.reference(n, "benefit", benefits) for n in record["benefits"].items())

    read_list(node, one)
    return found


def _cell(
    item: Node, context: Context, benefits: Mapping[str, Benefit], sets: Mapping[str, tuple[str, ...]]
) -> Cell:
    record = item.map(("of", "beside", "rule"), ("says", *CITATION))

    def named(node: Node) -> tuple[str, ...]:
        ids: dict[str, None] = {}
        for one in node.items() if node.kind == "list" else [node]:
            text = one.text("a benefit, a set or *")
            if text == ALL:
                ids |= dict.fromkeys(benefits)
            elif text in sets:
                ids |= dict.fromkeys(i for i in sets[text] if i)
            elif text in benefits:
                ids[text] = None
            elif text:
                one.add("unknown benefit or set", one_of(text, [*benefits, *sets]))
        return tuple(ids)

    return Cell(
        named(record["of"]),
        named(record["beside"]),
        Together(record["rule"].word(*Together)),
        record.text("says"),
        context.citation(record),
        item.at,
    )


def _held_against(item: Node, cell: Cell, pair: Pair, links: Links) -> None:
    of, beside = pair
    there, shown = links.either(pair), f"{of}, {beside}"
    if cell.rule is Together.EXCLUDED:
        if Together.EXCLUDED not in links.of(pair):
            item.add(f"{of} is not excluded_by {beside}", f"`excluded_by` in {of}.yaml", text=shown)
    elif cell.rule is Together.HIGHER:
        if Together.HIGHER not in there:
            item.add("no group of which only the higher is paid holds both", "`higher` in groups.yaml", shown)
    elif cell.rule is Together.CHOICE:
        if not there & {Together.CHOICE, Together.EXCLUDED}:
            item.add("no choice of the person holds both", "`choices` in groups.yaml", text=shown)
    elif there:
        does = ", ".join(sorted(there))
        item.add(f"the rules do otherwise ({does})", f"rule: {sorted(there)[0]}", text=shown)
    elif cell.rule is Together.DIFFERENCE and not links.in_amount(of, beside):
        item.add(f"no amount of {of} names {beside}", f"an amount that takes {beside} off", text=shown)
