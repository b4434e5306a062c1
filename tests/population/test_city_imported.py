"""What departments of the synthetic city send goes through the import: refused is what was spoiled."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from cli.command import zhida

REFUSED = {"wrong_check_digit", "empty_cell", "wrong_code", "no_day", "swapped_cells"}
"""Kinds that no reader may let pass; fifteen digits become eighteen, other spellings are for matching."""


def test_what_is_quarantined_is_what_was_spoiled_file_by_file(tmp_path: Path) -> None:
    sent, truth, keys = (str(tmp_path / name) for name in ("sent", "truth", "keys.json"))
    built = zhida("city", "build", "--as-files", "--out", sent, "--truth", truth, "--fraction", "0.001")
    assert built.code == 0, built.err
    assert zhida("keys", "new", "--keys", keys).code == 0
    done = zhida("import", sent, "--into", str(tmp_path / "register"), "--keys", keys, "--json")
    flaws = pq.read_table(Path(truth) / "defects.parquet").to_pylist()
    rows = {(d["file"], d["line"]) for d in flaws if d["kind"] in REFUSED}
    told = Counter(file for file, _ in rows)
    assert sum(told.values()) > 20
    taken = [f for f in json.loads(done.out)["files"] if not f["problems"]]
    assert len(taken) > 200
    assert all("byte for byte" in p for f in json.loads(done.out)["files"] for p in f["problems"])
    for file in taken:
        counts = file["counts"]
        assert counts["quarantined"] == told[file["file"]], file["file"]
        assert counts["read"] == counts["kept"] + counts["quarantined"], file["file"]
