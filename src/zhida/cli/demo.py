"""``zhida demo``: a small synthetic city, the rules over everybody, three people explained, a report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose, city, scanning
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack

MARK = ".zhida-demo"
"""Stands in a folder that a demo made: only such a one is replaced."""
LISTS = {"lead": "线索 lead", "verify": "待核实 to verify", "review": "待复核 to review"}
REASONS = {"no_longer_fits": "已不符合", "amount_differs": "金额不一致"}

OutOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Folder of the city and the results.")
]
FractionOption = Annotated[
    float, typer.Option("--fraction", min=0.00001, max=1.0, help="Share of the real number of people.")
]


def demo(
    out: OutOption = Path("demo"),
    fraction: FractionOption = 0.03,
    seed: city.SeedOption = 1,
    month: city.MonthOption = "2025-06",
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """A small synthetic city from build to report, with three people explained in words."""
    began = time.monotonic()
    choose.read_month(month)
    used = choose.load(pack)
    _make_room(out)
    built = city.make(out / "city", fraction, seed, month, pack)
    if not json:
        lines([f"合成城市，{built['persons']:,} 人，没有一个是真实的人（{built['seconds']} 秒）"])
    done = scanning.run(out / "city", out / "results", used)
    people = three(out, used)
    if json:
        told = [{k: p[k] for k in ("list", "benefit", "person_key", "headline", "reasons")} for p in people]
        emit({"city": built, "scan": done, "people": told, "seconds": round(time.monotonic() - began, 2)})
        return
    scanning.summary(done)
    for p in people:
        lines(["", f"【{LISTS[p['list']]}】{p['why']}", p["headline"], *(f"  · {r}" for r in p["reasons"])])
        lines([f"  再看：zhida explain {out / 'city'} --person {p['person_key']}"])
    lines(["", f"共 {time.monotonic() - began:.0f} 秒。全部为合成数据。"])
    lines([f"报告 report: {Path(done['files']['report']).resolve()}"])


def _make_room(out: Path) -> None:
    """An empty folder; one of an earlier demo is replaced, anything else is refused."""
    if out.exists() and not (out / MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} is there already and was not made by a demo; name another folder with --out."
        )
    for name in ("city", "results"):
        if (out / name).exists():
            shutil.rmtree(out / name)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text(
        "Made by `zhida demo`, which replaces it. Everything in it is synthetic.\n", "utf-8"
    )


def three(out: Path, pack: Pack) -> list[dict[str, Any]]:
    """One entry of each list that has any, explained. The same city gives the same three."""
    from zhida.cli import found
    from zhida.rules.explain.words import tell
    from zhida.scan.loaded import Loaded

    loaded = Loaded.open(out / "city", pack, compiled=False)
    people = []
    for entry in choose_three(out / "results" / "results.parquet"):
        one = found.of(loaded, entry["person_key"], None)
        unit_id = entry["unit"] if entry["unit"] != "person" else str(entry["person_key"])
        results = one.presumed()["results"]
        result = next(r for r in results if (r["benefit"], r["unit_id"]) == (entry["benefit"], unit_id))
        told = tell(result, pack, one.ask())
        words = {"headline": told.headline, "reasons": list(told.reasons), "why": _why(entry, pack)}
        people.append(dict(entry) | words)
    return people


def choose_three(results: Path) -> list[dict[str, Any]]:
    """The entry of each list with the largest amount at stake, each of another benefit where possible."""
    import pyarrow.parquet as parquet

    columns = ["list", "reason", "benefit", "unit", "unit_key", "person_key", "automatic", "deciding"]
    columns += ["presumed_lo", "presumed_hi", "award_amount"]
    rows = parquet.read_table(results, columns=columns, filters=[("list", "in", list(LISTS))]).to_pylist()
    chosen: list[dict[str, Any]] = []
    for name in LISTS:
        taken = {c["benefit"] for c in chosen}
        mine = [r for r in rows if r["list"] == name]
        if mine:
            chosen.append(min(mine, key=lambda r: _rank(r, taken)))
    return chosen


def _rank(row: Mapping[str, Any], taken: set[str]) -> tuple[bool, bool, bool, int, int]:
    """What makes a good example: another benefit, a fact that decides, an exact and large amount."""
    at_stake = abs((row["presumed_hi"] or 0) - (row["award_amount"] or 0))
    undecided = row["list"] == "verify" and not row["deciding"]
    inexact = row["presumed_lo"] != row["presumed_hi"]
    return row["benefit"] in taken, undecided, inexact, -at_stake, row["unit_key"]


def _why(entry: Mapping[str, Any], pack: Pack) -> str:
    if entry["list"] == "lead":
        return "没有享受，就登记所见全部符合"
    if entry["list"] == "review":
        award = entry["award_amount"]
        paid = f"，现每月发 {award / 100:,.2f} 元" if award else ""
        return f"正在享受{paid}，{REASONS.get(entry['reason'], '须复核')}"
    names = {x.id: x.name for kind in (pack.fields, pack.parameters, pack.kin) for x in kind.values()}
    facts = "、".join(names[f] for f in entry["deciding"][:3])
    return f"有困难迹象，尚不能定；最省事的是先查：{facts}"
