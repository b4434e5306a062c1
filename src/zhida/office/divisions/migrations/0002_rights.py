"""Which roles use these tables: everybody reads, only the owner writes (``load``)."""

from __future__ import annotations

from django.db import migrations

from zhida.office.rights import rights


class Migration(migrations.Migration):
    dependencies = (("divisions", "0001_initial"),)
    operations = (
        rights("divisions_division", web="SELECT", worker="SELECT", reports="SELECT"),
        rights("divisions_succession", web="SELECT", worker="SELECT", reports="SELECT"),
    )
