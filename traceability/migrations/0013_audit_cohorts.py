"""Batteries counted by what they are alike in; and what was told after a day, found without reading the ledger."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Nearly always nothing, which the largest time of each stretch of the table tells.
_LAY = "CREATE INDEX event_told ON traceability_lifecycleevent USING brin (COALESCE(reported_at, recorded_at))"


def lay(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(_LAY)


def take_back(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX event_told")


class Migration(migrations.Migration):

    dependencies = [
        ('traceability', '0012_names_of_chains'),
    ]

    operations = [
        migrations.AddField(
            model_name='lifecyclerecord',
            name='audit_cohort',
            field=models.BigIntegerField(null=True),
        ),
        migrations.CreateModel(
            name='AuditCohort',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('holder', models.BigIntegerField()),
                ('prefix', models.CharField(max_length=8)),
                ('model', models.CharField(max_length=100)),
                ('month', models.CharField(max_length=7)),
                ('batteries', models.BigIntegerField()),
                ('complete', models.BigIntegerField()),
                ('open', models.BigIntegerField()),
                ('flawed', models.BigIntegerField()),
                ('broken', models.BigIntegerField()),
                ('facts', models.BigIntegerField()),
                ('late', models.BigIntegerField()),
            ],
            options={
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(fields=('holder', 'prefix', 'model', 'month'), name='audit_cohort_alike')],
            },
        ),
        migrations.RunPython(lay, take_back),
    ]
