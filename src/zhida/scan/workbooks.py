"""The lists of a scan as Excel workbooks, one a county, for offices that work in Excel.

They name persons by their key only. What rests on sensitive fields is not spelled out unless asked for, and
each folder of workbooks says what it was made for.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from zhida.codes.divisions import DivisionTree
from zhida.codes.months import first_day, parse_month
from zhida.population.errors import SnapshotError, writing
from zhida.rules.declarations import Pack
from zhida.rules.program.build import build_program
from zhida.scan.entry_words import EntryWords
from zhida.scan.result import RESULTS

MOST_ROWS = 1_048_576
"""Rows of a sheet, its heading included; no version of Excel opens more."""
LISTS = {"lead": "线索", "verify": "待核实", "review": "待复核", "near": "接近线"}
TOWN, VILLAGE = 4, 5
HEADS = (
    ("乡镇街道", 14),
    ("村社区", 18),
    ("待遇", 24),
    ("对象", 8),
    ("编号", 14),
    ("本人或户主编号", 14),
    ("应发至少 元", 12),
    ("应发至多 元", 12),
    ("现发 元", 12),
    ("为什么在名单上", 48),
    ("发放前要问本人的", 30),
    ("免申即享", 9),
    ("处理", 14),
    ("经办人", 10),
    ("日期", 12),
    ("备注", 24),
)
OUTCOMES = ["已联系", "愿意申请", "不愿意", "不符合", "找不到人"]
COLUMNS = [
    "unit", "unit_key", "person_key", "division", "county", "benefit", "list", "reason", "automatic",
    "presumed_lo", "presumed_hi", "award_amount", "deciding", "deciding_alone", "presumed_conditions",
]  # fmt: skip

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Workbooks:
    """What was written. ``files``: name → rows by list."""

    path: Path
    month: str
    snapshot_id: str
    synthetic: bool
    purpose: str
    sensitive: bool
    made: str
    files: dict[str, dict[str, int]]


def write_workbooks(
    results: Path,
    pack: Pack,
    out: Path,
    purpose: str,
    *,
    counties: Collection[str] = (),
    lists: Collection[str] = tuple(LISTS),
    sensitive: bool = False,
    most_rows: int = MOST_ROWS,
    progress: Progress | None = None,
) -> Workbooks:
    """Workbooks of the results of a scan (``results``: its folder), in the new folder ``out``.

    ``counties``: codes of 12 digits; none: all. A sheet that would be too long is refused before anything is
    written. Raises SnapshotError.
    """
    if out.exists():
        raise SnapshotError(f"{out} exists already. Name another folder for the workbooks.")
    file, told = _opened(results / RESULTS, pack)
    month = parse_month(told["month"])
    sizes = _sizes(file, counties, lists)
    _refuse_long(sizes, pack, most_rows)
    words = EntryWords(build_program(pack, month), sensitive)
    book = _Book(pack, words, told, purpose, first_day(month))
    building = out.parent / f".{out.name}.building-{uuid.uuid4().hex[:12]}"
    made = {}
    try:
        with writing(building):
            building.mkdir(parents=True)
        for done, county in enumerate(sorted(sizes), start=1):
            name = f"{county[:6] or 'none'}_{pack.divisions[county].name if county else '未分到区县'}.xlsx"
            with writing(building / name):
                book.write(building / name, _rows(results / RESULTS, county, lists))
            made[name] = {k: sizes[county][k] for k in LISTS if sizes[county][k]}
            if progress is not None:
                progress(done, len(sizes))
        found = Workbooks(
            out, told["month"], told["snapshot_id"], told["synthetic"] == "true", purpose, sensitive,
            datetime.now(UTC).replace(microsecond=0).isoformat(), made,
        )  # fmt: skip
        with writing(building / "export.json"):
            record = {k: v for k, v in asdict(found).items() if k != "path"}
            text = json.dumps(record, ensure_ascii=False, indent=1)
            (building / "export.json").write_text(text + "\n", encoding="utf-8")
        with writing(out):
            os.rename(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return found


def _opened(path: Path, pack: Pack) -> tuple[pq.ParquetFile, dict[str, str]]:
    try:
        file = pq.ParquetFile(path)
        metadata = file.schema_arrow.metadata or {}
        told = {k: metadata[f"zhida.{k}".encode()].decode() for k in _TOLD}
    except FileNotFoundError as error:
        raise SnapshotError(f"{path.parent} holds no results of a scan. Run `zhida scan` first.") from error
    except (OSError, pa.ArrowException, KeyError) as error:
        says = f"{path} is no file of results that can be read ({error}). Scan again."
        raise SnapshotError(says) from error
    if told["pack_hash"] != pack.hash:
        raise SnapshotError(
            f"{path} was made by other rules than pack {pack.id} holds now, so its reasons can't be told. "
            "Scan again, or name the pack as it was with --pack."
        )
    return file, told


_TOLD = ("synthetic", "snapshot_id", "pack_hash", "month")


def _sizes(
    file: pq.ParquetFile, counties: Collection[str], lists: Collection[str]
) -> dict[str, Counter[str]]:
    """Rows by county and list."""
    found: dict[str, Counter[str]] = {}
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=["county", "list"])
        plain = pa.table({n: table.column(n).cast(pa.string()) for n in ("county", "list")})
        for row in plain.group_by(["county", "list"]).aggregate([([], "count_all")]).to_pylist():
            if row["list"] in lists and (not counties or row["county"] in counties):
                found.setdefault(row["county"], Counter())[row["list"]] += row["count_all"]
    return found


def _refuse_long(sizes: dict[str, Counter[str]], pack: Pack, most_rows: int) -> None:
    for county, by_list in sorted(sizes.items()):
        for kind, rows in by_list.items():
            if rows >= most_rows:
                name = pack.divisions[county].name if county else "no county"
                raise SnapshotError(
                    f"{name}: {rows:,} entries of the list {LISTS[kind]} don't fit into a sheet, which "
                    f"holds {most_rows - 1:,}; nothing was written. Leave the list out with --list, "
                    "or take results.csv."
                )


def _rows(path: Path, county: str, lists: Collection[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """By list, the entries of a county: village by village, the largest amount first."""
    for kind in LISTS:
        if kind in lists:
            mine: Any = pq.read_table(
                path, columns=COLUMNS, filters=[("county", "=", county), ("list", "=", kind)]
            )
            rows = mine.to_pylist()
            rows.sort(key=lambda r: (r["division"], -(r["presumed_hi"] or 0), r["unit_key"], r["benefit"]))
            yield kind, rows


@dataclass(frozen=True, eq=False)
class _Book:
    pack: Pack
    words: EntryWords
    told: dict[str, str]
    purpose: str
    on: Any

    def write(self, path: Path, lists: Iterator[tuple[str, list[dict[str, Any]]]]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(path), options) as book:
            head = book.add_format({"bold": True, "bg_color": "#E3EFEA", "border": 1, "text_wrap": True})
            money = book.add_format({"num_format": "#,##0.00"})
            counts: dict[str, int] = {}
            front = book.add_worksheet("说明")
            for kind, rows in lists:
                counts[kind] = len(rows)
                if rows:
                    self._sheet(book, kind, rows, head, money)
            self._front(front, counts, book.add_format({"bold": True, "font_size": 14}), book)

    def _front(self, sheet: Any, counts: dict[str, int], title: Any, book: Any) -> None:
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 1, 90)
        synthetic = self.told["synthetic"] == "true"
        lines: list[tuple[str, str | int]] = [
            ("数据", "合成数据，没有任何真实居民" if synthetic else "内部资料，含个人信息，不得外传"),
            ("月份", self.told["month"]),
            ("用途", self.purpose),
            ("敏感信息", "写明" if self.words.sensitive else "不写明"),
            *((LISTS[kind], n) for kind, n in counts.items()),
            ("线索", "没有享受，登记里看来全部符合；只有决定书才能说符合"),
            ("待核实", "登记里定不下来，而且有困难的迹象；先查所写的一项"),
            ("待复核", "正在享受，登记里看来不再符合或金额不同；先核对，不先停发"),
            ("接近线", "只差一点，情况一变就可能符合"),
            ("金额", "按登记算出的每期金额，不是决定"),
            ("快照", self.told["snapshot_id"]),
            ("规则", self.told["pack_hash"]),
            ("规则核对到", self.pack.verified_through.isoformat()),
        ]
        sheet.write_string(0, 0, f"{self.pack.name} 政策找人名单", title)
        for i, (name, value) in enumerate(lines, start=1):
            sheet.write_string(i, 0, name)
            if isinstance(value, int):
                sheet.write_number(i, 1, value)
            else:
                sheet.write_string(i, 1, value, wrap)

    def _sheet(self, book: Any, kind: str, rows: Sequence[dict[str, Any]], head: Any, money: Any) -> None:
        sheet = book.add_worksheet(LISTS[kind])
        for i, (name, width) in enumerate(HEADS):
            sheet.set_column(i, i, width)
            sheet.write_string(0, i, name, head)
        sheet.freeze_panes(1, 3)
        sheet.autofilter(0, 0, len(rows), len(HEADS) - 1)
        outcome = [name for name, _ in HEADS].index("处理")
        sheet.data_validation(1, outcome, len(rows), outcome, {"validate": "list", "source": OUTCOMES})
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer(f"&L{'合成数据' if self.told['synthetic'] == 'true' else '内部资料'}&R&P / &N")
        benefits, units = self.pack.benefits, self.pack.units
        for i, row in enumerate(rows, start=1):
            town, village = self._place(row["division"])
            texts = (town, village, benefits[row["benefit"]].name, units[row["unit"]].name)
            for column, text in enumerate(texts):
                sheet.write_string(i, column, text)
            sheet.write_string(i, 4, str(row["unit_key"]))
            sheet.write_string(i, 5, str(row["person_key"]))
            for column, name in ((6, "presumed_lo"), (7, "presumed_hi"), (8, "award_amount")):
                if row[name] is not None:
                    sheet.write_number(i, column, row[name] / 100, money)
            sheet.write_string(i, 9, self._why(row))
            sheet.write_string(i, 10, self._ask(row["benefit"]) if kind in ("lead", "verify") else "")
            sheet.write_string(i, 11, "是" if row["automatic"] else "")

    @lru_cache(maxsize=100_000)  # noqa: B019  a book lives as long as one command
    def _place(self, division: str) -> tuple[str, str]:
        tree: DivisionTree = self.pack.divisions
        found = (tree.at_level(division, level, self.on) for level in (TOWN, VILLAGE))
        town, village = (tree[code].name if code else "" for code in found)
        return town, village

    def _why(self, row: dict[str, Any]) -> str:
        kept = ("benefit", "list", "reason", "presumed_conditions", "deciding_alone")
        return self._said(*(row[k] for k in kept), tuple(row["deciding"]))

    @lru_cache(maxsize=100_000)  # noqa: B019
    def _said(
        self, benefit: str, kind: str, reason: str, conditions: int, alone: bool, deciding: tuple[str, ...]
    ) -> str:
        return self.words.why(
            {
                "benefit": benefit, "list": kind, "reason": reason,
                "presumed_conditions": conditions, "deciding_alone": alone, "deciding": deciding,
            }
        )  # fmt: skip

    @lru_cache(maxsize=1000)  # noqa: B019
    def _ask(self, benefit: str) -> str:
        return self.words.ask(benefit)
