"""At some size the guards are followed by indexes: no query of a list goes through a large table.

The size is one at which PostgreSQL takes the index by itself; decision 0014 has times at a million rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections

from office.world import CITY, COUNTY, DAY, OTHER_TOWN, PROVINCE, TOWN, empty, settle
from zhida.office.database.roles import OWNER
from zhida.office.divisions.scope import range_of
from zhida.office.guards.scope import acting
from zhida.office.people.models import Identifier, Person
from zhida.office.rights import GRANTED

ROWS = 60_000
GRANTS = {"nobody": "", "ten": "{1,2,3,4,5,6,7,8,9,10}"}

# The queries by which lists and look-ups ask, as the ORM writes them.
QUERIES: dict[str, Any] = {
    "first of a list": lambda: Person.objects.order_by("-birth_date", "pk")[:50],
    "a division": lambda: Person.objects.filter(division=TOWN)[:50],
    "by name": lambda: Person.objects.filter(name_look_up=b"\x01" * 16),
    "by number": lambda: Identifier.objects.filter(look_up=b"\x01" * 16).select_related("person"),
    "one": lambda: Person.objects.filter(pk=12_345),
    "numbers of some": lambda: Identifier.objects.filter(person_id__in=range(100, 150)),
}


@pytest.fixture(scope="module")
def crowd(migrated: None) -> Iterator[None]:
    """Many persons over many towns; the owner may not see them, so the guards are lifted for it."""
    settle()
    with connections[OWNER].cursor() as cursor:
        for table in ("people_person", "people_identifier"):
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        cursor.execute(
            "INSERT INTO people_person (division, name, name_look_up, keys, birth_date) "
            "SELECT '9901' || lpad((n %% 97 + 2)::text, 2, '0') || lpad((n %% 13 + 1)::text, 3, '0') "
            "|| '001', sha256(n::text::bytea), substr(sha256(n::text::bytea), 1, 16), 1, "
            "date '1930-01-01' + n %% 30000 "
            "FROM generate_series(1, %s) n",
            (ROWS,),
        )
        cursor.execute("UPDATE people_person SET division = %s WHERE id %% 500 = 0", (TOWN,))
        cursor.execute(
            "INSERT INTO people_identifier (person_id, division, kind, number, look_up, keys) "
            "SELECT id, division, 'resident_id', name, name_look_up, 1 FROM people_person"
        )
        for table in ("people_person", "people_identifier"):
            cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        cursor.execute("VACUUM ANALYZE people_person, people_identifier")
    yield
    empty()


def scans(plan: dict[str, Any]) -> list[str]:
    """Names of the tables that a plan goes through from end to end."""
    own = [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" else []
    return own + [name for below in plan.get("Plans", []) for name in scans(below)]


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("granted", GRANTS)
@pytest.mark.parametrize("seat", [TOWN, COUNTY, CITY, PROVINCE, OTHER_TOWN])
def test_no_query_goes_through_a_large_table(query: str, granted: str, seat: str) -> None:
    with acting(range_of(seat), DAY):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", (GRANTED, GRANTS[granted]))
        plan = json.loads(QUERIES[query]().explain(format="json"))[0]["Plan"]
    assert not scans(plan), plan


@pytest.mark.usefixtures("crowd")
def test_the_look_finds_a_scan_where_there_is_one() -> None:
    with acting(range_of(TOWN), DAY):
        found = Person.objects.filter(keys=1).explain(format="json")
        assert not scans(json.loads(found)[0]["Plan"])
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        plan = json.loads(Person.objects.filter(keys=1).explain(format="json"))[0]["Plan"]
    assert scans(plan) == ["people_person"]
