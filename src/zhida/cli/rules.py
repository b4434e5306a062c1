"""``zhida rules``: look at a pack, check it, write its handbook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zhida.cli import choose
from zhida.cli.errors import InputError
from zhida.cli.output import emit, lines, progress, table

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack

app = typer.Typer(help="Look at a pack, check it, write its handbook.", no_args_is_help=True)

PackArgument = Annotated[
    str, typer.Argument(metavar="PACK", help="Id of a bundled pack, or a pack's folder.")
]
OtherArgument = Annotated[
    str, typer.Argument(metavar="OTHER", help="The pack to compare with; left out, the same one reformed.")
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Id or name of a benefit, parameter, variable, field or unit.")
]
StandardArgument = Annotated[str, typer.Argument(metavar="NAME", help="Id or name of a standard.")]
YearOption = Annotated[
    int | None,
    typer.Option("--year", min=1950, max=2199, help="Only this year. [default: all that is known]"),
]
FigureOption = Annotated[
    str,
    typer.Option("--figure", metavar="YUAN", help="With --year: this figure of the year before, in yuan."),
]
MutationOption = Annotated[
    bool,
    typer.Option("--mutation/--no-mutation", help="Put small wrongs into the rules: do the cases notice?"),
]
MostOption = Annotated[int | None, typer.Option("--most", min=1, help="At most so many small wrongs.")]
NotesOption = Annotated[bool, typer.Option("--notes", help="Show the notes too, not only count them.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the pages.")]
TotalsOption = Annotated[
    Path | None,
    typer.Option("--totals", metavar="FILE", help="totals.json of a scan: which conditions failed most."),
]


@app.command("fields")
def fields(pack: PackArgument, json: choose.JsonOption = False) -> None:
    """The fields that a household file may hold, with type, limits, register and cost."""
    from zhida.cli import records

    used = choose.load(pack)
    found = [records.field(used, f) for f in used.fields.values()]
    if json:
        emit({"pack": used.id, "fields": found})
        return
    headings = ("字段", "id", "属于", "类型和取值", "空值", "登记", "敏感", "成本")
    table(headings, (_field_row(used, f) for f in found), right=(7,))


def _field_row(pack: Pack, f: Mapping[str, Any]) -> tuple[str, ...]:
    values = f["type"]
    if f["choices"]:
        values += f" {' '.join(f['choices'])}"
    elif f["min"] is not None:
        values += f" {f['min']} … {f['max']} {f['measure']}"
    empty = "" if f["empty"] is None else str(f["empty"])
    if f["type"] == "bool":
        empty = {"True": "是", "False": "否"}.get(empty, "")
    register = pack.registers[f["register"]].name if f["register"] else "家庭申报"
    unit = pack.units[f["unit"]].name
    return (f["name"], f["id"], unit, values.rstrip(), empty, register, f["sensitivity"], str(f["cost"]))


@app.command("show")
def show(pack: PackArgument, name: NameArgument = "", json: choose.JsonOption = False) -> None:
    """A pack at a glance; with NAME one benefit, parameter, variable or field with values and sources."""
    from zhida.cli import records
    from zhida.rules.problems import one_of

    used = choose.load(pack)
    if not name:
        whole = records.overview(used)
        emit({"pack": used.id, "kind": "pack", "record": whole}) if json else _show_pack(whole)
        return
    found = records.find(used, name)
    if found is None:
        raise InputError(f"{used.id} has nothing named {name[:40]!r}: {one_of(name, records.names(used))}.")
    kind, record = found
    data = _record(used, kind, record)
    if json:
        sources = {s: _source(used, s) for s in sorted(_sources(data)) if s in used.sources}
        emit({"pack": used.id, "kind": kind, "record": data, "sources": sources})
    else:
        shows = {"benefit": _show_benefit, "parameter": _show_parameter, "unit": _show_unit}
        shows.get(kind, _show_plain)(used, data)


def _record(pack: Pack, kind: str, record: Any) -> dict[str, Any]:
    from zhida.cli import records

    if kind == "parameter":
        return records.parameter(pack, record)
    if kind == "field":
        return records.field(pack, record)
    if kind == "unit":
        return records.unit(pack, record)
    return records.benefit(record) if kind == "benefit" else records.variable(record)


def _sources(data: Any) -> set[str]:
    if isinstance(data, Mapping):
        own = {data["source"]} if isinstance(data.get("source"), str) else set()
        return own.union(*(_sources(v) for v in data.values()))
    return set().union(*(_sources(v) for v in data)) if isinstance(data, list) else set()


def _source(pack: Pack, id: str) -> dict[str, str]:
    s = pack.sources[id]
    return {"title": s.title, "issuer": s.issuer, "number": s.number, "evidence": str(s.evidence)}


def _cited(pack: Pack, c: Mapping[str, Any]) -> str:
    if c["source"] in pack.sources:
        title = f"《{pack.sources[c['source']].title}》{c['article']}"
        return f"{title} [{c['evidence']}]"
    return f"{c['note']} [{c['evidence']}]"


def _show_pack(whole: Mapping[str, Any]) -> None:
    lines([f"{whole['name']}（{whole['id']}），{whole['territory']}，核对至 {whole['verified_through']}"])
    lines([f"hash {whole['hash']}"])
    table(
        ("待遇", "id", "对象", "种类"),
        ((b["name"], b["id"], b["unit"], b["kind"]) for b in whole["benefits"]),
    )
    counts = (len(whole["parameters"]), len(whole["variables"]), whole["fields"], len(whole["registers"]))
    lines(["参数 {} 个，变量 {} 个，字段 {} 个，登记 {} 种".format(*counts)])
    lines(["参数：" + " ".join(p["name"] for p in whole["parameters"])])


def _show_benefit(pack: Pack, b: Mapping[str, Any]) -> None:
    from zhida.rules.handbook.say import COUNTED

    unit = pack.formations[b["formed"]] if b["formed"] else pack.units[b["unit"]]
    lines([f"{b['name']}（{b['id']}，{unit.name}）：{b['says']}"])
    if b["applies"]:
        lines([f"适用：{b['applies']['says']}", f"    {b['applies']['formula']}"])
    for c in b["conditions"]:
        lines([f"条件 {c['id']}：{c['says']}{_when(c)}", *_indented(c["formula"]), f"    {_cited(pack, c)}"])
    for a in b["amounts"]:
        rounding = a["rounding"]
        what = "上限" if a["ceiling"] else "金额"
        rounded = f"取整 {rounding['to']} 元 {rounding['direction']}"
        lines([f"{what}（{a['period']}，{rounded}）{_when(a)}"])
        lines([*_indented(a["formula"]), f"    {_cited(pack, a)}"])
    for x in b["excluded_by"]:
        other = pack.benefits[x["benefit"]].name
        lines([f"被排除：享有{other}时，{x['says']}", f"    {_cited(pack, x)}"])
    for p in b["provides"]:
        lines([f"提供：{p['says']}{_when(p)}", f"    {_cited(pack, p)}"])
    for s in b["procedure"]:
        limit = f"，{s['within']} {COUNTED[s['counted']]}" if s["within"] is not None else ""
        lines([f"办理 {s['id']}：{s['says']}{limit}{_when(s)}", f"    {_cited(pack, s)}"])
    lines(f"主管：{o['department']}{_when(o)}" for o in b["owners"])
    lines(f"法规：{_cited(pack, c)}" for c in b["legal"])


def _show_unit(pack: Pack, u: Mapping[str, Any]) -> None:
    from zhida.rules.handbook.formed import verdict

    formation = pack.formations[u["id"]]
    lines(
        [f"{u['name']}（{u['id']}，出自{pack.units[u['of']].name}）：{u['says']}", f"    {_cited(pack, u)}"]
    )
    grounds = (*formation.grounds, formation.otherwise)
    for g, ground in zip(u["grounds"], grounds, strict=True):
        lines([f"{verdict(formation, ground)} {g['id']}：{g['says']}{_when(g)}"])
        lines([*_indented(g["formula"]), f"    {_cited(pack, g)}"])
    lines(["待遇：" + "、".join(pack.benefits[b].name for b in u["benefits"])])


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]


def _when(f: Mapping[str, Any]) -> str:
    if f["from"] is None and f["until"] is None:
        return ""
    return f"（{f['from'] or '…'} 至 {f['until'] or '…'} 前）"


def _show_parameter(pack: Pack, p: Mapping[str, Any]) -> None:
    from zhida.rules.handbook import say

    lines([f"{p['name']}（{p['id']}，{p['type']}，{p['measure']}）：{p['says']}"])
    rows = []
    for v in p["values"]:
        where = "、".join(x["name"] or x["code"] for x in v["places"])
        until = f" 至 {v['until']} 前" if v["until"] else ""
        first = f"，首月 {v['first_month']}" if v["first_month"] else ""
        shown = "不详" if v["value"] is None else v["value"]
        if isinstance(shown, dict):
            shown = " ".join(f"{k} {one}" for k, one in shown.items())
        rows.append((where, f"{v['from']}{until}{first}", str(shown), _cited(pack, v)))
    table(("地方", "施行", "数值", "来源"), rows)
    for gap in p["gaps"]:
        where = say.counties(pack, [pack.divisions[d["code"]] for d in gap["places"]])
        lines([f"没有查到：{gap['from']} 起，{gap['until']} 前：{where}"])


def _show_plain(pack: Pack, record: Mapping[str, Any]) -> None:
    for key, value in record.items():
        if key == "formulas":
            for f in value:
                lines([f"公式{_when(f)}", *_indented(f["formula"])])
        elif value not in (None, "", []):
            shown = value["formula"] if isinstance(value, dict) else value
            lines([f"{key}: {' '.join(shown) if isinstance(shown, list) else shown}"])


@app.command("check")
def check(
    pack: PackArgument,
    mutation: MutationOption = True,
    most: MostOption = None,
    notes: NotesOption = False,
    json: choose.JsonOption = False,
) -> None:
    """Worked cases, gaps, what is unused or untried, mutation. Exit 1 on an error or a warning."""
    from datetime import date

    from zhida.rules.checks.findings import Severity, check_pack
    from zhida.rules.program.build import refuse_broken

    used = choose.load(pack)
    refuse_broken(used)
    with progress("检查 check") as update:
        report = check_pack(used, mutation, most, date.today(), update)
    if json:
        emit(report.to_json())
    else:
        shown = [f for f in report.findings if notes or f.severity is not Severity.NOTE]
        lines(str(f) for f in shown)
        counts = {s: len(report.of(s)) for s in Severity}
        lines(
            [
                f"{used.name}：样例 {report.cases} 个，"
                + "，".join(f"{s.value} {n}" for s, n in counts.items())
            ]
        )
        m = report.mutation
        if m is not None:
            survived = f"未被发现 {len(m.survivors)}，允许 {len(m.allowed)}"
            lines([f"变异 {m.tried} 个：样例发现 {m.killed}，{survived}"])
    if not report.clean:
        raise typer.Exit(1)


@app.command("diff")
def diff(
    pack: PackArgument,
    other: OtherArgument = "",
    set_: choose.SetOption = None,
    reform: choose.ReformOption = None,
    json: choose.JsonOption = False,
) -> None:
    """What two packs, or a pack and a reform of it, say differently. Exit 1 where they differ."""
    from zhida.rules.checks import difference_words
    from zhida.rules.checks.differences import differences
    from zhida.rules.reforms.reform import apply

    overrides = choose.read_reform(set_, reform)
    if not other and overrides is None:
        raise InputError("rules diff: nothing to compare with; name another pack, --set or --reform.")
    old = choose.load(pack)
    new = choose.load(other) if other else old
    found = differences(old, apply(new, overrides) if overrides is not None else new)
    if json:
        emit(difference_words.as_json(found))
    else:
        lines(difference_words.words(found))
    if found:
        raise typer.Exit(1)


@app.command("propose")
def propose(
    name: StandardArgument,
    year: YearOption = None,
    figure: FigureOption = "",
    pack: choose.PackOption = "",
    json: choose.JsonOption = False,
) -> None:
    """What a pack's rule of setting proposes for a standard, and where the real one departed from it."""
    from zhida.cli.proposing import told

    used = choose.load(pack)
    document, words = told(used, name, year, figure)
    emit(document) if json else lines(words)


def _totals(pack: Pack, file: Path) -> Mapping[str, Any]:
    """A scan's totals. Raises InputError where the file is none, or of another pack."""
    import json

    try:
        found = json.loads(file.read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("reasons"), list) or "month" not in found:
        raise InputError(f"--totals: {file} is no totals.json of a scan; run `zhida scan` again.")
    if found.get("pack") != pack.id:
        raise InputError(f"--totals: {file} is of the pack {found.get('pack')}, not of {pack.id}.")
    return found


@app.command("doc")
def doc(
    pack: PackArgument, out: OutOption, totals: TotalsOption = None, json: choose.JsonOption = False
) -> None:
    """Write the pack as pages for people who read regulations rather than YAML."""
    from zhida.rules.handbook.docgen import write_handbook

    used = choose.load(pack)
    counted = _totals(used, totals) if totals is not None else None
    pages = [str(page) for page in write_handbook(used, out, counted)]
    if json:
        emit({"pack": used.id, "hash": used.hash, "out": str(out), "pages": pages})
    else:
        lines([f"{used.name}：{len(pages)} 页，从 {pages[0]} 看起"])
