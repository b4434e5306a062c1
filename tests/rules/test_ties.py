"""Links and kin: what is said of a person by the state of others, known, unknown or not there at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rules.tiny import PLACE, Tiny, fields, tiny, variables
from rules.twins import Town, differences
from zhida.rules.declarations import Pack
from zhida.rules.explain.assess import assess
from zhida.rules.explain.interpret import NOBODY, SOMEBODY, Elsewhere, Facts, Relatives, Run, Value
from zhida.rules.explain.request import Request, RequestError, parse_request
from zhida.rules.explain.words import tell
from zhida.rules.formulas.ir import MAX_KIN, NA, NA_BIT, NO, YES
from zhida.rules.loading import find_pack, load_pack
from zhida.rules.values import NONE, OPEN_HI, VALUE

FIELDS = fields(
    """
    n person int min: 0, max: 6
    big person int min: 2, max: 6
    wage person money min: 0, max: 1000
    ill person bool
    grade person enum enum: level
    born person date min: 1900-01-01, max: 2030-12-31
    free person int min: 0, max: 6, optional: true
    rooms household int min: 1, max: 9
    """
)
PARAMETERS = """\
- {id: line, name: 线, type: int, min: 0, max: 9, values: [
    {place: "99", from: 2020-01-01, value: 3, source: L1}]}
"""


def told(number: int) -> Value:
    return (number, number, VALUE)


def formulas(folder: Path, texts: Mapping[str, str], **more: str) -> Tiny:
    """Type and formula of a person's variables; household's values are ``home``."""
    asked = {f"v{i}": ("person", kind, text) for i, (text, kind) in enumerate(texts.items())}
    asked |= {id: ("household", "int", text) for id, text in more.items()}
    rest = {"fields/a.yaml": FIELDS, "parameters/a.yaml": PARAMETERS}
    return tiny(folder, {**rest, "variables/a.yaml": variables(asked)})


def values(
    found: Tiny,
    persons: Sequence[Mapping[str, Value]],
    links: Mapping[str, int] | None = None,
    kin: Mapping[str, Relatives] | None = None,
    elsewhere: Sequence[Elsewhere] = (),
    members: int = 1,
) -> list[Value]:
    """Each variable for the first person, whose links and kin are told; of others' ties nothing is."""
    rest: tuple[dict[str, Any], ...] = ({},) * (len(persons) - 1)
    facts = Facts(
        tuple(persons),
        members,
        {"rooms": told(9)},
        PLACE,
        (PLACE,) * len(persons),
        (links or {}, *rest),
        (kin or {}, *rest),
        tuple(elsewhere),
    )
    run = Run(found.program, facts)
    names = [f"v{i}" for i in range(len(found.program.variables)) if f"v{i}" in found.program.variables]
    return [run.value(found.program.variables[name].num) for name in names]


def same(value: Value, want: Value) -> bool:
    """Whether it is so, apart from which ends are only bounds."""
    if isinstance(value, tuple) and isinstance(want, tuple):
        return value[:2] == want[:2] and value[2] & (VALUE | NONE) == want[2] & (VALUE | NONE)
    return value == want


# Links ------------------------------------------------------------------------------------------------

LINKED = {
    "父.n": "int",
    "父.wage": "money",
    "父.ill": "bool",
    "父.grade": "enum, enum: level",
    "父.born": "date",
    "父.free": "int",
    "父.rooms": "int",
    "父.线": "int",
    "applicable(父.n)": "bool",
    "coalesce(父.n, 5)": "int",
    "applicable(父.free)": "bool",
}
FATHER = {
    "n": told(4),
    "wage": told(250),
    "ill": YES,
    "grade": 2,
    "born": told(-3000),
    "free": (0, 0, NONE),
}


def test_a_link_to_a_person_gives_their_value(tmp_path: Path) -> None:
    found = formulas(tmp_path, LINKED)
    home = Elsewhere({"rooms": told(2)}, PLACE, (1,))
    have = values(found, [{}, FATHER], {"father": 1}, elsewhere=[home])
    want = [
        told(4),
        told(250),
        YES,
        2,
        told(-3000),
        (0, 0, NONE),
        told(2),
        told(3),
        YES,
        told(4),
        NO,
    ]
    for text, value, wanted in zip(LINKED, have, want, strict=True):
        assert same(value, wanted), (text, value)


