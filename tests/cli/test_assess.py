"""``zhida assess``: the documented JSON, exact money, exit codes, and a summary that can be read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.command import EXAMPLES, fits, one_sentence_each, results, zhida

HERE = {"month": "2024-06", "division": "999901", "complete": "all"}


def household(*members: dict[str, Any], **rest: Any) -> str:
    people = [{"id": f"m{i}", "其他收入": 0, "养老金": 0} | m for i, m in enumerate(members, 1)]
    return json.dumps(HERE | {"household": {"承包地": 0}, "members": people} | rest, ensure_ascii=False)


ONE = household({"出生日期": "1980-05-01", "工资": 100})


def assess(text: str, *more: str) -> Any:
    done = zhida("assess", "-", "--pack", "taoyuan", "--json", *more, stdin=text)
    assert done.code == 0, done.err
    return done.json


def test_the_answer_is_as_documented() -> None:
    answer = assess(ONE)
    fits("assess", answer)
    # 800.50 - 100 * (1 - 0.15), up to the next tenth.
    assert results(answer)["relief", "household"]["amount"] == 715.5


# Worked out by hand from the standards that the packs cite.
EXPECTED: dict[str, tuple[str, dict[tuple[str, str], tuple[str, object]]]] = {
    "three-people.json": (
        "zhejiang",
        {
            ("dibao", "household"): ("yes", 1259 * 3 - 2000.50),
            ("child_in_need", "孩子"): ("yes", 546),
            ("low_edge", "household"): ("no", None),
            ("old_age", "爸爸"): ("no", None),
        },
    ),
    "grandmother.yaml": (
        "zhejiang",
        {
            ("old_age", "奶奶"): ("yes", 60),
            ("dibao", "household"): ("yes", None),  # 1301 * 3 - 3000, less a pension of 200 to 400
            ("disability_care", "儿媳"): ("yes", 500),
            ("tekun", "奶奶"): ("no", None),
        },
    ),
    "unknown-wage.yaml": ("zhejiang", {("dibao", "household"): ("undetermined", None)}),
    # 老人 200 a month for two people: 800.50 * 2 - 200.
    "taoyuan.yaml": (
        "taoyuan",
        {("relief", "household"): ("yes", 1401), ("schooling", "孙女"): ("yes", 800)},
    ),
}


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.iterdir() if p.suffix != ".txt"))
def test_the_examples_of_the_docs_answer_as_worked_out(name: str) -> None:
    pack, expected = EXPECTED[name]
    done = zhida("assess", str(EXAMPLES / name), "--pack", pack, "--json")
    assert done.code == 0, done.err
    fits("assess", done.json)
    found = results(done.json)
    for key, (answer, amount) in expected.items():
        assert (found[key]["answer"], found[key]["amount"]) == (answer, amount), key


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.iterdir() if p.suffix != ".txt"))
def test_the_examples_fit_the_schema_of_a_household(name: str) -> None:
    from zhida.cli.requests import read_request

    request = read_request(str(EXAMPLES / name))
    fits("household", json.loads(json.dumps(request, default=float)))


def test_yaml_and_json_of_one_household_answer_alike(tmp_path: Path) -> None:
    text = """
month: 2024-06
division: "999901"
complete: all
household: {承包地: 0}
members:
  - {id: m1, 出生日期: 1980-05-01, 工资: 100, 其他收入: 0, 养老金: 0}
