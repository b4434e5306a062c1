"""The handbook: all of the pack is on its pages, every link leads somewhere, nothing comes from outside."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import pytest
import yaml

from rules import small_pack
from zhida.codes.months import month_of
from zhida.rules.declarations import Pack
from zhida.rules.handbook.docgen import handbook, write_handbook
from zhida.rules.handbook.residents import plain_formula
from zhida.rules.loading import bundled_packs, find_pack, load_pack

VOID = {"meta", "br", "link", "img", "hr"}
CASES = """\
- id: below
  says: 差一分的人
  month: 2018-06
  division: "990102"
  complete: all
  members: [{id: m1, 工资: 499.99, 等级: 失能}]
  expect:
    - {benefit: basic, answer: yes, amount: ceil(500 - 499.99)}
    - {benefit: care, answer: no, because: "excluded_by:basic"}
- id: open
  says: 工资不明
  month: 2018-06
  division: "990102"
  members: [{id: m1, 工资: null}, {id: m2, 工资: 0}, {id: m3, wage: {at_least: 5}, registered_at: null}]
  expect: [{benefit: basic, answer: undetermined, because: income, missing: wage}]
"""


class Page(HTMLParser):
    """Text, links and anchors of a page; fails where a tag is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.parts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert "src" not in given and "onclick" not in given
        assert tag not in ("script", "iframe", "img", "link")
        if tag == "a":
            self.links.append(given["href"] or "")
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.parts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.parts)


def pages_of(pack: Pack) -> dict[str, Page]:
    return {name: Page(html) for name, html in handbook(pack).items()}


def small(tmp_path: Path, **files: str) -> Pack:
    care = small_pack.CARE.replace('"100"', "标准 / 5").replace('"200"', "标准 / 4")
    changes: Mapping[str, str | bytes | None] = {
        "benefits/care.yaml": care,
        "cases/a.yaml": CASES,
        **{name.replace("__", "/") + ".yaml": text for name, text in files.items()},
    }
    return small_pack.load(tmp_path, changes)


@pytest.mark.parametrize("name", bundled_packs())
def test_every_link_leads_somewhere_in_the_folder(name: str) -> None:
    pages = pages_of(load_pack(find_pack(name)))
    for at, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), at
        for link in page.links:
            target, _, anchor = link.partition("#")
            full = PurePosixPath(at).parent / target
            parts: list[str] = []
            for part in full.parts:
                parts.pop() if part == ".." else parts.append(part)
            there = "/".join(parts)
            assert there in pages, f"{at} → {link}"
            assert not anchor or anchor in pages[there].ids, f"{at} → {link}"


@pytest.mark.parametrize("name", bundled_packs())
def test_a_benefit_page_says_what_the_pack_says(name: str) -> None:
    pack = load_pack(find_pack(name))
    pages = pages_of(pack)
    index = pages["index.html"].text
    for b in pack.benefits.values():
        text = pages[f"benefits/{b.id}.html"].text
        assert b.name in index and b.says in index and b.says in text
        for c in b.conditions:
            assert c.says in text and c.formula.text in text, c.id
            assert c.citation.article in text and c.citation.note in text, c.id
            if c.citation.source:
                assert f"《{pack.sources[c.citation.source].title}》" in text, c.id
        for a in b.amounts:
            assert a.formula.text in text
            assert a.rounding.citation.note in text
        for x in b.excluded_by:
            assert x.says in text
    values = pages["parameters.html"].text
    for p in pack.parameters.values():
        assert p.name in values and p.says in values
        assert all(v.citation.note in values for v in p.values)
    fields = pages["fields.html"].text
    assert all(f.name in fields and f.id in fields for f in pack.fields.values())
    sources = pages["sources.html"].text
    assert all(s.title in sources and s.where in sources for s in pack.sources.values())


def test_amounts_by_date_and_place(tmp_path: Path) -> None:
    text = pages_of(small(tmp_path))["benefits/basic.html"].text
    lines = [line for line in text.split("\n") if "小市" in line or "甲县" in line or "小省" in line]
    assert any(
        "2020年4月起" in x and "2020年3月15日施行，首发月份未写明" in x and "小市700" in x for x in lines
    )
    assert any("2016年1月起，至2017年12月" in x and "甲县450.50" in x and "依据较弱" in x for x in lines)
    assert any("2015年7月起" in x and "小省500" in x and "《小县办法》（〔2015〕1号）" in x for x in lines)


def test_assumptions_are_marked_and_gathered(tmp_path: Path) -> None:
    text = pages_of(small(tmp_path))["benefits/basic.html"].text
    gathered = text.split("其中的假设")[1]
    assert "取整假设未写明" in gathered.replace("\n", "")
    assert "用语：困难推算例" in gathered.replace("\n", "")
    assert "标准：标准（甲县）依据较弱" in gathered.replace("\n", "")
    assert "收入低于标准" not in gathered, "a law is no assumption"


