"""How well lists find people: counted by hand, and a snapshot without a register."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zhida.codes.months import format_month
from zhida.population.errors import SnapshotError
from zhida.population.schema import State, state_column
from zhida.population.store import Snapshot
from zhida.rules.declarations import Pack
from zhida.rules.kernel.run import Keep
from zhida.scan.found_rate import Counts, compare, found_rate, read_truth
from zhida.scan.lists import COLUMN, bits
from zhida.scan.loaded import Loaded
from zhida.scan.scan import ScanResult
from zhida.scan.withheld import registers_told, withheld


def write_truth(folder: Path, snapshot: Snapshot, rows: list[dict[str, Any]], **changed: Any) -> None:
    """A truth by hand, of the snapshot's city."""
    (folder / "part-0000").mkdir(parents=True)
    own = {k: snapshot.manifest[k] for k in ("pack", "seed", "fraction")}
    told = own | {"format": 1, "month": format_month(snapshot.month), "files": False, "parts": ["part-0000"]}
    (folder / "truth.json").write_text(json.dumps(told | changed), encoding="utf-8")
    plain = {"amount": 100_00, "award": 0, "early": False, "over": False, "near": False, "receives": False}
    pq.write_table(pa.Table.from_pylist([plain | r for r in rows]), folder / "part-0000" / "entitled.parquet")


@pytest.fixture(scope="module")
def entries(result: ScanResult) -> list[dict[str, Any]]:
    return pq.read_table(result.results, columns=["benefit", "list", "unit_key"]).to_pylist()


def test_precision_and_recall_are_those_counted_by_hand(
    loaded: Loaded, result: ScanResult, entries: list[dict[str, Any]], pack: Pack, town: Path, tmp_path: Path
) -> None:
    """Every third lead and every second to verify are right, five are on no list; two reviews are right."""

    def of(name: str) -> list[dict[str, Any]]:
        return [e for e in entries if e["list"] == name and e["benefit"] in loaded.snapshot.contract.benefits]

    right = of("lead")[::3] + of("verify")[::2]
    benefit = right[0]["benefit"]
    absent = [{"benefit": benefit, "unit_key": -k - 1, "entitled": True} for k in range(5)]
    due = [
        {"benefit": r["benefit"], "unit_key": r["unit_key"], "entitled": False, "receives": True, "award": 7}
        for r in of("review")[:2]
    ]
    rows = [{"benefit": r["benefit"], "unit_key": r["unit_key"], "entitled": True} for r in right]
    write_truth(tmp_path / "truth", loaded.snapshot, rows + absent + due)
    found = found_rate(town, pack, tmp_path / "truth", results=result.results, compiled=False)
    leads, verify, reviews = (len(of(name)) for name in ("lead", "verify", "review"))
    assert leads > 3 and verify > 3 and reviews > 2
    n_leads, n_verify = len(of("lead")[::3]), len(of("verify")[::2])
    missed = n_leads + n_verify + 5
    assert found.total == Counts(missed, leads, n_leads, verify, n_verify, 2, reviews, 2)
    rates = found.total.rates()
    assert rates["lead_precision"] == n_leads / leads
    assert rates["lead_recall"] == n_leads / missed
    assert rates["recall_with_verify"] == (n_leads + n_verify) / missed
    assert rates["review_recall"] == 1.0
    assert found.without == {}


def test_a_review_that_the_rules_let_wait_is_not_due(loaded: Loaded, pack: Pack, tmp_path: Path) -> None:
    name = next(b for b in loaded.snapshot.contract.benefits if pack.benefits[b].reviews)
    (review,) = pack.benefits[name].reviews
    slight = {"receives": True, "entitled": True, "award": 100_00 - review.clear_change + 1}
    rows = [
        slight | {"early": True},
        slight | {"early": False},
        slight | {"early": True, "award": 100_00 - review.clear_change},
        {"receives": True, "entitled": False, "near": True, "award": 1, "early": True},
        {"receives": True, "entitled": False, "near": False, "award": 1, "early": True},
        {"receives": True, "entitled": True, "award": 100_00, "early": False},
        {"receives": True, "entitled": True, "award": 100_00, "over": True},
        slight | {"early": True, "over": True},
    ]
    write_truth(
        tmp_path / "truth",
        loaded.snapshot,
        [r | {"benefit": name, "unit_key": i} for i, r in enumerate(rows)],
    )
    truth = read_truth(tmp_path / "truth", loaded.snapshot, pack)
    assert truth[name].due.tolist() == [1, 2, 4, 6, 7]
    assert truth[name].missed.tolist() == []
    assert compare(_no_entries(tmp_path), truth)[name] == Counts(due=5)


def _no_entries(folder: Path) -> Path:
    schema = pa.schema([("benefit", pa.string()), ("list", pa.string()), ("unit_key", pa.int64())])
    pq.write_table(schema.empty_table(), folder / "none.parquet")
    return folder / "none.parquet"


def test_the_truth_of_another_city_is_refused(loaded: Loaded, pack: Pack, tmp_path: Path) -> None:
    for i, (changed, said) in enumerate(
        (
            ({"seed": 99}, "another city"),
            ({"files": True}, "truth of files"),
            ({"format": 9}, "holds no truth"),
        )
    ):
        write_truth(
            tmp_path / str(i), loaded.snapshot, [{"benefit": "x", "unit_key": 1, "entitled": True}], **changed
        )
        with pytest.raises(SnapshotError, match=said):
            read_truth(tmp_path / str(i), loaded.snapshot, pack)
    with pytest.raises(SnapshotError, match="holds no truth"):
        read_truth(tmp_path / "nowhere", loaded.snapshot, pack)


def test_without_a_register_its_cells_are_unknown_and_all_others_as_they_were(
    loaded: Loaded, pack: Pack
) -> None:
    snapshot = loaded.snapshot
    names = registers_told(snapshot, pack)
    assert "awards" not in names and len(names) >= 2
    for register in names:
        seen = withheld(snapshot, pack, [register])
        assert register not in seen.manifest["registers"]
        for before, after in zip(snapshot.parts(), seen.parts(), strict=True):
            for table in ("households", "persons", "awards"):
                for name, column in before.tables[table].items():
                    own = pack.fields.get(name.removesuffix("__state").removesuffix("__hi"))
                    link = pack.links.get(name.removeprefix("link_"))
                    if own is not None and own.register == register:
                        continue
                    if link is not None and link.register == register:
                        assert (after.tables[table][name] == -2).all()
                        continue
                    assert np.array_equal(after.tables[table][name], column)
            for field in snapshot.contract.fields:
                if pack.fields[field.id].register == register:
                    assert (after.tables[field.table][state_column(field.id)] == State.UNKNOWN).all()


def test_the_less_is_told_the_wider_is_every_answer(loaded: Loaded, pack: Pack) -> None:
    """What is yes or no without a register is so with it: a missing register never makes an answer wrong."""
    wider = 0
    for register in registers_told(loaded.snapshot, pack):
        other = Loaded.open(withheld(loaded.snapshot, pack, [register]), pack, compiled=False)
        for index in range(len(loaded.snapshot.infos)):
            full, less = (
                one.kernel.run(
                    one.table(one.snapshot.part(index)),
                    one.places.places,
                    one.parameters,
                    Keep.ALL,
                    threads=1,
                )
                for one in (loaded, other)
            )
            for benefit in loaded.benefits:
                known = bits(full[benefit][COLUMN["codes"]], 0)
                told = bits(less[benefit][COLUMN["codes"]], 0)
                assert (known & ~told == 0).all(), (register, benefit)
                wider += int((told != known).sum())
    assert wider > 100
