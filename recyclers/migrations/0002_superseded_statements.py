import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows of before say nothing of when they were reported, nor of what took their place: `rebuild` derives both."""

    dependencies = [
        ("recyclers", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="listing",
            options={
                "ordering": ["organisation", "scope", "announced_on", "event"],
                "verbose_name": "listing",
                "verbose_name_plural": "listings",
            },
        ),
        migrations.AlterModelOptions(
            name="permit",
            options={
                "ordering": ["organisation", "kind", "valid_from", "event"],
                "verbose_name": "permit",
                "verbose_name_plural": "permits",
            },
        ),
        migrations.AddField(
            model_name="listing",
            name="reported_ms",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="listing",
            name="superseded_by_ms",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="permit",
            name="reported_ms",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="permit",
            name="superseded_by_ms",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="listing",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="%(class)ss",
                to="traceability.organisation",
            ),
        ),
        migrations.AlterField(
            model_name="permit",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="%(class)ss",
                to="traceability.organisation",
            ),
        ),
    ]
