"""A real PostgreSQL for this suite, with the office's tables in it; every test begins with them empty."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

os.environ["DJANGO_SETTINGS_MODULE"] = "office.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from zhida.office.database.hold import hold_embedded  # noqa: E402
from zhida.office.database.roles import OWNER  # noqa: E402
from zhida.office.database.setup import prepare  # noqa: E402


@pytest.fixture(scope="session")
def migrated() -> Iterator[None]:
    """The server of the session, its roles, its database, its tables."""
    base = Path(tempfile.mkdtemp(prefix="zhida-test-"))
    base.chmod(0o755)
    try:
        with hold_embedded(base / "database", hasty=True) as held:
            prepare(held.address)
            for one in settings.DATABASES.values():
                one["HOST"] = held.address.host
            call_command("migrate", database=OWNER, verbosity=0)
            yield
            connections.close_all()
    finally:
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def site(migrated: None) -> Iterator[None]:
    """Empty tables; what the test writes is taken away after it."""
    from office.world import empty

    yield
    empty()
