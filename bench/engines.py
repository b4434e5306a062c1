"""The two engines over the same people, and the comparison of what they say.

An answer of a benefit is a pair of arrays: the rows of the units (persons or households) that are
entitled, ascending, and their amounts in fen (0 for a status without money).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from openfisca_core.simulations import Simulation
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from bench import openfisca_rules, people
from bench.openfisca_system import simulation
from bench.people import MONTH, REFORM, People
from zhida.population.schema import State, in_snapshot, is_made
from zhida.rules.declarations import Pack
from zhida.rules.ir import PERSON, YES
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Kernel, Parameters, Rows, Table
from zhida.rules.loading.pack import load_pack
from zhida.rules.outcome import ROW
from zhida.rules.program import build_program
from zhida.rules.reform import apply, parse_set

Array = np.ndarray[Any, Any]
Answers = Mapping[str, tuple[Array, Array]]
PACK = Path(__file__).resolve().parents[1] / "src" / "zhida" / "packs" / "zhejiang"
BENEFITS = list(openfisca_rules.BENEFITS)
COMPRESSION = "zstd"
INDEX, CODES, AMOUNT, AMOUNT_HIGH = (ROW.index(n) for n in ("index", "codes", "amount_lo", "amount_hi"))


def the_pack() -> Pack:
    """The bundled pack, with the one answer that it leaves open."""
    return apply(load_pack(PACK), parse_set(REFORM))


def exact_kernel(pack: Pack, compiled: bool = True) -> Kernel:
    """All benefits, in the form for which nothing is unknown."""
    return Kernel(build_program(pack, MONTH), people.form(pack), compiled=compiled)


def exact_parameters(kernel: Kernel) -> Parameters:
    """Raises ValueError where a parameter is unknown: the exact form would take it for its lowest value."""
    found = kernel.parameters(people.places(kernel.program.pack), MONTH)
    if not np.array_equal(found.lo, found.hi):
        unknown = sorted(
            {n for (n, _), i in kernel.source.parameters.items() if (found.lo[i] != found.hi[i]).any()}
        )
        raise ValueError(f"not known in every county: {', '.join(unknown)}; the comparison needs a value")
    return found


def zhida_rows(
    kernel: Kernel, found: People, parameters: Parameters, threads: int, keep_all: bool = False
) -> Rows:
    return kernel.run(people.table(found), people.places(kernel.program.pack), parameters, keep_all, threads)


def zhida_answers(rows: Rows) -> dict[str, tuple[Array, Array]]:
    """Rows of which the answer is yes. Raises ValueError for one that is open: all was to be known."""
    answers = {}
    for benefit, row in rows.items():
        answer = row[CODES] & 7
        if not np.isin(answer, (1, 2, 4)).all() or (row[AMOUNT] != row[AMOUNT_HIGH]).any():
            raise ValueError(f"{benefit}: an answer is open, though everything is known")
        yes = answer == YES
        answers[benefit] = (row[INDEX][yes], row[AMOUNT][yes])
    return answers


def openfisca_simulation(country: TaxBenefitSystem, found: People) -> Simulation:
    """All inputs set; nothing computed yet."""
    columns = {**found.households, **found.persons}
    wanted = {**openfisca_rules.PERSON_INPUTS, **openfisca_rules.HOUSEHOLD_INPUTS}
    inputs = {n: columns[n].view(np.bool_) if kind is bool else columns[n] for n, kind in wanted.items()}
    return simulation(country, found.persons["household"], len(found.households["size"]), inputs)


def openfisca_answers(computed: Mapping[str, tuple[Array, Array | None]]) -> dict[str, tuple[Array, Array]]:
    answers = {}
    for benefit, (entitled, amount) in computed.items():
        rows = np.flatnonzero(entitled)
        answers[benefit] = (rows, np.zeros(len(rows), np.int64) if amount is None else amount[rows])
    return answers


def write_results(path: Path, answers: Answers) -> None:
    """The same Parquet file whichever engine made the answers: benefit, row of the unit, fen a month."""
    found = [answers[b] for b in BENEFITS]
    codes = np.repeat(np.arange(len(BENEFITS), dtype=np.uint8), [len(rows) for rows, _ in found])
    columns = {
        "benefit": codes,
        "unit": np.concatenate([rows for rows, _ in found]).astype(np.int32),
        "amount": np.concatenate([amounts for _, amounts in found]).astype(np.int64),
    }
    pq.write_table(pa.table(columns), path, compression=COMPRESSION)


def partly_known(pack: Pack, found: People, seed: int) -> tuple[Kernel, Table]:
    """The same people as a scan sees them: a tenth of each register's cells unknown, what families declare
    or authorise not there at all, no proof that parameters are known."""
    rng = np.random.default_rng(seed)
    told = people.table(found)
    forms, columns = [], {}
    for f in pack.fields.values():
        column = told.columns[f"c_{f.id}"]
        if is_made(f.id):
            forms.append((f.id, "known"))
        elif in_snapshot(pack, f):
            forms.append((f.id, "states"))
            unknown = rng.random(len(column)) < 0.1
            columns[f"s_{f.id}"] = np.where(unknown, State.UNKNOWN, State.KNOWN).astype(np.uint8)
        else:
            continue
        columns[f"c_{f.id}"] = column
    kernel = Kernel(build_program(pack, MONTH), Form(tuple(sorted(forms))))
    return kernel, replace(told, columns=columns)


# --- comparison


def compare(kernel: Kernel, country: TaxBenefitSystem, found: People) -> dict[str, dict[str, int]]:
    """For each benefit over every unit: rows compared, rows that differ in answer or amount, rows entitled.

    Zhida computes every unit twice: with a row for everybody, and as a scan does, with rows only for
    those for whom the benefit may matter. All three must say the same.
    """
    parameters = exact_parameters(kernel)
    everybody = zhida_answers(zhida_rows(kernel, found, parameters, 2, keep_all=True))
    as_scanned = zhida_answers(zhida_rows(kernel, found, parameters, 2))
    other = openfisca_answers(openfisca_rules.answers(openfisca_simulation(country, found)))
    result: dict[str, dict[str, int]] = {}
    for benefit in kernel.plan.benefits:
        unit = kernel.program.benefits[benefit].benefit.unit
        n = found.count if unit == PERSON else len(found.households["size"])
        dense = [_dense(side[benefit], n) for side in (other, everybody, as_scanned)]
        differ = (dense[0] != dense[1]) | (dense[0] != dense[2])
        result[benefit] = {"compared": n, "differ": int(differ.sum()), "entitled": len(other[benefit][0])}
    return result


def _dense(answer: tuple[Array, Array], n: int) -> Array:
    """Amount of each unit, -1 where it is not entitled."""
    column = np.full(n, -1, np.int64)
    column[answer[0]] = answer[1]
    return column
