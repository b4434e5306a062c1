"""``resolution.yaml`` of a pack: which source says who there is, where, in whose household, and whose word
counts where two differ (docs/register.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from zhida.population.imports.contract import SourceContract, Type, Where
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.derivations import read_where
from zhida.rules.declarations import Field, Kind, Pack
from zhida.rules.loading.context import Context, read_list
from zhida.rules.loading.files import PackFiles
from zhida.rules.loading.yamlnodes import Map, Node
from zhida.rules.problems import Problems

FILE = "resolution.yaml"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a source that meet all of ``where``."""

    source: str
    where: tuple[Where, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """The source of registration: its columns, and which rows mean registered here or dead."""

    source: str
    division: str
    household: str
    relation: str
    here: tuple[Where, ...]
    dead: tuple[Where, ...]
    changed: str


@dataclass(frozen=True, slots=True)
class Resident:
    """The source of residence. ``apart``: rows of people who share a roof and no purse."""

    source: str
    division: str
    household: str
    relation: str
    apart: tuple[Where, ...]
    since: str
    until: str
    registered: str


@dataclass(frozen=True, slots=True)
class Death:
    """Rows that tell of a death, and the column with its day ('' where none is told)."""

    rows: Rows
    on: str


@dataclass(frozen=True, slots=True)
class LinkRule:
    """A column that names whom a person is linked to; or ``pair``: rows of two people and a day, of which
    the latest counts, as long as it meets ``holds``. ``empty_means_none``: an empty cell says
    that there is nobody."""

    link: str
    source: str
    column: str
    pair: tuple[str, str, str] | None
    holds: tuple[Where, ...]
    empty_means_none: bool


@dataclass(frozen=True, slots=True)
class AwardColumns:
    source: str
    benefit: str
    amount: str
    start: str
    last_review: str
    disregard_months: str
    refusals: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Two statements about one person that can't both be right; ``other`` None: the second is the lack of
    ``without``, or that the person's link ``dead`` has died."""

    id: str
    says: str
    one: Rows
    other: Rows | None
    without: Rows | None
    dead: str


@dataclass(frozen=True, slots=True)
class Change:
    """News about a person: a known value of ``field`` that turned from ``before`` into ``after`` (storage
    integers; None: whatever it was)."""

    id: str
    says: str
    field: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Expiring:
    """News about a person: the day in ``column`` lies within ``months`` after the month."""

    id: str
    says: str
    source: str
    column: str
    months: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """``digits``: the fields that birth and sex in the digits of an ID fill where no register does.
    ``living``: sources whose rows, where a field follows from them, say that somebody is alive.
    ``partial``: registers that are complete nowhere, however complete the files are.
    ``hash``: sha256 over the file."""

    territory: str
    registered: Registered
    resident: Resident
    deaths: tuple[Death, ...]
    links: tuple[LinkRule, ...]
    awards: AwardColumns | None
    digits: Mapping[str, str]
    living: tuple[str, ...]
    partial: tuple[str, ...]
    clashes: tuple[Clash, ...]
    changes: tuple[Change, ...]
    expiring: tuple[Expiring, ...]
    hash: str = ""


def load_resolution(contracts: Contracts) -> Resolution:
    """Raises PackError with every problem."""
    pack = contracts.pack
    problems = Problems()
    files = PackFiles(pack.path, problems)
    node = files.yaml(FILE)
    found = _Reader(contracts, Context(problems)).read(node) if node is not None else None
    problems.raise_if_any()
    assert found is not None
    return replace(found, hash=files.hash())


@dataclass
class _Reader:
    contracts: Contracts
    context: Context

    @property
    def pack(self) -> Pack:
        return self.contracts.pack

    def read(self, node: Node) -> Resolution:
        record = node.map(
            ("territory", "registered", "resident", "deaths", "links"),
            ("awards", "digits", "living", "partial", "conflicts", "changes", "expiring"),
        )
        awards = record.get("awards")
        digits = record.get("digits")
        clashes = record.get("conflicts")
        living = record["living"].items() if "living" in record else []
        partial = record["partial"].items() if "partial" in record else []
        return Resolution(
            territory=self.division(record["territory"]),
            registered=self.registered(record["registered"]),
            resident=self.resident(record["resident"]),
            deaths=tuple(read_list(record["deaths"], self.death)),
            links=tuple(read_list(record["links"], self.link)),
            awards=self.awards(awards) if awards is not None else None,
            digits=self.digits(digits) if digits is not None else {},
            living=tuple(self.context.reference(n, "source", self.contracts.sources) for n in living),
            partial=tuple(self.context.reference(n, "register", self.pack.registers) for n in partial),
            clashes=tuple(read_list(clashes, self.clash)) if clashes is not None else (),
            changes=tuple(read_list(record["changes"], self.change)) if "changes" in record else (),
            expiring=tuple(read_list(record["expiring"], self.expires)) if "expiring" in record else (),
        )

    def division(self, node: Node) -> str:
        text = node.text("a division code of 12 digits")
        if text and self.pack.divisions.get(text) is None:
            node.add("no division of the pack", "a code from divisions.csv")
        return text

    def source(self, record: Map) -> SourceContract | None:
        id = self.context.reference(record["source"], "source", self.contracts.sources)
        return self.contracts.sources.get(id)

    def column(self, record: Map, key: str, source: SourceContract | None, *types: Type) -> str:
        node = record.get(key)
        if node is None or source is None:
            return ""
        columns = {c.id: c for c in source.columns}
        id = self.context.reference(node, f"column of {source.id}", columns)
        if id and types and columns[id].type not in types:
            node.add(
                f"a column of the type {columns[id].type}", f"one of the type {' or '.join(types)}", text=id
            )
        return id

    def where(self, record: Map, key: str, source: SourceContract | None) -> tuple[Where, ...]:
        node = record.get(key)
        if node is None or source is None:
            return ()
        return tuple(read_where(node, {c.id: c for c in source.columns}))

    def registered(self, node: Node) -> Registered:
        keys = ("source", "division", "household", "relation", "here", "dead")
        record = node.map(keys, ("changed",))
        source = self.source(record)
        return Registered(
            source=source.id if source else "",
            division=self.column(record, "division", source, Type.DIVISION),
            household=self.column(record, "household", source, Type.TEXT),
            relation=self.column(record, "relation", source, Type.CODE),
            here=self.where(record, "here", source),
            dead=self.where(record, "dead", source),
            changed=self.column(record, "changed", source, Type.DATE),
        )

    def resident(self, node: Node) -> Resident:
        keys = ("source", "division", "household", "relation", "apart", "since", "until", "registered")
        record = node.map(keys, ())
        source = self.source(record)
        return Resident(
            source=source.id if source else "",
            division=self.column(record, "division", source, Type.DIVISION),
            household=self.column(record, "household", source, Type.TEXT),
            relation=self.column(record, "relation", source, Type.CODE),
            apart=self.where(record, "apart", source),
            since=self.column(record, "since", source, Type.DATE),
            until=self.column(record, "until", source, Type.DATE),
            registered=self.column(record, "registered", source, Type.DIVISION),
        )

    def rows(self, node: Node) -> Rows:
        record = node.map(("source",), ("where",))
        source = self.source(record)
        return Rows(source.id if source else "", self.where(record, "where", source))

    def death(self, node: Node) -> Death:
        record = node.map(("source",), ("where", "on"))
        source = self.source(record)
        rows = Rows(source.id if source else "", self.where(record, "where", source))
        return Death(rows, self.column(record, "on", source, Type.DATE))

    def link(self, node: Node) -> LinkRule:
        record = node.map(("link", "source"), ("column", "one", "other", "on", "while", "empty"))
        source = self.source(record)
        pair = None
        if "column" not in record:
            told = [self.column(record, key, source) for key in ("one", "other", "on")]
            if not record.silent and not all(told):
                node.add("neither a column nor a pair", "`column`, or `one`, `other`, `on` and `while`")
            pair = (told[0], told[1], told[2])
        empty = record["empty"].word("none", "unknown") if "empty" in record else "none"
        return LinkRule(
            link=self.context.reference(record["link"], "link", self.pack.links),
            source=source.id if source else "",
            column=self.column(record, "column", source, Type.RESIDENT_ID),
            pair=pair,
            holds=self.where(record, "while", source),
            empty_means_none=empty == "none",
        )

    def awards(self, node: Node) -> AwardColumns:
        keys = ("source", "benefit", "amount", "start", "last_review", "disregard_months", "refusals")
        record = node.map(keys, ())
        source = self.source(record)
        return AwardColumns(
            source=source.id if source else "",
            benefit=self.column(record, "benefit", source, Type.BENEFIT),
            amount=self.column(record, "amount", source, Type.MONEY),
            start=self.column(record, "start", source, Type.MONTH),
            last_review=self.column(record, "last_review", source, Type.MONTH),
            disregard_months=self.column(record, "disregard_months", source, Type.INT),
            refusals=self.column(record, "refusals", source, Type.INT),
        )

    def digits(self, node: Node) -> dict[str, str]:
        record = node.map((), ("birth", "sex"))
        wanted = {"birth": Kind.DATE, "sex": Kind.ENUM}
        found = {}
        for key in record:
            id = self.context.reference(record[key], "field", self.pack.fields)
            field: Field | None = self.pack.fields.get(id)
            if field is not None and (field.kind is not wanted[key] or field.unit != "person"):
                record[key].add(f"a field that a {key} can't fill", f"a {wanted[key]} of a person", text=id)
            found[key] = id
        return found

    def change(self, node: Node) -> Change:
        record = node.map(("id", "says", "field"), ("from", "to"))
        id = self.context.reference(record["field"], "field", self.pack.fields)
        field: Field | None = self.pack.fields.get(id)
        if field is not None and (field.unit != "person" or field.open):
            record["field"].add("a field that no register holds of a person", "another field", text=id)
        ends: list[int | None] = []
        for key in ("from", "to"):
            told = record.get(key)
            ends.append(
                self.context.value(told, field.kind, field.enum, field.places) if told and field else None
            )
        return Change(self.context.id(record["id"]), record["says"].text(), id, ends[0], ends[1])

    def expires(self, node: Node) -> Expiring:
        record = node.map(("id", "says", "source", "column", "months"), ())
        source = self.source(record)
        return Expiring(
            id=self.context.id(record["id"]),
            says=record["says"].text(),
            source=source.id if source else "",
            column=self.column(record, "column", source, Type.DATE),
            months=record["months"].integer(1, 24),
        )

    def clash(self, node: Node) -> Clash:
        record = node.map(("id", "says", "one"), ("other", "without", "dead"))
        others = [key for key in ("other", "without", "dead") if key in record]
        if len(others) != 1 and not record.silent:
            node.add("what it clashes with is not clear", "one of other, without, dead")
        other, without, dead = (record.get(key) for key in ("other", "without", "dead"))
        return Clash(
            id=self.context.id(record["id"]),
            says=record["says"].text(),
            one=self.rows(record["one"]),
            other=self.rows(other) if other is not None else None,
            without=self.rows(without) if without is not None else None,
            dead=self.context.reference(dead, "link", self.pack.links) if dead is not None else "",
        )
