"""What the bench makes of its measurements: verdicts, exit code, the printed table, memory seen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.figures import Figure, all_figures, table
from bench.measure import PrivateMemory, timed

from bench import run


@pytest.mark.parametrize(
    ("value", "goal", "proof", "met", "word"),
    [
        (0.4, 0.5, True, True, "goal"),
        (0.9, 0.5, True, True, "ok"),
        (1.0, 0.5, True, True, "ok"),
        (1.1, 0.5, True, False, "MISSED"),
        (1.1, 0.5, False, None, "not at this size"),
        (2.1, 2, True, True, "goal"),
        (1.0, 2, True, True, "ok"),
        (0.9, 2, True, False, "MISSED"),
    ],
)
def test_a_figure_is_held_against_its_target(value, goal, proof, met, word):
    figure = Figure("x", value, "s", 1.0, goal, most=goal < 1, proof=proof)
    assert figure.met is met and word in figure.verdict


def test_exit_code():
    same, missed = Figure("rows that differ", 0, target=0), Figure("slow", 2, target=1)
    assert run._verdict([same, missed], strict=False) == 0
    assert run._verdict([same, missed], strict=True) == 1
    assert run._verdict([Figure("rows that differ", 1, target=0)], strict=False) == 1


def measured(differ: int = 0) -> dict[str, object]:
    def times(seconds: float) -> dict[str, object]:
        return {"median": seconds, "cpu_median": seconds}

    def city(people: int, seconds: float) -> dict[str, object]:
        return {"people": people, "scan": times(seconds), "private_memory": 2**30}

    return {
        "machine": {"cpu": "x", "cores": 2},
        "load_before": 0.1,
        "prepare": {"people": 1_000_001},
        "rows": {"benefits": {"dibao": {"compared": 10, "entitled": 3, "differ": differ}}},
        "same_results": {"differ": 0},
        "zhida": {"kernel": times(0.01), "kernel_one_thread": times(0.02), "end_to_end": times(0.1)}
        | {"start_up": 1.0},
        "openfisca": {"computing": times(0.4), "end_to_end": times(0.9), "start_up": 1.0}
        | {"answers_only": times(0.3)},
        "unknowns": {"kernel": times(0.03)},
        "compile_cold": {"total": 20.0, "stages": 3, "lines": 100},
        "compile_cached": {"total": 2.0},
        "scan_0.008": city(100_000, 0.2),
        "scan_0.08": city(1_000_000, 1.0),
        "scan_1.0": city(12_600_000, 12.6),
        "build_1.0": {"seconds": 170.0, "people": 12_600_000, "private_memory": 2**30},
        "kernel_1.0": {"kernel": 2.4, "cpu": 4.2, "people": 12_600_000},
        "floor_1.0": {"read_and_write": times(3.0)},
        "reform_1.0": {"reform": times(0.6), "plain": times(5.0), "held": 9.0, "set": "x=1"},
        "explain": {"warm": times(0.06)},
    }  # fmt: skip


def test_ratios_and_targets():
    found = {f.name: f for f in all_figures(measured(differ=2))}
    assert found["kernel_vs_openfisca"].value == pytest.approx(40) and found["kernel_vs_openfisca"].met
    assert found["end_to_end_vs_openfisca"].value == pytest.approx(9)
    assert found["rows that differ"].value == 2 and found["rows that differ"].met is False
    assert found["kernel over the whole city"].value == 2.4 and found["kernel over the whole city"].met
    assert found["scan_vs_floor"].value == pytest.approx(4.2) and found["scan_vs_floor"].met is False
    assert found["time a person, most / least"].value == pytest.approx(2)
    assert found["explain, warm"].met is False
    printed = table(measured(), all_figures(measured()))
    assert "kernel_vs_openfisca" in printed and "MISSED" in printed and "dibao" in printed


def test_a_small_city_proves_nothing_of_the_whole():
    found = measured()
    for name in ("scan_1.0", "build_1.0", "kernel_1.0", "floor_1.0", "reform_1.0"):
        del found[name]
    found |= {"build_0.08": {"seconds": 1.0, "people": 10**6, "private_memory": 1}}
    found |= {
        "kernel_0.08": {"kernel": 0.2, "cpu": 0.4, "people": 1_000_000},
        "floor_0.08": {"read_and_write": {"median": 1.0}},
        "reform_0.08": {"reform": {"median": 9.0}, "plain": {"median": 9.0}, "held": 1.0, "set": ""},
    }
    assert {f.name: f.met for f in all_figures(found)}["parameters-only reform"] is None


def test_a_failed_phase_ends_the_run(tmp_path, capfd):
    bench = run.Bench(tmp_path, argparse.Namespace())
    with pytest.raises(SystemExit, match="phase explain failed"):
        bench.phase("explain", runs="many")


@pytest.mark.skipif(sys.platform != "linux", reason="private memory is read from /proc")
def test_private_memory_is_seen_and_runs_are_counted():
    with PrivateMemory() as memory:
        held = np.ones(100_000_000, np.uint8)
        result = timed(lambda: held.sum(), 3)
    assert memory.peak > 100_000_000 and len(result["runs"]) == 3
