"""The lifecycle record as tables: who takes part, the append-only ledger, and what is projected from it.

`LifecycleEvent` and `EventContent` are the truth. `LifecycleRecord`, `Step`, `Component`, `Transfer`, `TransferItem`,
`Involvement`, `Organisation` and `CodePrefix` are projections of them: `rebuild` derives them again.
Masses are integer milligrams, times on projections integer milliseconds since 1970 (exact on every engine).
"""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _


def new_id() -> str:
    """An id that cannot be guessed: 128 random bits."""
    return secrets.token_hex(16)


KEY_LENGTH = 400  # a sender's key has 255 at most; the ledger appends `#<code>` for parts
CODE_LENGTH = 80  # battery codes have 24 or 19, batches and lots `<organisation>/<number>`


class Organisation(models.Model):
    """A company with a unified social credit code (GB 32100-2015): projected from its `organisation` events."""

    code = models.CharField(_("code"), max_length=18)
    name = models.CharField(_("name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    #: Space-separated with a space at both ends, so that ` recycler ` is found by every engine alike.
    roles = models.CharField(_("roles"), max_length=200, default=" ")
    region = models.CharField(_("region"), max_length=6, blank=True)
    #: Occurrence of the event that the row shows, so that a late older statement does not overwrite it.
    stated_ms = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ("code",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["code"], name="organisation_code")]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"

    @property
    def role_set(self) -> frozenset[str]:
        """The roles as a set of words."""
        return frozenset(self.roles.split())


class CodePrefix(models.Model):
    """A manufacturer code (GB/T 34014, positions 1–3) and the organisation that filed it."""

    prefix = models.CharField(_("prefix"), max_length=3)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="prefixes")

    class Meta:
        verbose_name = _("code prefix")
        verbose_name_plural = _("code prefixes")
        ordering = ("prefix",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["prefix"], name="code_prefix")]

    def __str__(self) -> str:
        return self.prefix


class User(AbstractUser):
    """A person who signs in, for one organisation."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("organisation")
    )
    language = models.CharField(
        _("language"), max_length=10, blank=True, choices=[("zh-hans", "简体中文"), ("en", "English")]
    )


class ApiToken(models.Model):
    """A machine's key to the API. Only its SHA-256 is kept; the secret is shown once."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="tokens", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    #: Roles it may act in; all of the organisation's when empty.
    scope = models.CharField(_("scope"), max_length=200, blank=True, help_text=_("Roles, separated by spaces."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        ordering = ("organisation", "name", "id")
        constraints: ClassVar = [models.UniqueConstraint(fields=["prefix"], name="api_token_prefix")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class LifecycleRecord(models.Model):
    """One row per thing that has a history: a battery, a batch, a lot, an organisation.

    All but `kind`, `code`, `number` and `head` is projected from the events by `traceability.chains`.
    """

    class Kind(models.TextChoices):
        BATTERY = "battery", _("battery")
        BATCH = "batch", _("batch")
        LOT = "lot", _("lot")
        ORGANISATION = "organisation", _("organisation")

    kind = models.CharField(max_length=12, choices=Kind)
    code = models.CharField(max_length=CODE_LENGTH)
    level = models.CharField(max_length=6, blank=True)
    #: How many events the record has, and the hash of the last: the head of its hash chain.
    number = models.IntegerField(default=0)
    head = models.BinaryField(max_length=32, null=True)
    #: The record whose chain this one's events are judged in, once `identified`; itself when empty.
    chain = models.ForeignKey("self", models.PROTECT, null=True, db_index=False, related_name="joined")
    stage = models.CharField(max_length=16, blank=True)
    holder = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    transit_to = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    transit_event = models.BigIntegerField(null=True)
    #: A disputed receipt: who held it before, and who received it unannounced. Both may act.
    claimant = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    intruder = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    maker = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    #: The receipt that set it apart, until that is lifted.
    quarantine_event = models.BigIntegerField(null=True)
    started = models.BooleanField(default=False)
    has_origin = models.BooleanField(default=False)
    produced = models.BooleanField(default=False)
    second_life = models.BooleanField(default=False)
    #: The battery this one is built into now; its life is that one's from `part_ms` on.
    part_of = models.CharField(max_length=CODE_LENGTH, blank=True)
    #: Its chain meets another's (built into, released from, joined): no shortcut when a fact is appended.
    entangled = models.BooleanField(default=False)
    last_ms = models.BigIntegerField(null=True)
    breaks = models.IntegerField(default=0)
    flaws = models.IntegerField(default=0)
    #: As far as the steps tell it; what the audit found in its last run stands beside it.
    chain_status = models.CharField(max_length=8, default="open")
    audit_status = models.CharField(max_length=8, default="open")
    #: How often its chain was written to, and how often when the audit last took it up.
    touched = models.IntegerField(default=0)
    audited = models.IntegerField(default=0)
    #: Of its facts, those with an enforced deadline, and of these the late ones, as the audit last counted them.
    audit_facts = models.IntegerField(default=0)
    audit_late = models.IntegerField(default=0)
    #: The cohort that it is counted in with these, by its id; None for what does not stand by itself.
    audit_cohort = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("kind", "code")
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "code"], name="record_kind_code")]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="record_audit_due", condition=~models.Q(touched=models.F("audited"))),
            models.Index(fields=["chain"], name="record_joined", condition=models.Q(chain__isnull=False)),
            # All that are judged as one chain. The type is said, or SQLite would not compare it with a column's.
            models.Index("kind", Cast(Coalesce("chain", "id"), models.BigIntegerField()), name="record_chain_of"),
        ]

    def __str__(self) -> str:
        return self.code


