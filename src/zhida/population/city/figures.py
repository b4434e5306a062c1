"""Figures of a synthetic city, read from a pack's ``city/`` folder: ``city.yaml`` and three tables.

A reader asks for a figure by its path ("income.female"); a missing or malformed one is one sentence
that names file and path. Curves over age are steps: {from age: value}.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from zhida.population.errors import SnapshotError
from zhida.rules.declarations import Pack

AGES = 111  # whole years 0 … 110
Floats = NDArray[np.float64]


class CityError(SnapshotError):
    """The city's figures can't be used: which file, which figure, what to do."""


@dataclass(frozen=True, slots=True)
class County:
    """Figures of one county. Shares are 0 … 1; ``census`` is persons by age and sex in the census."""

    code: str
    name: str
    residents: int
    census: Floats
    mean_size: float
    one_person: float
    three_generation: float
    collective: float
    other_town: float
    other_county: float
    other_province: float
    car: float
    floor_area: float
    villages: tuple[str, ...]
    village_weights: Floats
    village_rural: NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """All figures of one city. ``counties`` and their villages stand in the order of their codes."""

    folder: Path
    tree: Mapping[str, Any]
    territory: str
    counties: tuple[County, ...]
    divisions: tuple[str, ...]

    def get(self, path: str) -> Any:
        """The figure at a dotted path. Raises CityError."""
        at: Any = self.tree
        for key in path.split("."):
            if not isinstance(at, Mapping) or key not in at:
                raise CityError(f"{self.folder / 'city.yaml'}: {path} is missing. Add it.")
            at = at[key]
        return at

    def number(self, path: str) -> float:
        value = self.get(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CityError(f"{self.folder / 'city.yaml'}: {path} is {value!r}, not a number. Correct it.")
        return float(value)

    def curve(self, path: str) -> Floats:
        """Value for each age 0 … 110: steps that hold from an age until the next; 0 before the first."""
        steps = self.get(path)
        if not isinstance(steps, Mapping) or not all(
            isinstance(k, int) and isinstance(v, int | float) for k, v in steps.items()
        ):
            raise CityError(f"{self.folder / 'city.yaml'}: {path} must map ages to numbers. Correct it.")
        values = np.zeros(AGES)
        for age in sorted(steps):
            values[age:] = steps[age]
        return values

    def groups(self, path: str) -> tuple[list[int], Floats]:
        """First ages and values of age groups."""
        steps = self.get(path)
        starts = sorted(steps)
        return starts, np.array([steps[s] for s in starts], dtype=np.float64)

    def by_county(self, path: str) -> Floats:
        """A value for each county, from a map of 6-digit codes."""
        table = {str(k): float(v) for k, v in self.get(path).items()}
        missing = [c.code for c in self.counties if c.code[:6] not in table]
        if missing:
            raise CityError(f"{self.folder / 'city.yaml'}: {path} lacks {', '.join(missing)}. Add them.")
        return np.array([table[c.code[:6]] for c in self.counties])

    @cached_property
    def assumptions(self) -> list[dict[str, str]]:
        """Every section that says its source or calls itself assumed, for the manifest."""
        found = []
        for name, section in self.tree.items():
            if isinstance(section, Mapping) and ("source" in section or "evidence" in section):
                record = {"section": name}
                for key in ("source", "evidence", "note", "take_up_evidence", "elsewhere_evidence"):
                    if key in section:
                        record[key] = str(section[key])
                found.append(record)
        return found


def _rows(file: Path, columns: set[str]) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as source:
            reader = csv.DictReader(source)
            rows = list(reader)
            missing = columns - set(reader.fieldnames or ())
    except OSError as error:
        raise CityError(
            f"{file} can't be read ({error.strerror}). The pack has no city, or not all of it."
        ) from None
    except UnicodeDecodeError:
        raise CityError(f"{file} is not UTF-8. Save it again as UTF-8.") from None
    if missing:
        raise CityError(f"{file}: columns missing: {', '.join(sorted(missing))}. Add them.")
    return rows


def load_figures(pack: Pack, on: date) -> Figures:
    """Reads the ``city/`` folder of a pack; divisions are those in force on a day. Raises CityError."""
    folder = pack.path / "city"
    try:
        tree = yaml.load((folder / "city.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        territory = str(tree["territory"])
    except FileNotFoundError:
        raise CityError(f"Pack {pack.id} has no city to build: {folder / 'city.yaml'} is missing.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise CityError(f"{folder / 'city.yaml'} can't be read ({error}). Correct it.") from None
    bare = Figures(folder, tree, territory, (), ())
    rural = {str(x) for x in bare.get("villages.rural")}
    weight = {str(k): float(v) for k, v in bare.get("villages.weight").items()}
    classes = {r["code"]: r["urban_class"] for r in _rows(folder / "villages.csv", {"code", "urban_class"})}
    census = _census(folder / "age_sex.csv", bare)
    columns = (
        "code name residents mean_size one_person_pct three_generation_pct collective_pct other_town_pct "
        "other_county_pct other_province_pct car_pct floor_area_per_person"
    )
    counties = []
    for row in _rows(folder / "counties.csv", set(columns.split())):
        code = row["code"]
        inside = [v for v in sorted(pack.divisions.descendants(code, on)) if v in classes]
        if not inside:
            raise CityError(f"{folder / 'villages.csv'} has no village of county {code} that the pack knows.")
        try:
            kinds = [classes[v] for v in inside]
            county = County(
                code=code,
                name=row["name"],
                residents=int(row["residents"]),
                census=census[code],
                mean_size=float(row["mean_size"]),
                one_person=float(row["one_person_pct"]) / 100,
                three_generation=float(row["three_generation_pct"]) / 100,
                collective=float(row["collective_pct"]) / 100,
                other_town=float(row["other_town_pct"]) / 100,
                other_county=float(row["other_county_pct"]) / 100,
                other_province=float(row["other_province_pct"]) / 100,
                car=float(row["car_pct"]) / 100,
                floor_area=float(row["floor_area_per_person"]),
                villages=tuple(inside),
                village_weights=np.array([weight[k] for k in kinds]),
                village_rural=np.array([k in rural for k in kinds]),
            )
        except (KeyError, ValueError) as error:
            raise CityError(f"{folder / 'counties.csv'}, county {code}: {error}. Correct it.") from None
        counties.append(county)
    counties.sort(key=lambda c: c.code)
    inside = [territory, *pack.divisions.descendants(territory, on)]
    divisions = tuple(sorted(c for c in inside if not pack.divisions[c].overlay))
    return Figures(folder, tree, territory, tuple(counties), divisions)


def _census(file: Path, figures: Figures) -> dict[str, Floats]:
    """Census persons per county by single age and sex (0 male, 1 female), bands spread over their years."""
    linear, quadratic = figures.number("old_age.linear"), figures.number("old_age.quadratic")
    old = np.arange(AGES - 85)
    tail = np.exp(-linear * old - quadratic * old**2)
    tables: dict[str, Floats] = {}
    for line, row in enumerate(_rows(file, {"county", "sex", "age_from", "age_to", "persons"}), start=2):
        try:
            first, last = int(row["age_from"]), min(int(row["age_to"]), AGES - 1)
            sex = {"male": 0, "female": 1}[row["sex"]]
            persons = float(row["persons"])
        except (KeyError, ValueError) as error:
            raise CityError(f"{file}, line {line}: {error} can't be used. Correct it.") from None
        shape = tail if first == 85 else np.ones(last - first + 1)
        table = tables.setdefault(row["county"], np.zeros((AGES, 2)))
        table[first : last + 1, sex] += persons * shape / shape.sum()
    return tables