def test_a_link_to_nobody_does_not_apply(tmp_path: Path) -> None:
    found = formulas(tmp_path, LINKED)
    have = values(found, [{}, FATHER], {"father": NOBODY})
    nothing = (0, 0, NONE)
    want = [nothing, nothing, NA, NA_BIT, nothing, nothing, nothing, nothing, NO, told(5), NO]
    for text, value, wanted in zip(LINKED, have, want, strict=True):
        assert same(value, wanted), (text, value)


@pytest.mark.parametrize("links", [{"father": SOMEBODY}, {}, {"mother": 1}])
def test_of_somebody_unknown_nothing_is_known_not_even_whether(links: dict[str, int], tmp_path: Path) -> None:
    """What is not told is no "nobody", and no "somebody" either."""
    found = formulas(tmp_path, LINKED)
    have = values(found, [{}, FATHER], links)
    either = VALUE | NONE
    want: list[Value] = [
        (0, 6, either),
        (0, 100_000, either),
        YES | NO | NA,
        7 | NA_BIT,
        (-25567, 22279, either),
        (0, 6, either),
        (1, 9, either),
        (0, 9, either),
        YES | NO,
        (0, 6, VALUE),
        YES | NO,
    ]
    for text, value, wanted in zip(LINKED, have, want, strict=True):
        assert same(value, wanted), (text, value)


def test_of_somebody_unknown_every_choice_of_a_variable_is_open(tmp_path: Path) -> None:
    """Also where it is written as one choice or another, and as one of two values."""
    band = "- {id: band, name: 档, unit: person, type: enum, enum: level, source: L1, formula: '%s'}\n"
    asked = "- {id: v0, name: v0名, unit: person, type: bool, source: L1, formula: 'father.band == \"中\"'}\n"
    for i, text in enumerate(['"低" if ill else "中"', '"中" if ill else "低"', '"中" if ill else grade']):
        files = {"fields/a.yaml": FIELDS, "variables/a.yaml": band % text + asked}
        found = tiny(tmp_path / str(i), files)
        assert values(found, [{"ill": YES}], {"father": SOMEBODY}) == [YES | NO | NA]


def test_what_is_the_same_for_everybody_may_take_several_steps(tmp_path: Path) -> None:
    """Nothing that a formula comes to, rounded twice: the kernel computes it on the way to the father too."""
    made = """\
- {id: none, name: 无, unit: person, type: money, source: L1, applies: 'False', formula: wage}
- {id: twice, name: 两次, unit: person, type: money, source: L1, formula: 'round_up(round_up(none, 1), 2)'}
"""
    aid = """\
id: aid
name: 救助
unit: person
kind: standing
award: false
says: 例
legal: [{source: L1}]
conditions: [{id: c, says: 例, formula: 'coalesce(father.twice, 0) < wage', source: L1}]
"""
    files = {"fields/a.yaml": FIELDS, "variables/a.yaml": made, "benefits/aid.yaml": aid}
    found = tiny(tmp_path, files)
    assert differences(Town.known(found.pack, found.program.month, 3, groups=20), found.program) == []


def test_a_value_above_nothing_stays_so_through_a_link(tmp_path: Path) -> None:
    """So it may stand below: nobody is no 0."""
    found = formulas(tmp_path, {"round_down(wage / 父.rooms, 0.01)": "money"})
    home = Elsewhere({"rooms": told(3)}, PLACE, (1,))
    person: dict[str, Value] = {"wage": told(1000)}
    assert same(values(found, [person, {}], {"father": 1}, elsewhere=[home])[0], told(333))
    assert same(values(found, [person, {}], {"father": NOBODY})[0], (0, 0, NONE))
    assert same(values(found, [person, {}], {})[0], (111, 1000, VALUE | NONE))


def test_somebody_whose_household_is_not_told(tmp_path: Path) -> None:
    """The person is known, what is said of the household is not; and it is surely somebody's."""
    found = formulas(tmp_path, {"父.n": "int", "父.rooms": "int", "applicable(父.rooms)": "bool"})
    have = values(found, [{}, FATHER], {"father": 1})
    assert all(map(same, have, [told(4), (1, 9, VALUE), YES])), have


