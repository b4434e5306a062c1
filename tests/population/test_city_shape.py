"""Who lives with whom, disability, income and property of the synthetic city, as docs/city.md shows them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from zhida.population.city import build
from zhida.population.city.shape import gini, shape
from zhida.rules.loading import find_pack, load_pack


def test_shares_are_whole_and_tails_are_tails(tmp_path: Path) -> None:
    pack = load_pack(find_pack("zhejiang"))
    build(pack, tmp_path / "city", 0.004, 3, truth=tmp_path / "truth", processes=1)
    told: dict[str, dict[str, float]] = defaultdict(dict)
    for what, of, value in shape(tmp_path / "truth", pack):
        told[what][of] = value
    wholes = "65+ live", "under 18 live with", "homes of owners", "income per head, share of fifths"
    for whole in wholes:
        assert sum(told[whole].values()) == pytest.approx(100)
    certificates = [v for what, of in told.items() if what.startswith("certificates") for v in of.values()]
    assert sum(certificates) == pytest.approx(100)
    assert 10 < told["65+ live"]["alone"] < 20  # China 2021: 14.2 % of 60+
    assert told["under 18 live with"]["two parents"] > 80
    money = told["income per head, yuan a month"]
    assert list(money.values()) == sorted(money.values())
    assert money["99 %"] > 3 * money["50 %"]  # a tail
    assert 0.3 < told["income per head"]["Gini"] < 0.45 < told["savings of a household"]["Gini"]
    assert 55 < told["homes of owners"]["one"] < 70


def test_gini_of_known_distributions() -> None:
    assert gini(np.array([5, 5, 5, 5])) == pytest.approx(0)
    assert gini(np.array([0, 0, 0, 1])) == pytest.approx(0.75)
    assert gini(np.array([3, 1])) == pytest.approx(0.25)
