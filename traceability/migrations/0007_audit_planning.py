"""What the audit's statements need to be planned well; the part that only PostgreSQL knows is only there."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Steps reported after a day: nearly always none, which the largest time of each stretch of the table tells.
# A chain has a dozen steps, more or less; from a sample of a large table the server would guess a hundred.
_LAY = (
    "CREATE INDEX step_reported ON traceability_step USING brin (reported_ms)",
    "ALTER TABLE traceability_step ALTER COLUMN record_id SET (n_distinct = -0.1)",
)
_TAKE_BACK = (
    "DROP INDEX step_reported",
    "ALTER TABLE traceability_step ALTER COLUMN record_id RESET (n_distinct)",
)


def lay(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in _LAY:
            editor.execute(statement)


def take_back(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in _TAKE_BACK:
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ('traceability', '0006_audited_facts'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='lifecycleevent',
            index=models.Index(condition=models.Q(('type', 'corrected')), fields=['record'], name='event_corrected'),
        ),
        migrations.RunPython(lay, take_back),
    ]