def test_a_chain_of_three_households(tmp_path: Path) -> None:
    """From a person to the father's household, from there to its members' spouses, wherever they live."""
    texts = {"coalesce(父.together名, 0)": "int", "coalesce(配偶.n, 0)": "int"}
    found = formulas(tmp_path, texts, together="sum(m.v1名 for m in 成员)")
    persons: list[dict[str, Value]] = [{"n": told(6)}, {"n": told(1)}, {"n": told(2)}, {"n": told(4)}]
    links: list[dict[str, int]] = [
        {"father": 1},
        {"father": NOBODY, "spouse": 3},
        {"spouse": NOBODY},
        {"spouse": 1},
    ]

    def total(spouse: Value) -> Value:
        homes = (Elsewhere({}, PLACE, (1, 2)), Elsewhere({}, PLACE, (3,)))
        people = (*persons[:3], {"n": spouse})
        facts = Facts(people, 1, {}, PLACE, (PLACE,) * 4, tuple(links), (), homes)
        return Run(found.program, facts).value(found.program.variables["v0"].num)

    assert same(total(told(4)), told(4))
    assert same(total((1, 5, VALUE)), (1, 5, VALUE))


# Kin --------------------------------------------------------------------------------------------------

LOOPS = {
    "sum(k.n for k in 子女)": "int",
    "count(k for k in 子女)": "int",
    "any(k.ill for k in 子女)": "bool",
    "all(k.ill for k in 子女)": "bool",
    "max((k.n for k in 子女), default=0)": "int",
    "min((k.n for k in 子女), default=9)": "int",
    "min((k.big for k in 子女), default=9)": "int",
    "max((k.big for k in 子女), default=0)": "int",
    "sum(k.n for k in 子女 if k.ill)": "int",
    "count(k for k in 子女 if k.n < 线)": "int",
}
CHILDREN = [{"n": told(5), "big": told(5), "ill": YES}, {"n": told(2), "big": told(3), "ill": NO}]
KIN = {
    ("two", "closed"): [
        told(7),
        told(2),
        YES,
        NO,
        told(5),
        told(2),
        told(3),
        told(5),
        told(5),
        told(1),
    ],
    ("none", "closed"): [
        told(0),
        told(0),
        NO,
        YES,
        told(0),
        told(9),
        told(9),
        told(0),
        told(0),
        told(0),
    ],
    ("two", "open"): [
        (0, 600, VALUE),
        (0, MAX_KIN, VALUE),
        YES,
        NO,
        (5, 6, VALUE),
        (0, 2, VALUE),
        (2, 3, VALUE),
        (5, 6, VALUE),
        (0, 600, VALUE),
        (0, MAX_KIN, VALUE),
    ],
    # Perhaps there is nobody else, so a default may be the answer.
    ("none", "open"): [
        (0, 600, VALUE),
        (0, MAX_KIN, VALUE),
        YES | NO,
        YES | NO,
        (0, 6, VALUE),
        (0, 9, VALUE),
        (2, 9, VALUE),
        (0, 6, VALUE),
        (0, 600, VALUE),
        (0, MAX_KIN, VALUE),
    ],
}


@pytest.mark.parametrize(("who", "ends"), KIN)
def test_kin_closed_and_open(who: str, ends: str, tmp_path: Path) -> None:
    found = formulas(tmp_path, LOOPS)
    kin = {"children": Relatives((1, 2) if who == "two" else (), ends == "closed")}
    have = values(found, [{}, *CHILDREN], {}, kin)
    for text, value, wanted in zip(LOOPS, have, KIN[who, ends], strict=True):
        assert same(value, wanted), (text, value)


def test_kin_of_whom_nothing_is_told_are_open(tmp_path: Path) -> None:
    found = formulas(tmp_path, LOOPS)
    for value, wanted in zip(values(found, [{}]), KIN["none", "open"], strict=True):
        assert same(value, wanted)


def test_an_open_sum_says_that_its_end_is_no_finding(tmp_path: Path) -> None:
    (value,) = values(formulas(tmp_path, {"sum(k.n for k in 子女)": "int"}), [{}])
    assert isinstance(value, tuple) and value[2] & OPEN_HI


def test_one_child_unknown_among_those_known(tmp_path: Path) -> None:
    found = formulas(tmp_path, LOOPS)
    kin = {"children": Relatives((1, 2), True)}
    have = values(found, [{}, {"n": told(5), "ill": YES, "big": told(5)}, {}], {}, kin)
    want: list[Value] = [
        (5, 11, VALUE),
        told(2),
        YES,
        YES | NO,
        (5, 6, VALUE),
        (0, 5, VALUE),
        (2, 5, VALUE),
        (5, 6, VALUE),
        (5, 11, VALUE),
        (0, 1, VALUE),
    ]
    for text, value, wanted in zip(LOOPS, have, want, strict=True):
        assert same(value, wanted), (text, value)


