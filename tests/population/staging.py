"""Staged files of a pack's sources, small and made by hand, as the first half of an import leaves them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zhida.codes.resident_id import check_digit
from zhida.population.identity.staged import StagedFile
from zhida.population.imports.contract import SourceContract, Type
from zhida.population.imports.contracts import Contracts, load_contracts
from zhida.rules.declarations import Pack
from zhida.rules.loading import find_pack, load_pack

TYPES = {
    Type.DATE: pa.date32(), Type.MONTH: pa.int32(), Type.MONEY: pa.int64(), Type.INT: pa.int64(),
    Type.DECIMAL: pa.int64(), Type.YES_NO: pa.bool_(),
}  # fmt: skip
END = date(2025, 6, 30)


@cache
def pack() -> Pack:
    return load_pack(find_pack("zhejiang"))


@cache
def contracts() -> Contracts:
    return load_contracts(pack())


def number(person: int, born: str = "19800101", woman: bool = False) -> str:
    """A resident ID of somebody invented: region 990000 is nobody's."""
    body = f"990000{born}{person * 2 + (not woman):03d}"
    return body + check_digit(body)


def schema(source: SourceContract) -> pa.Schema:
    fields = [pa.field(c.id, TYPES.get(c.type, pa.string())) for c in source.columns]
    return pa.schema([*fields, pa.field("line", pa.int64())])


def staged(
    folder: Path,
    source: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    division: str = "330102000000",
    as_of: date = END,
    complete: bool = True,
) -> StagedFile:
    """Columns left out of a row are empty; lines count from 2."""
    contract = contracts().sources[source]
    form = schema(contract)
    for row in rows:
        assert set(row) <= set(form.names), set(row) - set(form.names)
    columns = {
        name: pa.array([row.get(name) for row in rows], form.field(name).type)
        for name in form.names
        if name != "line"
    }
    columns["line"] = pa.array(range(2, len(rows) + 2), pa.int64())
    text = repr((source, division, as_of, [sorted(r.items()) for r in rows])).encode()
    path = folder / source / f"{hashlib.sha256(text).hexdigest()}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=form), path)
    return StagedFile(contract, path, path.stem, division, as_of, complete)
