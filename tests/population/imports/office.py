"""What a department's office would do: rows of people who are nobody, files in its own ways."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from zhida.codes.resident_id import check_digit
from zhida.codes.sealing import Keyring
from zhida.population.imports.contract import SourceContract
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.plan import make_plan
from zhida.population.imports.run import Done, run

AS_OF = date(2025, 6, 30)
TODAY = date(2025, 7, 5)
FILE = "户籍人口_330102_20250630.csv"
Row = dict[str, str]


def number(order: int, birth: str = "19500101", region: str = "830102") -> str:
    """A number whose region no province has; ``order`` 0 to 999, odd for a man."""
    body = f"{region}{birth}{order:03d}"
    return body + check_digit(body)


def hukou_row(order: int, **other: str) -> Row:
    """A row of 户籍人口 that is in order, but for what ``other`` says; by the id of the column."""
    row = {
        "id_number": number(order),
        "name": "测试甲",
        "sex": "男" if order % 2 else "女",
        "birth_date": "1950-01-01",
        "book": f"B{order:06d}",
        "relation": "户主",
        "registered": "330102001051",
        "address": "某路1号",
        "father": "",
        "mother": "",
        "spouse": "",
        "status": "正常",
        "changed_on": "",
    }
    return row | other


def text(source: SourceContract, rows: Iterable[Mapping[str, str]], headers: list[str] | None = None) -> str:
    """CSV with the contract's headers, or with these in their place."""
    ids = list(dict.fromkeys(k for row in rows for k in row)) or [c.id for c in source.columns]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headers or [source.column(id).name if not id.startswith("@") else id for id in ids])
    writer.writerows([row.get(id, "") for id in ids] for row in rows)
    return out.getvalue()


def put(folder: Path, content: str | bytes, name: str = FILE, encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def take(folder: Path, register: Path, contracts: Contracts, keys: Keyring, processes: int = 1) -> Done:
    return run(make_plan(folder, register, contracts, TODAY), contracts, keys, processes)


def everything(register: Path) -> dict[str, bytes]:
    """All files of a register."""
    return {p.relative_to(register).as_posix(): p.read_bytes() for p in register.rglob("*") if p.is_file()}
