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
from bench.openfisca_system import PERIOD, simulation
from bench.people import MONTH, REFORM, People
from zhida.population.schema import State, in_snapshot, is_made
from zhida.rules.declarations import Pack
from zhida.rules.formulas.ir import PERSON, YES
from zhida.rules.kernel.plan import Form
from zhida.rules.kernel.run import Keep, Kernel, Parameters, Rows, Table
from zhida.rules.loading.pack import load_pack
from zhida.rules.program.build import build_program
from zhida.rules.program.outcome import ROW
from zhida.rules.reforms.reform import apply, parse_set

Array = np.ndarray[Any, Any]
Answers = Mapping[str, tuple[Array, Array]]
PACK = Path(__file__).resolve().parents[1] / "src" / "zhida" / "packs" / "zhejiang"
BENEFITS = list(openfisca_rules.RULES)
COMPRESSION = "zstd"
INDEX, CODES, AMOUNT, AMOUNT_HIGH, CONDITIONS = (
    ROW.index(name) for name in ("index", "codes", "amount_lo", "amount_hi", "conditions")
)


def the_pack() -> Pack:
    """The bundled pack, with the one answer that it leaves open."""
    pack = load_pack(PACK)
    for one in REFORM:
        pack = apply(pack, parse_set(one))
    return pack


def exact_kernel(pack: Pack, compiled: bool = True) -> Kernel:
    """The benefits that both engines have, in the form for which nothing is unknown."""
    return Kernel(build_program(pack, MONTH), people.form(pack), BENEFITS, compiled=compiled)


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
    kernel: Kernel, found: People, parameters: Parameters, threads: int, keep: Keep = Keep.OPEN
) -> Rows:
    return kernel.run(people.table(found), people.places(kernel.program.pack), parameters, keep, threads)


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
    kernel = Kernel(build_program(pack, MONTH), Form(tuple(sorted(forms))), BENEFITS)
    return kernel, replace(told, columns=columns)


# --- comparison


def compare(kernel: Kernel, country: TaxBenefitSystem, found: People) -> dict[str, dict[str, int]]:
    """For each benefit over every unit: rows compared, rows that differ, rows entitled.

    A row is the answer, the amount, whether the benefit applies, each condition, near miss and signal.
    Zhida computes every unit twice: with a row for everybody, and as a scan does, with rows only for
    those for whom the benefit may matter; of whom there is no row, all must agree that it does not.
    """
    parameters = exact_parameters(kernel)
    everybody = zhida_rows(kernel, found, parameters, 2, keep=Keep.ALL)
    as_scanned = zhida_rows(kernel, found, parameters, 2)
    zhida_answers(everybody)  # refuses an open answer
    made = openfisca_simulation(country, found)
    answers = openfisca_rules.answers(made)
    result: dict[str, dict[str, int]] = {}
    for benefit in kernel.plan.benefits:
        program = kernel.program.benefits[benefit]
        n = found.count if program.benefit.unit == PERSON else len(found.households["size"])
        words = _words(made, benefit, [c.id for c in program.conditions])
        yes, amount = answers[benefit]
        mine = np.stack([words, np.where(yes, 0 if amount is None else amount, 0)])
        full, listed = (_told(rows[benefit], n) for rows in (everybody, as_scanned))
        differ = (mine != full).any(axis=0)
        there = np.zeros(n, bool)
        there[as_scanned[benefit][INDEX]] = True
        differ |= there & (mine != listed).any(axis=0)
        awarded = made.calculate(f"awarded_{benefit}", PERIOD)
        differ |= ~there & (yes | (words & NEAR != 0) | awarded)
        result[benefit] = {"compared": n, "differ": int(differ.sum()), "entitled": int(yes.sum())}
    return result


APPLIES, ANSWER, SIGNAL, NEAR, FIRST_CONDITION = 1, 2, 4, 8, 4
"""Bits of a row's word. Near miss and conditions count only where the benefit applies."""


def _words(made: Simulation, benefit: str, conditions: list[str]) -> Array:
    """OpenFisca's rows. Raises KeyError for a condition of the pack that has no twin."""
    rule = openfisca_rules.RULES[benefit]
    applies, answer, signal = (made.calculate(v, PERIOD) for v in (rule.applies, benefit, rule.signal))
    word = applies * APPLIES | answer * ANSWER | signal * SIGNAL
    if rule.almost is not None:
        word = word | made.calculate(f"{benefit}_near", PERIOD) * NEAR
    for j, name in enumerate(conditions):
        if name.startswith("choice:"):
            held = made.calculate(rule.chosen, PERIOD)
        elif name.startswith("excluded_by:"):
            held = ~made.calculate(f"{name.removeprefix('excluded_by:')}_held", PERIOD)
        else:
            held = made.calculate(rule.conditions[name], PERIOD)
        word = word | (applies & held) * np.int64(1 << FIRST_CONDITION + j)
    return word


def _told(rows: Array, n: int) -> Array:
    """Zhida's rows in the same form: word and amount, 0 where there is no row."""
    codes, bits = rows[CODES], rows[CONDITIONS]
    applies = codes >> 13 & YES
    word = (
        applies * APPLIES
        | (codes & YES) * ANSWER
        | (codes >> 6 & YES) * SIGNAL
        | applies * (codes >> 9 & 1) * NEAR
    )
    for j in range(20):
        word = word | applies * (bits >> 3 * j & YES) * (1 << FIRST_CONDITION + j)
    dense = np.zeros((2, n), np.int64)
    dense[:, rows[INDEX]] = word, rows[AMOUNT]
    return dense
