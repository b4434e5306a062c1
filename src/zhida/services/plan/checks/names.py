"""Names of what is measured: which two are the same thing, and by which word they differ."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Words that say which part of a thing is meant. Two names that differ in a hard one measure two things;
# in a soft one perhaps the same, counted otherwise.
HARD = (
    "新增", "新建", "累计", "其中", "示范型", "示范性", "示范", "城市", "农村", "城镇", "民办", "公办",
    "公益性", "品牌", "等级", "特色", "国家级", "省级", "市级", "县级", "区级", "男", "女",
)  # fmt: skip
SOFT = ("登记和备案", "登记备案", "登记", "注册", "备案", "持证", "主城区", "中心城区", "市本级", "本级")
HARMLESS = (
    "养老机构",
    "机构",
    "社会",
    "城乡",
    "居民",
    "全体",
    "各级",
    "各类",
    "公民",
    "辖区",
    "市域",
    "县域",
)
NEUTRAL = ("城乡居民", "各类", "全部", "所有", "已有", "现有", "拥有", "共有", "达到")
AREA = re.compile(r"^(?:到|至)?(?:\d{4}年)?(?:底|末|年底|年末)?[，,]?(?:全|本|我)(国|省|市|州|县|区)")
PER = re.compile(
    r"(?:平均)?每?(百万|十万|百|千|万)(?:名|位|个)?((?:常住|户籍)人口|老年人口|老年人|老人|儿童|居民|人口|人)"
    r"(?:中)?(?:拥有|配备|配有|有)?"
)
OF_ALL = re.compile(r"占(总人口|人口总数|全市人口|常住人口|户籍人口)的?(?:比例|比率|比重)")
OF = re.compile(r"占(?P<whole>.+?)(?:的)?(?:比例|比率|比重)$")
TAIL = re.compile(r"(?:总数量|总数|总量|数量|个数|人数|数目|总人数|数)$")
SHARE = re.compile(r"(?:占比|比例|比率|比重)$")
SIZE = {"百": 100, "千": 1000, "万": 10**4, "十万": 10**5, "百万": 10**6}
FEWER_IS_BETTER = re.compile(
    r"发生率|死亡|事故|投诉|违法|空置|贫困率|流失|时限|时间|天数|占地|能耗|排放|返贫|积压|失业|差错|比值|倍差"
)


@dataclass(frozen=True, slots=True)
class Name:
    """``core``: what is measured, without the words in ``scope``; ``per``: for how many of whom.

    ``full``: the core with those words; ``whole``: what it is a share of; ``area``: 市 where it says 全市.
    """

    core: str
    full: str
    scope: frozenset[str]
    per: tuple[int, str] | None
    share: bool
    area: str | None
    whole: str

    @property
    def fewer_is_better(self) -> bool:
        return bool(FEWER_IS_BETTER.search(self.core))


def name_of(label: str) -> Name:
    """The parts of a name as a table or a sentence prints it."""
    text = unicodedata.normalize("NFKC", label)
    text = re.sub(r"\[\d+\]|[\s“”\"‘’'《》〈〉「」:：、，,。·*]|^其中", "", text)
    area = AREA.match(text)
    if area:
        text = text[area.end() :]
    text = re.sub(r"^(?:到|至)?\d{4}年(?:底|末)?", "", text)
    per: tuple[int, str] | None = None
    people = OF_ALL.search(text)
    taken = PER.search(text)
    if people:
        per, text = (1, _people(people[1])), text[: people.start()]
    elif taken:
        per, text = (SIZE[taken[1]], _people(taken[2])), text[: taken.start()] + text[taken.end() :]
    whole = OF.search(text)
    share = bool(whole or SHARE.search(text))
    text = text[: whole.start()] if whole else SHARE.sub("", text)
    text = TAIL.sub("", text) if len(text) > 3 else text
    full = text
    scope = set()
    for word in (*HARD, *SOFT):
        if word in text and len(text) - len(word) >= 2:
            text = text.replace(word, "", 1)
            scope.add(word)
    for word in NEUTRAL:
        if word in text and len(text) - len(word) >= 2:
            text = text.replace(word, "", 1)
    text = TAIL.sub("", text) if len(text) > 3 else text
    return Name(
        text, full, frozenset(scope), per, share, area[1] if area else None, whole["whole"] if whole else ""
    )


def _people(word: str) -> str:
    if "老" in word:
        return "老年人"
    return word if word.startswith("户籍") or word == "儿童" else "人口"


def alike(a: Name, b: Name) -> str | None:
    """'same': equal words; 'near': with a harmless word before it; 'short': a short form; None: two things.

    Another word before it makes another thing of it: 社区社会组织 are some of the 社会组织.
    """
    if a.core == b.core:
        return "same" if len(a.core) >= 2 else None
    short, long = sorted((a.core, b.core), key=len)
    if len(short) >= 4 and long.endswith(short):
        return "near" if _harmless(long.removesuffix(short)) else None
    if a.share != b.share:
        return None
    return "short" if _abbreviates(short, long) or _abbreviates(*sorted((a.full, b.full), key=len)) else None


def _harmless(prefix: str) -> bool:
    for word in HARMLESS:
        prefix = prefix.replace(word, "")
    return prefix == ""


def _abbreviates(short: str, long: str) -> bool:
    """持证社工 of 持证社会工作者: letters in order, with two at an end in common."""
    if len(short) < 4 or len(long) < len(short) + 2:
        return False
    if short[-2:] == long[-2:]:
        head, rest = short[:-2], long[:-2]
    elif short[:2] == long[:2]:
        head, rest = short[2:], long[2:]
    else:
        return False
    if not 2 <= len(head) <= 4 or head in rest:
        return False
    if re.findall(r"\d", short) != re.findall(r"\d", long):
        return False
    letters = iter(rest)
    return all(letter in letters for letter in head)


def hard_difference(a: Name, b: Name) -> frozenset[str]:
    return (a.scope ^ b.scope) & frozenset(HARD)


def soft_difference(a: Name, b: Name) -> frozenset[str]:
    return (a.scope ^ b.scope) & frozenset(SOFT)
