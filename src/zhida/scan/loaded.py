"""A snapshot and a pack made ready to run: program, compiled kernel, places, parameters.

Everything that a scan, a simulation and the search for one household have in common, so that all
three read the same columns in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from zhida.population.kin import Back
from zhida.population.schema import State, is_made, storage_dtype
from zhida.population.store import Part, Snapshot
from zhida.population.tables import Map, derived, form_of, map_places, table_of_part
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON, Node, cone
from zhida.rules.kernel.plan import Form, needed_by
from zhida.rules.kernel.run import Kernel, Parameters, Table
from zhida.rules.kernel.web import Used
from zhida.rules.program.build import Program, build_program
from zhida.rules.reforms.reform import Reform, apply

Array = NDArray[Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """``pack`` is the reformed one where a reform was given. ``asked``: fields that no register of this
    snapshot holds and that no empty value is presumed for; they come as columns of unknown cells, so
    that :mod:`zhida.scan.deciding` can try values with the same kernel."""

    snapshot: Snapshot
    pack: Pack
    month: int
    program: Program
    kernel: Kernel
    places: Map
    parameters: Parameters
    asked: tuple[str, ...]
    used: Used
    back: Back
    _made: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @classmethod
    def open(
        cls,
        snapshot: Snapshot | Path | str,
        pack: Pack,
        month: int | None = None,
        reform: Reform | None = None,
        *,
        compiled: bool = True,
    ) -> Self:
        """``month``: year * 12 + month - 1; left out, the snapshot's. Raises SnapshotError, PackError."""
        if not isinstance(snapshot, Snapshot):
            snapshot = Snapshot.open(snapshot, pack)
        if reform is not None:
            pack = apply(pack, reform)
        month = snapshot.month if month is None else month
        program = build_program(pack, month)
        form = form_of(snapshot, pack)
        asked = tuple(f for f in unsettled(program, form) if form.of(f) == "absent")
        form = replace(form, columns=tuple(sorted((*form.columns, *((f, "states") for f in asked)))))
        kernel = Kernel(program, form, listed(program), compiled=compiled)
        places = map_places(snapshot, pack, month)
        parameters = kernel.parameters(places.places, month)
        used = kernel.used
        back = Back.of(snapshot, used.back)
        return cls(snapshot, pack, month, program, kernel, places, parameters, asked, used, back)

    @property
    def benefits(self) -> tuple[str, ...]:
        """Ids of the benefits that exist in the month, in the pack's order."""
        return self.kernel.plan.benefits

    def once(self, make: Callable[[Loaded], T]) -> T:
        """What ``make`` makes of this, made when first asked for: it hangs on nothing else."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def table(self, part: Part) -> Table:
        """A part as the kernel takes it."""
        read = self.kernel.arrays()
        asked = [f for f in derived(self.snapshot, self.pack) if f"c_{f}" in read]
        table = table_of_part(self.snapshot, part, self.places, self.used, self.back, asked, self.month)
        if not self.asked:
            return table
        columns = dict(table.columns)
        for name in self.asked:
            field = self.pack.fields[name]
            rows = len(table.group_of) if field.unit == PERSON else len(table.size)
            columns[f"c_{name}"] = np.zeros(rows, storage_dtype(field))
            columns[f"s_{name}"] = np.full(rows, State.UNKNOWN, np.uint8)
        return replace(table, columns=columns)

    def is_complete(self, field: str, rows: Array) -> Array:
        """Whether absence in the field's register tells the empty value, at rows of places."""
        declared = self.pack.fields[field]
        if declared.empty is None or not declared.register:
            return np.zeros(len(rows), bool)
        register = list(self.pack.registers).index(declared.register)
        found: Array = self.places.places.complete[register][rows] == 1
        return found


def listed(program: Program) -> list[str]:
    """Benefits of which a scan has something to say: all that exist in the month but help in kind."""
    return [b.benefit.id for b in program.benefits.values() if b.exists and b.benefit.kind != "in_kind"]


def restricted(kernel: Kernel, benefits: Collection[str]) -> Kernel:
    """The same compiled kernel that runs only what some benefits need."""
    stages = kernel.source.stages
    needed: set[int] = set()
    keep: list[int] = []
    for i in range(len(stages) - 1, -1, -1):
        stage = stages[i][0]
        if stage.benefit in benefits if stage.benefit else any(n.id in needed for n in stage.nodes):
            keep.append(i)
            for n in needed_by(kernel.plan, stage):
                needed |= {n.id, *(a.id for a in n.args)}
    keep.reverse()
    part = copy(kernel)
    part.plan = replace(kernel.plan, benefits=tuple(b for b in kernel.plan.benefits if b in benefits))
    part.source = replace(kernel.source, stages=tuple(stages[i] for i in keep))
    part.functions = [kernel.functions[i] for i in keep]
    part.sieves = {}
    return part


def leaves(nodes: list[Node], op: str) -> list[Node]:
    """Leaves of one kind that the nodes hang on."""
    return [n for n in cone(nodes) if n.op == op]


def unsettled(program: Program, form: Form, benefit: str | None = None) -> list[str]:
    """Fields that the answer as far as registers tell may hang on and that are not known of everybody;
    cheapest to find out first."""
    chosen = [program.benefits[b] for b in listed(program) if benefit in (None, b)]
    found = set()
    for leaf in leaves([b.presumed.answer for b in chosen], "input"):
        name = str(leaf.data[0])
        if not leaf.data[1] and name in program.pack.fields and form.of(name) != "known":
            found.add(name)
    return by_cost(program.pack, found)


def by_cost(pack: Pack, fields: set[str]) -> list[str]:
    order = list(pack.fields)
    return sorted(fields, key=lambda f: (pack.fields[f].cost, order.index(f)))


def to_ask(program: Program, benefit: str) -> list[str]:
    """Fields that only the family's word or signature can settle before the benefit is granted."""
    pack = program.pack
    found = set()
    for leaf in leaves([program.benefits[benefit].full.answer], "input"):
        field = pack.fields.get(str(leaf.data[0]))
        if field is None or is_made(field.id):
            continue
        if field.open or pack.registers[field.register].access != "register":
            found.add(field.id)
    return by_cost(pack, found)


def asks(loaded: Loaded) -> dict[str, list[str]]:
    """:func:`to_ask` of each benefit; for :meth:`Loaded.once`."""
    return {b: to_ask(loaded.program, b) for b in loaded.benefits}


def birth_field(program: Program) -> str | None:
    """The person's field that the rules take ages of; None where no rule asks for an age."""
    for node in program.graph.nodes:
        if node.op == "age" and node.args[0].op == "input" and node.args[0].unit == PERSON:
            return str(node.args[0].data[0])
    return None
