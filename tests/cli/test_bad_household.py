"""Household files that can't be answered: each problem one sentence with where, what and what to do."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from cli.command import one_sentence_each, process, zhida

GOOD: dict[str, Any] = {
    "month": "2024-06",
    "division": "999901",
    "complete": "all",
    "household": {"承包地": 0},
    "members": [{"id": "m1", "出生日期": "1980-05-01", "工资": 100, "其他收入": 0}],
}


def refused(data: object, *words: str) -> None:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    one_sentence_each(zhida("assess", "-", "--pack", "taoyuan", stdin=text), *words)


def member(**fields: object) -> dict[str, Any]:
    return GOOD | {"members": [GOOD["members"][0] | fields]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD | {"members": []}, ["members", "no members"]),
        ({k: v for k, v in GOOD.items() if k != "members"}, ["members", "missing"]),
        (member(工资=-5), ["members[m1].工资", "-5", "outside", "check"]),
        (member(工资="三千"), ["members[m1].工资", "三千", "amount"]),
        (member(工资="12,34"), ["members[m1].工资"]),
        (member(工资=[1]), ["members[m1].工资"]),
        (member(出生日期="2024-07-01"), ["members[m1].出生日期", "2024-06"]),
        (member(出生日期="2024-02-30"), ["members[m1].出生日期", "1980-05-01"]),
        (member(工资收入=5), ["members[m1].工资收入", "unknown", "perhaps"]),
        (member(承包地=5), ["members[m1].承包地", "household"]),
        (member(残疾等级="九级"), ["九级", "一级"]),
        (member(住校="maybe"), ["members[m1].住校", "true or false"]),
        (member(工资={"at_least": 5, "at_most": 1}), ["at_least is more than at_most"]),
        (member(links={"父": "nobody"}), ["nobody has the id"]),
        (GOOD | {"month": "2010-01"}, ["month", "2010-01", "first is of"]),
        (GOOD | {"month": "June"}, ["month", "2025-06"]),
        (GOOD | {"division": "hometown"}, ["division"]),
        (GOOD | {"complete": ["hukuo"]}, ["complete", "hukou"]),
        (GOOD | {"mounth": "2024-06"}, ["mounth", "month"]),
        (GOOD | {"members": [GOOD["members"][0]] * 2}, ["m1", "twice"]),
        ([], ["mapping"]),
        ("{", ["stdin:1:2", "not JSON"]),
        ('{"month": NaN}', ["NaN"]),
        ('{"month": "2024-06", "month": "2024-07"}', ["month", "twice"]),
        ("month: &a 2024-06\ndivision: *a\n", ["stdin:1:", "anchor"]),
        ("!!python/object/apply:os.system [ls]", ["tag"]),
        ("", ["empty"]),
        ('{"month": ' + "9" * 5000 + "}", ["digits"]),
        ('{"a":' * 100_000, ["stdin"]),
    ],
)
def test_what_is_wrong_is_said(data: object, words: list[str]) -> None:
    refused(data, *words)


@pytest.mark.parametrize("text", ["x" * 5000, "a\nb\x1b[31m", "\ud800", "‮好"])
def test_a_hostile_text_stays_one_line_that_does_nothing(text: str) -> None:
    done = zhida("assess", "-", "--pack", "taoyuan", stdin=json.dumps(member(links={"父": text})))
    one_sentence_each(done, "members[m1].links.父")
    line = done.err.removesuffix("\n")
    assert line.isprintable()
    assert len(line) <= 400


def test_what_a_file_brings_along_does_not_steer_the_terminal() -> None:
    text = json.dumps(member(id="\x1b[2J\u202e"))
    for command in ("assess", "explain"):
        done = zhida(command, "-", "--pack", "taoyuan", stdin=text)
        assert done.code == 0, done.err
        assert "\\x1b[2J\\u202e" in done.out
        assert all(line.isprintable() for line in done.out.splitlines())


def test_every_problem_is_named_at_once() -> None:
    data = member(工资=-5, 出生日期="yesterday") | {"month": "2024-13"}
    done = zhida("assess", "-", "--pack", "taoyuan", stdin=json.dumps(data))
    one_sentence_each(done, "month", "工资", "出生日期")
    assert len(done.err.splitlines()) == 3


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    one_sentence_each(zhida("assess", str(tmp_path / "none.json"), "--pack", "taoyuan"), "none.json")
    one_sentence_each(zhida("assess", str(tmp_path), "--pack", "taoyuan"), str(tmp_path))
    (tmp_path / "bin.json").write_bytes(b"\xff\xfe\x00")
    one_sentence_each(zhida("assess", str(tmp_path / "bin.json"), "--pack", "taoyuan"), "UTF-8")
    (tmp_path / "long.json").write_bytes(b" " * 3_000_000)
    one_sentence_each(zhida("assess", str(tmp_path / "long.json"), "--pack", "taoyuan"), "longer than")


@pytest.mark.parametrize(
    "override",
    [
        "救济标准",
        "救济标淮=5",
        "救济标准=x",
        "救济标准=-5",
        "救济标准@330106=900",
        "照料标准=5",
        "照料标准[九级]=5",
    ],
)
def test_an_override_that_can_not_be(override: str) -> None:
    done = zhida("assess", "-", "--pack", "taoyuan", "--set", override, stdin=json.dumps(GOOD))
    one_sentence_each(done, "--set")


def test_broken_files_never_end_in_a_traceback() -> None:
    """Bytes changed at random: an answer or sentences, nothing else."""
    rng = random.Random(20250601)
    text = json.dumps(GOOD, ensure_ascii=False).encode()
    for _ in range(150):
        data = bytearray(text)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        done = zhida("assess", "-", "--pack", "taoyuan", "--json", stdin=bytes(data))
        assert done.code in (0, 2), done
        assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["asses"],
        ["assess"],
        ["assess", "a", "b"],
        ["explain", "-", "--person", "1"],
        ["rules"],
        ["city", "build"],
    ],
)
def test_bad_use_ends_with_2_and_one_sentence(arguments: list[str]) -> None:
    done = zhida(*arguments, stdin=json.dumps(GOOD))
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err


def test_as_a_process_of_its_own() -> None:
    done = process("assess", "-", "--pack", "taoyuan", stdin=json.dumps(GOOD | {"members": []}))
    one_sentence_each(done, "the household has no members; list at least one person")
