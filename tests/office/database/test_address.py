"""What ``ZHIDA_DATABASE_URL`` may say."""

from __future__ import annotations

import pytest

from zhida.office.database.address import Address, of_environment, parse
from zhida.office.database.errors import DatabaseError
from zhida.office.database.hold import hold
from zhida.office.database.roles import WEB


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("postgresql://db.example/zhida", Address("db.example", 5432, "zhida", False)),
        ("postgres://db.example:6000/zh%20ida", Address("db.example", 6000, "zh ida", False)),
        ("postgresql://%2Frun%2Fpg/zhida", Address("/run/pg", 5432, "zhida", False)),
        (
            "postgresql://db.example/zhida?sslmode=verify-full",
            Address("db.example", 5432, "zhida", False, (("sslmode", "verify-full"),)),
        ),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mysql://db.example/zhida", "does not name a PostgreSQL server"),
        ("db.example/zhida", "does not name a PostgreSQL server"),
        ("postgresql://db.example", "lacks the host or the database"),
        ("postgresql:///zhida", "lacks the host or the database"),
        ("postgresql://db.example:port/zhida", "is no address"),
        ("postgresql://anna:secret@db.example/zhida", "names a user: leave it out"),
    ],
)
def test_what_is_no_address_is_said_without_a_password(text: str, says: str) -> None:
    with pytest.raises(DatabaseError, match=says) as found:
        parse(text)
    assert "secret" not in str(found.value)


def test_each_part_comes_as_its_own_role() -> None:
    found = parse("postgresql://db.example/zhida?sslmode=require").parameters(WEB)
    assert found == {
        "host": "db.example",
        "port": 5432,
        "dbname": "zhida",
        "user": "zhida_web",
        "sslmode": "require",
    }


def test_a_given_server_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIDA_DATABASE_URL", "postgresql://db.example/zhida")
    with hold() as held:
        assert held.address == of_environment()
        assert held.place is None
