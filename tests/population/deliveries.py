"""Reads a delivery and holds each row against its contract, sharing nothing with what wrote it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

PLAIN = {
    "money": re.compile(r"-?\d+(\.\d{1,2})?"),
    "int": re.compile(r"-?\d+"),
    "decimal": re.compile(r"-?\d+(\.\d+)?"),
    "month": re.compile(r"\d{4}-(0[1-9]|1[0-2])"),
    "division": re.compile(r"\d{12}"),
    "phone": re.compile(r"12\d{9}"),
    "account": re.compile(r"9000\d{15}"),
    "yes_no": re.compile(r"[是否]"),
    "person_name": re.compile(r"[一-鿿]{2,4}"),
    "address": re.compile(r"[一-鿿0-9]{6,60}"),
    "text": re.compile(r"[0-9A-Za-z一-鿿-]{1,40}"),
}


@dataclass(frozen=True)
class File:
    """``rows``: (line, cells by id of the contract's column)."""

    path: Path
    contract: dict[str, Any]
    county: str
    encoding: str
    rows: list[tuple[int, dict[str, str]]]


def contracts(pack: Path) -> dict[str, dict[str, Any]]:
    """By the name that begins a file's name."""
    found = [yaml.safe_load(p.read_text(encoding="utf-8")) for p in (pack / "imports").glob("*.yaml")]
    return {c["name"]: c for c in found}


def read_delivery(folder: Path, pack: Path) -> Iterator[File]:
    known = contracts(pack)
    for path in sorted(folder.glob("*.csv")):
        name, county, _ = path.stem.split("_")
        contract = known[name]
        raw = path.read_bytes()
        marked = raw.startswith(b"\xef\xbb\xbf")
        encoding = "utf-8-sig" if marked else "gb18030"
        lines = list(csv.reader(io.StringIO(raw.decode(encoding))))
        assert lines[0] == [c["name"] for c in contract["columns"]], path
        ids = [c["id"] for c in contract["columns"]]
        rows = [(i, dict(zip(ids, cells, strict=True))) for i, cells in enumerate(lines[1:], start=2)]
        yield File(path, contract, county, encoding, rows)


def problems(file: File) -> Iterator[tuple[int, str, str]]:
    """(line, column, what is wrong) of every cell and key that the contract does not allow."""
    seen: dict[tuple[str, ...], int] = {}
    for line, cells in file.rows:
        for column in file.contract["columns"]:
            text = cells[column["id"]]
            wrong = _wrong(column, text)
            if wrong:
                yield line, column["id"], f"{wrong}: {text!r}"
        key = tuple(cells[k] for k in file.contract["key"])
        if key in seen:
            yield line, ",".join(file.contract["key"]), f"the same key as line {seen[key]}"
        seen[key] = line
        place = file.contract.get("place")
        if place and cells[place][:6] != file.county:
            yield line, place, f"not of this county: {cells[place]}"


def _wrong(column: dict[str, Any], text: str) -> str:
    if not text:
        return "empty" if column.get("required") else ""
    kind = column["type"]
    if kind == "resident_id":
        return "" if number_is_right(text) else "no number"
    if kind == "date":
        day = _day(text)
        return "no date" if day is None or day < _day(str(column.get("min", "1850-01-01"))) else ""
    if kind == "code":
        return "" if text in {str(k) for k in column["codes"]} else "no code"
    if kind == "benefit":
        return ""
    if not PLAIN[kind].fullmatch(text):
        return f"no {kind}"
    if kind in ("money", "int", "decimal"):
        number = float(text)
        if not column.get("min", number) <= number <= column.get("max", number):
            return "out of its limits"
    return ""


def _day(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def number_is_right(text: str) -> bool:
    """18 characters, a day of the calendar, the check character by ISO 7064 MOD 11-2 worked out anew."""
    if not re.fullmatch(r"\d{17}[\dX]", text) or _day(f"{text[6:10]}-{text[10:12]}-{text[12:14]}") is None:
        return False
    value = 0
    for character in text:
        value = (value * 2 + (10 if character == "X" else int(character))) % 11
    return value == 1
