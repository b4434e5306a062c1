"""Broken and hostile packs: nothing is executed, nothing hangs, and only PackError comes out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.small_pack import FILES, write
from zhida.rules.declarations import At, Formula
from zhida.rules.formulas.language import Located, parse
from zhida.rules.loading import load_pack
from zhida.rules.loading.yamlnodes import read_yaml
from zhida.rules.problems import PackError, Problems
from zhida.rules.reforms.reform import apply, load_reform, parse_set

NAMES = sorted(FILES)
PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        ", ",
        '"',
        "'",
        "|",
        ">",
        "#",
        "&a ",
        "*a",
        "!!python/object:os.system ",
        "<<: ",
    ),
    *(
        "? ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "\t",
        "\n",
        "\r",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "\ud800",
        "\u202e",
    ),
    *(
        "~",
        "null",
        "true",
        "-1",
        "9" * 5000,
        "1e999",
        ".inf",
        "0x10",
        "2025-02-30",
        "unknown",
        "失能",
        "Ａ",
        "id",
        "name",
    ),
    *(
        "__import__('os').system('x')",
        "().__class__",
        "lambda: 0",
        "[" * 60,
        "{a: " * 60,
        "- " * 60,
        "(" * 300,
    ),
    *(
        "source: L1",
        "from: 2020-01",
        "until: 1999-01",
        'place: "99"',
        "value: 1",
        "formula: 1",
        "evidence: LAW",
    ),
]
EXECUTION = (
    "exec",
    "compile",
    "import",
    "os.system",
    "subprocess.Popen",
    "os.exec",
    "socket.connect",
    "ctypes.dlopen",
)


class Watch:
    """An audit hook can't be taken out again, so there is one, asleep outside the tests."""

    def __init__(self) -> None:
        self.active = False
        self.seen: list[str] = []
        sys.addaudithook(self.hook)

    def hook(self, event: str, _args: tuple[object, ...]) -> None:
        if self.active and event.startswith(EXECUTION):
            self.seen.append(f"{event} {_args[:1]!r}"[:200])


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@contextmanager
def harmless(watch: Watch, seconds: float = 5.0) -> Iterator[None]:
    """Nothing executed, in time, and at most PackError (which can be printed)."""
    watch.seen.clear()
    watch.active = True
    begun = time.monotonic()
    refused: PackError | None = None
    try:
        yield
    except PackError as error:
        refused = error
    finally:
        watch.active = False
    assert not watch.seen
    assert time.monotonic() - begun < seconds
    if refused is not None:
        text = str(refused)
        assert refused.problems
        assert len(text.splitlines()) == len(refused.problems) + bool(refused.more)
        assert all(c.isprintable() or c == "\n" for c in text)


