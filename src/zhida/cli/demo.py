"""``zhida demo``: what departments of a small synthetic city send, taken in, scanned and explained."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose, city, importing, registering, scanning
from zhida.cli.demo_people import LISTS, hanging, three
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines

if TYPE_CHECKING:
    from zhida.population.imports.contracts import Contracts
    from zhida.rules.declarations import Pack

MARK = ".zhida-demo"
"""Stands in a folder that a demo made: only such a one is replaced."""
MADE = ("sent", "truth", "register", "keys", "snapshot", "results", "lists", "quality.html")
PURPOSE = "演示"

OutOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Folder of the city and the results.")
]
FractionOption = Annotated[
    float, typer.Option("--fraction", min=0.00001, max=1.0, help="Share of the real number of people.")
]


def demo(
    out: OutOption = Path("demo"),
    fraction: FractionOption = 0.01,
    seed: city.SeedOption = 1,
    month: city.MonthOption = "2025-06",
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """A synthetic city from departments' files to lists, with three people explained in words."""
    from zhida.population.imports.contracts import load_contracts

    began = time.monotonic()
    when = choose.read_month(month)
    used = choose.load(pack)
    contracts = load_contracts(used)
    _make_room(out)
    say = _nothing if json else lines
    built = city.make_files(out / "sent", fraction, seed, month, pack, 2, out / "truth", "csv", True)
    say([_sent(built)])
    taken = _take_in(out, contracts)
    say([_took(taken)])
    made = registering.answer_of(
        registering.make(out / "register", out / "snapshot", when, used, 2), when, used
    )
    quality = _quality(out, contracts, when)
    say(_good(quality, out))
    done = scanning.run(out / "snapshot", out / "results", used)
    rate = _found_rate(out, used)
    books = _lists(out, used)
    loaded = _loaded(out, used)
    people = three(out / "results", loaded)
    others = hanging(out / "results", loaded, {p["person_key"] for p in people})
    if json:
        keys = ("list", "benefit", "person_key", "headline", "reasons")
        told, tied = ([{k: p[k] for k in keys} for p in some] for some in (people, others))
        emit(
            {
                "city": built,
                "import": taken,
                "quality": quality,
                "snapshot": made,
                "scan": done,
                "found": rate,
                "lists": books,
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
        lines([f"  再看：zhida explain {out / 'snapshot'} --person {p['person_key']}"])
    lines(["", f"共 {time.monotonic() - began:.0f} 秒。全部为合成数据。"])
    lines([f"名单 lists: {(out / 'lists').resolve()}（{len(books['files'])} 个工作簿）"])
    lines([f"数据质量 quality: {(out / 'quality.html').resolve()}"])
    lines([f"报告 report: {Path(done['files']['report']).resolve()}"])


def _nothing(texts: list[str]) -> None:
    """With ``--json`` one document is all that is printed."""


def _make_room(out: Path) -> None:
    """An empty folder; one of an earlier demo is replaced, anything else is refused."""
    if out.exists() and not (out / MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} is there already and was not made by a demo; name another folder with --out."
        )
    for name in (*MADE, "city"):  # the last: of an earlier version's demo
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        else:
            (out / name).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text(
        "Made by `zhida demo`, which replaces it. Everything in it is synthetic.\n", "utf-8"
    )


def _sent(built: dict[str, Any]) -> str:
    rows = sum(built["rows"].values())
    return (
        f"合成城市，{built['persons']:,} 人，没有一个是真实的人：各部门交来 {built['files']} 个文件，"
        f"{len(built['rows'])} 类来源，{rows:,} 行，里面有意放了错误（{built['seconds']} 秒）"
    )


def _keys(out: Path) -> Path:
    """Keys of a demo lie beside its register; those of an office lie apart from all data."""
    return out / "keys" / "keys.json"


def _take_in(out: Path, contracts: Contracts) -> dict[str, Any]:
    from datetime import date

    from zhida.codes import keyfile

    began = time.monotonic()
    keyfile.create(_keys(out), date.today())
    brought = importing.bring_in(out / "sent", out / "register", contracts, 2, _keys(out))
    whole = importing.answer_of(brought, contracts.pack)
    landed = whole["landed"]
    return {
        **whole["totals"],
        "left_out": brought.left_out,
        "people": landed["people"] if landed is not None else 0,
        "seconds": round(time.monotonic() - began, 2),
    }


def _took(taken: dict[str, Any]) -> str:
    left = f"，{taken['left_out']} 个文件不收" if taken["left_out"] else ""
    return (
        f"导入：读 {taken['read']:,} 行 = 留 {taken['kept']:,} + 重复 {taken['repeats']:,} + "
        f"隔离待补正 {taken['quarantined']:,}{left}（{taken['seconds']} 秒）"
    )


def _quality(out: Path, contracts: Contracts, month: int) -> dict[str, Any]:
    """What is wrong most often; the whole report stands in quality.html."""
    from zhida.population.quality.answer import as_json
    from zhida.population.quality.measures import measure
    from zhida.population.quality.page import page, parties_of

    answer = as_json(measure(out / "register", contracts, month), contracts)
    (out / "quality.html").write_text(page(answer), encoding="utf-8")
    told = [c for c in answer["consistency"] or [] if c["people"] is not None]
    told.sort(key=lambda c: -c["people"])
    says = [f"{c['says']}（{parties_of(answer, c)}）" for c in told]
    return {
        "refused": sum(c["refused"] for c in answer["conformity"]),
        "contradictions": [{"says": s, "people": c["people"]} for s, c in zip(says, told, strict=True)],
    }


def _good(quality: dict[str, Any], out: Path) -> list[str]:
    most = "；".join(f"{c['says']} {c['people']:,} 人" for c in quality["contradictions"][:3])
    return [f"数据质量：不合格 {quality['refused']:,} 行；各处说法不同的，最多的是：{most or '没有'}"]


def _found_rate(out: Path, pack: Pack) -> dict[str, Any]:
    """How well the lists find people: the demo knows the truth of its city."""
    from zhida.codes.sealing import Keyring
    from zhida.population.identity.store import IdentityStore
    from zhida.scan.found_rate import found_rate

    store = out / "register" / "identity"
    who = IdentityStore.open(store), Keyring.load(_keys(out), apart_from=store)
    results = out / "results" / "results.parquet"
    return found_rate(out / "snapshot", pack, out / "truth", results=results, identities=who).as_json()


def _lists(out: Path, pack: Pack) -> dict[str, Any]:
    from zhida.scan.workbooks import write_workbooks

    books = write_workbooks(out / "results", pack, out / "lists", PURPOSE)
    return {"path": str(books.path), "files": books.files}


def _loaded(out: Path, pack: Pack) -> Any:
    from zhida.scan.loaded import Loaded

    return Loaded.open(out / "snapshot", pack, compiled=False)