"""
    file = tmp_path / "h.yaml"
    file.write_text(text, encoding="utf-8")
    done = zhida("assess", str(file), "--pack", "taoyuan", "--json")
    assert done.json == assess(ONE)
    assert assess(text) == assess(ONE)  # from stdin the form is seen


@pytest.mark.parametrize("wage", ["0.29", "1.15", "1102.10", "4.35", "99999.99"])
def test_money_is_read_as_it_is_written(wage: str, tmp_path: Path) -> None:
    text = ONE.replace('"工资": 100', f'"工资": {wage}')
    assert wage in text
    condition = results(assess(text))["wubao", "m1"]["conditions"][2]
    assert condition["says"] == "没有收入"
    found = results(assess(text))["relief", "household"]["conditions"][0]["value"]
    exact = Decimal(wage) * Decimal("0.85")
    shown = (
        Decimal(str(found["num"])) / Decimal(str(found["den"]))
        if isinstance(found, dict)
        else Decimal(str(found))
    )
    assert shown == exact
    yaml = tmp_path / "h.yml"
    yaml.write_text(text, encoding="utf-8")
    assert zhida("assess", str(yaml), "--pack", "taoyuan", "--json").json == assess(text)


def test_a_third_decimal_of_money_is_refused() -> None:
    done = zhida("assess", "-", "--pack", "taoyuan", stdin=ONE.replace('"工资": 100', '"工资": 1.001'))
    one_sentence_each(done, "members[m1].工资", "two decimals")


def test_another_standard_gives_another_amount() -> None:
    found = results(assess(ONE, "--set", "救济标准=900"))["relief", "household"]
    assert found["amount"] == 900 - 85
    assert any(a["says"] == "set by the user" for a in found["assumptions"])


def test_overrides_from_a_file_come_before_those_of_the_line(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("parameters:\n  - {id: 救济标准, value: 900}\n", encoding="utf-8")
    assert results(assess(ONE, "--reform", str(file)))["relief", "household"]["amount"] == 815
    both = assess(ONE, "--reform", str(file), "--set", "救济标准=1000")
    assert results(both)["relief", "household"]["amount"] == 915


@pytest.mark.parametrize(
    ("benefit", "wage", "code"),
    [
        ("relief", "100", 0),
        ("桃源救济", "100", 0),
        ("relief", "5000", 1),
        ("relief", "null", 1),
        ("care", "100", 1),
    ],
)
def test_one_benefit_ends_with_whether_it_is_granted(benefit: str, wage: str, code: int) -> None:
    text = ONE.replace('"工资": 100', f'"工资": {wage}')
    done = zhida("assess", "-", "--pack", "taoyuan", "--json", "--benefit", benefit, stdin=text)
    assert done.code == code
    fits("assess", done.json)
    assert {r["name"] for r in done.json["results"]} == {
        "桃源救济" if code == 0 or wage != "100" else "照料补贴"
    }


def test_an_unknown_benefit_is_refused_with_the_nearest() -> None:
    done = zhida("assess", "-", "--pack", "taoyuan", "--benefit", "releif", stdin=ONE)
    one_sentence_each(done, "--benefit", "relief")


def test_the_summary_can_be_read() -> None:
    done = zhida("assess", "-", "--pack", "taoyuan", stdin=ONE)
    assert done.code == 0
    line = next(x for x in done.out.splitlines() if "桃源救济" in x)
    assert "符合" in line
    assert "每月 715.50 元" in line
    assert "不适用：" in done.out
    assert "--json" in done.out


def test_what_only_depends_on_events_is_folded() -> None:
    """The teaching pack has help on a flood, on hardship and meals; none is sure for her."""
    short, whole = (zhida("assess", "-", "--pack", "taoyuan", *more, stdin=ONE) for more in ((), ("--all",)))
    assert short.code == whole.code == 0
    folded = [line for line in short.out.splitlines() if "待定：" in line or "不符合：" in line]
    assert {line[:4] for line in folded} <= {"一事一办", "凭据报销", "酌情救助", "实物和服"} and folded
    assert "逐项的原因和金额见 --all" in short.out and "--all" not in whole.out
    names = {r["name"] for r in assess(ONE)["results"]}
    assert all(name in short.out and name in whole.out for name in names)
    for line in folded:
        name = line.split("：")[1].split("（")[0]
        (row,) = [x for x in whole.out.splitlines() if x.startswith(f" {name} ")]
        assert "待查" in row or "未满足" in row
        assert not [x for x in short.out.splitlines() if x.startswith(f" {name} ")]
    one = zhida("assess", "-", "--pack", "taoyuan", "--benefit", name, stdin=ONE)
    assert [x for x in one.out.splitlines() if x.startswith(f" {name} ")]


def test_the_pack_may_come_from_the_environment() -> None:
    done = zhida("assess", "-", "--json", stdin=ONE, env={"ZHIDA_PACK": "taoyuan"})
    assert done.json["pack"]["id"] == "taoyuan"


def test_without_a_word_the_pack_with_a_city_is_meant() -> None:
    text = json.dumps({"month": "2025-06", "division": "330106", "members": [{"id": "m1"}]})
    assert zhida("assess", "-", "--json", stdin=text).json["pack"]["id"] == "zhejiang"


def test_the_work_sheet(tmp_path: Path) -> None:
    file = str(EXAMPLES / "three-people.json")
    done = zhida("assess", file, "--worksheet", "--page", str(tmp_path / "sheet.html"), "--json")
    assert done.code == 0, done.err
    fits("worksheet", done.json)
    assert done.json["total"] == 2000.5 and done.json["size"] == 3
    assert done.json["per_head"] == {"num": 4001, "den": 6}
    same = zhida("explain", file, "--worksheet")
    assert "家庭月收入 2,000.50 元，算入 3 人，人均 约 666.83 元" in same.out
    assert "家庭收入核算表" in (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert not list(tmp_path.glob(".*"))
