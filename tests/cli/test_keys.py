"""``zhida keys``: made once, added to, and never shown."""

from __future__ import annotations

from pathlib import Path

from cli.command import fits, one_sentence_each, zhida


def test_keys_are_made_shown_and_added_to(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = zhida("keys", "new", "--keys", str(path), "--json")
    fits("keys", made.json)
    rotated = zhida("keys", "rotate", "--json", env={"ZHIDA_KEYS": str(path)})
    fits("keys", rotated.json)
    assert rotated.json["seals"] == 2
    shown = zhida("keys", "show", "--keys", str(path))
    assert shown.code == 0
    assert "现用第 2 版" in shown.out
    for line in path.read_text(encoding="ascii").splitlines():
        if '"seal"' in line or '"look_up"' in line:
            assert line.split('"')[3] not in shown.out + made.out + rotated.out


def test_a_file_that_is_there_is_left_and_one_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    one_sentence_each(zhida("keys", "show", "--keys", str(path)), "There is no key file", str(path))
    zhida("keys", "new", "--keys", str(path))
    before = path.read_bytes()
    one_sentence_each(zhida("keys", "new", "--keys", str(path)), "left as it is")
    assert path.read_bytes() == before
