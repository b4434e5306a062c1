"""Reading a household file: JSON or YAML, numbers as they are written, nothing executed."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from zhida.cli.errors import InputError

if TYPE_CHECKING:
    from zhida.rules.loading.yamlnodes import Node

MOST_BYTES = 2 * 1024 * 1024
MOST_DEPTH = 40


def read_request(file: str) -> object:
    """What the file (``-``: stdin) holds. Raises InputError, PackError."""
    name = "stdin" if file == "-" else Path(file).name
    data = _bytes(file)
    if len(data) > MOST_BYTES:
        raise InputError(f"{file}: longer than {MOST_BYTES} bytes; give one household a file.")
    if file.endswith(".json") or (not file.endswith((".yaml", ".yml")) and data.lstrip()[:1] in (b"{", b"[")):
        return _json(data, name)
    return _yaml(data, name)


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(file).open("rb") as source:
        return source.read(MOST_BYTES + 1)


def _json(data: bytes, name: str) -> object:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InputError(f"{name}: the key {twice[:40]!r} stands twice in one object; keep one.")
        return found

    def no_number(text: str) -> NoReturn:
        raise InputError(f"{name}: {text} is no number to use; write digits, or null where unknown.")

    try:
        text = data.decode("utf-8-sig")
        found: object = json.loads(
            text, parse_float=Decimal, parse_constant=no_number, object_pairs_hook=once
        )
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: byte {error.start + 1} is not UTF-8; save the file as UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        raise InputError(f"{where}: not JSON ({error.msg}); correct what stands there.") from None
    except RecursionError:
        raise InputError(f"{name}: nested too deep; a household file has four levels.") from None
    except ValueError:
        raise InputError(f"{name}: a number of more than 4,000 digits; check the amounts.") from None
    return found


def _yaml(data: bytes, name: str) -> object:
    from zhida.rules.loading.yamlnodes import read_yaml
    from zhida.rules.problems import Problems

    problems = Problems()
    node = read_yaml(data, name, problems)
    problems.raise_if_any()
    return _plain(node) if node is not None else None


def _plain(node: Node) -> object:
    """Scalars stay text, so that 1102.10 is 1102.10; only true, false and nothing are read."""
    if node.kind == "map":
        return {key.value: _plain(value) for key, value in node.children}
    if node.kind == "list":
        return [_plain(value) for _, value in node.children]
    if node.is_null:
        return None
    words = {"true": True, "false": False}
    return words.get(node.value, node.value) if node.style == "" else node.value