def test_what_does_not_apply_to_a_child_makes_the_loop_so_unless_left_out(tmp_path: Path) -> None:
    texts = {
        "sum(k.free for k in 子女)": "int",
        "sum(k.free for k in 子女 if applicable(k.free))": "int",
        "any(k.free > 1 for k in 子女)": "bool",
        "sum(coalesce(k.free, 1) for k in 子女)": "int",
    }
    found = formulas(tmp_path, texts)
    children: list[dict[str, Value]] = [{}, {"free": told(4)}, {"free": (0, 0, NONE)}]
    closed = values(found, children, {}, {"children": Relatives((1, 2), True)})
    assert all(map(same, closed, [(0, 0, NONE), told(4), NA, told(5)])), closed
    opened = values(found, children[:2], {}, {"children": Relatives((1,), False)})
    assert same(opened[2], YES | NA), opened  # there may be one to whom it does not apply
    assert same(opened[0], (0, 600, VALUE | NONE)), opened


def test_a_loop_over_kin_names_their_household_and_parameters_at_their_place(tmp_path: Path) -> None:
    """In another place another value holds; a bare parameter is the kin's, not the person's own."""
    divisions = (
        "code,name,parent,level,from,until,successor,overlay\n"
        "990000000000,省,,1,,,,\n990100000000,市,990000000000,2,,,,\n990200000000,城,990000000000,2,,,,\n"
    )
    parameters = (
        "- {id: line, name: 线, type: int, min: 0, max: 9, values: [\n"
        '    {place: "9901", from: 2020-01-01, value: 3, source: L1},\n'
        '    {place: "9902", from: 2020-01-01, value: 5, source: L1}]}\n'
    )
    asked = {
        "v0": ("person", "int", "sum(k.rooms for k in 子女)"),
        "v1": ("person", "int", "sum(线 for k in 子女)"),
        "v2": ("person", "int", "线"),
        "v3": ("person", "int", "sum(k.线 for k in 子女)"),
        "v4": ("person", "int", "父.线"),
    }
    files = {
        "divisions.csv": divisions,
        "fields/a.yaml": FIELDS,
        "parameters/a.yaml": parameters,
        "variables/a.yaml": variables(asked),
    }
    found = tiny(tmp_path, files)
    places = ("990100000000", "990100000000", "990200000000", "990200000000")
    homes = (
        Elsewhere({"rooms": told(2)}, places[0], (1,)),
        Elsewhere({"rooms": told(4)}, places[0], (2, 3)),
    )
    kin = ({"children": Relatives((1, 2, 3), True)}, {}, {}, {})
    links = ({"father": 2}, {}, {}, {})
    facts = Facts(({},) * 4, 1, {"rooms": told(9)}, places[0], places, links, kin, homes)
    run = Run(found.program, facts)
    have = [run.value(found.program.variables[f"v{i}"].num) for i in range(5)]
    assert all(map(same, have, [told(10), told(13), told(3), told(13), told(5)])), have


# How a request tells of them --------------------------------------------------------------------------

MONTH = {"month": "2024-06", "division": PLACE}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return formulas(tmp_path_factory.mktemp("ties"), LOOPS).pack


def request(pack: Pack, *links: object, complete: object = "all", **more: object) -> Request:
    """A household of m0, m1 … with their ``links``."""
    members = [{"id": f"m{i}", "links": told} for i, told in enumerate(links)]
    return parse_request(pack, {**MONTH, "complete": complete, "members": members, **more})


def wrong(pack: Pack, *links: object, **more: Any) -> list[str]:
    with pytest.raises(RequestError) as refused:
        request(pack, *links, **more)
    return list(refused.value.problems)


CHILD = "children"


