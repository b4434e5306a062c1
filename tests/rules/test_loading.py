"""A valid pack becomes the records it describes."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path

from rules.small_pack import FILES, PARAMETERS, changed, load
from zhida.rules.declarations import At, Direction, Evidence, Kind


def test_identity_and_declarations(tmp_path: Path) -> None:
    pack = load(tmp_path)
    assert (pack.id, pack.name, pack.root, pack.age_on) == ("small", "小县", "990000000000", "last")
    assert pack.verified_through == date(2025, 12, 31)
    assert pack.units["household"].members == "成员"
    assert pack.units["person"].members == ""
    assert pack.links["father"].name == "父"
    assert pack.registers["awards"].department == "民政"
    assert pack.enums["level"].index("半失能") == 1 == pack.enums["level"].index("half")
    assert pack.sources["W1"].evidence is Evidence.WEAK
    assert pack.age_citation.evidence is Evidence.ASSUMED


def test_fields_have_storage_integers(tmp_path: Path) -> None:
    pack = load(tmp_path)
    wage = pack.fields["wage"]
    assert (wage.kind, wage.minimum, wage.maximum, wage.empty) == (Kind.MONEY, 0, 10_000_000, 0)
    assert (wage.interval, wage.open, wage.measure) == (True, False, "元/月")
    birth = pack.fields["birth"]
    assert birth.minimum == (date(1900, 1, 1) - date(1970, 1, 1)).days
    assert birth.empty is None
    level = pack.fields["care_level"]
    assert (level.minimum, level.maximum, level.empty, level.enum) == (0, 2, 0, "level")
    assert pack.fields["wish"].open


def test_engine_made_fields(tmp_path: Path) -> None:
    pack = load(tmp_path)
    here, held, paid = (pack.fields[i] for i in ("registered_here", "awarded_basic", "award_amount_basic"))
    assert (here.name, here.unit, here.kind) == ("本地户籍", "person", Kind.BOOL)
    assert (held.name, held.unit, held.empty, held.register) == ("已享基本补贴", "household", 0, "awards")
    assert (paid.name, paid.kind, paid.empty) == ("基本补贴现发金额", Kind.MONEY, 0)
    assert "awarded_care" not in pack.fields


def test_parameters(tmp_path: Path) -> None:
    pack = load(tmp_path)
    first, second, third = pack.parameters["standard"].values
    assert first.places == ("990000000000",)
    assert first.values == (50_000,)
    assert second.values == (45_050,)
    assert second.until == date(2018, 1, 1)
    assert second.citation.evidence is Evidence.WEAK
    assert third.ends_below
    assert third.citation.article == "第三条"
    assert pack.parameters["care_rate"].values[0].values == (0, 20_000, 40_000)
    assert pack.parameters["factor"].values[0].values == (15,)
    assert pack.parameters["factor"].values[0].citation.source == ""


def test_unknown_value_blocks(tmp_path: Path) -> None:
    pack = load(tmp_path, changed("parameters/a.yaml", "value: 450.50", "value: unknown"))
    assert pack.parameters["standard"].values[1].values is None


def test_benefits(tmp_path: Path) -> None:
    pack = load(tmp_path)
    basic, care = pack.benefits["basic"], pack.benefits["care"]
    assert basic.start == 2015 * 12 + 6
    assert basic.conditions[1].near == 10_000
    assert basic.amounts[0].rounding.step == 100
    assert basic.amounts[0].rounding.direction is Direction.UP
    (review,) = basic.reviews
    assert (review.every.text, review.clear_change, review.valid) == ("12", 5_000, None)
    assert basic.applies is not None
    assert basic.applies.id == "applies"
    assert care.signal is not None
    assert care.excluded_by[0].benefit == "basic"
    assert [(a.formula.start, a.formula.until) for a in care.amounts] == [(None, 24240), (24240, None)]
    assert pack.groups[0].benefits == ("basic", "care") == pack.choices[0].benefits


def test_places_of_formulas_are_exact(tmp_path: Path) -> None:
    """Plain, single-quoted, double-quoted and block scalars: the first character of the formula itself."""
    pack = load(tmp_path)
    formulas = [
        *pack.variables["income"].formulas,
        *pack.variables["poor"].formulas,
        *(c.formula for b in pack.benefits.values() for c in b.conditions),
        pack.benefits["basic"].applies.formula if pack.benefits["basic"].applies else None,
    ]
    for formula in formulas:
        assert formula is not None
        line = FILES[formula.at.file].split("\n")[formula.at.line - 1]
        first = formula.text.split("\n")[0]
        assert line[formula.at.column - 1 :].startswith(first), (formula, line)
    block = pack.variables["poor"].formulas[1]
    # Further lines keep the file's indent: a column in them is a column of the file.
    assert block.text == "家庭收入\n          < 标准 * 2"
    assert block.at == At("variables/a.yaml", 16, 9)


def test_hash_follows_the_bytes_that_were_read(tmp_path: Path) -> None:
    one = load(tmp_path / "one")
    assert one.hash == load(tmp_path / "two").hash
    assert one.hash != load(tmp_path / "three", {"parameters/a.yaml": PARAMETERS + "# more\n"}).hash
    # Worked cases and the synthetic city don't change what the rules say.
    other = load(tmp_path / "four", {"cases/a.yaml": "- {}", "city/names.csv": "a", "README.md": "a"})
    assert other.hash == one.hash
    assert one.files == tuple(sorted(FILES))


def test_a_pack_can_be_sent_to_a_worker(tmp_path: Path) -> None:
    pack = load(tmp_path)
    assert pickle.loads(pickle.dumps(pack)).parameters == pack.parameters


def test_windows_line_ends_and_byte_order_mark_read_alike(tmp_path: Path) -> None:
    windows = {name: ("\ufeff" + text.replace("\n", "\r\n")).encode() for name, text in FILES.items()}
    pack = load(tmp_path, windows)
    assert pack.variables["poor"].formulas[1].at == At("variables/a.yaml", 16, 9)
    assert pack.variables["poor"].formulas[1].text == "家庭收入\n          < 标准 * 2"