def test_examples_from_worked_cases(tmp_path: Path) -> None:
    pages = pages_of(small(tmp_path))
    basic = pages["benefits/basic.html"].text
    assert "差一分的人2018年6月，乙县；各登记齐全，查不到的即为没有" in basic
    assert "符合，每月 ceil(500 - 499.99) = 1 元" in basic
    assert "等级 失能" in basic, "through the group a benefit hangs on the other's facts"
    assert "m1：工资不明" in basic and "m2：工资为零" in basic and "m3：工资 至少 5；户籍地不明" in basic
    assert "待定。还不能断定：收入低于标准；缺：工资" in basic
    care = pages["benefits/care.html"].text
    assert "不符合。没有满足：" in care


def test_groups_choices_and_exclusions(tmp_path: Path) -> None:
    pages = pages_of(small(tmp_path))
    care, basic = (pages[f"benefits/{b}.html"].text for b in ("care", "basic"))
    assert "享有基本补贴的：已有基本补贴" in care
    assert "只领高的：与基本补贴只发较高的一项" in care
    assert "本人选择：与护理补贴由本人选一项" in basic
    assert "享有基本补贴的，不再享受：护理补贴" in basic


def test_what_absence_means_is_told_field_by_field(tmp_path: Path) -> None:
    rows = pages_of(small(tmp_path))["fields.html"].text.split("\n")
    wage = next(r for r in rows if r.startswith("工资"))
    assert "0 至 100,000 元/月" in wage and "户籍登记公安，可直接比对" in wage
    wish = next(r for r in rows if r.startswith("意愿"))
    assert "选基本、选护理不明家庭申报" in wish


def test_what_a_list_presumes_is_told_apart(tmp_path: Path) -> None:
    fields = small_pack.FIELDS.replace(
        "enum: support,", "enum: support, empty: basic, presumed_if: 工资 > 0,"
    )
    rows = pages_of(small(tmp_path, fields__a=fields))["fields.html"].text.split("\n")
    wish = next(r for r in rows if r.startswith("意愿"))
    assert "选基本、选护理不明名单在核实前推定为选基本，如果工资 > 0家庭申报" in wish


def test_text_of_a_pack_is_never_markup(tmp_path: Path) -> None:
    basic = small_pack.BASIC.replace("says: 收入低的家庭", "says: '<script>alert(\"x\")</script> & <b>'")
    html = handbook(small(tmp_path, benefits__basic=basic))["benefits/basic.html"]
    assert (
        "<script" not in html and "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &lt;b&gt;" in html
    )
    assert '<script>alert("x")</script> & <b>' in unescape(html)
    Page(html)


def test_pages_need_nothing_from_outside(tmp_path: Path) -> None:
    for html in handbook(small(tmp_path)).values():
        assert not re.search(r"https?://|@import|url\(", html)


def test_the_same_pack_gives_the_same_pages(tmp_path: Path) -> None:
    pack = small(tmp_path)
    assert handbook(pack) == handbook(pack)


def test_writing_replaces_what_was_there(tmp_path: Path) -> None:
    pack = small(tmp_path / "pack")
    out = tmp_path / "out"
    first = write_handbook(pack, out)
    assert first[0] == out / "index.html"
    (out / "index.html").write_text("old", encoding="utf-8")
    (out / "mine.txt").write_text("kept", encoding="utf-8")
    assert write_handbook(pack, out) == first
    assert "小县手册" in (out / "index.html").read_text(encoding="utf-8")
    names = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert names == {*handbook(pack), "mine.txt"}


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    pack = small(tmp_path / "pack")
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="out"):
        write_handbook(pack, tmp_path / "out")


def test_months_without_a_value_are_listed(tmp_path: Path) -> None:
    """A gap of one county between two values; what lies before the first is no gap of the history."""
    gap = small_pack.PARAMETERS.replace(
        '{place: "99", from: 2015-07-01, value: 500, source: L1}',
        '{place: "99", from: 2015-07-01, until: 2019-01-01, value: 500, source: L1}',
    )
    text = pages_of(small(tmp_path, parameters__a=gap))["benefits/basic.html"].text
    assert "没有查到的月份2019年1月至2020年3月：小市" in text, "all counties of it"


@pytest.mark.parametrize("name", bundled_packs())
def test_a_page_for_residents_has_plain_words_and_no_condition_as_a_formula(name: str) -> None:
    pack = load_pack(find_pack(name))
    month = month_of(pack.verified_through)
    pages = pages_of(pack)
    for b in pack.benefits.values():
        text = pages[f"residents/{b.id}.html"].text
        assert b.says in text
        for c in b.conditions:
            holds = (c.formula.start or 0) <= month and (c.formula.until is None or month < c.formula.until)
            assert (c.says in text) or not holds, c.id
            if len(c.formula.text) > 12:
                assert c.formula.text not in text, c.id
        assert all(d in text for d in b.documents)
        assert f"../benefits/{b.id}.html" in pages[f"residents/{b.id}.html"].links