@pytest.mark.parametrize(
    ("links", "complete", "persons", "closed"),
    [
        # m1 and m2 say who their parents are; a complete register has all who do
        ([{}, {"父": "m0"}, {"mother": "m0"}], ["one"], (1, 2), True),
        ([{}, {"父": "m0"}, {"mother": "m0"}], [], (1, 2), False),
        ([{}, {"父": "m0", "母": "m0"}, {}], ["one"], (1,), True),
        ([{}, {}, {}], ["one"], (), True),
        ([{}, {}, {}], [], (), False),
        ([None, None, None], [], (), False),
        # of several people in one home, of whom no tie is told, nobody says that there is none
        ([None, None, None], ["one"], (), False),
        ([None], ["one"], (), True),
        # told as a whole list
        ([{"子女": ["m1", "m2"]}, {}, {}], [], (1, 2), True),
        ([{"children": ["m2", "m1"]}, {"父": "m0"}, {}], [], (1, 2), True),
        ([{"子女": "m1"}, {}, {}], [], (1,), True),
        ([{"子女": []}, {}, {}], [], (), True),
        ([{"子女": "none"}, {}, {}], [], (), True),
        # told that it is not known, whatever the register says
        ([{"子女": None}, {}, {}], ["one"], (), False),
        ([{"子女": None}, {"父": "m0"}, {}], ["one"], (1,), False),
        ([{"子女": [None]}, {}, {}], ["one"], (), False),
        ([{"子女": ["m1", None]}, {}, {"父": "m0"}], ["one"], (1, 2), False),
    ],
)
def test_children_as_told(
    small: Pack, links: list[object], complete: list[str], persons: tuple[int, ...], closed: bool
) -> None:
    found = request(small, *links, complete=complete).facts.kin[0][CHILD]
    assert (found.persons, found.closed) == (persons, closed)


@pytest.mark.parametrize(
    ("links", "complete", "persons", "closed"),
    [
        ({"父": "m1", "母": "m2"}, [], (1, 2), True),
        ({"父": "m1", "母": "none"}, [], (1,), True),
        ({"父": "none", "母": "none"}, [], (), True),
        ({"父": "m1"}, [], (1,), False),
        ({"父": "m1", "母": None}, ["one"], (1,), False),
        # only the father's register says nobody by silence
        ({"母": "m1"}, ["one"], (1,), True),
        ({"母": "m1"}, [], (1,), False),
        ({}, ["one"], (), False),
        ({"母": None}, ["one"], (), False),
        ({"父母": ["m1"]}, [], (1,), True),
    ],
)
def test_parents_as_told(
    small: Pack, links: object, complete: list[str], persons: tuple[int, ...], closed: bool
) -> None:
    """Kin by one's own links need no register of their own."""
    found = request(small, links, {}, {}, complete=complete).facts.kin[0]["parents"]
    assert (found.persons, found.closed) == (persons, closed)


@pytest.mark.parametrize(
    ("links", "complete", "want"),
    [
        ({"父": "m1"}, [], 1),
        ({"father": "m1"}, [], 1),
        ({"父": "none"}, [], NOBODY),
        ({"父": None}, ["one"], SOMEBODY),
        ({}, ["one"], NOBODY),
        ({}, [], SOMEBODY),
        ({"母": "m1"}, [], SOMEBODY),
    ],
)
def test_a_link_as_told(small: Pack, links: object, complete: list[str], want: int) -> None:
    facts = request(small, links, {}, complete=complete).facts
    assert facts.links[0].get("father", SOMEBODY) == want


REFUSED = [
    ("x", "members[m0].links: a mapping such as {父: p7} is expected"),
    ({"父": "m9"}, "members[m0].links.父: nobody has the id m9; add the person to others, or null, or none"),
    ({"子女": ["m1", "m9"]}, "members[m0].links.子女: nobody has the id m9; add the person to others"),
    ({"父": ["m1"]}, "members[m0].links.父: nobody has the id ['m1']"),
    ({"子女": {}}, "members[m0].links.子女: nobody has the id {}"),
    ({"父": False}, "members[m0].links.父: nobody has the id False"),
    ({"fathr": "m1"}, "members[m0].links.fathr: unknown; perhaps father"),
    ({"子": "m1"}, "members[m0].links.子: unknown"),
    ({7: "m1"}, "members[m0].links.7: unknown; leave it out"),
    ({"父": "m1", "father": "none"}, "members[m0].links.father: stands twice, by id and by name; keep one"),
    ({"children": None, "子女": ["m1"]}, "members[m0].links.子女: stands twice, by id and by name; keep one"),
    ({"父": "m0"}, "members[m0].links.父: is the person; nobody is tied to oneself"),
    ({"子女": ["m0"]}, "members[m0].links.子女: is the person; nobody is tied to oneself"),
    ({"子女": ["none", "m1"]}, "members[m0].links.子女: none stands beside people; keep one of the two"),
]


