"""Masking of what tells who a person is, for lists and notices that others may see.

What is too short, or has another form than it should, is hidden whole.
"""

from __future__ import annotations

import re

# Surnames of two characters that are still in use; the second character is no given name.
_DOUBLE_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐司徒司空夏侯宇文长孙轩辕端木独孤南宫西门东郭呼延闻人澹台"
        "公冶宗政濮阳淳于单于太叔申屠仲孙钟离鲜于闾丘亓官司寇公西颛孙乐正拓跋",
    )
)
_ID_SHOWN = (4, 4)
_MOBILE = re.compile(r"1[0-9]{10}")
_LANDLINE = re.compile(r"(0[0-9]{2,3}-?)?([0-9]{7,8})")


def mask_name(name: str) -> str:
    """张三 → 张*, 欧阳娜娜 → 欧阳**, 甲·乙丙 → 甲·**; a name of one character is hidden whole."""
    name = name.strip()
    # With three characters or more: 欧阳 alone is somebody called 阳.
    kept = 2 if len(name) > 2 and name[:2] in _DOUBLE_SURNAMES else 1
    if len(name) <= 1:
        return "*" * len(name)
    return name[:kept] + "".join(c if c in "·• " else "*" for c in name[kept:])


def mask_id(number: str) -> str:
    """A resident ID or another document's number: first and last four stay of 15 or more, else none."""
    number = number.strip()
    first, last = _ID_SHOWN
    if len(number) < 15:
        return "*" * len(number)
    return number[:first] + "*" * (len(number) - first - last) + number[-last:]


def mask_phone(number: str) -> str:
    """13800001234 → 138****1234, 010-88880000 → 010-****0000; another form is hidden whole."""
    number = number.strip()
    if _MOBILE.fullmatch(number):
        return f"{number[:3]}****{number[7:]}"
    match = _LANDLINE.fullmatch(number)
    if match is None:
        return "*" * len(number)
    return (match[1] or "") + "*" * (len(match[2]) - 4) + match[2][-4:]


def mask_account(number: str) -> str:
    """A bank account or card: only the last four stay, and those only of eight or more; blanks go."""
    number = "".join(number.split())
    return "*" * len(number) if len(number) < 8 else "*" * (len(number) - 4) + number[-4:]
