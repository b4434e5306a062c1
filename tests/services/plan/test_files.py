"""Files of each form as text, and the sentence for each file that can't be read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from zhida.services.plan import from_docx, text
from zhida.services.plan.errors import PlanError
from zhida.services.plan.radicals import with_characters
from zhida.services.plan.read import read_file, read_text
from zhida.services.plan.text import text_of

WORDS = "桃源县民政事业发展“十五五”规划\n到2030年，床位达到1200张。\n"


def put(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, ending: str) -> None:
    path = put(tmp_path, "plan.txt", WORDS.replace("\n", ending).encode(encoding))
    assert text_of(path) == WORDS


def test_nothing_else_is_changed(tmp_path: Path) -> None:
    odd = " １２　\t\u200b\n\n  ％ \n"
    assert text_of(put(tmp_path, "plan.txt", odd)) == odd


# --- Word


def save(document: Any, path: Path) -> Path:
    document.save(str(path))
    return path


def grid(document: Any, rows: list[list[str]]) -> Any:
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for r, row in enumerate(rows):
        for c, words in enumerate(row):
            table.cell(r, c).text = words
    return table


def test_word_tables_with_merged_cells(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("专栏1 主要指标")
    rows = [["序号", "指标", "", "2025年", "2030年目标"], ["1", "床位数（张）", "", "900", "1,200"]]
    rows += [["养老", "", "", "", ""], ["2", "覆盖率（%）", "城市", "90", "—"], ["", "", "农村", "60", "≥90"]]
    table = grid(document, rows)
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(1, 1).merge(table.cell(1, 2))
    table.cell(2, 0).merge(table.cell(2, 4))
    table.cell(3, 0).merge(table.cell(4, 0))
    table.cell(3, 1).merge(table.cell(4, 1))
    plan = read_file(save(document, tmp_path / "plan.docx"))
    found = [
        (i.group, i.name, i.unit, i.parent, [(v.raw, v.comparison) for v in i.values])
        for i in plan.indicators
    ]
    assert found == [
        (None, "床位数", "张", None, [("900", "="), ("1,200", "=")]),
        ("养老", "覆盖率", "%", None, []),
        ("养老", "城市", "%", 1, [("90", "=")]),
        ("养老", "农村", "%", 1, [("60", "="), ("90", "≥")]),
    ]
    assert plan.unread == ()


def numbered(document: Any, levels: list[tuple[str, str]]) -> None:
    """Gives the document one list whose levels have these forms and texts; its id is 77."""
    root = document.part.numbering_part.element
    inner = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{words}"/></w:lvl>'
        for i, (form, words) in enumerate(levels)
    )
    root.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{inner}</w:abstractNum>'))
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))


def item(document: Any, words: str, level: int) -> None:
    properties = document.add_paragraph(words)._p.get_or_add_pPr()
    properties.append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>')
    )


def test_automatic_numbers_stand_in_the_text(tmp_path: Path) -> None:
    document = docx.Document()
    numbered(document, [("chineseCounting", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3.")])
    for words, level in [
        ("基础", 0),
        ("成效", 1),
        ("站点", 2),
        ("食堂", 2),
        ("不足", 1),
        ("目标", 0),
        ("总体", 1),
    ]:
        item(document, words, level)
    plan = read_file(save(document, tmp_path / "plan.docx"))
    assert [(s.level, s.number, s.title) for s in plan.sections] == [
        (1, "一", "基础"),
        (2, "（一）", "成效"),
        (3, "1", "站点"),
        (3, "2", "食堂"),
        (2, "（二）", "不足"),
        (1, "二", "目标"),
        (2, "（一）", "总体"),
    ]


def test_deleted_words_are_gone_and_inserted_ones_stay(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("床位达到")._p
    revision = 'w:id="1" w:author="甲" w:date="2026-01-01T00:00:00Z"'
    paragraph.append(
        parse_xml(f"<w:del {nsdecls('w')} {revision}><w:r><w:delText>900</w:delText></w:r></w:del>")
    )
    paragraph.append(parse_xml(f"<w:ins {nsdecls('w')} {revision}><w:r><w:t>1200</w:t></w:r></w:ins>"))
    paragraph.append(parse_xml(f"<w:r {nsdecls('w')}><w:t>张。</w:t></w:r>"))
    assert text_of(save(document, tmp_path / "plan.docx")) == "床位达到1200张。\n"


# --- HTML


def test_a_page(tmp_path: Path) -> None:
    page = """<html><head><title>x</title><style>p{}</style></head><body><script>1</script>
    <h1>桃源县规划</h1><p>到2030年，<b>床位</b>达到
    <span>1200</span>张。</p><p hidden>没有</p>甲<br>乙
    <table><tr><th rowspan=2>序号<th rowspan=2>指标（张）<th colspan=2>年份<tr><th>2025年<th>2030年目标
    <tr><td>1<td>床位<br>数<td>900<td>1200</table></body>"""
    plan = read_file(put(tmp_path, "plan.html", page))
    assert plan.text.splitlines()[:4] == ["桃源县规划", "到2030年，床位达到 1200张。", "甲", "乙"]
    assert [(i.name, [(v.year, v.role, v.raw) for v in i.values]) for i in plan.indicators] == [
        ("床位数", [(2025, "actual", "900"), (2030, "target", "1200")])
    ]
    assert [c.value.raw for c in plan.commitments] == ["1200"]


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [("utf-8", "utf-8"), ("gb18030", "gb2312"), ("gb18030", ""), ("utf-8", "no-such"), ("utf-16", "utf-16")],
)
def test_encodings_of_pages(tmp_path: Path, encoding: str, charset: str) -> None:
    page = f'<html><head><meta charset="{charset}"></head><body><p>床位达到1200张，㐂</p></body></html>'
    assert text_of(put(tmp_path, "plan.htm", page.encode(encoding))) == "床位达到1200张，㐂\n"


def test_a_table_that_lays_out_a_page_is_text(tmp_path: Path) -> None:
    page = "<table><tr><td>左栏<td><p>第一段</p><p>第二段</p><table><tr><td>里<td>面</table></table>"
    assert "第一段\n第二段" in text_of(put(tmp_path, "plan.html", page))


def test_deep_nesting(tmp_path: Path) -> None:
    page = "<div>" * 20_000 + "床位达到1200张。" + "</div>" * 20_000
    assert text_of(put(tmp_path, "plan.html", page)).strip() in ("床位达到1200张。", "")


# --- what can't be read


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return out.getvalue()


def pdf(*objects: str, trailer: str = "") -> bytes:
    """A PDF of these objects, the first of them its catalogue."""
    out = b"%PDF-1.4\n"
    places = []
    for i, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{i} 0 obj\n{one}\nendobj\n".encode()
    start = len(out)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return (
        out
        + f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode()
    )


EMPTY = ("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
         "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>")  # fmt: skip
LOCK = f"<</Filter/Standard/V 1/R 2/Length 40/P -4/O<{'41' * 32}>/U<{'42' * 32}>>>"
LOCKED = pdf(*EMPTY, LOCK, trailer=f"/Encrypt 4 0 R/ID[<{'43' * 16}><{'43' * 16}>]")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("plan.doc", b"\xd0\xcf\x11\xe0", "save it as .docx"),
        ("plan.xlsx", b"PK", "give .txt, .docx, .html or .pdf"),
        ("plan", b"x", "give .txt"),
        ("plan.txt", b"\xff\xff\x81", "save it as UTF-8"),
        ("plan.docx", b"\xd0\xcf\x11\xe0\xa1", "encrypted"),
        ("plan.docx", b"no zip", "no .docx"),
        ("plan.docx", zipped({"a.txt": b"x"}), "damaged"),
        ("plan.docx", zipped({"word/document.xml": b"<x"}), "damaged"),
        ("plan.docx", zipped({f"{i}.xml": b"" for i in range(from_docx.MOST_PARTS + 1)}), "far more"),
        ("plan.pdf", b"no pdf", "damaged"),
        ("plan.pdf", pdf(*EMPTY), "run OCR"),
        ("plan.pdf", LOCKED, "encrypted"),
    ],
)
def test_one_clear_sentence(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    with pytest.raises(PlanError) as caught:
        text_of(put(tmp_path, name, data))
    told = str(caught.value)
    assert words in told
    assert name in told
    assert "\n" not in told


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """300 MB of zeros in 300 kB: its size is read from the directory, nothing is unpacked."""
    bomb = zipped({"word/document.xml": b"\0" * (from_docx.LARGEST_TEXT + 1)})
    assert len(bomb) < 1_000_000
    with pytest.raises(PlanError, match="far more"):
        text_of(put(tmp_path, "plan.docx", bomb))


def test_a_part_that_lies_about_its_size(tmp_path: Path) -> None:
    """Never more is unpacked than the directory says: zipfile stops there, and the file is damaged."""
    data = bytearray(zipped({"[Content_Types].xml": b"<x>" + b" " * 100_000}))
    for mark in (b"PK\x01\x02", b"PK\x03\x04"):
        at = data.find(mark) + (24 if mark == b"PK\x01\x02" else 22)
        data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(PlanError, match="damaged"):
        text_of(put(tmp_path, "plan.docx", bytes(data)))


def test_a_folder_a_missing_and_a_huge_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlanError, match="no such file"):
        text_of(tmp_path / "nothing.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(PlanError, match="no such file"):
        text_of(tmp_path / "folder.txt")
    monkeypatch.setattr(text, "LONGEST", 5)
    with pytest.raises(PlanError, match="characters"):
        text_of(put(tmp_path, "plan.txt", "x" * 6))
    monkeypatch.setattr(text, "LARGEST", 10)
    with pytest.raises(PlanError, match="split it"):
        text_of(put(tmp_path, "plan.txt", "x" * 11))


@pytest.mark.parametrize(
    "make", [lambda d: d[: len(d) // 2], lambda d: d[:200], lambda d: d[:-30] + b"x" * 30]
)
def test_damaged_documents(tmp_path: Path, make: Callable[[bytes], bytes]) -> None:
    document = docx.Document()
    document.add_paragraph(WORDS)
    whole = save(document, tmp_path / "whole.docx").read_bytes()
    path = put(tmp_path, "plan.docx", make(whole))
    with pytest.raises(PlanError, match=r"plan\.docx"):
        text_of(path)


def test_signs_of_radicals_become_characters() -> None:
    printed = "\u2ea0\u2f3e\u2ed3\u2f00"
    assert with_characters(printed + "民户长一（1）") == "民户长一民户长一（1）"


def test_places_count_in_the_text_that_is_printed(tmp_path: Path) -> None:
    plan = read_text(WORDS)
    (one,) = plan.commitments
    assert plan.text[slice(*one.at)] == "床位达到1200张"
