"""One entry of a list in a few words: why it stands there, what to ask, what to find out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zhida.rules.formulas.ir import NO, Node, cone
from zhida.rules.program.build import BenefitProgram, Program
from zhida.scan.loaded import to_ask

SENSITIVE = "sensitive"
HIDDEN = "（涉及敏感信息，见本人档案）"


@dataclass(frozen=True)
class EntryWords:
    """``sensitive``: whether what rests on sensitive fields is spelled out."""

    program: Program
    sensitive: bool = False

    @cached_property
    def _names(self) -> dict[str, str]:
        pack = self.program.pack
        kinds = (pack.fields, pack.parameters, pack.variables, pack.kin)
        return {x.id: x.name for kind in kinds for x in kind.values()}

    @cached_property
    def _secret(self) -> dict[tuple[str, int], bool]:
        """By benefit and condition: whether it hangs on a sensitive field."""
        return {
            (b.benefit.id, i): self._hangs_on_sensitive(c.node)
            for b in self.program.benefits.values()
            for i, c in enumerate(b.conditions)
        }

    def _hangs_on_sensitive(self, node: Node) -> bool:
        inputs = (str(n.data[0]) for n in cone((node,)) if n.op == "input")
        return any(self._is_sensitive(name) for name in inputs)

    def _is_sensitive(self, field: str) -> bool:
        declared = self.program.pack.fields.get(field)
        return declared is not None and declared.sensitivity == SENSITIVE

    def facts(self, ids: tuple[str, ...]) -> str:
        """Fields, parameters or kin by name."""
        return "、".join(self._fact(id) for id in ids)

    def _fact(self, id: str) -> str:
        return HIDDEN if self._is_sensitive(id) and not self.sensitive else self._names[id]

    def failing(self, benefit: BenefitProgram, conditions: int) -> str:
        """The conditions that surely fail; ``conditions`` as in the results, three bits each."""
        said: list[str] = []
        for i, c in enumerate(benefit.conditions):
            if conditions >> (3 * i) & 7 == NO:
                hidden = not self.sensitive and self._secret[benefit.benefit.id, i]
                said.append(HIDDEN if hidden else c.says)
        return "；".join(dict.fromkeys(said))

    def why(self, row: dict[str, Any]) -> str:
        """``row``: benefit, list, reason, presumed_conditions, deciding, deciding_alone of the results."""
        benefit = self.program.benefits[row["benefit"]]
        match row["list"]:
            case "lead":
                return "登记里看来全部符合"
            case "verify":
                facts = self.facts(tuple(row["deciding"]))
                if not facts:
                    return "登记不足以判断"
                return f"先查：{facts}" + ("" if row["deciding_alone"] else "（要一起查）")
            case "review" if row["reason"] == "amount_differs":
                return "金额与规则算出的不同"
            case "review" if row["reason"] == "validity_over":
                return "认定的有效期已满，须重新申请"
        return f"不符合：{self.failing(benefit, row['presumed_conditions'])}"

    def ask(self, benefit: str) -> str:
        """What only the family can tell before the benefit is granted."""
        return self.facts(tuple(to_ask(self.program, benefit)))