@pytest.mark.parametrize(("links", "says"), REFUSED)
def test_what_is_told_wrongly(small: Pack, links: object, says: str) -> None:
    (problem,) = wrong(small, links, {})
    assert problem.startswith(says)


def test_a_list_that_leaves_somebody_out(small: Pack) -> None:
    (problem,) = wrong(small, {"子女": ["m1"]}, {"父": "m0"}, {"母": "m0"}, {"父": "m0"})
    assert problem == (
        "members[m0].links.子女: leaves out m2, m3, whom a link tells of; add them or mend the link"
    )
    (problem,) = wrong(small, {"子女": "none"}, {"父": "m0"})
    assert "leaves out m1" in problem


def test_no_more_kin_than_are_provided_for(small: Pack) -> None:
    many = [{}, *[{"父": "m0"}] * MAX_KIN]
    assert len(request(small, *many).facts.kin[0][CHILD].persons) == MAX_KIN
    assert wrong(small, *many, {"父": "m0"}) == [
        f"members[m0].links.子女: {MAX_KIN + 1} people; at most {MAX_KIN}"
    ]


# Other households in a request ------------------------------------------------------------------------


def test_a_household_elsewhere_is_told_whole(small: Pack) -> None:
    home = {
        "division": PLACE,
        "household": {"rooms": 3},
        "members": [{"id": "s1", "n": 4, "links": {"父": "m0"}}, {"id": "s2", "registered_at": "110000"}],
    }
    others = [{"id": "o1", "links": {"母": "m0"}}]
    found = request(small, {}, others=others, households=[home, {"members": [{"id": "t1"}]}])
    assert found.ids == ("m0", "o1", "s1", "s2", "t1")
    facts = found.facts
    assert facts.members == 1
    assert [e.persons for e in facts.elsewhere] == [(2, 3), (4,)]
    assert [facts.home(i) for i in range(5)] == [0, None, 1, 1, 2]
    assert same(facts.elsewhere[0].group["rooms"], told(3))
    assert "rooms" not in facts.elsewhere[1].group and "rooms" not in facts.group
    assert facts.elsewhere[1].place == PLACE  # as the first household, where nothing is said
    assert facts.places == (PLACE, PLACE, PLACE, "", PLACE)
    assert facts.kin[0][CHILD] == Relatives((1, 2), True)
    assert not facts.kin[1][CHILD].closed  # told apart from a household
    assert facts.kin[2][CHILD].closed and facts.kin[4][CHILD].closed
    assert same(facts.persons[2]["n"], told(4))


@pytest.mark.parametrize(
    ("households", "says"),
    [
        ({}, None),
        ("x", ["households: a list of people, each a mapping, is expected"]),
        (["x"], ["households: a list of people, each a mapping, is expected"]),
        (
            [{}],
            [
                "households[0].members: missing; list the people of the household",
                "households[0].members: a household has at least one person",
            ],
        ),
        ([{"members": []}], ["households[0].members: a household has at least one person"]),
        ([{"membres": [], "members": [{"id": "s1"}]}], ["households[0].membres: unknown; perhaps members"]),
        (
            [{"month": "2024-06", "members": [{"id": "s1"}]}],
            ["households[0].month: unknown; leave it out"],
        ),
        (
            [{"household": [], "members": [{"id": "s1"}]}],
            ["households[0].household: a mapping of fields to values is expected"],
        ),
        (
            [{"household": {"n": 1}, "members": [{"id": "s1"}]}],
            ["households[0].household.n: belongs to a person, not here"],
        ),
        (
            [{"members": [{"id": "s1", "rooms": 1}]}],
            ["households[0].members[s1].rooms: belongs to the household, not here"],
        ),
        (
            [{"members": [{"id": "s1"}]}, {"members": [{"id": "s2", "n": 9}]}],
            ["households[1].members[s2].n: 9 is outside 0 to 6; check it"],
        ),
        ([{"members": [{}]}], ["households[0].members[0].id: missing; give each person an id such as m1"]),
        (
            [{"members": [{"id": "m0"}]}],
            ["households[0].members[0].id: m0 stands twice; each person needs an id of their own"],
        ),
        (
            [{"members": [{"id": "s1"}]}, {"members": [{"id": "s2"}, {"id": "s1"}]}],
            ["households[1].members[1].id: s1 stands twice; each person needs an id of their own"],
        ),
        ([{"division": "x", "members": [{"id": "s1"}]}], None),
    ],
)
def test_other_households_told_wrongly(small: Pack, households: object, says: list[str] | None) -> None:
    if households == {}:  # none at all
        assert request(small, {}, households=households).facts.elsewhere == ()
        return
    found = wrong(small, {}, households=households)
    if says is None:
        assert found[0].startswith("households[0].division: ")
    else:
        assert found == says


