"""A snapshot goes in and comes out the same; whatever is wrong with one is told in a sentence."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from zhida.population import schema
from zhida.population import writer as writer_module
from zhida.population.building import remove_leftovers
from zhida.population.schema import Contract, State, contract_of
from zhida.population.store import Header, Snapshot, SnapshotError, SnapshotWriter
from zhida.population.writer import snapshot_id
from zhida.rules.declarations import Pack

from .conftest import Build, Tables


def test_what_was_written_is_read_back_without_a_copy(build: Build, tables: Tables, tmp_path: Path) -> None:
    identity = build(tmp_path / "s")
    snapshot = Snapshot.open(tmp_path / "s", verify=True)
    assert snapshot.id == identity
    assert snapshot.month == 2025 * 12 + 5
    assert snapshot.counts == {"households": 4, "persons": 6, "awards": 4}
    parts = list(snapshot.parts())
    assert [p.info.first_person for p in parts] == [0, 3]
    assert [p.info.first_household for p in parts] == [0, 2]
    for part in parts:
        snapshot.check(part)
        for name, columns in tables.items():
            for column, values in columns.items():
                read = part.tables[name][column]
                np.testing.assert_array_equal(read, values)
                assert read.dtype == values.dtype
                assert not read.flags.owndata
                assert not read.flags.writeable


def test_other_tools_read_the_files(build: Build, tmp_path: Path) -> None:
    build(tmp_path / "s")
    with pa.memory_map(str(tmp_path / "s/part-0000/persons.arrow")) as source:
        table = pa.ipc.open_file(source).read_all()  # noqa: F841 — DuckDB finds it by its name
        row = duckdb.sql("select count(*), sum(wage) from 'table' where wage__state = 0").fetchall()
    assert row == [(1, 10000)]


def test_columns_are_those_a_scan_may_read(pack: Pack, contract: Contract) -> None:
    assert [f.id for f in contract.fields] == ["birth", "homes", "sex", "wage"]
    with pytest.raises(ValueError, match=r"savings.*not read from a register"):
        contract_of(pack, ["savings"])
    with pytest.raises(ValueError, match=r"nonsense.*not declared"):
        contract_of(pack, ["nonsense"])


def test_manifest_counts_states_and_ends_in_its_own_hash(build: Build, tmp_path: Path) -> None:
    identity = build(tmp_path / "s")
    manifest = json.loads((tmp_path / "s/manifest.json").read_text())
    assert manifest["fields"]["wage"]["states"] == {
        "known": 2, "absent": 2, "unknown": 0, "interval": 2, "not_applicable": 0,
    }  # fmt: skip
    manifest["extraction"] = "2030-01-01T00:00:00+00:00"
    assert snapshot_id(manifest) == identity
    manifest["seed"] = 2
    assert snapshot_id(manifest) != identity


def test_pack_that_declares_otherwise_is_refused(build: Build, pack: Pack, tmp_path: Path) -> None:
    import dataclasses

    build(tmp_path / "s")
    Snapshot.open(tmp_path / "s", pack)
    narrow = dataclasses.replace(pack.fields["wage"], maximum=5)
    with pytest.raises(SnapshotError, match="wage was declared otherwise"):
        Snapshot.open(tmp_path / "s", dataclasses.replace(pack, fields={**pack.fields, "wage": narrow}))
    with pytest.raises(SnapshotError, match="built for pack tiny, not other"):
        Snapshot.open(tmp_path / "s", dataclasses.replace(pack, id="other"))


def _use(path: Path, verify: bool = False) -> None:
    snapshot = Snapshot.open(path, verify=verify)
    for part in snapshot.parts():
        snapshot.check(part)


def test_damaged_files_are_refused_by_name(build: Build, tmp_path: Path) -> None:
    build(tmp_path / "good")
    file = "part-0001/persons.arrow"

    def damaged(name: str) -> Path:
        shutil.copytree(tmp_path / "good", tmp_path / name)
        return tmp_path / name / file

    cut = damaged("cut")
    cut.write_bytes(cut.read_bytes()[:-20])
    with pytest.raises(SnapshotError, match=r"persons\.arrow is cut short"):
        _use(tmp_path / "cut")

    gone = damaged("gone")
    gone.unlink()
    with pytest.raises(SnapshotError, match=r"persons\.arrow is missing"):
        _use(tmp_path / "gone")

    zeros = damaged("zeros")
    zeros.write_bytes(bytes(zeros.stat().st_size))
    with pytest.raises(SnapshotError, match="no Arrow file"):
        _use(tmp_path / "zeros")

    swapped = damaged("swapped")
    content = bytearray(swapped.read_bytes())
    at = content.index(np.array([10000, 0, 5000], np.int32).tobytes())
    content[at] ^= 1
    swapped.write_bytes(bytes(content))
    _use(tmp_path / "swapped")  # a fen more or less shows only in the checksum
    with pytest.raises(SnapshotError, match="sha256 differs"):
        _use(tmp_path / "swapped", verify=True)


def test_a_part_with_too_many_households_is_refused(
    contract: Contract, header: Header, tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "HOUSEHOLDS_PER_PART", 1)
    refused = pytest.raises(SnapshotError, match="2 households in one part, 1 at most")
    with refused, SnapshotWriter(tmp_path / "s", contract, header) as writer:
        writer.write(0, tables, 3)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "said"),
    [
        ("persons", "household", 1, 1, "order of their households"),
        ("persons", "link_father", 1, 6, "link_father is 6"),
        ("persons", "registered", 0, 2, "registered is 2"),
        ("persons", "sex", 0, 2, "sex is 2"),
        ("persons", "sex__state", 0, 9, "sex__state is 9"),
        ("households", "first_person", 1, 1, "don't add up"),
        ("households", "division", 0, 7, "division is 7"),
        ("households", "size", 1, 0, "household 12 has no members"),
        ("awards", "unit_row", 0, 5, "unit_row 5 is not in the part"),
        ("awards", "benefit", 1, 0, "sorted by benefit"),
        ("awards", "amount", 0, -1, "amount is -1 fen: negative"),
        ("persons", "wage", 0, -5, "wage is -5 fen: negative"),
        ("persons", "wage", 0, 100_000_01, "outside 0"),
        ("persons", "wage__hi", 2, 4000, "interval of wage ends at 4000"),
        ("persons", "birth", 1, 20270, "in the future"),
        ("persons", "birth", 1, -99999, "before 1900-01-01"),
        ("households", "homes__state", 0, 3, "homes is called an interval"),
    ],
)
def test_wrong_rows_are_refused_at_writing_and_at_reading(
    contract: Contract, header: Header, tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    table: str, column: str, row: int, value: int, said: str,
) -> None:  # fmt: skip
    tables[table][column][row] = value
    if table == "awards" and column == "benefit":
        tables[table]["unit_row"][row] = 1
    if column == "size":
        tables["households"]["size"][0] = 3
    with pytest.raises(SnapshotError, match=said), SnapshotWriter(tmp_path / "s", contract, header) as writer:
        writer.write(0, tables, 3)
    assert not list(tmp_path.iterdir())
    # Now a writer that does not look, as another program might be.
    monkeypatch.setattr(writer_module, "check_structure", lambda *a: None)
    monkeypatch.setattr(writer_module, "check_values", lambda *a: None)
    with SnapshotWriter(tmp_path / "s", contract, header) as writer:
        writer.write(0, tables, 3)
        writer.finish()
    with pytest.raises(SnapshotError, match=said):
        _use(tmp_path / "s")


def test_more_batches_compression_or_other_columns_are_refused(
    build: Build, contract: Contract, tables: Tables, tmp_path: Path
) -> None:
    schema = contract.arrow_schema("persons")
    batch = pa.record_batch([pa.array(tables["persons"][n]) for n in schema.names], schema=schema)

    def replaced(name: str, schema: pa.Schema, batches: list[pa.RecordBatch], **options: Any) -> Path:
        build(tmp_path / name)
        file = tmp_path / name / "part-0000/persons.arrow"
        with pa.ipc.new_file(str(file), schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
            for each in batches:
                out.write_batch(each)
        manifest = json.loads((tmp_path / name / "manifest.json").read_text())
        manifest["parts"][0]["files"]["persons.arrow"]["bytes"] = file.stat().st_size
        manifest["snapshot_id"] = snapshot_id(manifest)
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
        return tmp_path / name

    with pytest.raises(SnapshotError, match="2 record batches"):
        _use(replaced("two", schema, [batch, batch]))
    with pytest.raises(SnapshotError, match="2 rows, the manifest says 3"):
        _use(replaced("short", schema, [batch.slice(0, 2)]))
    fewer = batch.drop_columns(["wage"])
    with pytest.raises(SnapshotError, match="other columns"):
        _use(replaced("fewer", fewer.schema, [fewer]))
    with pytest.raises(SnapshotError, match="is compressed"):
        _use(replaced("packed", schema, [batch], compression="zstd"))


def test_manifests_that_do_not_match_are_refused(build: Build, tmp_path: Path) -> None:
    build(tmp_path / "s")
    file = tmp_path / "s/manifest.json"
    good = json.loads(file.read_text())

    def refused(said: str, seal: bool = True, **changes: Any) -> None:
        manifest = {k: v for k, v in {**good, **changes}.items() if v is not None}
        if seal:
            manifest["snapshot_id"] = snapshot_id(manifest)
        file.write_text(json.dumps(manifest))
        with pytest.raises(SnapshotError, match=said):
            Snapshot.open(tmp_path / "s")

    refused("snapshot_id does not fit", seal=False, seed=5)
    refused("format 2", format=2)
    refused("'parts' is missing", parts=None)
    refused("its counts say", counts={"households": 4, "persons": 7, "awards": 4})
    refused("its counts say", parts=good["parts"][:1])
    refused("no name of a part", parts=[{**good["parts"][0], "name": "../s"}])
    refused("can't be used", month="June")
    refused("can't be used", fields={"wage": 3})
    file.write_text("{")
    with pytest.raises(SnapshotError, match="not JSON"):
        Snapshot.open(tmp_path / "s")
    with pytest.raises(SnapshotError, match="no snapshot at"):
        Snapshot.open(tmp_path / "nowhere")


def test_full_disk_keeps_nothing(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Any, data: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writer_module._HashingFile, "write", full)
    with pytest.raises(SnapshotError, match=r"disk is full: .*households\.arrow"):
        build(tmp_path / "s")
    assert not list(tmp_path.iterdir())


def test_nothing_is_kept_of_a_build_that_fails_and_nothing_is_written_over(
    build: Build, contract: Contract, header: Header, tables: Tables, tmp_path: Path
) -> None:
    with SnapshotWriter(tmp_path / "s", contract, header) as writer:
        writer.write(0, tables, 3)  # and then it stops without `finish`
    assert not list(tmp_path.iterdir())
    build(tmp_path / "s")
    with pytest.raises(SnapshotError, match="exists already"):
        build(tmp_path / "s")
    Snapshot.open(tmp_path / "s", verify=True)


HOLD = """
import sys, time
from pathlib import Path
from zhida.population.schema import Contract
from zhida.population.store import SnapshotWriter
with SnapshotWriter(Path(sys.argv[1]), Contract((), (), (), ()), None) as writer:
    (writer.folder / "part-0000").mkdir()
    print("ready", flush=True)
    time.sleep(60)
"""


def test_leftovers_of_a_killed_build_go_and_a_build_at_work_stays(build: Build, tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "s")], stdout=subprocess.PIPE)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        assert remove_leftovers(tmp_path / "s") == []
        (left,) = tmp_path.iterdir()
        with pytest.raises(SnapshotError):
            Snapshot.open(tmp_path / "s")
        with pytest.raises(SnapshotError, match="no finished snapshot"):
            Snapshot.open(left)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        if worker.stdout:
            worker.stdout.close()
    assert left.exists()
    time.sleep(0.01)
    build(tmp_path / "s")
    assert [p.name for p in tmp_path.iterdir()] == ["s"]
    assert State.KNOWN == 0
