"""From a folder to a register: all counted, nothing twice, and nothing lost wherever it is stopped."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.command import environment
from population.imports import fuzz
from population.imports.office import (
    AS_OF,
    FILE,
    TODAY,
    Row,
    everything,
    hukou_row,
    number,
    put,
    take,
    text,
)
from zhida.codes.sealing import Keyring
from zhida.population.imports import journal, quarantine, taking, text_files
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.errors import ImportsError
from zhida.population.imports.journal import Journal, locked
from zhida.population.imports.plan import make_plan
from zhida.population.imports.reasons import Reason
from zhida.population.imports.run import run
from zhida.population.imports.taking import Counts, quarantine_path, staging_path, take_file
from zhida.population.register.arrive import arrive
from zhida.population.register.landed import Landed

ROOT = Path(__file__).resolve().parents[3]
SPOILT: list[tuple[Row, str, Reason]] = [
    ({"id_number": number(7)[:-1] + "?"}, "id_number", Reason.ID_CHARACTERS),
    ({"name": ""}, "name", Reason.EMPTY),
    ({"sex": "女"}, "sex", Reason.SEX_DIFFERS),
    ({"sex": "不详"}, "sex", Reason.CODE_UNKNOWN),
    ({"birth_date": "1950-01-02"}, "birth_date", Reason.BIRTH_DIFFERS),
    ({"changed_on": "2025-07-01"}, "changed_on", Reason.DATE_LATER),
    ({"registered": "330103"}, "registered", Reason.DIVISION_ENDED),
    ({"mother": "1"}, "mother", Reason.ID_LENGTH),
]


def staged(register: Path) -> list[dict[str, object]]:
    found = []
    for path in sorted((register / "staging").rglob("*.parquet")):
        found += pq.read_table(path).to_pylist()
    return found


def test_a_row_becomes_typed_values(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    put(tmp_path / "in", text(hukou, [hukou_row(1, spouse="830102500101002")]))
    done = take(tmp_path / "in", tmp_path / "register", contracts, keys)
    assert [(t.read, t.kept, t.quarantined) for t in done.taken] == [(1, 1, 0)]
    (row,) = staged(tmp_path / "register")
    assert row == {
        "id_number": number(1), "name": "测试甲", "sex": "male", "birth_date": date(1950, 1, 1),
        "book": "B000001", "relation": "head", "registered": "330102001051", "address": "某路1号",
        "father": None, "mother": None, "spouse": number(2), "status": "present", "changed_on": None,
        "line": 2,
    }  # fmt: skip
    assert (tmp_path / "register").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("change", "column", "reason"), SPOILT)
def test_a_bad_row_is_kept_aside_with_its_reason(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path, change: Row, column: str,
    reason: Reason,
) -> None:  # fmt: skip
    row = hukou_row(7, **change)
    path = put(tmp_path / "in", text(hukou, [hukou_row(1), row]))
    (taken,) = take(tmp_path / "in", tmp_path / "register", contracts, keys).taken
    assert (taken.read, taken.kept, taken.quarantined) == (2, 1, 1)
    (waiting,) = quarantine.read(quarantine_path(tmp_path / "register", taken.id))
    assert (waiting.line, waiting.findings[0].column, waiting.findings[0].reason) == (3, column, reason)
    assert waiting.findings[0].suggestion
    assert quarantine.open_row(waiting, keys) == (row, "")
    # Sealed: nothing of the row stands in the open.
    raw = quarantine_path(tmp_path / "register", taken.id).read_bytes()
    assert row["book"].encode() not in raw and path.exists()


def test_the_same_row_again_is_a_repeat_and_a_different_one_a_clash(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    rows = [hukou_row(1), hukou_row(2), hukou_row(1), hukou_row(3), hukou_row(3, book="B9"), hukou_row(1)]
    put(tmp_path / "in", text(hukou, rows))
    (taken,) = take(tmp_path / "in", tmp_path / "register", contracts, keys).taken
    assert (taken.read, taken.kept, taken.repeats, taken.quarantined) == (6, 2, 2, 2)
    assert [r["line"] for r in staged(tmp_path / "register")] == [2, 3]
    found = list(quarantine.read(quarantine_path(tmp_path / "register", taken.id)))
    assert {w.line for w in found} == {5, 6}
    assert {w.findings[0].reason for w in found} == {Reason.KEY_TWICE}
    assert "第 6 行" in found[0].findings[0].suggestion
    assert quarantine.open_row(found[1], keys)[0]["book"] == "B9"


ROWS = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([{}, {}, {}, *(c for c, _, _ in SPOILT), {"book": "Z"}])),
    max_size=25,
)


@pytest.mark.soak
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=fuzz.share(0.3))
@given(ROWS, st.lists(st.integers(1, 200), max_size=4))
def test_what_is_read_is_kept_or_repeated_or_in_quarantine(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path,
    drawn: list[tuple[int, Row]], cuts: list[int],
) -> None:  # fmt: skip
    """Also where cells and lines are torn out of the middle of the file."""
    lines = text(hukou, [hukou_row(o, **c) for o, c in drawn] or [hukou_row(1)]).split("\n")
    body = "\n".join(lines[1:])
    for cut in cuts:
        body = body[: cut % (len(body) + 1)] + body[cut % (len(body) + 1) + 3 :]
    path = put(tmp_path / "in", lines[0] + "\n" + body)
    counts: Counts = take_file(path, "0" * 64, hukou, AS_OF, contracts.pack, tmp_path / "register", keys)
    assert counts.read == counts.kept + counts.repeats + counts.quarantined
    found = pq.read_table(staging_path(tmp_path / "register", "hukou", "0" * 64))
    assert found.num_rows == counts.kept
    told = found.column("id_number").to_pylist()
    assert len(told) == len(set(told))
    waiting = list(quarantine.read(quarantine_path(tmp_path / "register", "0" * 64)))
    assert len(waiting) == counts.quarantined
    both = [*found.column("line").to_pylist(), *(w.line for w in waiting)]
    assert len(both) == len(set(both))
    if not cuts:
        assert counts.read == max(1, len(drawn))


def test_the_same_file_twice_changes_nothing(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    put(tmp_path / "in", text(hukou, [hukou_row(1), hukou_row(2, name="")]))
    take(tmp_path / "in", tmp_path / "register", contracts, keys)
    before = everything(tmp_path / "register")
    assert take(tmp_path / "in", tmp_path / "register", contracts, keys).taken == ()
    put(
        tmp_path / "again", text(hukou, [hukou_row(1), hukou_row(2, name="")]), "户籍人口_330105_20250630.csv"
    )
    assert take(tmp_path / "again", tmp_path / "register", contracts, keys).taken == ()
    assert everything(tmp_path / "register") == before


def test_two_counties_that_have_nobody_send_the_same_bytes_and_both_count(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    """A heading alone, complete, says of each county that it has nobody: one must not stand for the other."""
    counties = ("330102", "330105")
    names = [f"户籍人口_{county}_20250630.csv" for county in counties]
    for name in names:
        put(tmp_path / "in", text(hukou, []), name)
    lines = "".join(f"  {name}: {{complete: true}}\n" for name in names)
    put(tmp_path / "in", f"files:\n{lines}", "delivery.yaml")
    done = take(tmp_path / "in", tmp_path / "register", contracts, keys)
    assert {(t.division[:6], t.complete, t.read) for t in done.taken} == {(c, True, 0) for c in counties}
    assert arrive(tmp_path / "register", contracts, keys, processes=1) is not None
    landed = Landed.open(tmp_path / "register")
    assert {(f.division[:6], f.complete) for f in landed.files} == {(c, True) for c in counties}
    before = everything(tmp_path / "register")
    assert take(tmp_path / "in", tmp_path / "register", contracts, keys).taken == ()
    assert arrive(tmp_path / "register", contracts, keys, processes=1) is None
    assert everything(tmp_path / "register") == before


def test_the_same_rows_of_a_later_day_count_for_that_day(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    rows = text(hukou, [hukou_row(1), hukou_row(2, name="")])
    put(tmp_path / "in", rows)
    (first,) = take(tmp_path / "in", tmp_path / "register", contracts, keys).taken
    put(tmp_path / "later", rows, "户籍人口_330102_20250701.csv")
    (later,) = take(tmp_path / "later", tmp_path / "register", contracts, keys).taken
    assert (later.as_of, later.sha256, later.kept) == ("2025-07-01", first.sha256, 1)
    waiting = [list(quarantine.read(quarantine_path(tmp_path / "register", t.id))) for t in (first, later)]
    assert [len(w) for w in waiting] == [1, 1]


def test_the_same_rows_of_two_counties_are_one_countys_by_mistake(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    for county in ("330102", "330105"):
        put(tmp_path / "in", text(hukou, [hukou_row(1)]), f"户籍人口_{county}_20250630.csv")
    plan = make_plan(tmp_path / "in", tmp_path / "register", contracts, TODAY)
    assert [f.to_take for f in plan.files] == [True, False]
    assert "the same as 户籍人口_330102_20250630.csv, byte for byte" in plan.files[1].problems[0]


def test_a_later_file_of_the_same_thing_comes_in_place_of_the_first(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    put(tmp_path / "in", text(hukou, [hukou_row(1)]))
    (first,) = take(tmp_path / "in", tmp_path / "register", contracts, keys).taken
    put(tmp_path / "in", text(hukou, [hukou_row(1), hukou_row(2)]))
    (second,) = take(tmp_path / "in", tmp_path / "register", contracts, keys).taken
    assert (first.supersedes, second.supersedes) == ("", first.id)
    assert [t.sha256 for t in Journal.load(tmp_path / "register").files] == [first.sha256, second.sha256]


def test_several_processes_give_the_same_rows(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    for county in ("330102", "330105", "330106"):
        rows = [hukou_row(i, registered=county) for i in range(1, 30)]
        put(tmp_path / "in", text(hukou, rows), f"户籍人口_{county}_20250630.csv")
    take(tmp_path / "in", tmp_path / "one", contracts, keys)
    done = take(tmp_path / "in", tmp_path / "two", contracts, keys, processes=2)
    assert len(done.taken) == 3
    assert staged(tmp_path / "one") == staged(tmp_path / "two")


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_moves_on_within_a_file_and_ends_at_the_end(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, processes: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(text_files, "BLOCK", 4_000)
    for county in ("330102", "330105"):
        rows = [hukou_row(i, registered=county) for i in range(1, 300)]
        put(tmp_path / "in", text(hukou, rows), f"户籍人口_{county}_20250630.csv")
    told: list[tuple[int, int]] = []
    plan = make_plan(tmp_path / "in", tmp_path / "register", contracts, TODAY)
    run(plan, contracts, keys, processes, lambda done, total: told.append((done, total)))
    total = sum(p.stat().st_size for p in (tmp_path / "in").iterdir())
    assert told == sorted(told) and told[-1] == (total, total)
    if processes == 1:  # of others only what they had read when they were looked at
        assert len(set(told)) > 10


def test_two_imports_do_not_mix(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    put(tmp_path / "in", text(hukou, [hukou_row(1)]))
    with locked(tmp_path / "register"), pytest.raises(ImportsError, match="Another import"):
        take(tmp_path / "in", tmp_path / "register", contracts, keys)


def test_a_register_is_one_packs(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    put(tmp_path / "in", text(hukou, [hukou_row(1)]))
    take(tmp_path / "in", tmp_path / "register", contracts, keys)
    with pytest.raises(ImportsError, match="was taken in for the pack zhejiang, not other"):
        Journal.load(tmp_path / "register", "other")
    (tmp_path / "register" / "imports.json").write_text("{", encoding="utf-8")
    with pytest.raises(ImportsError, match="can't be read"):
        Journal.load(tmp_path / "register")


def _import_killed_at(step: int, folder: Path, register: Path, contracts: Contracts, keys: Keyring) -> None:
    """Runs in a process of its own: kill -9 at its nth step of writing, so that nothing is cleaned up."""
    count = 0

    def killed(made: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return made(*given, **named)

        return stepped

    for owner, name in (
        *((journal, n) for n in ("settle",)), *((taking, n) for n in ("settle",)), (os, "replace"),
        *((taking.StagingWriter, n) for n in ("add", "close", "leave_out")),
        *((taking.QuarantineWriter, n) for n in ("add", "close")),
    ):  # fmt: skip
        setattr(owner, name, killed(getattr(owner, name)))
    take(folder, register, contracts, keys)


def test_killed_at_any_step_and_run_again_it_completes(
    contracts: Contracts, hukou: SourceContract, keys: Keyring, tmp_path: Path
) -> None:
    rows = [hukou_row(1), hukou_row(2, name=""), hukou_row(1), hukou_row(3), hukou_row(3, book="B9")]
    put(tmp_path / "in", text(hukou, rows))
    put(tmp_path / "in", text(hukou, [hukou_row(5)]), "户籍人口_330105_20250630.csv")
    take(tmp_path / "in", tmp_path / "whole", contracts, keys)
    expected = staged(tmp_path / "whole")
    code = -signal.SIGKILL
    step = 0
    while code == -signal.SIGKILL:  # until it ends before it is killed
        step += 1
        register = tmp_path / f"register{step}"
        given = (step, tmp_path / "in", register, contracts, keys)
        process = multiprocessing.get_context("fork").Process(target=_import_killed_at, args=given)
        process.start()
        process.join(60)
        code = process.exitcode or 0
        assert code in (0, -signal.SIGKILL)
        take(tmp_path / "in", register, contracts, keys)
        assert staged(register) == expected
        assert not list(register.rglob("*.partial"))
        files = Journal.load(register).files
        assert [(t.file, t.read, t.kept, t.repeats, t.quarantined) for t in files] == [
            (FILE, 5, 1, 1, 3),
            ("户籍人口_330105_20250630.csv", 1, 1, 0, 0),
        ]
    assert step > 20


@pytest.mark.soak
def test_a_command_that_is_killed_goes_on_where_it_was(
    hukou: SourceContract, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """With processes of its own, killed from outside: none of them goes on, the next run ends the work."""
    rows = [hukou_row(i) for i in range(1, 999)]
    for county in ("330102", "330105", "330106"):
        mine = [r | {"book": f"{county}{i}"} for i, r in enumerate(rows)]
        put(tmp_path / "in", text(hukou, mine), f"户籍人口_{county}_20250630.csv")
    names = sorted(p.name for p in (tmp_path / "in").iterdir())
    command = [sys.executable, "-c", "from zhida.cli.main import app; app()", "import", str(tmp_path / "in")]
    for turn in range(25 if request.config.getoption("--soak") else 1):
        register = tmp_path / f"register{turn}"
        whole = [*command, "--into", str(register), "--keys", str(tmp_path / f"keys{turn}.json"), "--json"]
        running = subprocess.Popen(
            whole, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while not list(register.rglob("*.partial")) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(turn * 0.1)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        again = subprocess.run(
            whole, env=environment(), capture_output=True, text=True, timeout=120, check=False
        )
        assert again.returncode == 0, again.stderr
        assert {f["state"] for f in json.loads(again.stdout)["files"]} <= {"taken", "already"}
        files = Journal.load(register).files
        assert sorted(t.file for t in files) == names
        assert {(t.read, t.kept, t.quarantined) for t in files} == {(998, 998, 0)}
