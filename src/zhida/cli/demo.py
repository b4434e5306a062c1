"""``zhida demo``: a small synthetic city, the rules over everybody, three people explained, a report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose, city, scanning
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack
    from zhida.rules.formulas.ir import Node
    from zhida.scan.loaded import Loaded

PERSON = "person"
MARK = ".zhida-demo"
"""Stands in a folder that a demo made: only such a one is replaced."""
MOST_TRIED = 40
"""Entries of a benefit that are looked through for one that hangs on somebody known."""

LISTS = {"lead": "线索 lead", "verify": "待核实 to verify", "review": "待复核 to review"}
REASONS = {"no_longer_fits": "已不符合", "amount_differs": "金额不一致", "validity_over": "有效期已满"}

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
    built = city.make(out / "city", fraction, seed, month, pack, truth=out / "truth")
    if not json:
        lines([f"合成城市，{built['persons']:,} 人，没有一个是真实的人（{built['seconds']} 秒）"])
    done = scanning.run(out / "city", out / "results", used)
    rate = _found_rate(out, used)
    loaded = _loaded(out, used)
    people = three(out, loaded)
    others = hanging(out, loaded, {p["person_key"] for p in people})
    if json:
        keys = ("list", "benefit", "person_key", "headline", "reasons")
        told, tied = ([{k: p[k] for k in keys} for p in some] for some in (people, others))
        emit(
            {
                "city": built,
                "scan": done,
                "found": rate,
                "people": told,
                "hanging": tied,
                "seconds": round(time.monotonic() - began, 2),
            }
        )
        return
    scanning.summary(done)
    lines([city.sentence(rate["total"])])
    for p in (*people, *others):
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
    for name in ("city", "truth", "results"):
        if (out / name).exists():
            shutil.rmtree(out / name)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text(
        "Made by `zhida demo`, which replaces it. Everything in it is synthetic.\n", "utf-8"
    )


def _found_rate(out: Path, pack: Pack) -> dict[str, Any]:
    """How well the lists find people: the demo knows the truth of its city."""
    from zhida.scan.found_rate import found_rate

    results = out / "results" / "results.parquet"
    return found_rate(out / "city", pack, out / "truth", results=results).as_json()


def _loaded(out: Path, pack: Pack) -> Loaded:
    from zhida.scan.loaded import Loaded

    return Loaded.open(out / "city", pack, compiled=False)


def three(out: Path, loaded: Loaded) -> list[dict[str, Any]]:
    """One entry of each list that has any, explained. The same city gives the same three."""
    people = []
    for entry in choose_three(_entries(out)):
        result, ask = _answered(loaded, entry)
        people.append(_told(loaded, entry, result, ask, _why(entry, loaded.pack)))
    return people


def hanging(out: Path, loaded: Loaded, taken: set[int]) -> list[dict[str, Any]]:
    """For each benefit that looks at people of other households, somebody whose case hangs on such a one."""
    entries = _entries(out)
    found = []
    for benefit in crossing(loaded):
        mine = [e for e in entries if e["benefit"] == benefit and e["person_key"] not in taken]
        mine.sort(key=lambda e: (list(LISTS).index(e["list"]), e["unit_key"]))
        best: tuple[bool, dict[str, Any]] | None = None
        for entry in mine[:MOST_TRIED]:
            result, ask = _answered(loaded, entry)
            hangs = [
                k for c in result["conditions"][: len(own_rules(loaded, benefit))] for k in c["hangs_on"]
            ]
            known = [k for k in hangs if k["who"] and k["answer"] != "undetermined"]
            known.sort(key=lambda k: k["answer"] != "yes")
            if known and (best is None or known[0]["answer"] == "yes"):
                one, word = known[0], "是" if known[0]["answer"] == "yes" else "否"
                why = f"要看别人的情况：{one['through']} {one['who']}，{one['asks']}：{word}"
                best = one["answer"] == "yes", _told(loaded, entry, result, ask, why)
            if best is not None and best[0]:
                break
        found += [best[1]] if best is not None else []
    return found


def own_rules(loaded: Loaded, benefit: str) -> list[Node]:
    """Conditions that are the benefit's own, not of displacement or choice; they come first."""
    return [c.node for c in loaded.program.benefits[benefit].conditions if c.role == "rule"]


def crossing(loaded: Loaded) -> list[str]:
    """Benefits of persons with a rule of their own that asks something of people found by links or kin."""
    found = []
    for name in loaded.benefits:
        answers = {b.full.answer.id for b in loaded.program.benefits.values()}
        if any(n.op in ("gather", "kin") for n in _without(own_rules(loaded, name), answers)):
            found.append(name)
    return found


def _without(roots: Sequence[Node], stops: set[int]) -> list[Node]:
    """Nodes of persons that the roots hang on, not through some others nor through a group."""
    seen: dict[int, Node] = {}
    todo = list(roots)
    while todo:
        n = todo.pop()
        if n.id not in seen and n.id not in stops and n.unit == PERSON:
            seen[n.id] = n
            todo += n.args
    return list(seen.values())


def _answered(loaded: Loaded, entry: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    from zhida.cli import found

    one = found.of(loaded, entry["person_key"], None)
    unit_id = entry["unit"] if entry["unit"] != "person" else str(entry["person_key"])
    results = one.presumed()["results"]
    result = next(r for r in results if (r["benefit"], r["unit_id"]) == (entry["benefit"], unit_id))
    return result, one.ask()


def _told(
    loaded: Loaded, entry: Mapping[str, Any], result: dict[str, Any], ask: dict[str, list[str]], why: str
) -> dict[str, Any]:
    from zhida.rules.explain.words import tell

    told = tell(result, loaded.pack, ask)
    return dict(entry) | {"headline": told.headline, "reasons": list(told.reasons), "why": why}


def _entries(out: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    columns = ["list", "reason", "benefit", "unit", "unit_key", "person_key", "automatic", "deciding"]
    columns += ["presumed_lo", "presumed_hi", "award_amount"]
    results = out / "results" / "results.parquet"
    rows = parquet.read_table(results, columns=columns, filters=[("list", "in", list(LISTS))])
    return rows.to_pylist()


def choose_three(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entry of each list with the largest amount at stake, each of another benefit where possible."""
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
