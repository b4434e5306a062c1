"""What running text promises and reports; every sentence here is our own."""

from __future__ import annotations

import pytest

from zhida.services.plan.model import Commitment, Plan
from zhida.services.plan.read import read_text

HEAD = "桃源县民政事业发展规划（2026—2030年）\n"
AIMS = "一、主要目标\n"
PAST = "一、发展基础\n"


def read(sentence: str, section: str = AIMS) -> Plan:
    return read_text(f"{HEAD}{section}{sentence}\n")


def told(c: Commitment) -> str:
    """``subject|verb|comparison raw unit``"""
    return f"{c.subject}|{c.verb}|{c.comparison}{c.value.raw}{c.unit or ''}"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("床位占比达到60%。", ["床位占比|达到|=60%"]),
        ("建成托育点24个，改造食堂30家以上。", ["托育点|建成|=24个", "食堂|改造|≥30家"]),
        ("培育100名骨干和20名能手。", ["骨干|培育|=100名", "能手||=20名"]),
        ("建成食堂20余家、照料中心30家。", ["食堂|建成|>20家", "照料中心||=30家"]),
        ("合格率和满意度分别达到100%和98%以上。", ["合格率|达到|=100%", "满意度|达到|≥98%"]),
        ("办结率、满意率均达到100%。", ["办结率、满意率|达到|=100%"]),
        ("食堂从2020年的20家增加到50家。", ["食堂||=20家", "食堂|增加到|=50家"]),
        ("标准由每月500元提高到每月900元。", ["标准||=500元/月", "标准|提高到|=900元/月"]),
        ("救助标准达到每人每月1,300元。", ["救助标准|达到|=1,300元/月"]),
        ("每年推选10个好项目。", ["好项目|推选|=10个/年"]),
        ("全县20个乡镇实现食堂全覆盖。", ["食堂|实现|=全覆盖%"]),
        ("推进社工站建设，到2028年实现全覆盖。", ["社工站|实现|=全覆盖%"]),
        ("补助标准不低于全省平均标准的80%。", ["补助标准||≥80%"]),
        ("每个街道至少建成一家食堂。", ["食堂|建成|≥一家"]),
        ("新增床位三百张，持证率达到六成。", ["床位|新增|=三百张", "持证率|达到|=六成%"]),
        ("捐赠总额翻一番。", ["捐赠总额||=翻一番倍"]),
        ("配备3—5名护理员。", ["护理员|配备|=3—5名"]),
        ("3家机构被评为示范点。", ["机构|被评为|=3家"]),
        ("80%的村建成食堂。", ["村|建成|=80%"]),
        ("低保对象2345户、3567人。", ["低保对象||=2345户", "低保对象||=3567人"]),
        ("志愿者占常住人口的15%以上。", ["志愿者|占|≥15%"]),
        ("注册志愿者达到2000人，较2020年增长50%。", ["注册志愿者|达到|=2000人", "注册志愿者|增长|=50%"]),
        ("社会组织有423家，其中基金会1家。", ["社会组织|有|=423家", "基金会||=1家"]),
        ("设置路牌1250块，门牌3.2万块。", ["路牌|设置|=1250块", "门牌||=3.2万块"]),
        ("现有机构17家，占比57.7%。", ["机构|有|=17家", "占比||=57.7%"]),
        ("为全县2.3万名老人提供补助。", ["老人|提供|=2.3万名"]),
        ("实现100%全覆盖。", ["|实现|=全覆盖%"]),
        ("每个街道有1家食堂、每个社区有1个站点。", ["食堂|有|=1家", "站点|有|=1个"]),
        ("床位由“十三五”末的300张增加到500张。", ["床位||=300张", "床位|增加到|=500张"]),
        ("建成两家机构，打造两个品牌。", ["机构|建成|=两家"]),
        ("近百名志愿者参与，帮扶百余户家庭。", ["志愿者|参与|≈百名", "家庭|帮扶|>百户"]),
        ("安葬率保持在100%，入住率提升10个百分点。", ["安葬率|保持在|=100%", "入住率|提升|=10个百分点"]),
        ("投入年均增长10%以上。", ["投入|增长|≥10%"]),
        ("补贴为每年每人600元。", ["补贴|为|=600元/年"]),
        ("总投资3.6亿元，建筑面积4.5万平方米。", ["总投资||=3.6亿元", "建筑面积||=4.5万平方米"]),
        ("每千名老人拥有床位数达到54张。", ["每千名老人拥有床位数|达到|=54张"]),
    ],
)
def test_what_is_read(sentence: str, expected: list[str]) -> None:
    plan = read(sentence)
    assert [told(c) for c in plan.commitments] == expected
    for c in plan.commitments:
        assert c.value.raw in plan.text[slice(*c.at)]


