"""Plans of our own for tests: their sources, the padding between, and the layouts they are printed in.

A source (``documents/*.txt``) is prose with ``#`` before headings, tables as ``@table caption`` … ``@end``
with ``|`` between cells, and ``@pad N topic`` where N generated paragraphs go. ``name/part`` in a table is a
name whose parts have rows of their own below it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent / "documents"
Edit = tuple[str, str]
"""A passage of the source, which must stand there once, and what is planted in its place."""


@dataclass(frozen=True)
class Block:
    """``kind``: ``h1`` … ``h3``, ``p`` or ``table`` (``text`` is the caption then)."""

    kind: str
    text: str
    rows: tuple[tuple[str, ...], ...] = ()


WHO = ("街道经办人员", "社区工作者", "帮扶小组", "驻点社工", "志愿者", "机构负责人", "楼组长", "乡村医生")
WHEN = ("在日常走访中", "逢年过节前后", "接到线索以后", "结合入户登记", "遇到恶劣天气时", "在办理手续时")
DOES = ("耐心了解", "如实记录", "及时转告", "分类整理", "反复核实", "主动说明", "妥善保管", "定期回看")
WHAT = {
    "background": ("各家各户的实际困难", "过去几年的经验教训", "基层反映较多的问题", "服务对象的意见"),
    "outlook": ("居民需要的变化", "周边地区的做法", "新技术带来的便利", "财力和人手的限度"),
    "goals": ("目标与任务的对应关系", "各项工作的轻重缓急", "指标的口径和来源", "群众评判的办法"),
    "relief": ("申请家庭的收支情况", "急难家庭的眼前需要", "救助政策的适用范围", "转介部门的办理进度"),
    "elderly": ("老人的身体状况", "家属的照料难处", "助餐点的口味和卫生", "辅具的使用情况"),
    "community": ("邻里之间的意见", "公共空间的使用", "议事会的决定", "社会组织的服务记录"),
    "services": ("孩子的上学和生活情况", "家属的心理感受", "登记窗口的排队情况", "设施的日常维护"),
    "safeguards": ("任务的完成情况", "经费的使用去向", "干部的培训需要", "评估中发现的问题"),
}
THEN = (
    "能够当场解决的不拖到第二天",
    "需要几家单位配合的由牵头单位召集",
    "说不清楚的地方请懂行的人一起看",
    "涉及隐私的内容只让该知道的人知道",
    "做得好的办法在邻近的地方推广",
    "暂时办不了的事情也给一个明白的答复",
    "发现制度上的漏洞就及时修补",
)


def padding(topic: str, paragraphs: int, seed: int) -> list[str]:
    """Prose without a figure in it, each sentence but once in a plan (by ``seed`` and topic)."""
    draw = random.Random(f"{seed} {topic}")
    choices = [
        f"{who}{when}{does}{what}，{then}。"
        for who in WHO for when in WHEN for does in DOES for what in WHAT[topic] for then in THEN
    ]  # fmt: skip
    sentences = draw.sample(choices, 6 * paragraphs)
    return ["".join(sentences[6 * i : 6 * i + 6]) for i in range(paragraphs)]


def edited(name: str, edits: Sequence[Edit], again: Sequence[Edit] = ()) -> str:
    """The source with passages replaced, and with passages said a second time at the end of a paragraph.

    ``again``: how the passage begins (a line's whole text, or one sentence of it), and how the line begins
    after which (for a line) or at whose end (for a sentence) it stands again.
    """
    text = (HERE / f"{name}.txt").read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, f"{name}: {text.count(old)} times {old!r}"
        text = text.replace(old, new)
    for start, after in again:
        lines = text.split("\n")
        line = next(line for line in lines if start in line)
        at = next(i for i, other in enumerate(lines) if other.startswith(after))
        if line.startswith(start):
            lines.insert(at + 1, line)
        else:
            lines[at] += line[line.index(start) :].partition("。")[0] + "。"
        text = "\n".join(lines)
    return text


def written(name: str, edits: Sequence[Edit] = (), again: Sequence[Edit] = (), seed: int = 1) -> list[Block]:
    """The blocks of a source after its edits."""
    text = edited(name, edits, again)
    blocks: list[Block] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            blocks.append(Block(f"h{level}", line.lstrip("# ")))
        elif line.startswith("@table "):
            rows = []
            for row in lines:
                if row == "@end":
                    break
                rows.append(tuple(row.split("|")))
            blocks.append(Block("table", line.removeprefix("@table "), tuple(rows)))
        elif line.startswith("@pad "):
            _, many, topic = line.split()
            blocks += [Block("p", text) for text in padding(topic, int(many), seed)]
        else:
            blocks.append(Block("p", line))
    return blocks


def spread(rows: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """Rows with a name's parts in a cell of their own, as a converter leaves them."""
    found, below = [], False
    for row in rows:
        cells = list(row)
        if len(cells) > 1 and "/" in cells[1] and "元/" not in cells[1]:
            cells[1:2] = cells[1].split("/")
            below = True
        elif below and cells[0] == "" and not cells[1].startswith("其中"):
            cells.insert(0, "")
        else:
            below = False
        found.append(cells)
    return found


def with_tabs(blocks: Sequence[Block]) -> str:
    """Plain text with a table's cells between tabs."""
    out = []
    for block in blocks:
        out.append(block.text)
        out += ["\t".join(row) for row in spread(block.rows)]
    return "\n".join(out) + "\n"


def cell_per_line(blocks: Sequence[Block]) -> str:
    """Plain text as a converter leaves it: a cell a line, an empty line between the rows."""
    out = []
    for block in blocks:
        if block.kind == "table":
            out.append(f"\t{block.text}\n")
            out += ["\n".join(f"\t{cell}" for cell in row) + "\n" for row in spread(block.rows)]
        else:
            out.append(block.text)
    return "\n".join(out) + "\n"


def as_html(blocks: Sequence[Block]) -> str:
    """A page with real tables."""
    out = []
    for block in blocks:
        if block.kind == "table":
            out.append(f"<p>{escape(block.text)}</p>\n<table border='1'>")
            width = max(len(row) for row in block.rows)
            out += [html_row(row, width, i == 0) for i, row in enumerate(block.rows)]
            out.append("</table>")
        else:
            out.append(f"<{block.kind}>{escape(block.text)}</{block.kind}>")
    style = "<style>body{font-family:'Noto Sans CJK SC'}table{border-collapse:collapse;width:100%}</style>"
    head = f"<meta charset='utf-8'><title>{escape(blocks[0].text)}</title>{style}"
    return f"<!doctype html><html><head>{head}</head><body>\n" + "\n".join(out) + "\n</body></html>\n"


def html_row(row: Sequence[str], width: int, head: bool) -> str:
    tag = "th" if head else "td"
    if len(row) == 1:
        return f"<tr><td colspan='{width}'>{escape(row[0])}</td></tr>"
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"


LAYOUTS = {"tabs": with_tabs, "cells": cell_per_line, "html": as_html}
SOUND = {"qinghe": "tabs", "shidu": "cells", "yunting": "html"}
"""The three sound plans and the layout of each."""


def write(folder: Path, name: str, layout: str, blocks: Sequence[Block] | None = None) -> Path:
    """The plan as a file in ``folder``; ``blocks`` where it is not the sound one."""
    path = folder / f"{name}{'.html' if layout == 'html' else '.txt'}"
    path.write_text(LAYOUTS[layout](blocks or written(name)), encoding="utf-8")
    return path
