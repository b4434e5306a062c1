"""A simulation in words, from the very data that leave: what is withheld there is withheld here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhida.codes.money import format_yuan
from zhida.rules.declarations import Pack

Told = Mapping[str, Any]
BENEFIT_HEADS = (
    "待遇", "享受", "改后", "线索", "改后", "新增", "终止", "变额", "每年多支出(元)",
)  # fmt: skip
WAN, YI = 10_000_00, 100_000_000_00


def head(found: Told) -> list[str]:
    whose = "合成数据，没有真实的人" if found["synthetic"] else "真实数据"
    told = [f"{found['month']}（{whose}），就登记所见，按人或户计；金额为元"]
    if found["fraction"] < 1:
        told.append(f"这个快照只有实际人口的 {found['fraction'] * 100:g}%；数字没有放大。")
    if found["stale"]:
        told.append(f"规则只核对到 {found['verified_through']}，此后没有人核对过。")
    return told


def count(n: int | None, small: int) -> str:
    return f"<{small}" if n is None else f"{n:,}"


def along(n: int | None) -> str:
    """A count beside others whose sum is told: withheld where it is small, or would tell a small one."""
    return "不列" if n is None else f"{n:,}"


def big(fen: int) -> str:
    """Money in 元, 万元 or 亿元 for reading."""
    if not fen:
        return "0 元"
    for unit, name in ((YI, "亿元"), (WAN, "万元")):
        if abs(fen) >= unit:
            return f"{fen / unit:,.2f} {name}"
    return f"{format_yuan(fen)} 元"


def money(lo: int | None, hi: int | None) -> str:
    """Both ends, or one where they are one; the lesser first. Withheld where the cases are few, or would tell
    the few."""
    if lo is None or hi is None:
        return "不列"
    low, high = sorted((lo, hi))
    return big(low) if low == high else f"{big(low)} 至 {big(high)}"


def benefit_rows(found: Told) -> list[tuple[str, ...]]:
    """Benefits that the reform touches."""
    small = found["small"]
    cases = {b["benefit"]: b for b in found["effects"]["benefits"]}
    rows = []
    for one in found["benefits"]:
        if one["benefit"] not in found["affected"]:
            continue
        mine = cases.get(one["benefit"], dict.fromkeys(("new", "ended", "changed", "cost_lo", "cost_hi"), 0))
        counts = (
            one["baseline"]["receives"],
            one["reform"]["receives"],
            one["baseline"]["leads"],
            one["reform"]["leads"],
            mine["new"],
            mine["ended"],
            mine["changed"],
        )
        cost = money(mine["cost_lo"], mine["cost_hi"])
        rows.append((one["name"], *(count(n, small) for n in counts), cost))
    return rows


def summary(found: Told, pack: Pack) -> list[str]:
    """Cost, households, income, who bears it."""
    small, effects = found["small"], found["effects"]
    homes = effects["households"]
    cost = money(effects["cost"]["lo"], effects["cost"]["hi"])
    told = [
        f"每年多支出 {cost}：现在领的照新数发或停发，新进入的都来领，原来没领的仍不领。",
        f"户：多得 {count(homes['winners'], small)}，少得 {count(homes['losers'], small)}，"
        f"说不定 {count(homes['unclear'], small)}。",
    ]
    told += income(found, pack)
    told += sharing(effects["sharing"])
    return told


def income(found: Told, pack: Pack) -> list[str]:
    spread = found["effects"]["income"]
    if spread is None:
        return ["规则包没有写明哪些是收入，所以不分收入，也没有基尼系数。"]
    names = "、".join(pack.fields[f].name for f in spread["lines"])
    small = found["small"]
    unknown = count(spread["unknown"]["households"], small)
    told = []
    if spread["gini_before"] is not None:
        told.append(
            f"基尼系数 {spread['gini_before']:.6f} → {spread['gini_after']:.6f}："
            "每人的数是本户登记收入加所发待遇除以人数；"
            f"收入只是登记里的（{names}），未登记的不在内，{unknown} 户收入不明，不算。"
        )
    poor = spread["poverty"]
    if poor is None:
        return [*told, "规则包没有写明贫困线。"]
    line = pack.parameters[poor["line"]].name
    gap = [None if poor[f"gap_{s}"] is None else big(poor[f"gap_{s}"]) for s in ("before", "after")]
    told.append(
        f"登记收入加待遇低于改革前{line}的人 {count(poor['poor_before'], small)} → "
        f"{count(poor['poor_after'], small)}，每年共缺 {gap[0] or '—'} → {gap[1] or '—'}。"
    )
    return told


def sharing(rows: Sequence[Told]) -> list[str]:
    """Who bears the cost, or that it is not known."""
    told = []
    unknown = []
    for one in rows:
        if not one["levels"] and one["cost_free"]:
            continue
        if one["levels"]:
            parts = "，".join(f"{x['level']} {money(x['lo'], x['hi'])}" for x in one["levels"])
            rest = "" if one["known"] else f"；其余 {money(one['not_known_lo'], one['not_known_hi'])} 不详"
            told.append(f"由谁出钱：{one['name']} {parts}{rest}。")
        else:
            unknown.append(one["name"])
    if unknown:
        told.append(f"由谁出钱：{'、'.join(unknown)}，分担办法不详（规则包里没有写明来源的）。")
    return told


def solved(found: Told) -> list[str]:
    one = found["solve"]
    cost = money(one["cost_lo"], one["cost_hi"])
    told = [
        f"{one['target']}：{one['start']} → {one['value']} {one['measure']}，每年多支出 {cost}，"
        f"预算 {big(one['budget'])}（试了 {len(one['tried'])} 个数）。"
    ]
    if one["at_bound"]:
        told.append("已到这个参数在规则包里的界限，预算还没有用完。")
    if not one["monotone"]:
        spans = "、".join(f"{b['from']} 到 {b['to']}" for b in one["breaks"])
        told.append(f"支出不是一路随它升降：在 {spans} 之间掉了头，所以可能另有合预算的数。")
    return told


def cliffs(found: Told) -> list[str]:
    """How many stand at a cliff, and what falls; nothing where they were not asked for."""
    both = found["effects"]["cliffs"]
    if both is None:
        return []
    small = found["small"]
    before, after = both["before"], both["after"]
    step = format_yuan(before["step"]).removesuffix(".00")
    field = before["field_name"]
    told = [f"陡坡：{field}每月多 {step} 元反而少得的户，就登记所见、按规则该得的算"]
    sides = [before] if not found["affected"] else [before, after]
    for name, side in zip(("现在", "改后"), sides, strict=False):
        if side["households"] is None:
            told.append(f"  {name}：<{small} 户")
            continue
        receiving = along(side["receiving"])
        loss = money(side["loss_lo"], side["loss_hi"])
        told.append(f"  {name}：{side['households']:,} 户（其中现在就领着的 {receiving}），每月共净亏 {loss}")
        for b in side["benefits"]:
            fall, ends = count(b["households"], small), along(b["ends"])
            told.append(f"    {b['name']}：{fall} 户少得，其中 {ends} 户有人停发")
    if found["affected"]:
        created, removed = (along(both[k]) for k in ("created", "removed"))
        told.append(f"  改革新添 {created} 户，消去 {removed} 户")
    return told