class ReadOnlyError(TypeError):
    """The ledger is append-only: an event is never changed or deleted; record a `corrected` event instead."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Reads as usual; refuses what would change a stored row, before the database's triggers do."""

    def update(self, **kwargs: Any) -> int:
        """Refuse: see `ReadOnlyError`."""
        raise ReadOnlyError

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: see `ReadOnlyError`."""
        raise ReadOnlyError


class LifecycleEvent(models.Model):
    """One fact, as it was recorded: append-only, hash-chained per record (see `traceability.body`)."""

    record = models.ForeignKey(LifecycleRecord, models.PROTECT, related_name="events", db_index=False)
    sequence = models.IntegerField()
    type = models.CharField(max_length=24)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reported_at = models.DateTimeField(null=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=KEY_LENGTH)
    previous_hash = models.BinaryField(max_length=32, null=True)
    hash = models.BinaryField(max_length=32)
    body = models.BinaryField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "sequence"], name="event_record_sequence"),
            models.UniqueConstraint(fields=["organisation", "key"], name="event_organisation_key"),
            models.UniqueConstraint(fields=["hash"], name="event_hash"),
        ]
        indexes: ClassVar = [
            # They are few, and a day gone by asks for all of them.
            models.Index(fields=["record"], name="event_corrected", condition=models.Q(type="corrected")),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class EventContent(models.Model):
    """What stands beside an event: long lists (the body holds their SHA-256) and personal values.

    The body holds HMAC-SHA256(salt, name ‖ value) of a personal value; the row can be erased and the chain still holds.
    """

    event = models.ForeignKey(LifecycleEvent, models.PROTECT, related_name="contents", db_index=False)
    name = models.CharField(max_length=100)
    value = models.TextField()
    salt = models.BinaryField(max_length=32, null=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "name"], name="content_event_name")]


class OutboxEntry(models.Model):
    """An event that the global log has not taken up yet; written in the event's own transaction."""

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")


class Attachment(models.Model):
    """A file that an organisation sent for its events; the content lies in a folder, under its SHA-256.

    No part of the ledger: the hash is part of each event that names it, whether or not the file was sent.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    #: By its content.
    media_type = models.CharField(max_length=40)
    bytes = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sha256", "organisation"], name="attachment_sha256_organisation")
        ]

    def __str__(self) -> str:
        return self.sha256


class AttachmentMention(models.Model):
    """A file that an event names: derived from the event's body, to find who may fetch the file."""

    event = models.ForeignKey(LifecycleEvent, models.PROTECT, related_name="+", db_index=False)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "sha256"], name="attachment_mention_event_sha256")
        ]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="attachment_mention_sha256")]


