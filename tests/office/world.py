"""A small territory that was made up, with all that real ones have: five levels, a merger, a zone, a move."""

from __future__ import annotations

from datetime import date

from django.db import connections

from zhida.codes.divisions import DivisionTree
from zhida.office.accounts.models import Post, User
from zhida.office.accounts.seats import Seat
from zhida.office.accounts.tasks import Task
from zhida.office.database.roles import OWNER
from zhida.office.divisions.load import Loaded, load
from zhida.office.divisions.models import Division

DAY = date(2025, 6, 1)
MERGED = "2021-04-01"

# code, name, parent, until, successor, overlay
ROWS = [
    ("990000000000", "云梦省", "", "", "", ""),
    ("990100000000", "长乐市", "990000000000", "", "", ""),
    ("990101000000", "东湖区", "990100000000", "", "", ""),
    ("990101001000", "柳堤街道", "990101000000", "", "", ""),
    ("990101001001", "柳堤社区", "990101001000", "", "", ""),
    ("990101001002", "长桥社区", "990101001000", "", "", ""),
    ("990101002000", "青石镇", "990101000000", "", "", ""),
    ("990101002201", "青石村", "990101002000", "", "", ""),
    ("990101003000", "北门街道", "990101000000", "", "", ""),
    ("990101003001", "钟楼社区", "990101003000", "", "", ""),
    ("990102000000", "北城区", "990100000000", MERGED, "990101000000", ""),
    ("990102003000", "北门街道", "990102000000", MERGED, "990101003000", ""),
    ("990102003001", "钟楼社区", "990102003000", MERGED, "990101003001", ""),
    ("990103000000", "西山县", "990100000000", "", "", ""),
    ("990103001000", "白云乡", "990103000000", "", "", ""),
    ("990103001201", "白云村", "990103001000", "", "", ""),
    ("990103001202", "石门村", "990103001000", "2023-01-01", "990103002202", ""),
    ("990103002000", "石门镇", "990103000000", "", "", ""),
    ("990103002202", "石门村", "990103002000", "", "", ""),
    ("990191000000", "东湖风景区", "990100000000", "", "", "1"),
    ("990200000000", "重山市", "990000000000", "", "", ""),
    ("990201000000", "重阳区", "990200000000", "", "", ""),
]
PROVINCE, CITY, COUNTY, TOWN, VILLAGE = (ROWS[i][0] for i in range(5))
OTHER_CITY, OTHER_COUNTY, OTHER_TOWN, RETIRED = "990200000000", "990103000000", "990103001000", "990102000000"


def tree(rows: list[tuple[str, ...]] = ROWS) -> DivisionTree:
    def level(code: str) -> str:
        return str(
            max(i + 1 for i, (a, b) in enumerate(((0, 2), (2, 4), (4, 6), (6, 9), (9, 12))) if int(code[a:b]))
        )

    return DivisionTree.from_rows(
        {
            "code": code, "name": name, "parent": parent, "level": level(code), "from": "", "until": until,
            "successor": successor, "overlay": overlay,
        }
        for code, name, parent, until, successor, overlay in rows
    )  # fmt: skip


def settle(rows: list[tuple[str, ...]] = ROWS) -> Loaded:
    """Loads the territory as the owner of the tables does."""
    return load(tree(rows), using=OWNER)


def empty() -> None:
    """Takes away all rows; the triggers that keep even the owner from audit entries are lifted for it."""
    for connection in connections.all(initialized_only=True):
        connection.close()  # whatever a failed test left open
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'django_migrations'"
        )
        tables = cursor.fetchone()[0]
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")


def user(username: str, *, password: str | None = None) -> User:
    return User.objects.create_user(username, f"某{username}", password, initial=False)


def post(who: User, task: Task, code: str, start: date = date(2024, 1, 1), until: date | None = None) -> Post:
    return Post.objects.create(
        user=who, task=task, division=Division.objects.get(pk=code), start=start, until=until
    )


def seat(who: User, task: Task, code: str, *, verified: bool = True) -> Seat:
    return Seat(who, post(who, task, code), None, verified)


def rows_as(role: str, sql: str, *arguments: object) -> list[tuple[object, ...]]:
    with connections[role].cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())
