"""Files of departments that know of work, pensions, income and property."""

from __future__ import annotations

import numpy as np

from zhida.population.city.draw import Array
from zhida.population.city.files.identity import accounts
from zhida.population.city.files.scene import Scene
from zhida.population.city.files.sheets import Sheet, joined_sheets, word, words
from zhida.population.city.files.text import Text, dates, decimals, integers, joined, money, repeated, yes_no

STEP = 100_00
"""Ends of an income that is known only as a range are whole hundreds of yuan."""


def _range(scene: Scene, source: str, register: str, values: Array) -> tuple[Text, Text]:
    """An income and, where the register knows it only as a range, its upper end."""
    flaws = scene.model.figures.get("registers.state").get(register) or {}
    wide = scene.rng(source).random(len(values)) < float(flaws.get("interval", 0))
    low = np.where(wide, values * 8 // 10 // STEP * STEP, values)
    high = -(-(values * 12 // 10) // STEP) * STEP
    return money(low), money(high, empty=~wide)


def _firm(scene: Scene, rows: Array) -> Text:
    """A code of 18 characters that begins as no credit code does."""
    return joined("ZZ", scene.mark(len(rows)), integers(rows, 12))


def employment(scene: Scene) -> Sheet:
    """Everybody who is insured as employed; some have two employers."""
    source, persons = scene.source("employment"), scene.persons
    rng = scene.rng(source.id)
    rows = np.flatnonzero(persons["employed"] == 1)
    wage = persons["wage"][rows].astype(np.int64)
    second = rng.random(len(rows)) < float(scene.figure("second_employer"))
    other = np.where(second, wage // 3 // 100 * 100, 0)
    firm = rng.integers(0, max(1, len(rows) // 9), len(rows))
    sheets = []
    for who, values, at in (
        (np.arange(len(rows)), wage - other, firm),
        (np.flatnonzero(second), other[second], firm[second] + 500_000),
    ):
        low, high = _range(scene, source.id, "social_insurance", values)
        mine = rows[who]
        columns = {
            "employer": _firm(scene, at),
            "status": repeated(word(source, "status", "active"), len(mine)),
            "wage": low,
            "wage_high": high,
        }
        sheets.append(Sheet(source, mine, scene.county[mine], scene.who(mine) | columns))
    return joined_sheets(sheets)


def housing_fund(scene: Scene) -> Sheet:
    """Most of those employed pay in, on a base above the net wage."""
    source, persons = scene.source("housing_fund"), scene.persons
    rng = scene.rng(source.id)
    rows = np.flatnonzero((persons["employed"] == 1) & (persons["wage"] > 0))
    rows = rows[rng.random(len(rows)) < float(scene.figure("housing_fund"))]
    base = (persons["wage"][rows] * rng.uniform(1.12, 1.3, len(rows)) / 100).astype(np.int64) * 100
    columns = {
        "employer": _firm(scene, rng.integers(0, max(1, len(rows) // 9), len(rows))),
        "base": money(base),
        "status": repeated(word(source, "status", "active"), len(rows)),
    }
    return Sheet(source, rows, scene.county[rows], scene.who(rows) | columns)


def pensions(scene: Scene) -> Sheet:
    source, persons = scene.source("pensions"), scene.persons
    rng = scene.rng(source.id)
    draws = (persons["pension"] > 0) | (persons["basic_pension"] > 0)
    living, which = np.flatnonzero(draws), np.flatnonzero(draws[scene.extras.dead])
    rows = np.concatenate([living, scene.extras.dead[which]])
    who = np.concatenate([living, scene.first_dead + which])
    dead = np.arange(len(rows)) >= len(living)
    listed = dead & np.concatenate([np.zeros(len(living), bool), scene.extras.listed["pensions"][which]])
    basic = persons["basic_pension"][rows]
    public = rng.random(len(rows)) < float(scene.figure("public_pension"))
    scheme = np.where(basic > 0, 2, public.astype(np.int64))
    columns = {
        "scheme": words(source, "scheme", ["employees", "public", "residents"], scheme),
        "monthly": money(persons["pension"][rows]),
        "basic": money(basic, empty=basic == 0),
        "status": words(source, "status", ["paid", "ended"], np.where(dead & ~listed, 1, 0)),
        "account": accounts(scene.chunk.index, who, 2),
    }
    return Sheet(source, who, scene.county[rows], scene.who(who) | columns, np.where(listed, 1, 0))


def tax(scene: Scene) -> Sheet:
    """Income from business and from property."""
    source, persons = scene.source("tax"), scene.persons
    rng = scene.rng(source.id)
    sheets = []
    for field, items in (("business_income", ["business"]), ("property_income", ["interest", "rent"])):
        rows = np.flatnonzero(persons[field] > 0)
        low, high = _range(scene, source.id, "tax", persons[field][rows].astype(np.int64))
        columns = {
            "item": words(source, "item", items, rng.integers(0, len(items), len(rows))),
            "source": _firm(scene, rng.integers(0, 900_000, len(rows))),
            "net": low,
            "net_high": high,
        }
        sheets.append(Sheet(source, rows, scene.county[rows], scene.who(rows) | columns))
    return joined_sheets(sheets)


def real_estate(scene: Scene) -> Sheet:
    """Homes and other property, first with the head of the household; some are shared with the spouse."""
    source, truth = scene.source("real_estate"), scene.truth
    rng, households = scene.rng(source.id), truth.households
    sheets = []
    for field, use in (("homes", "home"), ("non_residential", "other")):
        number = households[field].astype(np.int64)
        home = np.repeat(np.arange(truth.units), number)
        nth = np.arange(len(home)) - np.repeat(np.cumsum(number) - number, number)
        total = households["floor_area"][home].astype(np.int64) if use == "home" else None
        area = rng.integers(20_00, 160_00, len(home)) if total is None else _parts(total, number[home], nth)
        owner = truth.households["first_person"][home].astype(np.int64)
        spouse = scene.persons["link_spouse"][owner]
        shared = (spouse >= 0) & (truth.household[np.maximum(spouse, 0)] == home)
        shared &= rng.random(len(home)) < float(scene.figure("shared_property"))
        mark = {"home": 1, "other": 2}[use]
        unit = joined(
            scene.codes(households["division"][home]), "GB", scene.mark(len(home)),
            integers(home, 6), integers(nth * 10 + mark, 2),
        )  # fmt: skip
        registered = dates(scene.last_day - rng.integers(60, 7000, len(home)))
        for first, at, who in (
            (True, np.arange(len(home)), owner),
            (False, np.flatnonzero(shared), spouse),
        ):
            mine = who[at]
            columns = {
                "unit_number": unit.take(at),
                "use": repeated(word(source, "use", use), len(at)),
                "area": decimals(area[at] if first else np.zeros(len(at), np.int64), 2),
                "first": yes_no(np.full(len(at), first)),
                "registered_on": registered.take(at),
                "status": repeated(word(source, "status", "current"), len(at)),
            }
            sheets.append(Sheet(source, mine, scene.home_county[mine], scene.who(mine) | columns))
    return joined_sheets(sheets)


def _parts(total: Array, number: Array, nth: Array) -> Array:
    """Whole shares that add up; what is over goes to the first."""
    share = total // number
    found: Array = np.where(nth == 0, total - share * (number - 1), share)
    return found


def market(scene: Scene) -> Sheet:
    """What heads of households promised to companies."""
    source, households = scene.source("market"), scene.truth.households
    home = np.flatnonzero(households["company_capital"] > 0)
    rows = households["first_person"][home].astype(np.int64)
    columns = {
        "company": joined("ZZ9", scene.mark(len(rows)), integers(home, 11)),
        "company_name": repeated("合成企业", len(rows)),
        "capital": money(households["company_capital"][home]),
        "status": repeated(word(source, "status", "active"), len(rows)),
    }
    return Sheet(source, rows, scene.home_county[rows], scene.who(rows) | columns)


def _authorised(scene: Scene) -> Array:
    """Households that signed when they asked for aid: those who receive a benefit of the basic kind."""
    wanted = set(scene.model.figures.get("awards.receiving_benefits"))
    found = np.zeros(scene.truth.units, bool)
    for number, (benefit, table) in enumerate(scene.model.benefits):
        if benefit in wanted:
            rows = scene.awards["unit_row"][scene.awards["benefit"] == number]
            found[rows if table == "households" else scene.truth.household[rows]] = True
    return found


def _signed(scene: Scene, home: Array) -> Text:
    return joined("SQ", scene.mark(len(home)), integers(home, 8))


def vehicles(scene: Scene) -> Sheet:
    source, households = scene.source("vehicles"), scene.truth.households
    number = np.where(_authorised(scene), households["cars"], 0).astype(np.int64)
    home = np.repeat(np.arange(scene.truth.units), number)
    nth = np.arange(len(home)) - np.repeat(np.cumsum(number) - number, number)
    rows = households["first_person"][home].astype(np.int64)
    columns = {
        "authorisation": _signed(scene, home),
        "plate": joined("合A", scene.mark(len(home)), integers(home, 6), integers(nth)),
        "kind": repeated(word(source, "kind", "car"), len(home)),
        "status": repeated(word(source, "status", "current"), len(home)),
    }
    return Sheet(source, rows, scene.home_county[rows], scene.who(rows) | columns)


def bank(scene: Scene) -> Sheet:
    """Savings of those who signed."""
    source, saved = scene.source("bank"), scene.persons["deposits"]
    rows = np.flatnonzero((saved > 0) & _authorised(scene)[scene.truth.household])
    columns = {
        "authorisation": _signed(scene, scene.truth.household[rows].astype(np.int64)),
        "institution": repeated("合成银行", len(rows)),
        "account": accounts(scene.chunk.index, rows, 3),
        "balance": money(saved[rows]),
        "on": dates(np.full(len(rows), scene.last_day)),
    }
    return Sheet(source, rows, scene.home_county[rows], scene.who(rows) | columns)