class Step(models.Model):
    """What an event did to its chain, in order of occurrence: the one place that knows stages.

    `record` is the chain's record, which is another than the event's where a correction moved a fact or an
    identification joined two chains. `arrival` is the event whose place it has (the original's, for a correction).
    An event that a correction set aside, or a withdrawal, has a row that is not `effective`.
    """

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="step")
    record = models.ForeignKey(LifecycleRecord, models.PROTECT, related_name="steps", db_index=False)
    effective = models.BooleanField(default=True)
    arrival = models.BigIntegerField()
    type = models.CharField(max_length=24)
    key = models.CharField(max_length=KEY_LENGTH)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    occurred_ms = models.BigIntegerField()
    reported_ms = models.BigIntegerField()
    stage_before = models.CharField(max_length=16, blank=True)
    stage_after = models.CharField(max_length=16, blank=True)
    holder_before = models.BigIntegerField(null=True)
    holder_after = models.BigIntegerField(null=True)
    transit_before = models.BigIntegerField(null=True)
    transit_after = models.BigIntegerField(null=True)
    transit_event_before = models.BigIntegerField(null=True)
    transit_event_after = models.BigIntegerField(null=True)
    claimant_after = models.BigIntegerField(null=True)
    intruder_after = models.BigIntegerField(null=True)
    quarantine_after = models.BigIntegerField(null=True)
    fault = models.CharField(max_length=20, blank=True)
    unannounced = models.BooleanField(default=False)

    class Meta:
        ordering = ("record", "occurred_ms", "arrival")
        indexes: ClassVar = [models.Index(fields=["record", "occurred_ms", "arrival"], name="step_chain_order")]


class StepDetail(models.Model):
    """What the rules of the audit, and warnings, need to know of an event's details, one row a value.

    `component` and `residue_component` (dismantled), `source` (assembled), `application` (assembled, deployed),
    `batch` (processed), `campaign` (recalled), `site` (where it happened: latitude and longitude).
    """

    event = models.ForeignKey(LifecycleEvent, models.PROTECT, related_name="+", db_index=False)
    record = models.ForeignKey(LifecycleRecord, models.PROTECT, related_name="step_details")
    name = models.CharField(max_length=20)
    value = models.CharField(max_length=100)

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [
            models.Index(fields=["event", "name"], name="step_detail_event_name"),
            # What was made of a battery, and what it was taken out of.
            models.Index(fields=["value"], name="step_detail_source", condition=models.Q(name="source")),
            models.Index(fields=["value"], name="step_detail_component", condition=models.Q(name="component")),
            models.Index(fields=["value"], name="step_detail_campaign", condition=models.Q(name="campaign")),
        ]


class Component(models.Model):
    """A module or cell built into a battery (its direct parent) from one moment to another.

    A part shares the life of what it is built into and needs no record of its own before it leaves.
    """

    code = models.CharField(max_length=CODE_LENGTH)
    parent_code = models.CharField(max_length=CODE_LENGTH)
    level = models.CharField(max_length=6)
    model_number = models.CharField(max_length=80, blank=True)
    mass_mg = models.BigIntegerField(null=True)
    since_event = models.ForeignKey(LifecycleEvent, models.PROTECT, related_name="+")
    since_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [
            models.Index(fields=["code"], name="component_code"),
            models.Index(fields=["parent_code"], name="component_parent"),
        ]


class Transfer(models.Model):
    """A consignment: what one organisation hands over to another under one waybill."""

    sender = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    receiver = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    #: `=` and the waybill; without one `#` and the key of the call, so that strangers are not thrown together.
    reference = models.CharField(max_length=KEY_LENGTH + 1)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "receiver", "reference"], name="transfer_reference")
        ]

    @property
    def waybill(self) -> str | None:
        """The waybill as the sender gave it."""
        return self.reference[1:] if self.reference.startswith("=") else None


class TransferItem(models.Model):
    """One battery of a consignment: dispatched by one event, closed by another (or not yet)."""

    class Status(models.TextChoices):
        IN_TRANSIT = "in_transit", _("in transit")
        RECEIVED = "received", _("received")
        REFUSED = "refused", _("refused")
        DIVERTED = "diverted", _("received by another")
        REPLACED = "replaced", _("dispatched again")

    dispatch = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="items")
    record = models.ForeignKey(LifecycleRecord, models.PROTECT, related_name="transfer_items")
    status = models.CharField(max_length=12, choices=Status)
    dispatched_ms = models.BigIntegerField()
    sent_mg = models.BigIntegerField(null=True)
    closing = models.ForeignKey(LifecycleEvent, models.PROTECT, null=True, related_name="+", db_index=False)
    closed_ms = models.BigIntegerField(null=True)
    received_mg = models.BigIntegerField(null=True)
    condition = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ("dispatch",)


