"""Compiles generated source and runs it over a population, block by block, in threads."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from threading import Lock
from types import ModuleType

import numpy as np

from zhida.codes.months import first_day, last_day
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import MAX_MEMBERS
from zhida.rules.kernel.block import Array, Chosen, Local, Room, everyone, some, with_kin
from zhida.rules.kernel.emit import DECORATOR, Source, emit
from zhida.rules.kernel.operations import REGISTERS_A_WORD
from zhida.rules.kernel.plan import Form, make_plan
from zhida.rules.kernel.sieve import sieve_plan
from zhida.rules.kernel.sifting import ForEach, Sieve
from zhida.rules.kernel.special import specialised
from zhida.rules.kernel.symbols import DUE, WHOLE
from zhida.rules.kernel.web import Shape, Used, Web
from zhida.rules.parameters import Lookup
from zhida.rules.program.build import Program
from zhida.rules.program.outcome import ROW
from zhida.rules.values import age_cutoffs, age_table

BLOCK = 65_536
"""Groups in a block: few calls from Python, and what the sieve lets through is still in the cache."""

SMALL = 2048
"""Fewer groups a thread are not worth sharing out."""

LOOSE, LOOSE_BLOCKS = 0.6, 3
"""A sieve that lets more than this share through costs more than it saves; how often that is tried."""

_writing = Lock()


@dataclass(frozen=True, slots=True)
class Table:
    """Some whole groups and their persons, column by column.

    ``first_person``, ``size`` by group; ``group_of`` by person; ``columns`` by name: ``c_<field>``
    values, ``s_<field>`` states (0 known, 1 absent, 2 unknown, 3 interval, 4 not applicable),
    ``h_<field>`` high ends. ``place_group`` and ``place_person`` are rows of :class:`Places`. ``web``: ties
    of its people, where the rules follow any. Only the first ``own`` groups (all where that is None) get
    rows; the others are there because somebody hangs on them. ``divisions``: rows of a snapshot's manifest by
    group and by person (-1, -2: none), for whoever looks places up again.
    """

    first_person: Array
    size: Array
    group_of: Array
    place_group: Array
    place_person: Array
    columns: Mapping[str, Array]
    web: Web | None = None
    own: int | None = None
    divisions: tuple[Array, Array] | None = None

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


Rows = dict[str, Array]
"""By benefit, an int64 array of ``len(ROW)`` rows; see :data:`zhida.rules.kernel.emit.ROW`."""


def _spans(groups: int, block: int, threads: int) -> list[tuple[int, int]]:
    """Blocks of one size, as many for each thread."""
    count = -(-groups // block)
    if threads > 1 and groups >= threads * SMALL:
        count = -(-count // threads) * threads
    size = max(-(-groups // max(count, 1)), 1)
    return [(g, min(g + size, groups)) for g in range(0, groups, size)]


def _words(complete: Array) -> Array:
    """A bit by register, so that a stage looks once at a place for all of them."""
    words = np.zeros((len(complete) // REGISTERS_A_WORD + 1, complete.shape[1]), np.int64)
    for i, row in enumerate(complete):
        words[i // REGISTERS_A_WORD] |= row.astype(np.int64) << (i % REGISTERS_A_WORD)
    return words


class Keep(IntEnum):
    """Who gets a row besides whoever is surely entitled as far as registers tell, nearly so, or receives.

    ``SPOKEN``: of those of whom the answer is open, for whom something surely speaks. ``OPEN``: all of whom
    it is open. ``ALL``: everybody."""

    SPOKEN = 0
    OPEN = 1
    ALL = 2


MADE = ("SP", "FP", "SG", "FG", "link_", "kin_")
"""Beginnings of the names of what each block has of its own."""


class Kernel:
    """One program, compiled for one form of columns. Thread-safe."""

    def __init__(
        self, program: Program, form: Form, benefits: Iterable[str] | None = None, compiled: bool = True
    ) -> None:
        self.program = program
        self.form = form
        special = specialised(program, form)
        self.plan = make_plan(special, benefits)
        sieves = {
            keep.name.lower(): sieve_plan(special, self.plan.benefits, keep is Keep.SPOKEN)
            for keep in (Keep.SPOKEN, Keep.OPEN)
        }
        self.source: Source = emit(self.plan, sieves, form)
        self.module = load_module(self.source.text, compiled)
        self.functions = [getattr(self.module, f"stage_{i}") for i in range(len(self.source.stages))]
        self._rooms: list[Room] = []
        self._arrays: tuple[Source, frozenset[str]] | None = None
        self.used = Used.of(program.pack, [n for b in self.plan.benefits for n in special.outputs(b)])
        self._units = {f.id: f.unit for f in program.pack.fields.values()}
        self.sieves: Mapping[Keep, Sieve] = {
            Keep[name.upper()]: Sieve.of(found, self.module, self.source.counts, self._units)
            for name, found in self.source.sieves.items()
        }

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
        keep: Keep = Keep.OPEN,
        threads: int = 2,
        block: int = BLOCK,
    ) -> Rows:
        """Rows of every unit for whom a benefit may matter, in order."""
        groups = table.groups
        if groups and (int(table.size.min()) < 1 or int(table.size.max()) > MAX_MEMBERS):
            sizes = f"{int(table.size.min())} to {int(table.size.max())}"
            raise ValueError(f"households of {sizes} members; 1 to {MAX_MEMBERS} can be computed")
        fixed = self._fixed(table, places, parameters)
        loose: list[int] = []
        spans = _spans(groups, block, threads)
        with _mapping(threads if len(spans) > 1 else 1) as for_each:
            sieve = self.sieves.get(keep) if groups else None
            if sieve is not None:
                fixed = sieve.ahead(table, self.used, fixed, self._room, for_each)
            work = partial(self._block, table, places, fixed, keep, sieve, loose)
            found = list(for_each(work, spans))
        empty = np.zeros((len(ROW), 0), np.int64)
        return {b: np.concatenate([f[b] for f in found] or [empty], axis=1) for b in self.plan.benefits}

    def arrays(self) -> frozenset[str]:
        """Names of all that its stages read besides scratch, columns of a table among them."""
        if self._arrays is None or self._arrays[0] is not self.source:
            read = {a.removeprefix(WHOLE) for _, args in self.source.stages for a in args}
            self._arrays = self.source, frozenset(a for a in read if a != DUE and not a.startswith(MADE))
        return self._arrays[1]

    def _fixed(self, table: Table, places: Places, parameters: Parameters) -> Mapping[str, Array]:
        fixed = {
            "place_group": table.place_group,
            "place_person": table.place_person,
            "complete": _words(places.complete),
            "parameter_lo": parameters.lo,
            "parameter_hi": parameters.hi,
            "cutoffs": parameters.cutoffs,
            "ages": parameters.ages,
            "month": parameters.month,
            **table.columns,
        }
        missing = self.arrays() - set(fixed)
        if missing:
            names = ", ".join(sorted(missing))
            raise ValueError(f"the population has no columns {names}; build it with this pack's fields")
        return fixed

    def _block(
        self,
        table: Table,
        places: Places,
        fixed: Mapping[str, Array],
        keep: Keep,
        sieve: Sieve | None,
        loose: list[int],
        span: tuple[int, int],
    ) -> Rows:
        """``loose`` collects the blocks that the sieve let through nearly whole; after some it is spared."""
        with self._room() as room:
            chosen = None
            if sieve is not None and len(loose) < LOOSE_BLOCKS:
                through = sieve.through(span, table, fixed, room)
                if len(through) > LOOSE * (span[1] - span[0]):
                    loose.append(span[0])
                else:
                    chosen = some(table, through)
            chosen = chosen or everyone(table, *span)
            if self.used.reach:
                chosen = with_kin(self.program.pack, self.used, table, places.complete, chosen)
            return self._rows(chosen, fixed, keep, room)

    def _rows(self, chosen: Chosen, fixed: Mapping[str, Array], keep: Keep, room: Room) -> Rows:
        """All stages over some groups."""
        scratch, rows = room.of(chosen)
        arrays = Local(fixed, chosen, scratch, self._units)
        units = {s.unit for s in self.plan.stages}
        heads = {(unit, some): chosen.head(unit, some) for unit in units for some in (True, False)}
        own = {unit: chosen.head(unit, False, chosen.ids(unit)) for unit in units}
        found: Rows = {}
        for (stage, args), work in zip(self.source.stages, self.functions, strict=True):
            if stage.benefit:
                k = work(*own[stage.unit], rows, int(keep), *[arrays[a] for a in args])
                found[stage.benefit] = rows[:, :k].copy()
            else:
                work(*heads[stage.unit, stage.asked], *[arrays[a] for a in args])
        return found

    @contextmanager
    def _room(self) -> Iterator[Room]:
        """Scratch that nobody else uses meanwhile; kept, since fresh memory costs more than the work."""
        try:
            room = self._rooms.pop()
        except IndexError:
            room = Room(self.source.counts)
        try:
            yield room
        finally:
            self._rooms.append(room)


@contextmanager
def _mapping(threads: int) -> Iterator[ForEach]:
    """``map``, in so many threads."""
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map


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
