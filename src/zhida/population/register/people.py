"""Who there is in a month, where, and in whose household; rows stand as in the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.codes.months import day_number
from zhida.population.duck import parquet, quoted
from zhida.population.imports.contracts import Contracts
from zhida.population.register.conflicts import Conflicts
from zhida.population.register.places import Places
from zhida.population.register.resolution import Resolution
from zhida.population.register.rows import Month, where_sql
from zhida.population.schema import NOWHERE_KNOWN, OUTSIDE, Relation

Array = NDArray[Any]
NOT_LISTED = -3  # no row of the source
UNKNOWN_DAY = np.iinfo(np.int32).min
ORDER = np.array([0, 1, 2, 4, 3, 5, 6, 7, 8], dtype=np.int8)  # place in the household by relation
AT_HOME, APART, AWAY = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Digits:
    """Birth (days, UNKNOWN_DAY) and sex (0 male, 1 female, -1) by person key, as IDs tell them."""

    birth: Array
    sex: Array


@dataclass(frozen=True, slots=True)
class People:
    """By row: ``key``, ``household`` (ascending), ``relation``, ``registered``, ``lives``,
    ``member_from``; by household: ``division``, ``first``, ``size``. By key: ``row`` (-1 not here), ``dead``,
    ``belongs`` (a division)."""

    key: Array
    household: Array
    relation: Array
    registered: Array
    lives: Array
    member_from: Array
    division: Array
    first: Array
    size: Array
    row: Array
    dead: Array
    belongs: Array

    @property
    def count(self) -> int:
        return len(self.key)

    @property
    def units(self) -> int:
        return len(self.size)


@dataclass(slots=True)
class _Listed:
    """By key, of one source: division row, number of the household, relation, and more of each."""

    place: Array
    house: Array
    relation: Array
    flag: Array  # hukou: registered here; residents: lives apart
    day: Array
    other: Array  # residents: division row of registration


def digits_of(month: Month) -> Digits:
    keys = month.landed.keys
    found = Digits(np.full(keys, UNKNOWN_DAY, np.int32), np.full(keys, -1, np.int8))
    files = month.landed.people()
    if files:
        rows = month.db.execute(
            "SELECT person_key, CAST(coalesce(date_diff('day', DATE '1970-01-01', birth), "
            f"{UNKNOWN_DAY}) AS INTEGER) AS birth, CAST(sex = 'female' AS TINYINT) AS sex "
            f"FROM {parquet(files)}"
        ).fetchnumpy()
        found.birth[rows["person_key"]] = rows["birth"]
        found.sex[rows["person_key"]] = rows["sex"]
    return found


def dead_keys(month: Month, contracts: Contracts, rules: Resolution) -> Array:
    """By person key: whether a source tells of a death by the end of the month."""
    dead = np.zeros(month.landed.keys, bool)
    for rule in rules.deaths:
        if not month.has(rule.rows.source):
            continue
        known = f"({where_sql(rule.rows.where)})"
        if rule.on:
            known += f" AND ({quoted(rule.on)} IS NULL OR {quoted(rule.on)} <= DATE '{month.last_day}')"
        rows = month.rows(contracts.sources[rule.rows.source])
        found = month.db.execute(
            f"SELECT DISTINCT person_key FROM {rows} WHERE {known} AND NOT doubtful"
        ).fetchnumpy()
        dead[found["person_key"]] = True
    return dead


class _Finder:
    def __init__(
        self, month: Month, contracts: Contracts, rules: Resolution, places: Places, conflicts: Conflicts
    ) -> None:
        self.month, self.sources, self.rules = month, contracts.sources, rules
        self.places, self.conflicts = places, conflicts
        self.last = day_number(month.last_day)

    def place_table(self, source: str, column: str) -> None:
        """The table ``placed``: code → division row, for what the column holds."""
        db = self.month.db
        rows = self.month.rows(self.sources[source])
        codes = [c for (c,) in db.execute(f"SELECT DISTINCT {quoted(column)} FROM {rows}").fetchall() if c]
        db.execute("CREATE OR REPLACE TABLE placed (code VARCHAR, row INTEGER)")
        if codes:
            db.executemany("INSERT INTO placed VALUES (?, ?)", [(c, self.places.row(c)) for c in codes])

    def registered(self) -> _Listed:
        rule = self.rules.registered
        listed = self.empty()
        if not self.month.has(rule.source):
            return listed
        self.place_table(rule.source, rule.division)
        changed = f"date_diff('day', DATE '1970-01-01', {quoted(rule.changed)})" if rule.changed else "NULL"
        rows = self.month.db.execute(
            "SELECT r.person_key, coalesce(p.row, -2)::INTEGER AS place, "
            f"coalesce(r.{quoted(rule.household)}, 0)::BIGINT AS house, "
            f"{_relation(rule.relation)} AS relation, "
            f"coalesce({where_sql(rule.here, 'r')}, false)::TINYINT AS flag, "
            "date_diff('day', DATE '1970-01-01', r.as_of)::INTEGER AS day, "
            f"coalesce({changed}, 0)::INTEGER AS changed, 0::INTEGER AS other "
            f"FROM {self.month.rows(self.sources[rule.source])} r "
            f"LEFT JOIN placed p ON p.code = r.{quoted(rule.division)}"
        ).fetchnumpy()
        self.take(listed, rows, ("flag", "day", "changed"), "registered_twice", rule.source)
        listed.place[listed.flag == 0] = NOT_LISTED
        return listed

    def resident(self) -> _Listed:
        rule = self.rules.resident
        listed = self.empty()
        if not self.month.has(rule.source):
            return listed
        self.place_table(rule.source, rule.registered)
        self.month.db.execute("CREATE OR REPLACE TABLE registered_at AS SELECT * FROM placed")
        self.place_table(rule.source, rule.division)
        rows = self.month.db.execute(
            "SELECT r.person_key, coalesce(p.row, -2)::INTEGER AS place, "
            f"coalesce(r.{quoted(rule.household)}, 0)::BIGINT AS house, "
            f"{_relation(rule.relation)} AS relation, "
            f"coalesce({where_sql(rule.apart, 'r')}, false)::TINYINT AS flag, "
            f"{_days(f'coalesce(r.{quoted(rule.since)}, r.as_of)')}::INTEGER AS day, "
            "date_diff('day', DATE '1970-01-01', r.as_of)::INTEGER AS changed, "
            "coalesce(q.row, -2)::INTEGER AS other "
            f"FROM {self.month.rows(self.sources[rule.source])} r "
            f"LEFT JOIN placed p ON p.code = r.{quoted(rule.division)} "
            f"LEFT JOIN registered_at q ON q.code = r.{quoted(rule.registered)} "
            f"WHERE r.{quoted(rule.until)} IS NULL OR r.{quoted(rule.until)} > DATE '{self.month.last_day}'"
        ).fetchnumpy()
        self.take(listed, rows, ("changed", "day"), "resident_twice", rule.source)
        return listed

    def empty(self) -> _Listed:
        keys = self.month.landed.keys
        return _Listed(
            place=np.full(keys, NOT_LISTED, np.int32),
            house=np.zeros(keys, np.int64),
            relation=np.full(keys, Relation.OTHER, np.int8),
            flag=np.zeros(keys, np.int8),
            day=np.full(keys, UNKNOWN_DAY, np.int32),
            other=np.full(keys, NOWHERE_KNOWN, np.int32),
        )

    def take(
        self, listed: _Listed, rows: dict[str, Array], by: tuple[str, ...], kind: str, source: str
    ) -> None:
        """One row a person: of several the one that is greatest in ``by``, then in place and household."""
        key = rows["person_key"]
        twice = np.bincount(key, minlength=len(listed.place))[key] > 1
        if twice.any():
            at = np.flatnonzero(twice)
            # A row that says somebody is not here any more does not speak against one that says where.
            real = at[rows["flag"][at] == 1] if kind == "registered_twice" else at
            many = np.bincount(key[real], minlength=len(listed.place))
            self.conflicts.add(key[real][many[key[real]] > 1], kind, source, source)
            best = np.lexsort(
                (rows["house"][at], rows["place"][at], *(rows[b][at] for b in reversed(by)), key[at])
            )
            ordered = key[at][best]
            last = np.append(ordered[1:] != ordered[:-1], True)
            at = np.concatenate([np.flatnonzero(~twice), at[best][last]])
            rows = {name: values[at] for name, values in rows.items()}
            key = rows["person_key"]
        for name in ("place", "house", "relation", "flag", "day", "other"):
            getattr(listed, name)[key] = rows[name]


def _days(sql: str) -> str:
    return f"date_diff('day', DATE '1970-01-01', {sql})"


def _relation(column: str) -> str:
    cases = " ".join(f"WHEN '{r.name.lower()}' THEN {int(r)}" for r in Relation)
    return f"CAST(coalesce(CASE r.{quoted(column)} {cases} END, {int(Relation.OTHER)}) AS TINYINT)"


def find_people(
    month: Month,
    contracts: Contracts,
    rules: Resolution,
    places: Places,
    conflicts: Conflicts,
    digits: Digits,
    residents_known: bool,
) -> People:
    """Everybody alive who is registered or lives in the territory. ``residents_known``: all who live in it
    are known, so that who is registered there and not among them lives elsewhere."""
    finder = _Finder(month, contracts, rules, places, conflicts)
    dead = dead_keys(month, contracts, rules)
    hukou, home = finder.registered(), finder.resident()
    listed = hukou.place >= 0
    lives_here = home.place >= 0
    conflicts.add(np.flatnonzero(dead & listed), "dead_and_registered", "", rules.registered.source)
    conflicts.add(np.flatnonzero(dead & lives_here), "dead_and_resident", "", rules.resident.source)
    key = np.flatnonzero(~dead & (listed | lives_here))
    belongs = np.where(listed, hukou.place, home.place)
    registered = np.where(listed, hukou.place, np.where(lives_here, home.other, NOWHERE_KNOWN))
    _compare_places(places, conflicts, rules, key, hukou.place, home.other)
    registered, at_home = registered[key], lives_here[key]
    apart = np.where(at_home, home.flag[key] == 1, hukou.relation[key] == Relation.COLLECTIVE)
    relation = np.where(at_home, home.relation[key], hukou.relation[key])
    relation = np.where(apart, Relation.COLLECTIVE, relation).astype(np.uint8)
    kind = np.where(apart, APART, np.where(at_home, AT_HOME, AWAY)).astype(np.int8)
    place = np.where(at_home, home.place[key], hukou.place[key]).astype(np.int32)
    house = np.where(apart, key, np.where(at_home, home.house[key], hukou.house[key]))
    waits = np.zeros(month.landed.keys, bool)
    waits[month.refused.of(contracts.sources[rules.resident.source])] = (
        True  # the row that would say where may lie in quarantine
    )
    gone = (home.place[key] == OUTSIDE) | (residents_known & ~waits[key])
    lives = np.where(at_home, place, np.where(gone, OUTSIDE, NOWHERE_KNOWN)).astype(np.int32)
    since = np.where(at_home, home.day[key], hukou.day[key]).astype(np.int32)
    order = np.lexsort((key, digits.birth[key], ORDER[relation], house, kind, place))
    key, relation, kind = key[order], relation[order], kind[order]
    place, house = place[order], house[order]
    starts = (
        np.append(True, (place[1:] != place[:-1]) | (kind[1:] != kind[:-1]) | (house[1:] != house[:-1]))
        if len(key)
        else np.zeros(0, bool)
    )
    first = np.flatnonzero(starts)
    household = (np.cumsum(starts) - 1).astype(np.int32)
    relation = _heads(conflicts, rules, key, relation, kind, household, first)
    row = np.full(month.landed.keys, -1, np.int32)
    row[key] = np.arange(len(key), dtype=np.int32)
    return People(
        key=key, household=household, relation=relation, registered=registered[order].astype(np.int32),
        lives=lives[order], member_from=since[order], division=place[first], first=first.astype(np.int64),
        size=np.diff(np.append(first, len(key))).astype(np.int32), row=row, dead=dead,
        belongs=belongs.astype(np.int32),
    )  # fmt: skip


def _compare_places(
    places: Places, conflicts: Conflicts, rules: Resolution, key: Array, hukou: Array, told: Array
) -> None:
    """Whom the source of residence calls registered in another county than the source of registration."""
    names, county = np.unique(np.array(places.counties()), return_inverse=True)
    above = np.array([places.tree[n].level < 3 for n in names])[county]
    both = key[(hukou[key] >= 0) & (told[key] >= 0)]
    a, b = county[hukou[both]], county[told[both]]
    clear = (a != b) & ~above[hukou[both]] & ~above[told[both]]
    outside = key[(hukou[key] >= 0) & (told[key] == OUTSIDE)]
    one, other = rules.registered.source, rules.resident.source
    conflicts.add(np.concatenate([both[clear], outside]), "registered_differs", one, other)


def _heads(
    conflicts: Conflicts,
    rules: Resolution,
    key: Array,
    relation: Array,
    kind: Array,
    household: Array,
    first: Array,
) -> Array:
    """One head in each household of a family: of several the eldest; where there is none, who stands next,
    and the others as they stand to that one."""
    source = {AT_HOME: rules.resident.source, AWAY: rules.registered.source}
    is_head = relation == Relation.HEAD
    extra = is_head.copy()
    extra[first] = False
    none = (relation[first] != Relation.HEAD) & (kind[first] != APART)
    for which, name in source.items():
        conflicts.add(key[extra & (kind == which)], "several_heads", name)
        conflicts.add(key[first[none & (kind[first] == which)]], "no_head", name)
    found = relation.copy()
    found[extra] = Relation.OTHER
    headless = np.flatnonzero(none)
    if len(headless):
        was = relation[first[headless]]
        lost = np.zeros(len(first), np.int16) - 1
        lost[headless] = was
        mine = np.flatnonzero(lost[household] >= 0)
        before = lost[household[mine]]
        now = np.full(len(mine), int(Relation.OTHER), np.uint8)
        old = relation[mine]
        now[(before == Relation.SPOUSE) & (old == Relation.CHILD)] = Relation.CHILD
        now[(before == Relation.CHILD) & (old == Relation.CHILD)] = Relation.SIBLING
        now[(before == Relation.CHILD) & (old == Relation.PARENT)] = Relation.GRANDPARENT
        found[mine] = now
        found[first[headless]] = Relation.HEAD
    return found
