"""The roles of the database. None but the administrator's and the backup's may pass the row-level guards."""

from __future__ import annotations

ADMIN = "postgres"
"""Superuser of the embedded server: makes the roles and the database, nothing else."""
OWNER = "zhida_owner"
"""Owns the tables and migrates them."""
WEB = "zhida_web"
WORKER = "zhida_worker"
REPORTS = "zhida_reports"
"""Reads, writes nothing."""
BACKUP = "zhida_backup"
"""Sees every row, for dumps and for migrations of data; no process that answers requests runs as it."""

ALL = (OWNER, WEB, WORKER, REPORTS, BACKUP)
READERS = (WEB, WORKER, REPORTS)
"""Who works with the tables and is held by their guards."""
