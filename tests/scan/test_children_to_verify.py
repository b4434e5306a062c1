"""Whom the lists of 孤儿 and 事实无人抚养儿童 name where registers leave it open; nobody is lost."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from scan.asking import run_of
from scan.town import write_town
from zhida.rules.formulas.ir import YES
from zhida.rules.kernel.run import Keep
from zhida.rules.loading import find_pack, load_pack
from zhida.scan.find import Found
from zhida.scan.lists import COLUMN, LEAD, VERIFY, bits, classify
from zhida.scan.loaded import Loaded, restricted

MONTH = 2025 * 12 + 5
BENEFITS = ("orphan", "unsupported_child")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Parents of every kind: dead, in prison, disabled, at home, elsewhere; some registers incomplete."""
    path = tmp_path_factory.mktemp("children") / "s"
    pack = load_pack(find_pack("zhejiang"))
    write_town(path, pack, MONTH, seed=11, parts=1, homes=500, missing=0.2)
    return Loaded.open(path, pack, compiled=False)


def test_one_parent_unable_and_the_other_not_at_home_speaks_for_a_child(town: Loaded) -> None:
    part = town.snapshot.part(0)
    kernel = restricted(town.kernel, BENEFITS)
    rows = kernel.run(town.table(part), town.places.places, town.parameters, Keep.ALL, threads=1)
    lists: dict[str, dict[int, int]] = {}
    for b in BENEFITS:
        entries = classify(town.program.benefits[b], rows[b])
        lists[b] = dict(zip(entries.rows[0].tolist(), entries.lists.tolist(), strict=True))
    seen: Counter[str] = Counter()
    for i in np.flatnonzero(bits(rows["orphan"][COLUMN["codes"]], 13) & YES != 0).tolist():
        home = int(part.persons["household"][i])
        at = i - int(part.households["first_person"][home])
        run = run_of(town, Found(part, home, at))
        values = run.program.variables
        father, mother = (run.value(values[f"{p}_absent"].num, at) == YES for p in ("father", "mother"))
        beside = {p: part.persons[f"link_{p}"][i] for p in ("father", "mother")}
        first, size = int(part.households["first_person"][home]), int(part.households["size"][home])
        at_home = {p: first <= int(target) < first + size for p, target in beside.items()}
        for b in BENEFITS:
            answers = run.program.benefits[b]
            presumed, full = run.value(answers.presumed.answer, at), run.value(answers.full.answer, at)
            assert isinstance(presumed, int) and isinstance(full, int)
            if run.value(answers.awarded, at) & YES:  # type: ignore[arg-type, operator]
                continue
            on = lists[b].get(i)
            if presumed == YES and full & YES:
                seen["sure"] += 1
                assert on == LEAD, (b, i)
            elif presumed & YES and b == "unsupported_child":
                if father and mother:
                    seen["both unable"] += 1
                    assert on == VERIFY, i
                elif (father and not at_home["mother"]) or (mother and not at_home["father"]):
                    seen["one unable, the other not at home"] += 1
                    assert on == VERIFY, i
                else:
                    seen["one at home, or nothing known against either"] += 1
                    assert on != VERIFY, i
    assert min(seen.values()) >= 3 and len(seen) == 4, seen
