"""``docs/commands.md`` has a line for every command, option and variable; every schema is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import typer.main

from cli.command import ROOT, SCHEMAS, zhida
from zhida.cli.main import app

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path), command
        return
    for name, one in below.items():
        yield from walk(one, (*path, name))


COMMANDS = dict(walk(typer.main.get_command(app), ("zhida",)))


def section(heading: str) -> str:
    """Text under ``## heading`` up to the next of its level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/commands.md has no section {heading}"
    return found[1]


def settings(text: str) -> set[str]:
    """What stands in the first column of the tables."""
    firsts = re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
    return {word for first in firsts for word in re.findall(r"`([^`]+)`", first)}


def options(command: Any) -> set[str]:
    words = {o for p in command.params if p.param_type_name == "option" for o in (*p.opts, *p.secondary_opts)}
    return {o for o in words if o.startswith("--")} - {"--help"}


def test_the_commands_that_were_promised_are_there() -> None:
    promised = {
        "city build",
        "city check",
        "scan",
        "lists",
        "arrears",
        "assess",
        "explain",
        "simulate",
        "rules check",
        "rules show",
        "rules fields",
        "rules doc",
        "rules diff",
        "rules propose",
        "demo",
        "plan read",
        "plan check",
        "import",
        "quarantine",
        "quality",
        "snapshot",
        "changes",
        "identity review",
        "identity merge",
        "identity same",
        "identity split",
        "identity undo",
        "register erase",
        "month",
        "keys new",
        "keys show",
        "keys rotate",
        "database roles",
        "staff first",
        "up",
        "audit verify",
    }
    assert set(COMMANDS) == {f"zhida {name}" for name in promised}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_has_its_line(name: str) -> None:
    general = settings(section("For all commands"))
    own = settings(section(name))
    there = options(COMMANDS[name])
    assert there - general == own, f"{name}: options and the table of docs/commands.md differ"
    assert len(COMMANDS[name].help or "") > 20
    assert all(p.help for p in COMMANDS[name].params if p.param_type_name == "option")


def test_no_general_setting_is_made_up() -> None:
    everywhere = set().union(*(options(c) for c in COMMANDS.values()))
    general = {s for s in settings(section("For all commands")) if s.startswith("--")} - {"--help"}
    assert general <= everywhere


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_json(name: str) -> None:
    assert "--json" in options(COMMANDS[name])


def test_every_environment_variable_has_its_line() -> None:
    used: set[str] = set()
    for file in (ROOT / "src").rglob("*.py"):
        used |= set(re.findall(r"\bZHIDA_[A-Z][A-Z0-9_]*", file.read_text(encoding="utf-8")))
    assert used == {s for s in settings(PAGE) if s.startswith("ZHIDA_")}


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda p: p.name)
def test_every_schema_is_one_and_is_linked(path: Any) -> None:
    import json

    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:zhida:{path.name.removesuffix('.schema.json')}:1"
    assert f"(schemas/{path.name})" in PAGE
    tests = "".join(f.read_text(encoding="utf-8") for f in (ROOT / "tests").rglob("test_*.py"))
    assert f'fits("{path.name.removesuffix(".schema.json")}"' in tests or path.name in tests


README = re.findall(r"^zhida .*?(?=\s+#|$)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_readme_shows_commands() -> None:
    assert {line.split()[1] for line in README} >= {"assess", "explain", "city", "scan", "simulate", "rules"}


@pytest.mark.parametrize("line", README)
def test_every_command_of_the_readme_is_one(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(n for n in sorted(COMMANDS, key=len, reverse=True) if f"{line} ".startswith(f"{n} "))
    words = line.removeprefix(name).split()
    assert {w.split("=")[0] for w in words if w.startswith("--")} <= options(COMMANDS[name])
    if name not in (
        "zhida city build",
        "zhida city check",
        "zhida scan",
        "zhida month",
        "zhida quality",
        "zhida lists",
        "zhida simulate",
        "zhida rules check",
        "zhida up",
    ):  # these take longer
        monkeypatch.chdir(ROOT)
        done = zhida(*line.split()[1:])
        assert done.code == (1 if name == "zhida rules diff" else 0), done.err
