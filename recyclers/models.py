"""What is said of companies: listings, permits and penalties by the alliance, declarations by the companies themselves
and reviewed by the alliance. All are projections of events. Batches and lots stand in `lot_models.py`.

A row is one statement. Of listings and permits, a later statement (by occurrence, then arrival) about the same thing
takes its place: the same permit is one organisation, kind and number, the same listing one organisation, scope and
batch. The row that was superseded stays, so that it can be asked what was known on a day gone by.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from recyclers.lot_models import (
    Batch,
    BatchInput,
    BatchOutput,
    Lot,
    LotMovement,
    LotOpening,
    Residue,
)
from traceability.models import LifecycleEvent, Organisation

__all__ = [
    "Batch",
    "BatchInput",
    "BatchOutput",
    "Declaration",
    "DeclarationReview",
    "Listing",
    "Lot",
    "LotMovement",
    "LotOpening",
    "Penalty",
    "Permit",
    "Residue",
    "Said",
    "Statement",
]


class Said(models.Model):
    """What was said of a company, by itself or by the alliance."""

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="%(class)ss")
    #: When it counts as reported; the original's time, where a correction gave the content.
    reported_ms = models.BigIntegerField()

    class Meta:
        abstract = True


class Statement(Said):
    """What the alliance said of a company, and between which moments it was the last word on its subject."""

    #: When the first statement that takes its place was reported; null while it is the last word.
    superseded_by_ms = models.BigIntegerField(null=True)
    #: What two statements have to share to be about the same thing.
    SUBJECT: ClassVar[tuple[str, ...]]

    class Meta(Said.Meta):
        abstract = True

    @property
    def is_current(self) -> bool:
        """Whether nothing later was stated about the same thing."""
        return self.superseded_by_ms is None


class Listing(Statement):
    """A company on the announced list (公告), for one scope; `revoked_on` is the first day it no longer holds."""

    scope = models.CharField(_("scope"), max_length=12)
    batch_number = models.CharField(_("batch"), max_length=40, blank=True)
    announced_on = models.DateField(_("announced on"), null=True)
    revoked_on = models.DateField(_("revoked on"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    SUBJECT = ("organisation_id", "scope", "batch_number")

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering: ClassVar = ["organisation", "scope", "announced_on", "event"]


class Permit(Statement):
    """A permit under Order 73, Art. 18; `valid_until` is the last valid day."""

    kind = models.CharField(_("kind"), max_length=16)
    number = models.CharField(_("number"), max_length=100, blank=True)
    issuer = models.CharField(_("issuer"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"), null=True)
    valid_until = models.DateField(_("valid until"), null=True)

    SUBJECT = ("organisation_id", "kind", "number")

    class Meta:
        verbose_name = _("permit")
        verbose_name_plural = _("permits")
        ordering: ClassVar = ["organisation", "kind", "valid_from", "event"]


class Declaration(Said):
    """What a company declared for one year: figures and statements by the clause that they answer, with documents.

    Each declaration completes those before it: of two figures for one clause the later one stands. All are kept.
    """

    year = models.IntegerField(_("year"))
    #: Clause → a decimal as text, in the unit of the clause.
    figures = models.JSONField(default=dict)
    #: Clause → whether the company says that it meets it.
    statements = models.JSONField(default=dict)
    #: [{clause, sha256, name}]
    documents = models.JSONField(default=list)
    #: Its place among the declarations: when it was made, then in order of arrival.
    occurred_ms = models.BigIntegerField()
    arrival = models.BigIntegerField()

    class Meta:
        verbose_name = _("declaration")
        verbose_name_plural = _("declarations")
        ordering: ClassVar = ["organisation", "year", "occurred_ms", "arrival"]
        indexes: ClassVar = [models.Index(fields=["year", "organisation"], name="declaration_year_organisation")]


class DeclarationReview(Said):
    """The alliance's word on what a company had declared for a year by then: confirmed, or objected to."""

    year = models.IntegerField(_("year"))
    accepted = models.BooleanField(_("accepted"))
    reason = models.TextField(_("reason"), blank=True)
    arrival = models.BigIntegerField()

    class Meta:
        verbose_name = _("review of a declaration")
        verbose_name_plural = _("reviews of declarations")
        ordering: ClassVar = ["organisation", "year", "reported_ms", "arrival"]


class Penalty(Said):
    """An administrative penalty: it bars the company from applying for a listing for two years (Order 73, Art. 42)."""

    decided_on = models.DateField(_("decided on"), null=True)
    authority = models.CharField(_("authority"), max_length=200, blank=True)
    number = models.CharField(_("number"), max_length=100, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("penalty")
        verbose_name_plural = _("penalties")
        ordering: ClassVar = ["organisation", "decided_on", "event"]
