"""Words by which plans say what is counted: verbs of reaching and making, times, predicates."""

from __future__ import annotations

import re


def _any(words: str) -> str:
    return "|".join(sorted(words.split(), key=len, reverse=True))


REACH = _any(
    """
    达到 达 实现 增加到 增加至 增长到 增长至 增至 提高到 提高至 提升到 提升至 上升到 上升至 扩大到 扩大至 发展到
    下降到 下降至 减少到 减少至 降低到 降低至 降至 降到 缩小到 缩小至 控制在 保持在 稳定在 保持 调整为 调整到 调整至 提标为 上调至 增加 增长 提高 提升 上升
    下降 减少 降低 缩减 压减 占 占到 为 是 有 共有 拥有 提标至 提标到 不断提高到
    """
)
"""Behind the subject, before the number."""
CHANGES = re.compile(
    "(?:增加|增长|提高|提升|上升|扩大|发展|下降|减少|降低|缩小|缩短|调整|增|降|升)(?:到|至|为)"
)
CHANGE = re.compile(
    "(?:从|由)?[^，；]{0,40}?(?:增加|增长|提高|提升|上升|扩大|发展|下降|减少|降低|缩小|缩短|增|降|升)(?:到|至|为)"
)
MAKE = _any(
    """
    建成 新建 改建 扩建 改扩建 新改扩建 建设 建立 建有 建好 打造 培育 培养 培训 创建 创成 创办 形成 新增 增加 增设 发展 孵化
    扶持 推选 评选 选树 选育 遴选 认定 命名 推出 配备 配建 配置 配齐 配强 设立 设置 开设 设有 设 完成 实施 开展 安排 投入 落实 发放
    接收 接受 募集 筹集 引进 引入 改造 举办 组织 整治 清理整治 清理 救助 帮扶 资助 保障 惠及 覆盖 支持 布局 布设 登记 备案 成立
    开工 竣工 投用 开放 实现 达到 拥有 共有 有 具备 解决 受理 办理 办结 搬迁 转移 安置 争取 拨付 下达 支出 开通 上线 取得 获得
    吸纳 招募 建 合作建立 建设完成 完成建设 培育孵化 培育发展 培育扶持 探索建立 累计 征集 打通 改造提升 提升改造 新建改建 建成投用
    入住 收养 收住 收治 服务 走访 慰问 探访 减免 减轻 发行 销售 筹资 募捐 储备 招聘 招收 引育 选派 派驻 提供  
    """
)
"""Before what is made, done or had."""
SAID = re.compile("获评|被评|被|荣获|入选|达到|实现")
"""A predicate behind a noun that another verb already counts."""
AMONG = re.compile("占(?!比)[^，；率比重例]{1,24}$")
"""Of what the number is a share."""
TAIL = re.compile("(?:均|都|分别|全部|各|也|总体|整体)+$")
EACH_DOES = re.compile(
    f"(?:平均)?(?:每|各)(?:个|家|所|座|[市县区镇乡村])[^，；]{{0,16}}?(?!拥有|有|设区|设施)(?:至少)?({MAKE})(?=[^，；]{{2}})"
)
"""每个街道配备 …: the verb behind those for each of whom it is done."""
CARRIES = re.compile("(?:推进|推动|加快|支持|指导|开展|组织)$")
CARRIED = re.compile("[^，；。]{1,30}(?:建设|改造|创建|升级|提升|试点|落地|投用|改革|示范)(?=[，；。、]|$)")
"""推进 5个 … 建设: what is driven forward ends with its noun of action."""
PREDICATE = re.compile(
    "被(?:[^，；]{0,4}?(?:评|确定|列|认定|命名|授予|选|定)为?)?|实现|达到|达成|达国家|纳入|完成|要有|要|用于|跑|获评|获得|获|入选|通过|享受|得到|参与|加入|建有|设有|配有|开展|投入|提供|成为"
    "|进入|覆盖|接受|建成|建立|具备|设立|达标|配备|由此|全部|均|都|应|须"
)
"""Behind a noun that a quantity counts at the head of its clause."""

YEAR = r"(?:(?:19|20|21)\d\d|二[〇零○][〇零○一二三四五六七八九]{2})"
TIME = rf"(?:到|至|截至|截止到?|在|自|从)?{YEAR}年(?:[年]?底|末)?(?:以?前|之前|起)?"
LEADING = re.compile(
    rf"(?:{TIME}|“十[一二三四五六]五”(?:时期|期间|期末|末)?|其中|目前|全[市省区县国州旗](?=[^域])|全系统|累计|共计|总计|总共|共|"
    r"并且|并|同时|确保|力争|努力|争取|计划|预计|规划|将|已经?|还|又|则|率先|高标准|高质量|高水平|进一步|全面|每年|年均|"
    rf"(?:精准|有效|稳步|大力|积极|深入|扎实|成功|圆满|顺利|持续|加快|全力|逐步|统筹|有序|切实|重点)(?=(?:{MAKE}))|"
    r"[*×]+[个家项名]?|平均(?=每)|(?:较|比|同比|环比)[^，；增下提减升降]{0,10}|把|平均每年|为(?=[约近]?\d)|[一二三四五六七八九十]是|到|至|——|—|·|实现(?=[^，；]{2,30}(?:达到|达|占比|不低于|超过)))"
)
AND = ("以及", "、", "和", "及", "与", "或", "并")
DONE_END = re.compile(
    "(?:建成|新建|改建|扩建|设立|完成|新增|创建|培育|发放|引进|投用|建立|建有|创成|打造|成立|开设|改造)$"
)
TRAILING = re.compile(
    rf"(?:{YEAR}年(?:年?底|末)?的?|每人每?[月年]|每[月年]|平均|年均|总计|共计|累计|总数|合计)+$"
)
"""Times and the like between a verb or a noun and the number."""
ADVERB = re.compile(f"^.*?(?:共|累计|计划|已|将|拟|总共|共计|再)(?=(?:{MAKE}))")
EACH = re.compile("(?:每|各)(?:个|一|1|家|所|座|名|[市县区镇乡村户人千百万])")
"""For each of what something is promised; it stands with the commitment."""
AT_LEAST = re.compile(f"(?:至少|最少|不少于)(?:{MAKE})$")
MADE = re.compile(
    f"(?!设区|设施|设备|设计|有效|有关|有序|有机|有条件|有力|建议|建筑|建制|发展(?:不|较|水平))(?:{MAKE})了?(?!站|中心|所|院|机构|对象|率|类|数)"
)
MADE_END = re.compile(f"(?:{MAKE})(?:了|约|有|建)?$")
REACHED_END = re.compile(f"(?:{REACH})(?:了)?$")
CARRIER = re.compile(
    "^(?:进一步|全面|大力|深入|积极|加快|持续|稳步|着力|切实|统筹|继续|扎实|不断)*"
    "(?:推进|推动|加大|加强|加快|完善|健全|建立|开展|深化|实施|建设|推行|推广|扩大|提升|优化|规范|落实|强化|实行|探索|发展|培育)+"
)
"""Verbs at the head of a clause whose object a later clause speaks of."""
OBJECT_END = re.compile("(?:建设|投入|力度|工作|试点|服务水平|行动|工程|改革)$")
DISTANT = re.compile(
    "(?:每年|每月)?(?:按照?|以)?(不低于|不少于|不高于|不超过|不得低于|不得少于|不得超过|高于|超过|低于|至少为|至少)([^，；：。不]{1,30}的)$"
)
"""A comparison apart from its number: 不低于 … 的 80%."""