class Involvement(models.Model):
    """An organisation's part in a chain, and how far into it that part reaches: what it may see."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    record = models.ForeignKey(LifecycleRecord, models.PROTECT, related_name="involvements")
    until_ms = models.BigIntegerField()
    until_arrival = models.BigIntegerField()

    class Meta:
        ordering = ("organisation", "record")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "record"], name="involvement_organisation_record")
        ]


# The audit ------------------------------------------------------------------------------------------------------------


class AuditRun(models.Model):
    """One run of the audit, with all that it takes to repeat it. No part of the ledger.

    Days are days since 1970-01-01 at +08:00, as everywhere in the audit.
    """

    class Scope(models.TextChoices):
        ALL = "all", _("all batteries")
        TOUCHED = "touched", _("what changed")
        BATTERY = "battery", _("one battery")

    public_id = models.CharField(max_length=32, default=new_id, editable=False)
    as_of = models.IntegerField()
    scope = models.CharField(max_length=8, choices=Scope)
    engine = models.CharField(max_length=10)
    #: Parameters and the digest of the law book, as canonical JSON.
    parameters = models.JSONField()
    #: The last event that it saw.
    seen_event = models.BigIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    #: Whether gaps were opened and closed by it: a run as of a past day changes nothing.
    kept = models.BooleanField(default=True)
    batteries = models.BigIntegerField(default=0)
    gaps = models.BigIntegerField(default=0)
    opened = models.BigIntegerField(default=0)
    closed = models.BigIntegerField(default=0)
    #: SHA-256 over all gaps in order: the same again when it is repeated.
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit run")
        verbose_name_plural = _("audit runs")
        ordering = ("-id",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["public_id"], name="audit_run_public_id")]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.scope})"


class Gap(models.Model):
    """What a run of the audit found missing or wrong, from the run that opened it to the run that closed it.

    Its history is kept: a gap that comes back after it was closed is a new row. `event_id` is 0 where it hangs on none.
    """

    #: Keys without constraints: gaps are written by the hundred thousand, and derived.
    record = models.ForeignKey(
        LifecycleRecord, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    code = models.CharField(max_length=24)
    severity = models.CharField(max_length=5)
    event_id = models.BigIntegerField(default=0)
    organisation = models.ForeignKey(
        Organisation, models.DO_NOTHING, db_constraint=False, null=True, db_index=False, related_name="+"
    )
    since_day = models.IntegerField()
    #: Key of the clause that it rests on; empty where there is none.
    clause = models.CharField(max_length=60, blank=True)
    evidence = models.TextField(blank=True)
    opened_in = models.ForeignKey(AuditRun, models.PROTECT, related_name="opened_gaps", db_index=False)
    closed_in = models.ForeignKey(AuditRun, models.PROTECT, null=True, related_name="closed_gaps", db_index=False)
    #: Worked on by people; the chain's own status never depends on it.
    status = models.CharField(max_length=9, default="open")

    class Meta:
        verbose_name = _("gap")
        verbose_name_plural = _("gaps")
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["record", "code", "event_id"], name="gap_open", condition=models.Q(closed_in=None)
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "code", "id"], name="gap_organisation"),
            models.Index(fields=["code", "id"], name="gap_code"),
            models.Index(fields=["opened_in"], name="gap_opened"),
            models.Index(fields=["closed_in"], name="gap_closed", condition=~models.Q(closed_in=None)),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.record_id}"


class GapAnswer(models.Model):
    """What somebody says of a gap: append-only. It belongs to the gap wherever it is found again."""

    class Kind(models.TextChoices):
        EXPLAINED = "explained", _("explained")
        ACCEPTED = "accepted", _("accepted")
        REOPENED = "reopened", _("reopened")

    record = models.ForeignKey(LifecycleRecord, models.PROTECT, related_name="gap_answers")
    code = models.CharField(max_length=24)
    event_id = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=9, choices=Kind)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=KEY_LENGTH)
    text = models.TextField()
    attachments = models.JSONField(default=list)
    at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "key"], name="gap_answer_organisation_key")
        ]


class AuditAccess(models.Model):
    """Who looked at the audit, when, and what they asked: append-only, one row a question that was answered.

    What was asked with is kept as digests, except the one code or id that it was about.
    """

    at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=80)
    #: The operation's own name, and the fields at its root.
    operation = models.CharField(max_length=100, blank=True)
    fields = models.CharField(max_length=200)
    subject = models.CharField(max_length=CODE_LENGTH, blank=True)
    #: SHA-256 of the text of the question, and of its variables as canonical JSON.
    query = models.CharField(max_length=64)
    variables = models.CharField(max_length=64)
    request = models.CharField(max_length=64, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("look at the audit")
        verbose_name_plural = _("looks at the audit")
        ordering = ("id",)
        indexes: ClassVar = [models.Index(fields=["organisation", "id"], name="audit_access_organisation")]

    def __str__(self) -> str:
        return f"{self.actor} {self.fields}"


class WorkingDay(models.Model):
    """The last day in time of what is due so many working days after a day: the law's calendar, for the audit's joins.

    Written from the law data when they differ (`traceability.audit.calendar`).
    """

    day = models.IntegerField()
    days = models.IntegerField()
    due_day = models.IntegerField()

    class Meta:
        ordering = ("days", "day")
        constraints: ClassVar = [models.UniqueConstraint(fields=["days", "day"], name="working_day_days")]


class AuditCohort(models.Model):
    """How many batteries are alike in holder, maker, model and month, as the last run left them (`audit.cohorts`)."""

    #: The id of the organisation; 0 for nobody.
    holder = models.BigIntegerField()
    prefix = models.CharField(max_length=8)
    model = models.CharField(max_length=100)
    month = models.CharField(max_length=7)
    batteries = models.BigIntegerField()
    complete = models.BigIntegerField()
    open = models.BigIntegerField()
    flawed = models.BigIntegerField()
    broken = models.BigIntegerField()
    facts = models.BigIntegerField()
    late = models.BigIntegerField()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["holder", "prefix", "model", "month"], name="audit_cohort_alike")
        ]


class AuditFigure(models.Model):
    """A run's figures for one group of batteries, kept for the trend."""

    run = models.ForeignKey(AuditRun, models.CASCADE, related_name="figures", db_index=False)
    group_by = models.CharField(max_length=12)
    key = models.CharField(max_length=120)
    batteries = models.BigIntegerField()
    complete = models.BigIntegerField()
    open = models.BigIntegerField()
    flawed = models.BigIntegerField()
    broken = models.BigIntegerField()
    #: Facts that a deadline is known for, and how many of them were reported in time.
    facts = models.BigIntegerField()
    on_time = models.BigIntegerField()

    class Meta:
        ordering = ("run", "group_by", "key")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "group_by", "key"], name="figure_run_group")]


