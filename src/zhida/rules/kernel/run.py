"""Compiles generated source and runs it over a population, block by block, in threads."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, local
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from zhida.codes.months import first_day, last_day
from zhida.rules.declarations import Pack
from zhida.rules.ir import MAX_MEMBERS, PERSON, YES
from zhida.rules.kernel.emit import DECORATOR, Source, emit
from zhida.rules.kernel.plan import Form, make_plan
from zhida.rules.kernel.sieve import sieve_plan
from zhida.rules.kernel.special import specialised
from zhida.rules.outcome import ROW
from zhida.rules.parameters import resolve
from zhida.rules.program import Program
from zhida.rules.values import age_cutoffs

BLOCK = 16_384
"""Groups in a block: its scratch fits the cache, and there are few calls from Python."""

LOOSE, LOOSE_BLOCKS = 0.5, 3
"""A sieve that lets more than this share through costs more than it saves; how often that is tried."""

Array = npt.NDArray[Any]
_writing = Lock()


@dataclass(frozen=True, slots=True)
class Table:
    """Some whole groups and their persons, column by column.

    ``first_person``, ``size`` by group; ``group_of`` by person; ``columns`` by name: ``c_<field>``
    values, ``s_<field>`` states (0 known, 1 absent, 2 unknown, 3 interval, 4 not applicable),
    ``h_<field>`` high ends. ``place_group`` and ``place_person`` are rows of :class:`Places`.
    """

    first_person: Array
    size: Array
    group_of: Array
    place_group: Array
    place_person: Array
    columns: Mapping[str, Array]


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
    month: Array


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of a table that a block runs over: ``persons`` and ``groups`` (uint32, ascending), the place of
    each person's group among ``groups``, and where each group's persons lie among ``persons``."""

    persons: Array
    groups: Array
    home: Array
    first: Array
    size: Array

    def head(self, unit: str) -> tuple[Any, ...]:
        """The arguments that every stage takes first."""
        n = len(self.persons) if unit == PERSON else len(self.groups)
        return (n, self.persons, self.groups, self.home, self.first, self.size)


def everyone(table: Table, g0: int, g1: int) -> Chosen:
    """All groups from ``g0`` to before ``g1``."""
    p0 = int(table.first_person[g0])
    p1 = int(table.first_person[g1 - 1]) + int(table.size[g1 - 1])
    return Chosen(
        np.arange(p0, p1, dtype=np.uint32),
        np.arange(g0, g1, dtype=np.uint32),
        (table.group_of[p0:p1] - g0).astype(np.uint32),
        table.first_person[g0:g1].astype(np.int64) - p0,
        table.size[g0:g1].astype(np.int64),
    )


def some(whole: Chosen, at: Array) -> Chosen:
    """Only the groups at some places among ``whole.groups``."""
    size = whole.size[at]
    first = np.cumsum(size) - size
    members = np.repeat(whole.first[at] - first, size) + np.arange(int(size.sum()))
    home = np.repeat(np.arange(len(at), dtype=np.uint32), size)
    return Chosen(whole.persons[members], whole.groups[at], home, first, size)


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

    def parameters(self, places: Places, month: int, pack: Pack | None = None) -> Parameters:
        """Look every parameter up at every place; ``pack`` may be a reform of the program's own."""
        pack = pack or self.program.pack
        n = max(len(self.source.parameters), 1)
        lo = np.zeros((n, len(places.codes)), np.int64)
        hi = np.zeros_like(lo)
        for (name, index), slot in self.source.parameters.items():
            p = pack.parameters[name]
            for j, code in enumerate(places.codes):
                found = resolve(pack, name, month, code)
                lo[slot, j], hi[slot, j] = (
                    (p.minimum, p.maximum) if found.values is None else (found.values[index],) * 2
                )
        reference = last_day(month) if pack.age_on == "last" else first_day(month)
        return Parameters(lo, hi, np.array(age_cutoffs(reference), np.int64), np.array([month], np.int64))

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
        groups = len(table.size)
        if groups and (int(table.size.min()) < 1 or int(table.size.max()) > MAX_MEMBERS):
            sizes = f"{int(table.size.min())} to {int(table.size.max())}"
            raise ValueError(f"households of {sizes} members; 1 to {MAX_MEMBERS} can be computed")
        fixed = self._fixed(table, places, parameters)
        calls = [[fixed[name] for name in args] for _, args in self.source.stages]
        sift = [[fixed[name] for name in args] for _, args in self.source.sieve] if self.sieve else []
        loose: list[int] = []
        spans = [(g, min(g + block, groups)) for g in range(0, groups, block)]
        if threads > 1 and len(spans) > 1:
            with ThreadPoolExecutor(threads) as pool:
                found = list(
                    pool.map(lambda span: self._block(span, table, calls, sift, keep_all, loose), spans)
                )
        else:
            found = [self._block(span, table, calls, sift, keep_all, loose) for span in spans]
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
            "month": parameters.month,
            **table.columns,
        }
        missing = {a for _, args in self.source.stages for a in args} - set(fixed)
        if missing:
            names = ", ".join(sorted(missing))
            raise ValueError(f"the population has no columns {names}; build it with this pack's fields")
        return fixed

    def _block(
        self,
        span: tuple[int, int],
        table: Table,
        calls: Sequence[list[Array]],
        sift: Sequence[list[Array]],
        keep_all: bool,
        loose: list[int],
    ) -> Rows:
        """``loose`` collects the blocks that the sieve let through nearly whole; after some it is spared."""
        chosen = everyone(table, *span)
        scratch = self._room(len(chosen.persons), len(chosen.groups))
        if sift and not keep_all and len(loose) < LOOSE_BLOCKS:
            for (stage, _), call, work in zip(self.source.sieve, sift, self.sieve, strict=True):
                work(*chosen.head(stage.unit), *scratch[:4], *call)
            flags = scratch[3][self.source.sieve_flag, : len(chosen.groups)]
            through = np.flatnonzero(flags & YES)
            if len(through) > LOOSE * len(chosen.groups):
                loose.append(span[0])
            else:
                chosen = some(chosen, through)
        rows: Rows = {}
        for (stage, _), call, work in zip(self.source.stages, calls, self.functions, strict=True):
            head = chosen.head(stage.unit)
            if stage.benefit:
                found = scratch[4]
                k = work(*head, *scratch[:4], found, keep_all, *call)
                rows[stage.benefit] = found[:, :k].copy()
            else:
                work(*head, *scratch[:4], *call)
        return rows

    def _room(self, persons: int, groups: int) -> tuple[Array, ...]:
        """Scratch of this thread, grown when a larger block comes."""
        have = getattr(self._scratch, "room", None)
        if have is None or have[0].shape[1] < persons or have[2].shape[1] < groups:
            c = self.source.counts
            p, g = int(persons * 1.1) + 64, int(groups * 1.1) + 64
            have = (
                np.zeros((c["SP"] + 1, p), np.int64),
                np.zeros((c["FP"] + 1, p), np.uint8),
                np.zeros((c["SG"] + 1, g), np.int64),
                np.zeros((c["FG"] + 1, g), np.uint8),
                np.zeros((len(ROW), max(p, g)), np.int64),
            )
            self._scratch.room = have
        return have


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
