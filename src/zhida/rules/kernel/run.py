"""Compiles generated source and runs it over a population, block by block, in threads."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock, local
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from zhida.codes.months import first_day, last_day
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import MAX_MEMBERS, PERSON, YES
from zhida.rules.kernel.emit import DECORATOR, Source, emit
from zhida.rules.kernel.plan import Form, make_plan
from zhida.rules.kernel.sieve import sieve_plan
from zhida.rules.kernel.special import specialised
from zhida.rules.kernel.web import Shape, Used, Web, arrays, tied
from zhida.rules.parameters import Lookup
from zhida.rules.program.build import Program
from zhida.rules.program.outcome import ROW
from zhida.rules.values import age_cutoffs, age_table

BLOCK = 16_384
"""Groups in a block: its scratch fits the cache, and there are few calls from Python."""

LOOSE, LOOSE_BLOCKS = 0.3, 3
"""A sieve that lets more than this share through costs more than it saves; how often that is tried."""

Array = npt.NDArray[Any]
_writing = Lock()


@dataclass(frozen=True, slots=True)
class Table:
    """Some whole groups and their persons, column by column.

    ``first_person``, ``size`` by group; ``group_of`` by person; ``columns`` by name: ``c_<field>``
    values, ``s_<field>`` states (0 known, 1 absent, 2 unknown, 3 interval, 4 not applicable),
    ``h_<field>`` high ends. ``place_group`` and ``place_person`` are rows of :class:`Places`. ``web``: ties
    of its people, where the rules follow any. Only the first ``own`` groups (all where that is None) get
    rows; the others are there because somebody hangs on them.
    """

    first_person: Array
    size: Array
    group_of: Array
    place_group: Array
    place_person: Array
    columns: Mapping[str, Array]
    web: Web | None = None
    own: int | None = None

    @property
    def groups(self) -> int:
        """How many groups get rows."""
        return len(self.size) if self.own is None else self.own

    @property
    def own_persons(self) -> int:
        """How many persons get rows."""
        n = self.groups
        return int(self.first_person[n]) if n < len(self.size) else len(self.group_of)

    @property
    def shape(self) -> Shape:
        return Shape(self.first_person, self.size, self.group_of)


@dataclass(frozen=True, slots=True)
class Places:
    """Division codes by place row ('' outside the territory) and which registers are complete:
    ``complete[register, place]`` uint8, registers in the pack's order."""

    codes: tuple[str, ...]
    complete: Array


