"""Whom the demo explains: an entry of each list, and somebody whose case hangs on another household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack
    from zhida.rules.formulas.ir import Node
    from zhida.scan.loaded import Loaded

PERSON = "person"
MOST_TRIED = 40
"""Entries of a benefit that are looked through for one that hangs on somebody known."""

LISTS = {"lead": "线索 lead", "verify": "待核实 to verify", "review": "待复核 to review"}
REASONS = {"no_longer_fits": "已不符合", "amount_differs": "金额不一致", "validity_over": "有效期已满"}


def three(results: Path, loaded: Loaded) -> list[dict[str, Any]]:
    """One entry of each list that has any, explained. The same city gives the same three."""
    people = []
    for entry in choose_three(_entries(results)):
        result, ask = _answered(loaded, entry)
        people.append(_told(loaded, entry, result, ask, _why(entry, loaded.pack)))
    return people


def hanging(results: Path, loaded: Loaded, taken: set[int]) -> list[dict[str, Any]]:
    """For each benefit that looks at people of other households, somebody whose case hangs on such a one."""
    entries = _entries(results)
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
                told = _told(loaded, entry, result, ask, why)
                if any(str(one["who"]) in reason for reason in told["reasons"]):
                    best = one["answer"] == "yes", told
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


def _entries(folder: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    columns = ["list", "reason", "benefit", "unit", "unit_key", "person_key", "automatic", "deciding"]
    columns += ["presumed_lo", "presumed_hi", "award_amount"]
    results = folder / "results.parquet"
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
