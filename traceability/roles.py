"""Three roles for PostgreSQL: who runs the server cannot rewrite the ledger, also when the application is taken over.

owner   owns the tables, runs migrations, lays the triggers; used by hand, never by the server
app     what the server signs in as: adds events, reads, keeps the projections
audit   reads, except what signs people in or labels

`sql()` is the one source of their rights, printed and applied by `manage.py roles`. It says what the app may not do
table by table, so tables of every installed app are covered; one that a later migration makes has no rights at all
until it is applied again.
"""

import re
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.conf import settings
from django.db import models

from traceability.models import AuditAccess, EventContent, LifecycleEvent, OutboxEntry

#: Events, what stands beside them, the queue of the global log, and who looked: added to and read, no more.
LEDGER: Final[tuple[type[models.Model], ...]] = (LifecycleEvent, EventContent, OutboxEntry, AuditAccess)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Roles:
    """What the three are called on a server.

    Raises:
        ValueError: for names that PostgreSQL would have to be persuaded of, and for two that are one.
    """

    owner: str = "battery_owner"
    app: str = "battery_app"
    audit: str = "battery_audit"

    def __post_init__(self) -> None:
        names = (self.owner, self.app, self.audit)
        for name in names:
            if not _NAME.fullmatch(name):
                raise ValueError(name)
        if len(set(names)) < len(names):
            raise ValueError(" = ".join(sorted(names)))


def sql(roles: Roles) -> str:
    """Write the statements that make these roles and give each its rights; applied again, they change nothing."""
    return _PATTERN.format(
        owner=f'"{roles.owner}"',
        app=f'"{roles.app}"',
        audit=f'"{roles.audit}"',
        owner_text=f"'{roles.owner}'",
        app_text=f"'{roles.app}'",
        audit_text=f"'{roles.audit}'",
        ledger=_tables(*LEDGER),
        secret=_tables(*(apps.get_model(name) for name in settings.NOT_FOR_AUDITORS)),
    )


def _tables(*found: type[models.Model]) -> str:
    return ", ".join(f'"{model._meta.db_table}"' for model in found)


_PATTERN: Final = """\
-- The rights of {owner} (migrates), {app} (serves) and {audit} (reads).
-- By a superuser, in the database, once; by the owner after every migration. Passwords are yours to set.

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[{owner_text}, {app_text}, {audit_text}] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', name);
    END IF;
  END LOOP;
  -- Superusers are members of every role: nothing can be refused to them.
  FOREACH name IN ARRAY ARRAY[{app_text}, {audit_text}] LOOP
    IF pg_has_role(name, {owner_text}, 'MEMBER') THEN
      RAISE EXCEPTION 'the role % may act as %: nothing could be refused to it', name, {owner_text};
    END IF;
  END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC, {app}, {audit};
GRANT USAGE, CREATE ON SCHEMA public TO {owner};
GRANT USAGE ON SCHEMA public TO {app}, {audit};

-- What another role had migrated becomes the owner's: its sequences go with it.
DO $$
DECLARE found regclass; routine regprocedure;
BEGIN
  FOR found IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = {owner_text}) LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO %I', found, {owner_text});
  END LOOP;
  FOR routine IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.proname LIKE 'ledger\\_%' AND p.proowner <> (SELECT oid FROM pg_roles WHERE rolname = {owner_text}) LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO %I', routine, {owner_text});
  END LOOP;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {app}, {audit};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {app}, {audit};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {app};

-- The ledger is added to and read, no more.
REVOKE UPDATE, DELETE ON {ledger} FROM {app};
-- Which migrations ran is the owner's to say.
REVOKE INSERT, UPDATE, DELETE ON "django_migrations" FROM {app};

GRANT SELECT ON ALL TABLES IN SCHEMA public TO {audit};
-- What signs people in, or labels, is no auditor's business.
REVOKE SELECT ON {secret} FROM {audit};
"""