# The son in another household -------------------------------------------------------------------------


@cache
def zhejiang() -> Pack:
    return load_pack(find_pack("zhejiang"))


def old_man(**of_son: object) -> dict[str, Any]:
    """A man of 75 with no income who lives alone; his son of 45 has a household of his own and no income."""
    known = {"其他转移性收入": 0, "申报的其他收入": 0, "支付的赡养抚养费": 0, "离家宗教教职": False}
    son = {"id": "son", "出生日期": "1979-04-01", "links": {"父": "m1"}, **known, **of_son}
    return {
        "month": "2025-02",
        "division": "330106",
        "complete": "all",
        "household": {},
        "members": [{"id": "m1", "出生日期": "1950-01-01", **known}],
        "households": [{"household": {}, "members": [son]}],
    }


def tekun(data: dict[str, Any]) -> dict[str, Any]:
    results = assess(zhejiang(), data)["results"]
    return next(r for r in results if r["benefit"] == "tekun" and r["unit_id"] == "m1")


def supporter(result: dict[str, Any]) -> dict[str, Any]:
    return next(c for c in result["conditions"] if c["id"] == "no_supporter")


def test_only_the_sons_disability_decides_and_he_is_named() -> None:
    able, unable = tekun(old_man()), tekun(old_man(残疾类别="肢体", 残疾等级=1))
    assert (able["answer"], unable["answer"]) == ("no", "yes")
    asked = {"who": "son", "through": "子女", "asks": "无履行义务能力"}
    assert asked | {"answer": "no"} in supporter(able)["hangs_on"]
    assert asked | {"answer": "yes"} in supporter(unable)["hangs_on"]
    assert {k["who"] for k in supporter(unable)["hangs_on"]} == {"son"}
    for result in (able, unable):
        others = [c for c in result["conditions"] if c["id"] != "no_supporter"]
        assert {c["answer"] for c in others} == {"yes"}


def test_the_reasons_name_the_son() -> None:
    lines = "\n".join(tell(tekun(old_man()), zhejiang()).reasons)
    assert "子女 son：无履行义务能力——否" in lines


def test_somebody_not_told_of_is_said_to_be_so() -> None:
    data = old_man(残疾类别="肢体", 残疾等级=1)
    data["members"][0]["links"] = {"子女": None}
    result = tekun(data)
    assert result["answer"] == "undetermined"
    hangs = supporter(result)["hangs_on"]
    assert {"who": None, "through": "子女", "asks": "无履行义务能力", "answer": "undetermined"} in hangs
    assert {"who": "son", "through": "子女", "asks": "无履行义务能力", "answer": "yes"} in hangs


def test_with_whom_somebody_lives_follows_from_the_links() -> None:
    pack = load_pack(find_pack("zhejiang"))
    child = {"id": "c", "links": {"父": "f", "母": "m"}}
    data = {
        "month": "2025-02",
        "division": "330106",
        "members": [child, {"id": "f"}],
        "others": [{"id": "m"}],
    }
    facts = parse_request(pack, data).facts
    told = {name: facts.persons[0][name] for name in ("with_father", "with_mother", "with_spouse")}
    assert told == {"with_father": YES, "with_mother": NO, "with_spouse": NO}
    away = {"members": [{"id": "m"}], "division": "330106"}
    far = {"month": "2025-02", "division": "330106", "members": [{**child, "links": {"母": "m"}}]}
    assert parse_request(pack, far | {"households": [away]}).facts.persons[0]["with_mother"] == NO
    with pytest.raises(RequestError, match="follows from links; give that instead"):
        parse_request(pack, far | {"members": [{"id": "c", "与父同住": True}]})
