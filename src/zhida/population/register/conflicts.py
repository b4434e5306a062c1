"""What two sources say that can't both be right: one row a person and kind, without the values themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.population.errors import writing

Array = NDArray[Any]
FOLDER = "conflicts"

KINDS: Mapping[str, str] = {
    "dead_and_registered": "已死亡, 户籍仍登记在册",
    "dead_and_resident": "已死亡, 仍登记为实际居住",
    "dead_and_paid": "已死亡, 仍在领取待遇",
    "dead_and_listed": "已死亡, 另一登记里仍有现行记录",
    "registered_twice": "户籍登记在两处",
    "resident_twice": "实际居住登记在两处",
    "registered_differs": "户籍地与实有人口所写的县不同",
    "no_head": "一户里没有户主或住户代表",
    "several_heads": "一户里不止一个户主或住户代表",
    "value_differs": "几处登记的值不同",
    "several_rows": "只该有一行, 有几行而且不同",
    "out_of_range": "数值超出可能的范围",
    "unclear": "缺了决定这一项的内容",
    "name_differs": "同一身份证号码下姓名明显不同",
    "link_differs": "几处登记的配偶或父母不同",
    "paid_and_gone": "领取待遇的人不在本市人口里",
    "paid_twice": "同一待遇同一对象有两条发放记录",
}
"""Kinds that the register finds in any pack; those of ``resolution.yaml`` come besides."""


@dataclass
class Conflicts:
    """Gathers rows; ``field`` is a field, link or benefit of the pack, or ''."""

    says: dict[str, str] = field(default_factory=lambda: dict(KINDS))
    _rows: list[tuple[Array, str, str, str, str]] = field(default_factory=list)

    def add(self, keys: Array, kind: str, one: str, other: str = "", field: str = "") -> None:
        """``keys``: whom it is about; ``one`` the source that counts, ``other`` the one that differs."""
        if len(keys):
            self._rows.append((np.unique(keys), kind, one, other, field))

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for keys, kind, *_ in self._rows:
            found[kind] = found.get(kind, 0) + len(keys)
        return dict(sorted(found.items()))

    def table(self, division_of: Array, divisions: tuple[str, ...]) -> pa.Table:
        """``division_of``: by person key, the row of where the person belongs, below 0 for nowhere known."""
        keys = np.concatenate([r[0] for r in self._rows]) if self._rows else np.zeros(0, np.int64)
        sizes = [len(r[0]) for r in self._rows]

        def words(at: int) -> Any:
            return pa.array(
                np.repeat(np.array([str(r[at]) for r in self._rows], dtype=object), sizes), pa.string()
            )

        rows = division_of[keys]
        codes: Any = pa.array([*divisions, None], pa.string())
        found = pa.table(
            {
                "person_key": pa.array(keys, pa.int64()),
                "division": codes.take(np.where(rows >= 0, rows, len(divisions))),
                "kind": words(1),
                "one": words(2),
                "other": words(3),
                "field": words(4),
            }
        )
        order: list[Any] = [(name, "ascending") for name in ("kind", "one", "other", "field", "person_key")]
        return found.sort_by(order)


def write_conflicts(path: Path, table: pa.Table, about: Mapping[str, str]) -> str:
    """Writes the rows and gives back their sha256; ``about`` goes into the file's own notes."""
    told = {k.encode(): v.encode() for k, v in about.items()}
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        pq.write_table(table.replace_schema_metadata(told), partial)
        partial.replace(path)
        with path.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()
