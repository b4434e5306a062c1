"""Brings the tables up to date and takes in the divisions: a process of its own, as the owner of the tables.

``python -m zhida.web.installing DIVISIONS.csv`` prints a line of JSON: divisions added, changed, the same;
whether there is an administrator. Ends with 1 and a sentence on stderr where the table doesn't fit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from zhida.office.database.errors import DatabaseError
from zhida.office.database.roles import OWNER


@dataclass(frozen=True)
class Installed:
    """Divisions added, changed and the same; whether an administrator was appointed."""

    added: int
    changed: int
    same: int
    administrator: bool


def install(divisions: Path) -> Installed:
    """Runs that process against the database that this one holds. Raises DatabaseError."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "zhida.web.installing", str(divisions)],
        env=os.environ | {"ZHIDA_ROLE": OWNER, "DJANGO_SETTINGS_MODULE": "zhida.web.settings"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise DatabaseError(said[-1] if said else "The tables could not be brought up to date.")
    return Installed(**json.loads(done.stdout.splitlines()[-1]))


def main(divisions: Path) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import DEFAULT_DB_ALIAS

    from zhida.codes.divisions import DivisionTree
    from zhida.codes.errors import CodeError
    from zhida.office.accounts.models import Post
    from zhida.office.accounts.tasks import Task
    from zhida.office.divisions.load import LoadError, load

    try:
        tree = DivisionTree.from_csv(divisions)
        call_command("migrate", interactive=False, verbosity=0)
        done = load(tree, using=DEFAULT_DB_ALIAS)
    except (CodeError, LoadError) as error:
        print(error, file=sys.stderr)
        return 1
    there = Post.objects.filter(task=Task.ADMINISTER, appointed_by=None).exists()
    print(json.dumps(Installed(done.added, done.changed, done.same, there).__dict__))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
