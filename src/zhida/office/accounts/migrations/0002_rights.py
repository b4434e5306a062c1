"""Which roles use these tables and those of the libraries for sessions, lock-out and second factor.

A user or a post is never deleted: it ends.
"""

from __future__ import annotations

from django.db import migrations

from zhida.office.rights import rights

KEPT = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0001_initial"),
        ("sessions", "0001_initial"),
        ("axes", "0010_accessattemptexpiration"),
        ("otp_totp", "0003_add_timestamps"),
    )
    operations = (
        rights("accounts_user", web=KEPT, worker="SELECT"),
        rights("accounts_post", web=KEPT, worker="SELECT"),
        rights("accounts_standin", web=KEPT, worker="SELECT"),
        rights("django_session", web=ALL),
        rights("axes_accessattempt", web=ALL),
        rights("axes_accessattemptexpiration", web=ALL),
        rights("axes_accesslog", web=KEPT),
        rights("axes_accessfailurelog", web=KEPT),
        rights("otp_totp_totpdevice", web=ALL),
    )
