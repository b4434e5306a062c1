"""Broken snapshots, a full disk, a killed build: one sentence, and nothing half-written left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cli.command import command, environment, one_sentence_each, process, zhida
from scan.town import write_town
from zhida.rules.loading import find_pack, load_pack

BUILD = ("city", "build", "--fraction", "0.002", "--seed", "3", "--processes", "1")


@pytest.fixture(scope="module")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("towns") / "town"
    write_town(path, load_pack(find_pack("taoyuan")), 2024 * 12 + 5, parts=1, homes=40)
    return path


@pytest.fixture
def town(whole_town: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole_town, tmp_path / "town"))


def scan(town: Path, *words: str) -> None:
    """The scan says these words and leaves nothing."""
    out = town.parent / "results"
    one_sentence_each(zhida("scan", str(town), "--out", str(out)), *words)
    assert sorted(p.name for p in town.parent.iterdir()) == ["town"]


def test_a_truncated_file(town: Path) -> None:
    file = town / "part-0000" / "persons.arrow"
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    scan(town, str(file), "cut short", "again")


def test_a_file_whose_bytes_were_changed(town: Path) -> None:
    file = town / "part-0000" / "households.arrow"
    data = bytearray(file.read_bytes())
    data[-400:-300] = bytes(100)
    file.write_bytes(bytes(data))
    scan(town, "part-0000")


@pytest.mark.parametrize(
    ("old", "new"), [('"month": "2024-06"', '"month": "2024-07"'), ('"persons":', '"parsons":'), ("{", "[")]
)
def test_a_doctored_manifest(town: Path, old: str, new: str) -> None:
    manifest = town / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), encoding="utf-8")
    scan(town, "manifest.json")


def test_a_manifest_that_does_not_match_its_files(town: Path) -> None:
    from zhida.population.writer import snapshot_id

    manifest = json.loads((town / "manifest.json").read_text(encoding="utf-8"))
    manifest["parts"][0]["files"]["persons.arrow"]["bytes"] += 8
    manifest["snapshot_id"] = snapshot_id(manifest)
    (town / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    scan(town, "persons.arrow", "bytes")


def test_no_snapshot_at_all(tmp_path: Path) -> None:
    done = zhida("scan", str(tmp_path / "none"), "--out", str(tmp_path / "results"))
    one_sentence_each(done, "no snapshot", "none")


def test_a_snapshot_of_another_pack(town: Path) -> None:
    done = zhida("scan", str(town), "--out", str(town.parent / "results"), "--pack", "zhejiang")
    one_sentence_each(done, "taoyuan", "zhejiang")


def test_results_are_not_written_over(town: Path) -> None:
    (town.parent / "results").mkdir()
    one_sentence_each(zhida("scan", str(town), "--out", str(town.parent / "results")), "results", "exists")


def test_a_snapshot_is_not_built_over(town: Path) -> None:
    one_sentence_each(zhida(*BUILD, "--out", str(town)), "exists")
    assert (town / "manifest.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fraction", "0"),
        ("--fraction", "2"),
        ("--fraction", "half"),
        ("--month", "2025-13"),
        ("--seed", "-1"),
    ],
)
def test_what_can_not_be_built(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = zhida(*BUILD, "--out", str(tmp_path / "city"), *arguments)
    one_sentence_each(done, arguments[0])
    assert not list(tmp_path.iterdir())


def test_a_pack_without_a_city_builds_none(tmp_path: Path) -> None:
    done = zhida(*BUILD, "--out", str(tmp_path / "city"), "--pack", "taoyuan")
    one_sentence_each(done, "city")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_while_building(tmp_path: Path) -> None:
    # the kernel is compiled and kept before: its own files are larger than what is allowed then
    assert process(*BUILD, "--out", str(tmp_path / "city")).code == 0
    shutil.rmtree(tmp_path / "city")
    done = process(*BUILD, "--out", str(tmp_path / "city"), largest_file=20_000)
    one_sentence_each(done, "could not be written", "nothing was kept")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_while_scanning(town: Path) -> None:
    arguments = ("scan", str(town), "--out", str(town.parent / "results"))
    done = process(*arguments, largest_file=2_000)
    one_sentence_each(done, "could not be written")
    assert [p.name for p in town.parent.iterdir()] == ["town"]


def test_an_interrupted_build_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "city"
    arguments = command("city", "build", "--fraction", "0.02", "--out", str(out))
    running = subprocess.Popen(
        arguments,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 180  # the kernel may have to be compiled first
        while not list(tmp_path.glob(".city.building-*/part-*")):
            assert running.poll() is None, "ended before it began"
            assert time.monotonic() < until
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to every process of the build
        _, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait(30)
    assert running.returncode == 130
    assert err.decode().splitlines() == ["Stopped; nothing half-written was kept."]
    assert not list(tmp_path.iterdir())


def test_a_reader_that_goes_away_is_no_error(town: Path) -> None:
    shell = " ".join(f"'{word}'" for word in command("rules", "fields", "zhejiang", "--json"))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell} | head -1"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    one_sentence_each(zhida(*BUILD, "--out", str(tmp_path / "file" / "city")), "file")


def test_a_killed_build_leaves_what_the_next_one_removes(tmp_path: Path) -> None:
    out = tmp_path / "city"
    arguments = command("city", "build", "--fraction", "0.02", "--out", str(out), "--processes", "1")
    running = subprocess.Popen(
        arguments,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 180  # the kernel may have to be compiled first
        while not list(tmp_path.glob(".city.building-*")):
            assert running.poll() is None, "ended before it began"
            assert time.monotonic() < until
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGKILL)
    finally:
        running.kill()
        running.wait(30)
    assert not out.exists()
    assert list(tmp_path.glob(".city.building-*"))
    done = zhida(*BUILD, "--out", str(out), "--json")
    assert done.code == 0, done.err
    assert [p.name for p in tmp_path.iterdir()] == ["city"]
    assert (
        json.loads((out / "manifest.json").read_text(encoding="utf-8"))["snapshot_id"]
        == done.json["snapshot_id"]
    )
