"""A dependency is declared, has its line of reason, and is pinned; nothing undeclared is imported."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from project.repo import PACKS, ROOT, SOURCE, files, name_of, table, text_of

PAGE = ROOT / "docs" / "dependencies.md"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, set[str]]:
    """Group (``runtime`` or the extra's name) → names of what it needs."""
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    groups = {"runtime": project["dependencies"], **project["optional-dependencies"]}
    return {
        group: {normal(re.match(r"[\w.-]+", line).group()) for line in lines}  # type: ignore[union-attr]
        for group, lines in groups.items()
    }


def test_each_dependency_has_its_line_of_reason() -> None:
    pairs = {(group, name) for group, names in declared().items() for name in names}
    described = {}
    for name, group, licence, reason in table(PAGE, 4):
        described[(group, normal(name.strip("`")))] = licence and len(reason) > 10
    assert pairs == set(described), "docs/dependencies.md and pyproject.toml differ"
    assert all(described.values()), "a line of docs/dependencies.md lacks its licence or reason"


def test_each_dependency_is_pinned_exactly() -> None:
    lines = [line for line in text_of(ROOT / "constraints.txt").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pinned = {normal(line.split("==")[0]) for line in lines}
    missing = set().union(*declared().values()) - pinned
    assert not missing, f"constraints.txt does not pin {sorted(missing)}"


def test_the_code_imports_only_what_is_declared() -> None:
    runtime = declared()["runtime"]
    owners = packages_distributions()
    undeclared = []
    for path in files():
        if path.suffix != ".py" or SOURCE not in path.parents or PACKS in path.parents:
            continue
        for module in _imports(text_of(path)):
            if module in sys.stdlib_module_names or module == "zhida":
                continue
            if not {normal(owner) for owner in owners.get(module, [module])} & runtime:
                undeclared.append(f"{name_of(path)}: {module}")
    assert not undeclared, "imported under src but not a runtime dependency:\n" + "\n".join(undeclared)


def _imports(text: str) -> set[str]:
    """Top names of the modules that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found
