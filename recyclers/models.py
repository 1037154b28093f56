"""Listings and permits of companies: projections of the alliance's `listing` and `permit` events."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from traceability.models import LifecycleEvent, Organisation


class Listing(models.Model):
    """A company on the announced list (公告), for one scope; `revoked_on` is the first day it no longer holds."""

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="listings")
    scope = models.CharField(_("scope"), max_length=12)
    batch_number = models.CharField(_("batch"), max_length=40, blank=True)
    announced_on = models.DateField(_("announced on"), null=True)
    revoked_on = models.DateField(_("revoked on"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering: ClassVar = ["organisation", "scope", "announced_on"]


class Permit(models.Model):
    """A permit under Order 73, Art. 18; `valid_until` is the last valid day."""

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="permits")
    kind = models.CharField(_("kind"), max_length=16)
    number = models.CharField(_("number"), max_length=100, blank=True)
    issuer = models.CharField(_("issuer"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"), null=True)
    valid_until = models.DateField(_("valid until"), null=True)

    class Meta:
        verbose_name = _("permit")
        verbose_name_plural = _("permits")
        ordering: ClassVar = ["organisation", "kind", "valid_from"]