@dataclass(frozen=True, slots=True)
class Parameters:
    """Both ends of each parameter value by slot and place; known where they are equal."""

    lo: Array
    hi: Array
    cutoffs: Array
    ages: Array
    month: Array


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of a table that a block runs over, as slices or ascending rows; their numbers; the place of each
    person's group among ``groups``, and where each group's persons lie among ``persons``. Only the first
    ``own`` persons and groups get rows, where that is told; ``ties``: arrays of links and kin by name."""

    persons: slice | Array
    groups: slice | Array
    person_ids: Array
    group_ids: Array
    home: Array
    first: Array
    size: Array
    own: tuple[int, int] | None = None
    ties: Mapping[str, Array] = field(default_factory=dict)

    def head(self, unit: str, rows: bool = False) -> tuple[Any, ...]:
        """The arguments that every stage takes first. ``rows``: of one that writes rows."""
        ids = self.person_ids if unit == PERSON else self.group_ids
        n = len(ids) if self.own is None or not rows else self.own[0 if unit == PERSON else 1]
        return (n, ids, self.home, self.first, self.size)


def everyone(table: Table, g0: int, g1: int) -> Chosen:
    """All groups from ``g0`` to before ``g1``."""
    p0 = int(table.first_person[g0])
    p1 = int(table.first_person[g1 - 1]) + int(table.size[g1 - 1])
    return Chosen(
        slice(p0, p1),
        slice(g0, g1),
        np.arange(p0, p1),
        np.arange(g0, g1),
        table.group_of[p0:p1].astype(np.int64) - g0,
        table.first_person[g0:g1].astype(np.int64) - p0,
        table.size[g0:g1].astype(np.int64),
    )


def some(whole: Chosen, at: Array) -> Chosen:
    """Only some groups of a block, by their place in it."""
    size = whole.size[at]
    first = np.cumsum(size) - size
    members = np.repeat(whole.first[at] - first, size) + np.arange(int(size.sum()))
    home = np.repeat(np.arange(len(at)), size)
    persons, groups = whole.person_ids[members], whole.group_ids[at]
    return Chosen(persons, groups, persons, groups, home, first, size)


def with_kin(pack: Pack, used: Used, table: Table, places: Places, groups: Array) -> Chosen:
    """Some groups of a table together with those that their people are tied to."""
    if table.web is None:
        raise ValueError("the rules follow links, but the table has none; make it with its web")
    found = tied(pack, table.shape, table.web, used, groups)
    size = table.size[found.groups].astype(np.int64)
    home = np.repeat(np.arange(len(size)), size)
    named = arrays(pack, used, found, places.complete, table.place_person)
    rows, first = (found.persons, found.groups), np.cumsum(size) - size
    return Chosen(*rows, *rows, home, first, size, (found.own_persons, found.own), named)


class Local(dict[str, Array]):
    """A block's arrays by name, cut out of the table's when first asked for."""

    def __init__(
        self,
        fixed: Mapping[str, Array],
        chosen: Chosen,
        scratch: Mapping[str, Array],
        units: Mapping[str, str],
    ) -> None:
        super().__init__({**scratch, **chosen.ties})
        self.fixed, self.chosen, self.units = fixed, chosen, units

    def __missing__(self, name: str) -> Array:
        whole = self.fixed[name]
        unit = self.units.get(name[2:]) if name[:2] in ("c_", "s_", "h_") else None
        if name == "place_person" or unit == PERSON:
            whole = cut(whole, self.chosen.persons)
        elif name == "place_group" or unit is not None:
            whole = cut(whole, self.chosen.groups)
        self[name] = whole
        return whole


def cut(whole: Array, rows: slice | Array) -> Array:
    """A view of a slice, or a copy of some rows."""
    return whole[rows] if isinstance(rows, slice) else whole.take(rows)


def padded(n: int) -> int:
    """A row length whose rows do not fall on the same lines of the cache: an odd multiple of 64."""
    return (n // 64 + 2 | 1) * 64


Rows = dict[str, Array]
"""By benefit, an int64 array of ``len(ROW)`` rows; see :data:`zhida.rules.kernel.emit.ROW`."""


class Kernel:
    """One program, compiled for one form of columns. Thread-safe."""

    def __init__(
        self, program: Program, form: Form, benefits: Iterable[str] | None = None, compiled: bool = True
    ) -> None:
        self.program = program
        self.form = form
        special = specialised(program, form)
        self.plan = make_plan(special, benefits)
        self.source: Source = emit(self.plan, sieve_plan(special, self.plan.benefits), form)
        self.module = load_module(self.source.text, compiled)
        self.functions = [getattr(self.module, f"stage_{i}") for i in range(len(self.source.stages))]
        self.sieve = [getattr(self.module, f"sieve_{i}") for i in range(len(self.source.sieve))]
        self._scratch = local()
        roots = [n for b in self.plan.benefits for n in special.outputs(b)]
        self.used = Used.of(program.pack, roots)
        self._units = {f.id: f.unit for f in program.pack.fields.values()}

    def parameters(self, places: Places, month: int, pack: Pack | None = None) -> Parameters:
        """Look every parameter up at every place; ``pack`` may be a reform of the program's own."""
        pack = pack or self.program.pack
        n = max(len(self.source.parameters), 1)
        lo = np.zeros((n, len(places.codes)), np.int64)
        hi = np.zeros_like(lo)
        lookup = Lookup(pack)
        for (name, index), slot in self.source.parameters.items():
            p = pack.parameters[name]
            for j, code in enumerate(places.codes):
                found = lookup.resolve(name, month, code)
                lo[slot, j], hi[slot, j] = (
                    (p.minimum, p.maximum) if found.values is None else (found.values[index],) * 2
                )
        reference = last_day(month) if pack.age_on == "last" else first_day(month)
        cutoffs = age_cutoffs(reference)
        ages = np.array(age_table(cutoffs), np.uint8)
        return Parameters(lo, hi, np.array(cutoffs, np.int64), ages, np.array([month], np.int64))

    def run(
        self,
        table: Table,
        places: Places,
        parameters: Parameters,
        keep_all: bool = False,
        threads: int = 2,
        block: int = BLOCK,
    ) -> Rows:
        """Rows of every unit for whom a benefit may matter (all units with ``keep_all``), in order."""
        groups = table.groups
        if groups and (int(table.size.min()) < 1 or int(table.size.max()) > MAX_MEMBERS):
            sizes = f"{int(table.size.min())} to {int(table.size.max())}"
            raise ValueError(f"households of {sizes} members; 1 to {MAX_MEMBERS} can be computed")
        fixed = self._fixed(table, places, parameters)
        loose: list[int] = []
        spans = [(g, min(g + block, groups)) for g in range(0, groups, block)]
        if threads > 1 and len(spans) > 1:
            with ThreadPoolExecutor(threads) as pool:
                work = partial(
                    self._block, table=table, places=places, fixed=fixed, keep_all=keep_all, loose=loose
                )
                found = list(pool.map(work, spans))
        else:
            found = [self._block(span, table, places, fixed, keep_all, loose) for span in spans]
        empty = np.zeros((len(ROW), 0), np.int64)
        return {b: np.concatenate([f[b] for f in found] or [empty], axis=1) for b in self.plan.benefits}

    def _fixed(self, table: Table, places: Places, parameters: Parameters) -> dict[str, Array]:
        fixed = {
            "place_group": table.place_group,
            "place_person": table.place_person,
            "complete": places.complete,
            "parameter_lo": parameters.lo,
            "parameter_hi": parameters.hi,
            "cutoffs": parameters.cutoffs,
            "ages": parameters.ages,
            "month": parameters.month,
            **table.columns,
        }
        wanted = {a for _, args in self.source.stages for a in args}
        made = ("SP", "FP", "SG", "FG", "link_", "kin_")
        missing = {a for a in wanted if not a.startswith(made)} - set(fixed)
        if missing:
            names = ", ".join(sorted(missing))
            raise ValueError(f"the population has no columns {names}; build it with this pack's fields")
        return fixed

    def _block(
        self,
        span: tuple[int, int],
        table: Table,
        places: Places,
        fixed: Mapping[str, Array],
        keep_all: bool,
        loose: list[int],
    ) -> Rows:
        """``loose`` collects the blocks that the sieve let through nearly whole; after some it is spared."""
        chosen = everyone(table, *span)
        scratch, rows = self._room(len(chosen.person_ids), len(chosen.group_ids))
        if self.sieve and not keep_all and len(loose) < LOOSE_BLOCKS:
            arrays = Local(fixed, chosen, scratch, self._units)
            for (stage, args), work in zip(self.source.sieve, self.sieve, strict=True):
                work(*chosen.head(stage.unit), *[arrays[a] for a in args])
            flags = scratch[f"FG{self.source.sieve_flag}"][: len(chosen.group_ids)]
            through = np.flatnonzero(flags & YES)
            if len(through) > LOOSE * len(chosen.group_ids):
                loose.append(span[0])
            else:
                chosen = some(chosen, through)
        if self.used.reach:
            chosen = with_kin(self.program.pack, self.used, table, places, chosen.group_ids)
            scratch, rows = self._room(len(chosen.person_ids), len(chosen.group_ids))
        arrays = Local(fixed, chosen, scratch, self._units)
        found: Rows = {}
        for (stage, args), work in zip(self.source.stages, self.functions, strict=True):
            head = chosen.head(stage.unit, bool(stage.benefit))
            if stage.benefit:
                k = work(*head, rows, keep_all, *[arrays[a] for a in args])
                found[stage.benefit] = rows[:, :k].copy()
            else:
                work(*head, *[arrays[a] for a in args])
        return found

    def _room(self, persons: int, groups: int) -> tuple[dict[str, Array], Array]:
        """Scratch rows of this thread by name, and room for rows; grown when a larger block comes."""
        have = getattr(self._scratch, "room", None)
        if have is None or have[2] < persons or have[3] < groups:
            c = self.source.counts
            p, g = padded(persons), padded(groups)
            named: dict[str, Array] = {}
            for name, n, dtype in (
                ("SP", p, np.int64),
                ("FP", p, np.uint8),
                ("SG", g, np.int64),
                ("FG", g, np.uint8),
            ):
                whole = np.zeros((c[name] + 1, n), dtype)
                named |= {f"{name}{i}": whole[i] for i in range(c[name] + 1)}
            have = (named, np.zeros((len(ROW), max(p, g)), np.int64), p, g)
            self._scratch.room = have
        return have[0], have[1]


def cache_folder() -> Path:
    """Where compiled kernels are kept: ``ZHIDA_CACHE``, else the user's cache folder."""
    told = os.environ.get("ZHIDA_CACHE")
    base = Path(told) if told else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zhida"
    return base / "kernels"


def load_module(text: str, compiled: bool = True) -> ModuleType:
    """The generated module, from a file with a stable name so that Numba's cache finds it again."""
    if not compiled:
        text = text.replace(f"{DECORATOR}\n", "")
        text = text.replace("zhida.rules.kernel.support", "zhida.rules.kernel.plain")
    name = f"zhida_kernel_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    with _writing:
        if name in sys.modules:
            return sys.modules[name]
        path = _write(name, text)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module


def _write(name: str, text: str) -> Path:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.py"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            temporary = folder / f".{name}.{os.getpid()}"
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        return path
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="zhida-kernel-"))
        path = folder / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        return path