class ImportJob(models.Model):
    """A file that was sent and is worked off in the background (see `traceability.jobs`). No part of the ledger."""

    class Kind(models.TextChoices):
        REGISTRATIONS = "registrations", _("registrations")
        RECORDS = "records", _("records")
        LISTINGS = "listings", _("listings")
        PERMITS = "permits", _("permits")

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        CHECKING = "checking", _("checking")
        WRITING = "writing", _("writing")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    public_id = models.CharField(max_length=32, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="imports", verbose_name=_("organisation")
    )
    actor = models.CharField(max_length=80)
    #: The roles it may act in, with a space at both ends.
    roles = models.CharField(max_length=200)
    language = models.CharField(max_length=10)
    name = models.CharField(_("name"), max_length=255)
    #: Its name in the folder of imports; empty once it was given back.
    file = models.CharField(max_length=64)
    size = models.BigIntegerField()
    on_error = models.CharField(max_length=8)
    dry_run = models.BooleanField(default=False)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    phase = models.CharField(max_length=12, blank=True)
    phase_since = models.DateTimeField(null=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(null=True)
    new = models.BigIntegerField(default=0)
    same = models.BigIntegerField(default=0)
    conflicting = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    problem_code = models.CharField(max_length=40, blank=True)
    problem_params = models.TextField(default="{}")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    #: Who works on it, until when it counts as alive, and how many have tried.
    worker = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [models.UniqueConstraint(fields=["public_id"], name="import_job_public_id")]
        indexes: ClassVar = [models.Index(fields=["status", "created_at"], name="import_job_queue")]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"


class ImportRowError(models.Model):
    """What is wrong with one row of a file; the sentence is made in the language of whoever reads it."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="row_errors", db_index=False)
    line = models.BigIntegerField()
    column = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    path = models.TextField()
    params = models.TextField()

    class Meta:
        ordering = ("job", "line", "id")
        indexes: ClassVar = [models.Index(fields=["job", "line", "id"], name="import_row_error_place")]
