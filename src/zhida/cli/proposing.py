"""What ``zhida rules propose`` finds: a document and the same in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zhida.cli.errors import InputError

if TYPE_CHECKING:
    from zhida.rules.declarations import Pack, Parameter


def told(pack: Pack, name: str, year: int | None, figure: str) -> tuple[dict[str, Any], list[str]]:
    """Raises InputError for a standard that the pack has no rule of setting for."""
    from zhida.rules.reforms import setting, setting_words

    if figure and year is None:
        raise InputError("--figure: a figure needs its year; give --year, too.")
    given = _money(figure) if figure else None
    found = []
    words: list[str] = []
    for rule in setting.rules_for(pack, _parameter(pack, name)):
        years = [year] if year is not None else setting.years_of(pack, rule)
        made = [setting.propose(pack, rule, y, given) for y in years]
        found.append((rule, made))
        words += setting_words.rule_words(pack, rule)
        for one in made:
            words += ["", *setting_words.year_words(pack, one, given)]
    return setting_words.as_json(pack, found), words


def _parameter(pack: Pack, name: str) -> Parameter:
    """The standard of this id or name that has a rule."""
    from zhida.rules.problems import one_of

    ruled = [pack.parameters[r.parameter] for r in pack.setting.rules]
    for p in ruled:
        if name in (p.id, p.name):
            return p
    if not ruled:
        raise InputError(
            f"{pack.name} says nothing of how standards are set; add a setting.yaml to the pack."
        )
    known = one_of(name, [p.name for p in ruled])
    raise InputError(f"{pack.name} has no rule of setting for {name[:40]!r}: {known}.")


def _money(text: str) -> int:
    from zhida.codes.errors import CodeError
    from zhida.codes.money import parse_yuan

    try:
        fen = parse_yuan(text)
    except CodeError as error:
        raise InputError(f"--figure: {error}") from None
    if fen <= 0:
        raise InputError("--figure: a figure above 0 is expected.")
    return fen
