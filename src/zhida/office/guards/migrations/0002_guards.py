"""Grants are personal, too: seen by who gave and who received them, given only by who is responsible.

A grant that was received can't be passed on: the look at the person is by range alone.
"""

from __future__ import annotations

from django.db import migrations

from zhida.office.database.roles import REPORTS, WEB, WORKER
from zhida.office.rights import IN_RANGE, rights

GIVEN = IN_RANGE.format(division="responsible")
RECEIVED = IN_RANGE.format(division="division_id")
OWN = (
    "EXISTS (SELECT 1 FROM people_person AS p WHERE p.id = person_id AND p.division = responsible "
    f"AND {IN_RANGE.format(division='p.division')})"
)
ROLES = ", ".join((WEB, WORKER, REPORTS))


class Migration(migrations.Migration):
    dependencies = (("guards", "0001_initial"), ("people", "0002_guards"))
    operations = (
        rights("guards_grant", web="SELECT, INSERT, UPDATE", worker="SELECT", reports="SELECT"),
        migrations.RunSQL(
            [
                "ALTER TABLE guards_grant ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE guards_grant FORCE ROW LEVEL SECURITY",
                f"CREATE POLICY sees ON guards_grant FOR SELECT TO {ROLES} USING (({GIVEN}) OR ({RECEIVED}))",
                f"CREATE POLICY gives ON guards_grant FOR INSERT TO {ROLES} WITH CHECK ({GIVEN} AND {OWN})",
                f"CREATE POLICY ends ON guards_grant FOR UPDATE TO {ROLES} USING ({GIVEN})",
            ],
            [
                "DROP POLICY sees ON guards_grant",
                "DROP POLICY gives ON guards_grant",
                "DROP POLICY ends ON guards_grant",
                "ALTER TABLE guards_grant NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
            ],
        ),
    )