def test_amounts_of_today_by_place(tmp_path: Path) -> None:
    """Two counties with the city's value, one that lies outside it with its own."""
    parameters = small_pack.PARAMETERS.replace(
        '{place: ["990101"], from: 2016-01-01, until: 2018-01-01, value: 450.50, source: W1}',
        '{place: ["990101"], from: 2021-01-01, value: 810, source: W1}',
    )
    lines = pages_of(small(tmp_path, parameters__a=parameters))["residents/basic.html"].text
    assert "每月：标准 − 家庭收入" in lines
    assert "标准甲县810 元/月2021年1月起" in lines.replace("\n", "")
    assert "标准丙县、丁县700 元/月2020年4月起" in lines.replace("\n", "")


def test_frequent_reasons_from_worked_cases_or_a_scan(tmp_path: Path) -> None:
    more = (
        CASES
        + """\
- {id: over, says: 超过, month: 2018-06, division: "990102", complete: all,
   members: [{id: m1, 工资: 500}], expect: [{benefit: basic, answer: no, because: [income, poor]}]}
- {id: far, says: 远超, month: 2021-06, division: "990103", complete: all,
   members: [{id: m1, 工资: 900}], expect: [{benefit: basic, answer: no, because: income}]}
"""
    )
    pack = small(tmp_path, cases__a=more)
    for folder in ("residents", "benefits"):
        text = Page(handbook(pack)[f"{folder}/basic.html"]).text.replace("\n", "")
        assert "常见的不符合原因没有满足：收入低于标准 2 个验算没有满足：家庭困难 1 个验算" in text
    totals = {
        "month": "2025-06",
        "small": 10,
        "reasons": [
            {"benefit": "basic", "kind": "near", "condition": "income", "count": 149},
            {"benefit": "basic", "kind": "no_longer_fits", "condition": "poor", "count": None},
            {"benefit": "care", "kind": "near", "condition": "need", "count": 7_777},
        ],
    }
    text = Page(handbook(pack, totals)["residents/basic.html"]).text.replace("\n", "")
    assert "2025-06扫描，只差一点的没有满足：收入低于标准 149 项" in text
    assert "2025-06扫描，正在领而不再符合的没有满足：家庭困难 不到 10 项" in text
    assert "个验算" not in text.split("常见的不符合原因")[1] and "7,777" not in text


@pytest.mark.parametrize("name", bundled_packs())
def test_no_sentence_is_neither_of_the_pack_nor_made_of_the_handbooks_own_words(name: str) -> None:
    """Cut all texts of the pack out of each page, then the fixed words of the handbook: nothing may stay."""
    pack = load_pack(find_pack(name))
    leftover = _Leftover(pack)
    for at, page in pages_of(pack).items():
        for part in page.parts:
            left = leftover.of(part)
            assert len(left) < 2, f"{at}: «{part.strip()}» leaves «{left}»"
    for foreign in ("补贴一般次月十五日到账", "请带户口本到社区服务中心办理", "本办法另行通知"):
        assert len(leftover.of(foreign)) > 2, "a sentence that nobody wrote would not be noticed"


class _Leftover:
    """What stays of a text when the pack's texts and the handbook's own words are cut out, longest first."""

    def __init__(self, pack: Pack) -> None:
        self.hash = pack.hash[:16]
        self.fixed = _fixed_words()
        made = {_normal(text) for f in pack.fields.values() for text in (f.id, f.name, f.says) if text}
        self.whole = _texts_of(pack.path) | made
        self.known = sorted(self.whole | self.fixed, key=len, reverse=True)

    def of(self, part: str) -> str:
        rest = _normal(part).replace(self.hash, "")
        for text in self.known:
            if text in rest and (len(text) > 1 or text in self.fixed):
                rest = rest.replace(text, "\0")
        tokens = re.split(SIGNS, rest)
        return "".join(token for token in tokens if token not in self.whole)


SIGNS = r"[\0\s\d.,:;()（）《》〔〕·−×÷≤≥＝，。；：、\-–+*/%«»“”…\[\]]+"


def _normal(text: str) -> str:
    return " ".join(re.sub(r"<=|>=|==", "", text).split())


def _texts_of(folder: Path) -> set[str]:
    """Every scalar of the pack's files, whole and in its words; names of divisions."""
    found: set[str] = set()
    for file in folder.rglob("*.yaml"):
        for event in yaml.parse(file.read_text(encoding="utf-8")):
            if isinstance(event, yaml.ScalarEvent):
                text = _normal(event.value)
                found |= {text, *re.split(r"[\s+*/()<>=,-]+", text)}
                found |= {plain_formula(text).strip()}
    for row in (folder / "divisions.csv").read_text(encoding="utf-8").splitlines():
        found |= set(row.split(",")[:2])
    return found - {""}


def _fixed_words() -> set[str]:
    """Chinese text of the handbook's own code, and of the words for months, cut at what is filled in."""
    source = Path(handbook.__code__.co_filename).parent
    found: set[str] = set()
    for file in (*source.glob("*.py"), source.parent / "explain" / "month_words.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and file.name != "html.py":
                found |= set(re.findall(r"[\u4e00-\u9fff]+", node.value))
    frame = "手册 字段 来源 标准 由规则包 生成 规则核对到 此后的变化未核对 版本 cases"
    return found | set(frame.split())
