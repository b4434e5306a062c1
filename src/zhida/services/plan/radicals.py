"""Signs for radicals that a PDF's fonts put in the place of characters that look the same."""

from __future__ import annotations

import unicodedata

_PAIRS = (
    "⺁厂 ⺇几 ⺊卜 ⺌小 ⺎兀 ⺓幺 ⺘扌 ⺙攵 ⺝月 ⺟母 ⺠民 ⺡氵 ⺣灬 ⺨犭 ⺩王 ⺬示 ⺮竹 ⺰纟 ⺶羊 "
    "⺾艹 ⻁虎 ⻂衤 ⻄西 ⻅见 ⻆角 ⻉贝 ⻊足 ⻋车 ⻌辶 ⻍辶 ⻐钅 ⻑長 ⻓长 ⻔门 ⻖阝 ⻗雨 ⻘青 ⻙韦 ⻚页 "
    "⻛风 ⻜飞 ⻝食 ⻠饣 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻬齐 ⻮齿 ⻰龙 ⻳龟"
)
_TABLE = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}
_TABLE |= {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
_TABLE[0x2F3E] = "户"  # NFKC has the traditional 戶


def with_characters(text: str) -> str:
    """The text with each radical's sign replaced by its character: one for one.

    >>> with_characters("⺠政")
    '民政'
    """
    return text.translate(_TABLE)
