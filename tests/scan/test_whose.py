"""Entries of a scan whose keys are not those of the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.scan.found_rate import Counts, Truth, compare
from zhida.scan.whose import NOBODY, Whose


def test_entries_are_counted_by_whom_they_stand_for(tmp_path: Path) -> None:
    """Persons 10 … 13 of homes 1 and 2 have keys 5 … 8; 12 also has key 9; key 4 is nobody of the city."""
    who = Whose(
        np.array([5, 6, 7, 8, 9]),
        np.array([10, 11, 12, 13, 12]),
        np.array([10, 11, 12, 13]),
        np.array([1, 1, 2, 2]),
    )
    assert who.persons(np.array([4, 5, 9, 99])).tolist() == [NOBODY, 10, 12, NOBODY]
    entries = [
        ("aid", "household", "lead", 700, 6),  # home 1, right
        ("aid", "household", "lead", 701, 9),  # home 2, not entitled
        ("care", "person", "lead", 7, 7),  # person 12, right
        ("care", "person", "lead", 9, 9),  # person 12 again
        ("care", "person", "lead", 4, 4),  # nobody
        ("care", "person", "verify", 8, 8),  # person 13, right
        ("care", "person", "review", 5, 5),  # person 10, right
    ]
    names = ["benefit", "unit", "list", "unit_key", "person_key"]
    pq.write_table(
        pa.table(dict(zip(names, zip(*entries, strict=True), strict=True))), tmp_path / "r.parquet"
    )
    none = np.zeros(0, np.int64)
    truth = {"aid": Truth(np.array([1]), none), "care": Truth(np.array([11, 12, 13]), np.array([10]))}
    found = compare(tmp_path / "r.parquet", truth, who)
    assert found["aid"] == Counts(missed=1, lead=2, lead_right=1)
    assert found["care"] == Counts(
        missed=3, lead=3, lead_right=1, verify=1, verify_right=1, due=1, review=1, review_right=1
    )