@pytest.mark.parametrize(
    "sentence",
    [
        "坚持“三个有利于”和四个自信，落实五项制度，推进两个一体化。",
        "民办机构依法登记，床位不少于10张的规定继续执行。",
        "按照国家规定，标准不低于当地最低工资的40%。",
        "国家要求护理型床位占比不低于55%。",
        "依据《社会救助条例》（第649号）和民发〔2020〕12号文件制定。",
        "召开座谈会3次，印发文件35个，媒体报道100余篇。",
        "连续5年位居全市前3名。",
        "构建三级网络，打造15分钟服务圈，深化4项改革。",
        "50张床以上的机构要配备专职人员。",
        "2026年12月15日公开征求意见。",
        "热线12345全天24小时开通，形成“1+8+N”体系。",
        "以乡镇全覆盖为基础。",
        "在全县13个镇、178个村设立站点。",
        "约占全市的1/5，列全省第2位，打造3.0版。",
        "床位达到*张，占比达*%，较20XX年增长*个百分点。",
        "床位达到1O0张，占比6O%。",
        "显著提高，应保尽保，有效覆盖。",
    ],
)
def test_what_is_no_commitment(sentence: str) -> None:
    assert [told(c) for c in read(sentence).commitments] == []


@pytest.mark.parametrize(
    ("sentence", "section", "role", "by"),
    [
        ("床位达到60张。", AIMS, "promise", None),
        ("床位达到60张。", PAST, "claim", None),
        ("到2030年，床位达到60张。", PAST, "promise", 2030),
        ("截至2025年底，床位达到60张。", AIMS, "claim", 2025),
        ("到二〇三〇年，床位达到60张。", AIMS, "promise", 2030),
        ("到 2 0 3 0 年，床位达到60张。", AIMS, "promise", None),
        ("计划安排床位60张。", PAST, "promise", None),
        ("“十四五”期间，共建成床位60张。", "", "claim", None),
        ("“十四五”期间，共建成床位60张。", AIMS, "claim", None),
        ("五年来，建成床位60张。", "", "claim", None),
        ("“十五五”期间，建成床位60张。", PAST, "promise", None),
        ("主要成效\n建成床位60张。", "", "claim", None),
        ("主要成效\n有一些。\n工作目标\n建成床位60张。", "", "promise", None),
        ("按照《规划（2021—2035年）》，建成床位60张。", AIMS, "promise", None),
    ],
)
def test_role_and_year(sentence: str, section: str, role: str, by: int | None) -> None:
    found = read(sentence, section).commitments
    assert [(c.role, c.by, c.value.raw) for c in found] == [(role, by, "60")]


def test_a_year_holds_for_the_clauses_behind_it_and_not_for_the_next_sentence() -> None:
    plan = read("新建站点3个，到2028年，食堂达到20家，床位达到60张。护理员达到90名。")
    assert [c.by for c in plan.commitments] == [None, 2028, 2028, None]


def test_masked_and_torn_figures_are_unread() -> None:
    plan = read("床位达到*张，占比达 1 000 张，食堂达到2O家，三分之二以上。")
    assert sorted(u.why for u in plan.unread) == [
        "分数不作数值读取",
        "数值被遮盖",
        "数字中间有断开，读不准",
        "数字里混有字母，读不准",
    ]


def test_notes_and_contents_promise_nothing() -> None:
    text = (
        "目录\n一、主要目标……1\n一、主要目标\n建成站点3个[1]。\n注释\n[1]站点：面积不低于60平方米的场所。\n"
    )
    plan = read_text(HEAD + text)
    assert [c.value.raw for c in plan.commitments] == ["3"]
    assert [(t.term, plan.text[slice(*t.meaning_at)]) for t in plan.terms] == [
        ("站点", "面积不低于60平方米的场所。")
    ]
    assert [s.title for s in plan.sections] == ["主要目标"]


def test_projects() -> None:
    plan = read("安排建设项目27项，总投资约24.8亿元，其中：养老设施投资7.9亿元，殡葬设施投资16.9亿元。")
    assert [(p.name, p.count and p.count.raw, p.amount and p.amount.raw, p.unit) for p in plan.projects] == [
        ("建设项目", "27", "24.8", "亿元"),
        ("养老设施", None, "7.9", "亿元"),
        ("殡葬设施", None, "16.9", "亿元"),
    ]
    assert plan.projects[0].amount is not None
    assert plan.projects[0].amount.comparison == "≈"
