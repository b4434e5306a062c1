"""The database itself numbers and chains entries, and refuses to change, delete or clear them.

The function runs with the rights of the tables' owner, so nobody else needs any on the heads.
"""

from __future__ import annotations

from django.conf import settings
from django.db import migrations

from zhida.office.database.roles import REPORTS, WEB, WORKER
from zhida.office.rights import IN_RANGE, rights

RANGE = IN_RANGE.format(division="division")
ROLES = f"{WEB}, {WORKER}, {REPORTS}"
LINK = f"""
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE head public.audit_head%ROWTYPE;
BEGIN
  NEW.at := clock_timestamp();
  NEW.day := (NEW.at AT TIME ZONE '{settings.TIME_ZONE}')::date;
  INSERT INTO public.audit_head (division, day, number, hash) VALUES (NEW.division, NEW.day, 0, ''::bytea)
    ON CONFLICT (division) DO NOTHING;
  -- Entries of one division wait for each other until the transaction ends.
  SELECT * INTO head FROM public.audit_head WHERE division = NEW.division FOR UPDATE;
  NEW.day := greatest(NEW.day, head.day);  -- a clock that was set back opens no earlier day
  NEW.number := CASE WHEN head.day = NEW.day THEN head.number + 1 ELSE 1 END;
  NEW.previous := head.hash;
  NEW.hash := sha256(convert_to(concat_ws(E'\\n',
    encode(NEW.previous, 'hex'), NEW.division, NEW.day::text, NEW.number::text,
    to_char(NEW.at, 'YYYY-MM-DD HH24:MI:SS.US'), coalesce(NEW.actor_id::text, '-'),
    coalesce(NEW.post_id::text, '-'), NEW.stand_in::text, NEW.action, NEW.subject,
    coalesce(NEW.subject_id::text, '-'), NEW.detail::text), 'UTF8'));
  UPDATE public.audit_head SET day = NEW.day, number = NEW.number, hash = NEW.hash
    WHERE division = NEW.division;
  RETURN NEW;
END $$
"""
REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are only added, never changed or removed' USING ERRCODE = '42501';
END $$
"""


class Migration(migrations.Migration):
    dependencies = (("audit", "0001_initial"),)
    operations = (
        rights("audit_entry", web="SELECT, INSERT", worker="SELECT, INSERT"),
        migrations.RunSQL(
            [
                LINK,
                REFUSE,
                "REVOKE ALL ON FUNCTION audit_link() FROM PUBLIC",
                "CREATE TRIGGER link BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_link()",
                "CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW "
                "EXECUTE FUNCTION audit_refuse()",
                "CREATE TRIGGER keep_all BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT "
                "EXECUTE FUNCTION audit_refuse()",
                "ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY",
                f"CREATE POLICY sees ON audit_entry FOR SELECT TO {ROLES} USING ({RANGE})",
                f"CREATE POLICY adds ON audit_entry FOR INSERT TO {ROLES} WITH CHECK ({RANGE})",
            ],
            [
                "DROP POLICY sees ON audit_entry",
                "DROP POLICY adds ON audit_entry",
                "ALTER TABLE audit_entry NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
                "DROP TRIGGER link ON audit_entry",
                "DROP TRIGGER keep ON audit_entry",
                "DROP TRIGGER keep_all ON audit_entry",
                "DROP FUNCTION audit_link()",
                "DROP FUNCTION audit_refuse()",
            ],
        ),
    )