def load(watch: Watch, changes: dict[str, str | bytes | None]) -> None:
    with TemporaryDirectory() as folder:
        pack = write(Path(folder), changes)
        with harmless(watch):
            load_pack(pack)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Modules that loading imports when it first needs them are in before anything is watched."""
    with TemporaryDirectory() as folder:
        load_pack(write(Path(folder)))
    with TemporaryDirectory() as folder, pytest.raises(PackError):
        load_pack(write(Path(folder), {"divisions.csv": "x", "groups.yaml": "&a"}))


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, str | bytes | None]:
    """One or two files with pieces cut out, doubled, swapped or put in."""
    changes: dict[str, str | bytes | None] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)):
        text = FILES[name]
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, len(text)))
            end = draw(st.integers(start, min(len(text), start + 30)))
            how = draw(st.sampled_from(["cut", "put", "replace", "double", "move"]))
            piece = draw(st.sampled_from(PIECES) | st.text(max_size=8))
            if how == "cut":
                text = text[:start] + text[end:]
            elif how == "put":
                text = text[:start] + piece + text[start:]
            elif how == "replace":
                text = text[:start] + piece + text[end:]
            elif how == "double":
                text = text[:end] + text[start:]
            else:
                text = text[:start] + text[end:] + text[start:end]
        changes[name] = as_bytes(text)
    return changes


@settings(max_examples=250, deadline=None, derandomize=True)
@given(changes=mutations())
def test_mutated_packs(watch: Watch, changes: dict[str, str | bytes | None]) -> None:
    load(watch, changes)


SCALARS = st.sampled_from(PIECES) | st.text(max_size=12) | st.integers().map(str) | st.dates().map(str)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(name=st.sampled_from([n for n in NAMES if n.endswith(".yaml")]), data=st.data())
def test_values_of_another_type(watch: Watch, name: str, data: st.DataObject) -> None:
    """What stands after a colon is replaced by any scalar, list or map."""
    lines = FILES[name].split("\n")
    number = data.draw(st.sampled_from([i for i, line in enumerate(lines) if ": " in line]))
    parts = lines[number].split(": ")
    at = data.draw(st.integers(1, len(parts) - 1))
    tail = parts[at][len(parts[at].rstrip("}],")) :] if at == len(parts) - 1 else ""
    key = ", " + parts[at].rsplit(", ", 1)[1] if ", " in parts[at] and at < len(parts) - 1 else tail
    shape = data.draw(
        st.sampled_from(["{}", "[{}]", "{{id: {}}}", "{{a: {}, b: {}}}", "'{}'", '"{}"', "|\n   {}"])
    )
    scalar = data.draw(SCALARS)
    parts[at] = shape.replace("{}", scalar).replace("{{", "{").replace("}}", "}") + key
    lines[number] = ": ".join(parts)
    load(watch, {name: as_bytes("\n".join(lines))})


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    data=st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join).map(as_bytes)
)
def test_any_bytes_as_yaml(watch: Watch, data: bytes) -> None:
    with harmless(watch):
        problems = Problems()
        node = read_yaml(data, "a.yaml", problems)
        assert node is not None or len(problems)
        problems.raise_if_any()


HOSTILE = {
    "billion laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    "recursive": "a: &a [*a]\n",
    "object": "!!python/object/apply:os.system ['touch owned']\n",
    "object in a value": "higher: !!python/object:subprocess.Popen {}\n",
    "local tag": "higher: !x []\n",
    "huge integer": f"higher: {'9' * 1_000_000}\n",
    "long key": f"{'k' * 100_000}: 1\n",
    "many keys": "".join(f"k{i}: 1\n" for i in range(20_000)),
    "deep lists": "[" * 500_000,
    "deep maps": "{a: " * 200_000,
    "deep blocks": "\n".join(" " * i + "-" for i in range(500)),
    "many quotes": '"' * 500_000,
    "many colons": ": " * 300_000,
    "many questions": "? " * 300_000,
    "many documents": "--- a\n" * 10_000,
    "many anchors": "".join(f"- &a{i} x\n" for i in range(20_000)),
    "nul": "a: \x00\n",
    "escape": 'a: "\\x1b[31m"\n',
    "directive": "%TAG ! tag:evil,2000:\n--- !x\n",
    "folded": "a: >\n" + "  x\n\n" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("name", ["groups.yaml", "pack.yaml", "parameters/a.yaml"])
def test_hostile_yaml_is_refused(watch: Watch, tmp_path: Path, name: str, text: str) -> None:
    pack = write(tmp_path, {name: text})
    with harmless(watch):
        load_pack(pack)
        pytest.fail("accepted")


FORMULAS = [
    *(
        "__import__('os').system('x')",
        "().__class__.__bases__[0].__subclasses__()",
        "lambda: 0",
        "[x for x in 成员]",
    ),
    *(
        "f'{工资}'",
        "exec('1')",
        "open('/etc/passwd')",
        "(a := 1)",
        "工资.__class__",
        "9**9**9**9",
        "'a' * 10**9",
    ),
    *(
        "(" * 900 + "1" + ")" * 900,
        "-" * 1900 + "1",
        "+".join(["1"] * 900),
        "a.b.c.d",
        "await x",
        "*a",
        "print(1)",
        "\\",
    ),
    *(
        "1 if 1 else " * 150 + "1",
        "not " * 400 + "a",
        "9" * 1999,
        "1.e400",
        "x[" * 400,
        "a" * 1999,
        "``",
        "a\n\n\nb",
    ),
]


@pytest.mark.parametrize("formula", FORMULAS, ids=range(len(FORMULAS)))
def test_hostile_formulas_are_only_text(watch: Watch, tmp_path: Path, formula: str) -> None:
    """The loader never looks into a formula; the language's parser builds a tree or refuses."""
    quoted = "'" + formula.replace("'", "''") + "'"
    old = "sum(m.工资 for m in 成员)"
    pack = write(tmp_path, {"variables/a.yaml": FILES["variables/a.yaml"].replace(old, quoted)})
    with harmless(watch):
        load_pack(pack)
    watch.seen.clear()
    watch.active = True
    with suppress(Located):
        parse(Formula(formula, At("a.yaml", 1, 1)))
    watch.active = False
    # Building a syntax tree is an audited "compile" of text; nothing else may happen.
    assert all(event.startswith("compile ") for event in watch.seen)


def test_loops_of_links_pipes_and_folders_in_place_of_files(watch: Watch, tmp_path: Path) -> None:
    pack = write(tmp_path / "pack", {"sources.yaml": None, "divisions.csv": None, "groups.yaml": None})
    (pack / "sources.yaml").symlink_to("sources.yaml")
    (pack / "fields" / "up").symlink_to("..", target_is_directory=True)
    (pack / "divisions.csv").mkdir()
    os.mkfifo(pack / "groups.yaml")
    os.mkfifo(pack / "fields" / "pipe.yaml")
    (pack / "variables" / "null.yaml").symlink_to("/dev/zero")
    with harmless(watch):
        load_pack(pack)
        pytest.fail("accepted")


def test_a_file_that_may_not_be_read(watch: Watch, tmp_path: Path) -> None:
    pack = write(tmp_path)
    (pack / "groups.yaml").chmod(0)
    with harmless(watch):
        load_pack(pack)  # root reads it all the same


def test_a_pack_that_is_a_file(watch: Watch, tmp_path: Path) -> None:
    path = tmp_path / "pack"
    path.write_text("x", encoding="utf-8")
    for one in (path, Path("a\0b"), Path("x" * 5000), tmp_path / "none"):
        with harmless(watch):
            load_pack(one)
            pytest.fail("accepted")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    data=st.lists(
        st.sampled_from(
            [
                *PIECES,
                "parameters: ",
                "formulas: ",
                "- {id: 标准, value: 1}\n",
                "- {variable: 困难, formula: 1}\n",
            ]
        )
        | st.text(max_size=5),
        max_size=8,
    )
)
def test_reform_files(watch: Watch, data: list[str]) -> None:
    with TemporaryDirectory() as folder:
        pack = load_pack(write(Path(folder)))
        path = Path(folder) / "reform.yaml"
        path.write_bytes(as_bytes("".join(data)))
        with harmless(watch):
            apply(pack, load_reform(path))
        with harmless(watch):
            apply(pack, parse_set("".join(data)))
