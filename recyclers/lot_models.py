"""Batches and lots: projections of `batch`, `lot_…` and the hand-overs of lots.

A lot's history is its movements. Each is one line of one event, in signed milligrams, so that what is left of a lot is
one SUM; what the walk over them found (custody, contradictions) stands beside it. Masses are integer milligrams, shares
integer parts per billion, times milliseconds since 1970.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from traceability.models import CODE_LENGTH, KEY_LENGTH, LifecycleEvent, Organisation

NUMBER_LENGTH = 60


class Content(models.Model):
    """What a lot, an output or a residue consists of, as far as anybody said."""

    material = models.CharField(_("material"), max_length=40, blank=True)
    #: Share of water in the mass; unknown counts as none.
    moisture_ppb = models.BigIntegerField(null=True)
    #: Share of the compound in the dry mass; unknown counts as all.
    purity_ppb = models.BigIntegerField(null=True)
    #: Element → parts per billion of the dry mass; it decides over purity and compound.
    assay = models.JSONField(null=True)

    class Meta:
        abstract = True


class Batch(models.Model):
    """One run of a recycler's process: what stands under one `batch` event.

    A number is one organisation's once; of history that was captured, two rows may bear the same.
    """

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(_("number"), max_length=NUMBER_LENGTH)
    process = models.CharField(_("process"), max_length=20, blank=True)
    started_ms = models.BigIntegerField(null=True)
    closed_ms = models.BigIntegerField()
    #: Where it was run: the name of the site, else its region; empty where nobody said.
    site = models.CharField(_("site"), max_length=200, blank=True)
    #: Its place in the order of arrival, and when it counts as reported: the original's, where it was corrected.
    arrival = models.BigIntegerField()
    reported_ms = models.BigIntegerField()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ("event",)
        indexes: ClassVar = [
            models.Index(fields=["organisation", "number"], name="batch_organisation_number"),
            models.Index(fields=["organisation", "closed_ms"], name="batch_organisation_closed"),
        ]

    def __str__(self) -> str:
        return self.number


class Lot(Content):
    """An amount of one material under one number of the organisation that made it.

    Every lot that anybody named has a row; `origin` is empty while nothing says where it comes from.
    """

    class Origin(models.TextChoices):
        BATCH = "batch", _("made in a batch")
        OPENED = "opened", _("taken in from outside")
        SPLIT = "split", _("split from another lot")
        MERGED = "merged", _("merged from other lots")
        RECEIVED = "received", _("received without papers")

    code = models.CharField(max_length=CODE_LENGTH)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=NUMBER_LENGTH)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin, blank=True)
    #: The event that brought it into being, and when.
    origin_event = models.BigIntegerField(null=True)
    since_ms = models.BigIntegerField(null=True)
    #: All that ever came into it; what is left is the sum of its movements.
    mass_mg = models.BigIntegerField(default=0)
    #: Merged from lots of different content: what it consists of follows from them.
    mixed = models.BooleanField(default=False)
    holder = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    transit_to = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    transit_event = models.BigIntegerField(null=True)
    #: A disputed receipt, as of batteries: who held it before, and who received it unannounced.
    claimant = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    intruder = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        ordering = ("id",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["code"], name="lot_code")]

    def __str__(self) -> str:
        return self.code


class LotMovement(models.Model):
    """What one event did to one lot: signed milligrams, nothing for a hand-over, and what was wrong there."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("taken in from outside")
        OUTPUT = "output", _("came out of a batch")
        SPLIT_FROM = "split_from", _("split off")
        SPLIT_INTO = "split_into", _("came from a split")
        MERGED_FROM = "merged_from", _("merged into another")
        MERGED_INTO = "merged_into", _("came from a merger")
        DRAWN = "drawn", _("drawn into a batch")
        SOLD = "sold", _("sold as a product")
        DISPATCHED = "dispatched", _("dispatched")
        RECEIVED = "received", _("received")
        REFUSED = "refused", _("refused")

    lot = models.ForeignKey(Lot, models.CASCADE, related_name="movements", db_index=False)
    event = models.ForeignKey(LifecycleEvent, models.PROTECT, related_name="+")
    #: Its place among the movements of its event.
    place = models.IntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    #: What the event says it moves: positive into the lot, negative out of it.
    mg = models.BigIntegerField()
    #: The mass as it was stated, also where none moves: what the scale said at a hand-over.
    stated_mg = models.BigIntegerField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    #: Whom it was dispatched to.
    other = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    #: Of a hand-over: how its consignment is known (see `Transfer.reference`), and the condition at receipt.
    reference = models.CharField(max_length=KEY_LENGTH + 1, blank=True)
    condition = models.CharField(max_length=12, blank=True)
    occurred_ms = models.BigIntegerField()
    arrival = models.BigIntegerField()
    reported_ms = models.BigIntegerField(default=0)
    #: Found by the walk: who has it then beyond dispute, and what the event contradicts.
    keeper = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    fault = models.CharField(max_length=16, blank=True)
    unannounced = models.BooleanField(default=False)
    disputed = models.BooleanField(default=False)

    class Meta:
        ordering = ("lot", "occurred_ms", "arrival", "place")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lot", "event", "place"], name="lot_movement_lot_event_place")
        ]


class LotOpening(Content):
    """How a lot came in from outside the system, and with what content."""

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    lot = models.ForeignKey(Lot, models.CASCADE, related_name="openings")
    source = models.CharField(_("origin"), max_length=20, blank=True)
    supplier = models.CharField(_("from"), max_length=200, blank=True)


class BatchInput(models.Model):
    """What went into a batch: a battery, a lot or a reagent."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="inputs", db_index=False)
    place = models.IntegerField()
    battery = models.CharField(max_length=CODE_LENGTH, blank=True)
    lot = models.ForeignKey(Lot, models.CASCADE, null=True, related_name="drawn_into")
    reagent = models.CharField(max_length=60, blank=True)
    mass_mg = models.BigIntegerField()

    class Meta:
        ordering = ("batch", "place")
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "place"], name="batch_input_place")]
        indexes: ClassVar = [
            models.Index(fields=["battery"], name="batch_input_battery", condition=~models.Q(battery=""))
        ]


class BatchOutput(Content):
    """What came out of a batch: a lot, with its content."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="outputs", db_index=False)
    place = models.IntegerField()
    lot = models.ForeignKey(Lot, models.CASCADE, related_name="made_in")
    mass_mg = models.BigIntegerField()

    class Meta:
        ordering = ("batch", "place")
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "place"], name="batch_output_place")]


class Residue(models.Model):
    """What a batch left behind."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="residues", db_index=False)
    place = models.IntegerField()
    kind = models.CharField(_("kind"), max_length=80, blank=True)
    mass_mg = models.BigIntegerField()
    moisture_ppb = models.BigIntegerField(null=True)
    assay = models.JSONField(null=True)
    manifest = models.CharField(_("manifest"), max_length=100, blank=True)

    class Meta:
        ordering = ("batch", "place")
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "place"], name="batch_residue_place")]
