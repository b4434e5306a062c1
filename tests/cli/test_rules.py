"""``zhida rules``: what a pack declares, as JSON that is documented and as lines that can be read."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.command import command, environment, fits, one_sentence_each, process, zhida
from zhida.rules.loading import find_pack, load_pack

PACKS = ("taoyuan", "zhejiang")


@pytest.mark.parametrize("pack", PACKS)
def test_fields_are_all_listed(pack: str) -> None:
    done = zhida("rules", "fields", pack, "--json")
    fits("rules-fields", done.json)
    declared = load_pack(find_pack(pack)).fields
    assert [f["id"] for f in done.json["fields"]] == list(declared)
    text = zhida("rules", "fields", pack).out
    assert all(f.name in text for f in declared.values())


def test_a_field_is_told_in_its_own_measure() -> None:
    fields = {f["name"]: f for f in zhida("rules", "fields", "taoyuan", "--json").json["fields"]}
    wage, grade, born = fields["工资"], fields["残疾等级"], fields["出生日期"]
    assert (wage["min"], wage["max"], wage["empty"], wage["register"]) == (0, 100000, 0, "insurance")
    assert (grade["empty"], grade["choices"][1], grade["sensitivity"]) == ("无", "一级", "sensitive")
    assert (born["min"], born["empty"], born["cost"]) == ("1900-01-01", None, 1)
    assert fields["其他收入"]["register"] is None


@pytest.mark.parametrize("pack", PACKS)
def test_everything_that_is_named_can_be_shown(pack: str) -> None:
    from zhida.cli import records

    used = load_pack(find_pack(pack))
    whole = zhida("rules", "show", pack, "--json").json
    fits("rules-show", whole)
    assert whole["record"]["hash"] == used.hash
    shown = set()
    for name in records.names(used)[::7]:
        done = zhida("rules", "show", pack, name, "--json")
        fits("rules-show", done.json)
        assert name in (done.json["record"]["id"], done.json["record"]["name"])
        shown.add(done.json["kind"])
        assert zhida("rules", "show", pack, name).out.strip()
    formed = next(iter(used.formations.values()))
    shown.add(zhida("rules", "show", pack, formed.name, "--json").json["kind"])
    assert "otherwise" in zhida("rules", "show", pack, formed.id).out
    assert shown == {"benefit", "parameter", "variable", "field", "unit"}


def test_a_parameter_comes_with_place_date_and_source() -> None:
    done = zhida("rules", "show", "taoyuan", "救济标准", "--json").json
    values = {(v["places"][0]["code"][:6], v["from"]): v for v in done["record"]["values"]}
    assert values["999900", "2024-01-01"]["value"] == 800.5
    assert values["999900", "2022-12-20"]["first_month"] == "2023-01"
    assert values["999902", "2023-01-01"]["value"] is None
    assert set(done["sources"]) == {"T1", "T3", "T4"}
    text = zhida("rules", "show", "taoyuan", "救济标准").out
    assert "不详" in text
    assert "首月 2023-01" in text


def test_a_benefit_is_shown_with_formulas_and_articles() -> None:
    text = zhida("rules", "show", "taoyuan", "relief").out
    assert "人均收入 < 救济标准" in text
    assert "第四条 [LAW]" in text or "第四条" in text


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    one_sentence_each(zhida("rules", "show", "taoyuan", "救济标淮"), "救济标准")


def test_an_unknown_pack_is_refused() -> None:
    one_sentence_each(zhida("rules", "show", "taoyuen"), "taoyuan")


def test_a_check_ends_with_whether_something_was_found(tmp_path: Path) -> None:
    done = zhida("rules", "check", "taoyuan", "--most", "12", "--json")
    fits("rules-check", done.json)
    assert done.code == (0 if done.json["clean"] else 1)
    assert (
        done.json["mutation"]["tried"] + done.json["mutation"]["unusable"] + done.json["mutation"]["same"]
        == 12
    )
    broken = Path(shutil.copytree(find_pack("taoyuan"), tmp_path / "broken"))
    text = (broken / "benefits" / "relief.yaml").read_text(encoding="utf-8")
    (broken / "benefits" / "relief.yaml").write_text(
        text.replace("人均收入 < 救济标准", "人均收入 > 救济标准"), "utf-8"
    )
    wrong = zhida("rules", "check", str(broken), "--no-mutation")
    assert wrong.code == 1
    assert "error cases/" in wrong.out
    assert "note " not in wrong.out.split("\n桃源县")[0]
    assert "\nnote " in zhida("rules", "check", str(broken), "--no-mutation", "--notes").out


def test_a_pack_that_can_not_be_read_ends_with_2(tmp_path: Path) -> None:
    broken = Path(shutil.copytree(find_pack("taoyuan"), tmp_path / "broken"))
    (broken / "sources.yaml").write_text("- {id: T1, title: 甲, evidence: RUMOUR}\n", encoding="utf-8")
    done = zhida("rules", "check", str(broken), "--no-mutation")
    assert done.code == 2
    assert "sources.yaml:1:" in done.err
    assert done.out == ""


def test_a_formula_that_means_nothing_can_not_be_loaded(tmp_path: Path) -> None:
    broken = Path(shutil.copytree(find_pack("taoyuan"), tmp_path / "broken"))
    file = broken / "benefits" / "relief.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("人均收入 < 救济标准", "人均收入 < 救济标淮"), encoding="utf-8")
    done = zhida("rules", "check", str(broken), "--no-mutation")
    assert done.code == 2
    assert "benefits/relief.yaml:" in done.err and "救济标淮" in done.err
    assert done.out == ""


def test_the_handbook_is_written(tmp_path: Path) -> None:
    done = zhida("rules", "doc", "taoyuan", "--out", str(tmp_path / "book"), "--json")
    fits("rules-doc", done.json)
    assert all(Path(page).is_file() for page in done.json["pages"])
    (tmp_path / "file").write_text("", encoding="utf-8")
    one_sentence_each(zhida("rules", "doc", "taoyuan", "--out", str(tmp_path / "file")), "file")
    totals = tmp_path / "totals.json"
    words = ("rules", "doc", "taoyuan", "--out", str(tmp_path / "other"), "--totals", str(totals))
    rows = [{"benefit": "relief", "kind": "near", "condition": "income", "count": 41}]
    found = {"pack": "taoyuan", "month": "2025-06", "small": 10, "reasons": rows}
    totals.write_text(json.dumps(found), encoding="utf-8")
    assert zhida(*words).code == 0
    page = (tmp_path / "other" / "residents" / "relief.html").read_text(encoding="utf-8")
    assert "2025-06扫描，只差一点的" in page and "41 项" in page
    for wrong, says in (({**found, "pack": "other"}, "of the pack other"), ([], "no totals.json")):
        totals.write_text(json.dumps(wrong), encoding="utf-8")
        one_sentence_each(zhida(*words), says)


def test_a_bar_is_drawn_only_on_a_terminal() -> None:
    arguments = command("rules", "check", "taoyuan", "--most", "5", "--json")
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as screen:
        running = subprocess.Popen(
            arguments, env=environment() | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs
        )
        os.close(theirs)
        out, _ = running.communicate(timeout=60)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed: all was read
            while data := screen.read(65536):
                shown += data
    assert json.loads(out)["pack"]["id"] == "taoyuan"
    assert "检查 check" in shown.decode()
    assert process(*arguments[3:]).err == ""


def test_a_reform_is_told_as_a_difference(tmp_path: Path) -> None:
    done = zhida("rules", "diff", "taoyuan", "--set", "救济标准=900", "--json")
    assert done.code == 1
    fits("rules-diff", done.json)
    assert {v["parameter"] for v in done.json["values"]} == {"relief_standard"}
    now = next(v for v in done.json["values"] if v["until"] is None)
    assert (now["from"], now["values"]) == ("2024-01", [{"choice": None, "before": "800.50", "after": "900"}])
    assert "relief" in now["benefits"]
    said = zhida("rules", "diff", "taoyuan", "--set", "救济标准=900").out
    assert now["says"].split("；")[0] in said


def test_two_packs_and_two_copies(tmp_path: Path) -> None:
    shutil.copytree(find_pack("taoyuan"), tmp_path / "copy")
    same = zhida("rules", "diff", "taoyuan", str(tmp_path / "copy"))
    assert same.code == 0 and "没有差别" in same.out
    done = zhida("rules", "diff", "taoyuan", "zhejiang", "--json")
    assert done.code == 1
    fits("rules-diff", done.json)
    kinds = {r["kind"] for r in done.json["records"]}
    assert {"pack", "benefit", "parameter", "field"} <= kinds
    one_sentence_each(process("rules", "diff", "taoyuan"), "nothing to compare with")


def test_a_proposed_standard() -> None:
    done = zhida("rules", "propose", "救济标准", "--pack", "taoyuan", "--json")
    assert done.code == 0, done.err
    fits("rules-propose", done.json)
    years = {y["year"]: y for y in done.json["rules"][0]["years"]}
    assert years[2024]["proposals"][0]["value"] == "800.40"
    assert years[2024]["proposals"][0]["real"][0]["departs"] == "0.10"
    given = zhida("rules", "propose", "救济标准", "--pack", "taoyuan", "--year", "2026", "--figure", "30000")
    assert "提出 1,000 → 1,000.00" in given.out and "本次给定" in given.out
    fits("rules-propose", zhida("rules", "propose", "低保标准", "--json").json)
    one_sentence_each(process("rules", "propose", "五保标准", "--pack", "taoyuan"), "no rule of setting")
    words = ("rules", "propose", "救济标准", "--pack", "taoyuan", "--figure", "30000")
    one_sentence_each(process(*words), "--year")
    one_sentence_each(process(*words[:-1], "-3", "--year", "2026"), "--figure")


def test_months_without_a_value_are_shown() -> None:
    done = zhida("rules", "show", "taoyuan", "救济标准", "--json")
    fits("rules-show", done.json)
    gaps = {
        (g["from"], g["until"]): {p["code"][:6] for p in g["places"]} for g in done.json["record"]["gaps"]
    }
    assert set(gaps) == {("2022-01", "2023-01"), ("2023-01", "2024-01")}
    assert gaps["2023-01", "2024-01"] == {"999902"}
    shown = zhida("rules", "show", "zhejiang", "低保标准")
    assert "没有查到：2018-01 起，2020-01 前：上城区、拱墅区、西湖区、滨江区、钱塘区" in shown.out
    record = zhida("rules", "show", "zhejiang", "低保标准", "--json").json["record"]
    county = [g for g in record["gaps"] if any(p["code"].startswith("330122") for p in g["places"])]
    assert [(g["from"], g["until"]) for g in county] == [("2016-01", "2017-11"), ("2018-01", "2022-10")]
