"""From what the phases measured to the figures that have a target, and how they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIB = 2**20
FULL = 12_000_000
"""From so many people on a city counts as whole: smaller ones are no proof of the whole city's targets."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``target``: what it must be, ``goal``: what it should be; at most where ``most``, else at least. A
    figure without a target is told only. ``proof`` is False at a size for which the target was not set."""

    name: str
    value: float
    unit: str = ""
    target: float | None = None
    goal: float | None = None
    most: bool = True
    proof: bool = True
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.target is None or not self.proof:
            return None
        return self.value <= self.target if self.most else self.value >= self.target

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        sign = "≤" if self.most else "≥"
        told = f"{sign} {self.target:g}" + (f", goal {self.goal:g}" if self.goal is not None else "")
        if self.met is None:
            return f"{told}: not at this size"
        reached = self.goal is not None and (
            self.value <= self.goal if self.most else self.value >= self.goal
        )
        return f"{told}: {'goal' if reached else 'ok' if self.met else 'MISSED'}"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "goal": self.goal,
            "at": "most" if self.most else "least",
            "met": self.met,
            "note": self.note,
        }


def all_figures(found: Mapping[str, Any]) -> list[Figure]:
    """All that can be told from these phases."""
    figures = _comparison(found) if "zhida" in found else []
    scans = sorted((k for k in found if k.startswith("scan_")), key=lambda k: found[k]["people"])
    if scans:
        figures += _city(found, scans)
    if "explain" in found:
        warm = found["explain"]["warm"]["median"] * 1000
        figures.append(Figure("explain, warm", warm, "ms", 50, note="a household of three, all benefits"))
    return figures


def _comparison(found: Mapping[str, Any]) -> list[Figure]:
    benefits = found["rows"]["benefits"].values()
    zhida, other = found["zhida"], found["openfisca"]
    enough = found["prepare"]["people"] >= 1_000_000
    computing, kernel = other["computing"]["median"], zhida["kernel"]["median"]
    whole = other["end_to_end"]["median"] / zhida["end_to_end"]["median"]
    differ = sum(b["differ"] for b in benefits) + found["same_results"]["differ"]
    cold, cached = found["compile_cold"], found["compile_cached"]
    one = zhida["kernel_one_thread"]["median"]
    return [
        Figure("people compared", found["prepare"]["people"]),
        Figure(
            "rows compared",
            sum(b["compared"] for b in benefits),
            note="units times benefits, all that a row says",
        ),
        Figure("rows that differ", differ, target=0),
        Figure(
            "kernel_vs_openfisca",
            computing / kernel,
            "times",
            30,
            50,
            most=False,
            proof=enough,
            note=f"{computing:.3f} s / {kernel:.4f} s; two threads against OpenFisca's one",
        ),
        Figure(
            "the same, answers only",
            other["answers_only"]["median"] / kernel,
            "times",
            note=f"{other['answers_only']['median']:.3f} s: OpenFisca without near misses and signals",
        ),
        Figure("the same, one thread", computing / one, "times", note=f"{computing:.3f} s / {one:.4f} s"),
        Figure(
            "the same in processor time",
            other["computing"]["cpu_median"] / zhida["kernel"]["cpu_median"],
            "times",
            note="less bent by what else the machine does",
        ),
        Figure(
            "end_to_end_vs_openfisca",
            whole,
            "times",
            8,
            15,
            most=False,
            proof=enough,
            note=f"{other['end_to_end']['median']:.3f} s / {zhida['end_to_end']['median']:.4f} s, both warm",
        ),
        Figure("start-up, Zhida", zhida["start_up"], "s", note="imports, pack, kernel from cache, first run"),
        Figure("start-up, OpenFisca", other["start_up"], "s", note="imports, rules, first run"),
        Figure(
            "kernel with unknowns",
            found["unknowns"]["kernel"]["median"],
            "s",
            note="a tenth of the cells unknown, nothing declared; two threads",
        ),
        Figure("compile, cold", cold["total"], "s", note=f"{cold['stages']} stages, {cold['lines']} lines"),
        Figure("the same from cache", cached["total"], "s"),
    ]


def _city(found: Mapping[str, Any], scans: list[str]) -> list[Figure]:
    figures = []
    for key in scans:
        s = found[key]
        each = s["scan"]["median"] / s["people"] * 1e6
        figures.append(
            Figure(f"scan of {s['people']:,}", s["scan"]["median"], "s", note=f"{each:.3f} µs a person")
        )
    last = found[scans[-1]]
    share = scans[-1].removeprefix("scan_")
    build, kernel, floor, reform = (found[f"{n}_{share}"] for n in ("build", "kernel", "floor", "reform"))
    whole = last["people"] >= FULL
    each = [found[k]["scan"]["median"] / found[k]["people"] for k in scans]
    first = floor["read_and_write"]["median"]
    figures += [
        Figure(
            "scan_vs_floor",
            last["scan"]["median"] / first,
            "times",
            4,
            2,
            proof=whole,
            note=f"{last['scan']['median']:.2f} s / {first:.2f} s",
        ),
        Figure(
            "build of the whole city",
            build["seconds"],
            "s",
            180,
            proof=whole,
            note=f"{build['people']:,} people",
        ),
        Figure(
            "kernel over the whole city",
            kernel["kernel"],
            "s",
            3,
            proof=whole,
            note=f"{kernel['cpu'] / kernel['people'] * 1e6:.2f} s of processor time a million people",
        ),
        Figure("scan of the whole city", last["scan"]["median"], "s", 15, proof=whole),
        Figure(
            "parameters-only reform",
            reform["reform"]["median"],
            "s",
            1,
            0.5,
            proof=whole,
            note=f"{reform['set']}, once in memory ({reform['held']:.0f} s)",
        ),
        Figure(
            "the same, all rules", reform["plain"]["median"], "s", note="everybody run again, nothing held"
        ),
        Figure("private memory, scan", last["private_memory"] / MIB, "MiB", 4096, proof=whole),
        Figure(
            "private memory, build",
            build["private_memory"] / MIB,
            "MiB",
            4096,
            proof=whole,
            note="all processes",
        ),
        Figure(
            "time a person, most / least",
            max(each) / min(each),
            "times",
            1.5,
            proof=whole and len(each) == 3,
            note="scan less start-up over the sizes above",
        ),
    ]
    return figures


def table(found: Mapping[str, Any], figures: list[Figure]) -> str:
    """What is printed."""
    facts = ", ".join(f"{k} {v}" for k, v in found["machine"].items())
    lines = [
        "",
        facts,
        f"load of the machine before and after: {found['load_before']:.1f}, {found.get('load_after', 0):.1f}",
    ]
    lines += ["", f"{'benefit':<20}{'compared':>12}{'entitled':>10}{'differ':>8}"]
    for name, b in found.get("rows", {"benefits": {}})["benefits"].items():
        lines.append(f"{name:<20}{b['compared']:>12,}{b['entitled']:>10,}{b['differ']:>8,}")
    lines.append("")
    for f in figures:
        value = f"{f.value:,.0f}" if f.value >= 1000 or f.value == int(f.value) else f"{f.value:.3g}"
        lines.append(f"{f.name:<30}{value:>14} {f.unit:<6} {f.verdict:<28} {f.note}".rstrip())
    return "\n".join(lines)
