"""The guards of the personal tables. Reports read no name and no number."""

from __future__ import annotations

from django.db import migrations

from zhida.office.rights import guard, rights


class Migration(migrations.Migration):
    dependencies = (("people", "0001_initial"),)
    operations = (
        rights(
            "people_person",
            web="SELECT, INSERT, UPDATE",
            worker="SELECT, INSERT, UPDATE",
            reports="SELECT (id, division, birth_date)",
        ),
        guard("people_person", person="id"),
        rights(
            "people_identifier",
            web="SELECT, INSERT, UPDATE",
            worker="SELECT, INSERT, UPDATE",
            reports="SELECT (id, person_id, division, kind, start, until)",
        ),
        guard("people_identifier", person="person_id"),
    )
