"""The value that meets a budget: the last that does, tried against its neighbours."""

from __future__ import annotations

import re

import pytest

from scan.test_effects import RELIEF
from zhida.rules.problems import PackError
from zhida.rules.reforms.reform import load_reform, parse_set
from zhida.scan import solve as solving
from zhida.scan.loaded import Loaded
from zhida.scan.reforming import run_reform
from zhida.scan.simulate import Simulator
from zhida.scan.solve import as_json, cost, parse_budget, solve


@pytest.fixture(scope="module")
def simulator(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    path = tmp_path_factory.mktemp("relief") / "r.yaml"
    path.write_text(RELIEF, encoding="utf-8")
    base = Loaded.open(loaded.snapshot, loaded.pack, reform=load_reform(path), compiled=False)
    return Simulator(base, compiled=False)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1.2亿/年", 120_000_000_00),
        ("300万/年", 3_000_000_00),
        ("-5000元/月", -60_000_00),
        ("0/年", 0),
        ("12.34元/年", 12_34),
    ],
)
def test_budgets_are_read(text: str, fen: int) -> None:
    assert parse_budget(text) == fen


@pytest.mark.parametrize(
    "text", ["", "1.2亿", "lots/年", "1.234元/年", "1亿/日", "９万/年", "1e9/年", "99999999亿/年"]
)
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|write"):
        parse_budget(text)


def test_the_cost_is_that_of_the_simulation(simulator: Simulator) -> None:
    """On both ways, inside the reach of the simulator and outside."""
    for text in ("救济标准=850", "救济标准=600", "救济标准=2500", "敬老年龄=75"):
        reform = parse_set(text)
        done = run_reform("", simulator.loaded.pack, reform, compiled=False, loaded=simulator.loaded)
        whole = done.effects.cases.sum(axis=(0, 1))
        assert cost(simulator, reform) == (int(whole[3]), int(whole[4]), int(whole[:3].sum())), text


@pytest.mark.parametrize("budget", ["3万/年", "-3万/年", "0/年"])
def test_one_more_would_break_the_budget(simulator: Simulator, budget: str) -> None:
    most = parse_budget(budget)
    found = solve(simulator, "救济标准", most)
    assert found.best is not None and found.rises and not found.at_bound
    value = found.best.value
    at, above = (cost(simulator, parse_set(f"救济标准={found.shown(v)}")) for v in (value, value + 100))
    assert max(at[:2]) == found.best.most <= most < max(above[:2])
    assert value % 100 == 0 and len(found.tries) <= solving.MOST_TRIES
    assert str(found.reform.parameters[0].values) == found.shown(value)


def test_a_value_that_saves_when_it_rises(simulator: Simulator) -> None:
    found = solve(simulator, "敬老年龄", parse_budget("-1000元/年"))
    assert found.best is not None and not found.rises
    lower = cost(simulator, parse_set(f"敬老年龄={found.best.value - 1}"))
    assert found.best.most <= -1000_00 < max(lower[:2])


def test_other_overrides_hold_besides(simulator: Simulator) -> None:
    alone = solve(simulator, "救济标准", parse_budget("5万/年"))
    both = solve(simulator, "救济标准", parse_budget("5万/年"), parse_set("敬老金标准[高龄]=300"))
    assert alone.best is not None and both.best is not None
    assert both.best.value < alone.best.value


def test_the_bound_of_the_parameter_ends_the_search(simulator: Simulator) -> None:
    found = solve(simulator, "救济标准", parse_budget("9000亿/年"))
    assert found.at_bound and found.best is not None
    assert found.best.value == simulator.loaded.pack.parameters["relief_standard"].maximum
    none = solve(simulator, "救济标准", parse_budget("-9000亿/年"))
    assert none.best is None and none.at_bound


def test_where_the_cost_turns_back_is_said(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def bent(_: Simulator, reform: object) -> tuple[int, int, int]:
        value = int(float(re.findall(r"values='([0-9.]+)'", str(reform))[0]) * 100)
        dear = (value - 700_00) * (1 if value < 850_00 else 2)
        if 860_00 < value < 900_00:
            dear = 0
        return dear, dear, 100

    monkeypatch.setattr(solving, "cost", bent)
    found = solve(simulator, "救济标准", 500_00)
    told = as_json(found)
    assert not told["monotone"] and told["breaks"]
    assert all(float(b["from"]) < float(b["to"]) for b in told["breaks"])


def test_few_cases_hide_what_they_cost(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "cost", lambda s, r: (5, 5, 3))
    told = as_json(solve(simulator, "救济标准", 100))
    assert {t["cost_hi"] for t in told["tried"]} == {None} and told["cost_hi"] is None


@pytest.mark.parametrize(("name", "says"), [("没有的", "unknown parameter"), ("看承包地", "is a truth")])
def test_what_can_not_be_searched_is_refused(simulator: Simulator, name: str, says: str) -> None:
    with pytest.raises(PackError, match=says):
        solve(simulator, name, 0)
