"""Who counts in a unit formed by rule: the grounds in order, as a section of a benefit's page."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from zhida.rules.declarations import Pack
from zhida.rules.formation import PERSON, Formation, Ground
from zhida.rules.handbook import html, say


def formed_by(pack: Pack, needed: Collection[str], up: str) -> Iterator[str]:
    """Of the units whose members a benefit looks at; ``needed``: ids of the variables that it hangs on."""
    for formation in pack.formations.values():
        if formation.counted in needed:
            yield f'<h2 id="{formation.counted}">{html.text(heading(formation))}</h2>'
            yield f"<p>{html.text(formation.says)}{html.cited(pack, formation.citation, up)}</p>"
            yield '<p class="small">依次看，先成立的为准。</p>'
            grounds = (*formation.grounds, formation.otherwise)
            yield html.table(["", "理由"], [_row(pack, formation, g, up) for g in grounds])


def heading(formation: Formation) -> str:
    return f"谁可以立{formation.name}" if formation.of == PERSON else f"谁算在{formation.name}里"


def verdict(formation: Formation, ground: Ground) -> str:
    """What a ground comes to, in a word."""
    word = "可以" if formation.of == PERSON else "计入"
    return word if ground.counts else f"不{word}"


def _row(pack: Pack, formation: Formation, g: Ground, up: str) -> list[str]:
    when = "" if g.formula is None else say.span(g.formula.start, g.formula.until)
    says = g.says if g.formula is not None else f"其余：{g.says}"
    told = f'<span class="says">{html.text(says)}</span>'
    told += f' <span class="small">（{when}）</span>' if when else ""
    told += f"<br>{html.code(g.formula.text)}" if g.formula is not None else ""
    return [verdict(formation, g), told + html.cited(pack, g.citation, up)]


def plainly(pack: Pack, formation: str, month: int) -> list[str]:
    """Sentences for residents, as the grounds of the month say it."""
    found = pack.formations.get(formation)
    if found is None:
        return []
    return [f"{verdict(found, g)}：{g.says}" for g in found.in_force(month)]
