"""Why a row is refused: a code, words for whoever mends it, what to try. No cell stands in them."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Codes are stable: they stand in quarantine files and in ``--json``."""

    # the row as a whole
    CELLS_FEW = "cells_few"
    CELLS_MANY = "cells_many"
    QUOTES = "quotes"
    KEY_TWICE = "key_twice"
    MEND_UNKNOWN = "mend_unknown"
    MEND_WORD = "mend_word"
    # any cell
    EMPTY = "empty"
    GARBLED = "garbled"
    CONTROL = "control"
    TOO_LONG = "too_long"
    ERROR_CELL = "error_cell"
    ROUNDED = "rounded"
    # resident IDs
    ID_LENGTH = "id_length"
    ID_CHARACTERS = "id_characters"
    ID_CENTENARIAN = "id_centenarian"
    ID_BIRTH = "id_birth"
    ID_LATER = "id_later"
    ID_CHECK = "id_check"
    BIRTH_DIFFERS = "birth_differs"
    SEX_DIFFERS = "sex_differs"
    # days
    DATE_FORM = "date_form"
    DATE_CALENDAR = "date_calendar"
    DATE_SERIAL = "date_serial"
    DATE_LATER = "date_later"
    MONTH_FORM = "month_form"
    # numbers
    NUMBER_FORM = "number_form"
    NUMBER_PLACES = "number_places"
    BELOW = "below"
    ABOVE = "above"
    # words
    CODE_UNKNOWN = "code_unknown"
    YES_NO = "yes_no"
    BENEFIT_UNKNOWN = "benefit_unknown"
    DIVISION_FORM = "division_form"
    DIVISION_UNKNOWN = "division_unknown"
    DIVISION_ENDED = "division_ended"
    DIVISION_LATER = "division_later"
    NAME_FORM = "name_form"
    PHONE_FORM = "phone_form"
    ACCOUNT_FORM = "account_form"


WORDS: dict[Reason, tuple[str, str]] = {
    Reason.CELLS_FEW: ("这一行的列数比表头少", "补齐缺少的列，空值也要留出分隔符"),
    Reason.CELLS_MANY: ("这一行的列数比表头多", "内容里有分隔符的，请加英文双引号"),
    Reason.QUOTES: ("双引号没有成对，或出现在内容中间", "内容里的双引号写成两个，整格再加双引号"),
    Reason.KEY_TWICE: ("同一主键在本文件中出现多次而内容不同", "核对后只留正确的一行"),
    Reason.MEND_UNKNOWN: ("退回编号不在待补正之列", "核对编号；已补正过的不再报"),
    Reason.MEND_WORD: ("退回处理只能为空或“作废”", "补正的留空，作废的写“作废”"),
    Reason.EMPTY: ("必填项为空", "补填"),
    Reason.GARBLED: ("含有无法识别的字符", "用 UTF-8 或 GB18030 重新导出"),
    Reason.CONTROL: ("含有控制字符", "删去不可见字符后重新导出"),
    Reason.TOO_LONG: ("内容过长", "核对是否串列"),
    Reason.ERROR_CELL: ("表格公式出错的单元格", "填入实际的值"),
    Reason.ROUNDED: ("长号码被当作数字，后几位已丢失", "把该列设为文本，从业务系统重新导出"),
    Reason.ID_LENGTH: ("身份号码既不是 18 位也不是 15 位", "对照证件核对"),
    Reason.ID_CHARACTERS: ("身份号码含有数字和末位 X 以外的字符", "对照证件核对"),
    Reason.ID_CENTENARIAN: ("15 位号码以 996 至 999 结尾，出生在 1900 年以前", "填 18 位号码"),
    Reason.ID_BIRTH: ("身份号码中的出生日期不存在", "对照证件核对第 7 至 14 位"),
    Reason.ID_LATER: ("身份号码中的出生日期晚于数据日期", "对照证件核对第 7 至 14 位"),
    Reason.ID_CHECK: ("身份号码的末位与前 17 位不符", "多为抄错一位或两位颠倒，对照证件核对"),
    Reason.BIRTH_DIFFERS: ("出生日期与身份号码不一致", "对照证件核对两者"),
    Reason.SEX_DIFFERS: ("性别与身份号码不一致", "对照证件核对两者"),
    Reason.DATE_FORM: ("不是日期", "写成 2025-06-30"),
    Reason.DATE_CALENDAR: ("日历上没有这一天", "核对月和日"),
    Reason.DATE_SERIAL: ("像是表格软件的日期序号", "把该列设为日期格式后重新导出"),
    Reason.DATE_LATER: ("晚于数据日期", "核对年份"),
    Reason.MONTH_FORM: ("不是年月", "写成 2025-06"),
    Reason.NUMBER_FORM: ("不是数", "只写阿拉伯数字"),
    Reason.NUMBER_PLACES: ("小数位数过多", "按规定的位数四舍五入"),
    Reason.BELOW: ("小于允许的最小值", "核对数值和单位"),
    Reason.ABOVE: ("大于允许的最大值", "核对数值和单位"),
    Reason.CODE_UNKNOWN: ("不在代码表中", "改用代码表中的写法"),
    Reason.YES_NO: ("不是“是”或“否”", "写“是”或“否”"),
    Reason.BENEFIT_UNKNOWN: ("没有这项待遇", "写待遇的名称"),
    Reason.DIVISION_FORM: ("不是行政区划代码", "写 6、9 或 12 位数字"),
    Reason.DIVISION_UNKNOWN: ("没有这个行政区划", "核对代码"),
    Reason.DIVISION_ENDED: ("这个行政区划在数据日期已撤销", "改用现行代码"),
    Reason.DIVISION_LATER: ("这个行政区划在数据日期尚未设立", "改用当日的代码"),
    Reason.NAME_FORM: ("不是姓名", "核对是否串列"),
    Reason.PHONE_FORM: ("不是电话号码", "只写号码，区号后可加 -"),
    Reason.ACCOUNT_FORM: ("不是账号", "只写数字和字母"),
}
ORDER = {reason: i for i, reason in enumerate(Reason)}


def words(reason: Reason) -> str:
    """What is wrong, for the reader."""
    return WORDS[reason][0]


def suggestion(reason: Reason, detail: str = "") -> str:
    """What to try; ``detail`` makes it nearer to the row."""
    return detail or WORDS[reason][1]
