"""Attachments: files kept under the SHA-256 of their content, and which events name them.

A file is written beside its place and then given its name in one step: what stands under a hash is whole, and is never
written again. What an organisation sent itself stands behind its events; a hash that it only read somewhere opens
nothing to anybody.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from traceability import bulk, file_types
from traceability.access import Viewer
from traceability.chains import ALLIANCE
from traceability.errors import Refusal, refuse
from traceability.events import batches
from traceability.models import Attachment, AttachmentMention, LifecycleEvent
from traceability.values import clean_text

log = structlog.get_logger("traceability.attachments")

#: Who stands behind a file: the organisation that sent it.
Sent = tuple[int, str]
#: A body that names files says so by one of these words.
_WORDS: Final = (b'"attachments":', b'"documents":')
#: What a sender who broke off has left is nobody's after a day.
_STALE_SECONDS: Final = 86_400
_NAME_LIMIT: Final = 200
#: Bodies read at once.
_BODIES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was kept; `new` when nobody had sent it before."""

    sha256: str
    name: str
    media_type: str
    bytes: int
    new: bool


# Keeping -------------------------------------------------------------------------------------------------------------


def keep(blocks: Iterable[bytes], *, name: str, by: Viewer) -> Kept:
    """Keep a file for the viewer's organisation; the same file again is the same file.

    Raises:
        Refusal: `no_organisation`, `too_large`, `missing_file`, `media_type`, `polyglot`; nothing of it is kept then.
    """
    if by.organisation_id is None:
        raise refuse("no_organisation" if by.is_known else "sign_in")
    draft = _drafts() / secrets.token_hex(16)
    try:
        sha256, size = _write(draft, blocks)
        media_type = file_types.media_type(draft.read_bytes())
        _give_name(draft, sha256)
    finally:
        draft.unlink(missing_ok=True)
    row, new = Attachment.objects.get_or_create(
        sha256=sha256,
        organisation_id=by.organisation_id,
        defaults={
            "name": _plain(name),
            "media_type": media_type,
            "bytes": size,
            "actor": by.actor,
            "sent_at": timezone.now(),
        },
    )
    return Kept(sha256, row.name, media_type, size, new)


def folder() -> Path:
    """The folder of all attachments."""
    return Path(settings.ATTACHMENTS_DIR)


def path_of(sha256: str) -> Path:
    """Where a file lies: under its hash, in one of 256 folders."""
    return folder() / sha256[:2] / sha256


def _drafts() -> Path:
    drafts = folder() / "drafts"
    drafts.mkdir(parents=True, exist_ok=True)
    before = time.time() - _STALE_SECONDS
    for left in drafts.iterdir():
        try:
            if left.stat().st_mtime < before:
                left.unlink()
        except FileNotFoundError:
            continue
    return drafts


def _write(path: Path, blocks: Iterable[bytes]) -> tuple[str, int]:
    """Write a file as it comes, down to the disk; gives its hash and its size."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for block in blocks:
            size += len(block)
            if size > settings.ATTACHMENT_MAX_BYTES:
                raise refuse("too_large", ("file",), value=size, limit=settings.ATTACHMENT_MAX_BYTES)
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if not size:
        raise refuse("missing_file", ("file",))
    return digest.hexdigest(), size


def _give_name(draft: Path, sha256: str) -> None:
    """Give a whole file its name, unless the same file has it already; one that was damaged is mended so."""
    path = path_of(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.chmod(0o440)
    try:
        os.link(draft, path)
    except FileExistsError:
        if (whole := opened(sha256)) is not None:
            whole.close()
            return
        draft.replace(path)
    # The answer says that the file is here: its name, too, has to be when the power fails.
    for place in (path.parent, path.parent.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _plain(name: str) -> str:
    """The name without folders and without what no text has; empty when nothing is left."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].strip()[-_NAME_LIMIT:]
    try:
        return clean_text(last.replace("\n", " ").replace("\t", " "), _NAME_LIMIT)
    except Refusal:
        return ""


def opened(sha256: str) -> BinaryIO | None:
    """Open a file whose content is still what its name says; None where it is lost or damaged, which is logged."""
    try:
        file = path_of(sha256).open("rb")
    except FileNotFoundError:
        log.error("attachment.lost", sha256=sha256)
        return None
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        log.error("attachment.damaged", sha256=sha256)
        file.close()
        return None
    file.seek(0)
    return file


# Who stands behind a file --------------------------------------------------------------------------------------------


def rows_behind(sha256: str, organisations: Collection[int]) -> list[Attachment]:
    """What these organisations sent under a hash, and what the alliance did, which captures for everybody."""
    senders = Q(organisation__in=organisations) | Q(organisation__roles__contains=ALLIANCE)
    return list(Attachment.objects.filter(senders, sha256=sha256).order_by("id"))


def sent_among(named: Collection[Sent]) -> set[Sent]:
    """Which of the files that organisations name were sent by themselves, or by the alliance; one query a batch."""
    found: set[Sent] = set()
    organisations = {organisation for organisation, _ in named}
    for some in batches({sha256 for _, sha256 in named}):
        senders = Q(organisation__in=organisations) | Q(organisation__roles__contains=ALLIANCE)
        rows = Attachment.objects.filter(senders, sha256__in=some)
        for sha256, organisation, roles in rows.values_list("sha256", "organisation", "organisation__roles"):
            if ALLIANCE in roles:
                found |= {(each, sha256) for each in organisations}
            found.add((organisation, sha256))
    return found & set(named)


# Which events name a file --------------------------------------------------------------------------------------------


def named_in(stored: bytes | memoryview) -> set[str]:
    """The hashes that an event's body names: attachments, those of a replacement, documents of a declaration."""
    stored = bytes(stored)
    if not any(word in stored for word in _WORDS):
        return set()
    return set(_named(orjson.loads(stored)))


def _named(members: dict[str, Any]) -> Iterator[str]:
    details = members.get("details", {})
    yield from (each["sha256"] for each in members.get("attachments", ()))
    yield from (each["sha256"] for each in details.get("documents", ()) if "sha256" in each)
    if replacement := details.get("replacement"):
        yield from _named(replacement)


def mention(events: Iterable[LifecycleEvent]) -> None:
    """Note which files new events name."""
    rows = [AttachmentMention(event_id=e.pk, sha256=sha) for e in events for sha in sorted(named_in(e.body))]
    if rows:
        bulk.insert(rows)


def mention_again() -> set[str]:
    """Derive from all events' bodies which files they name; gives the codes of the records where that differed."""
    differed: set[str] = set()
    bodies = LifecycleEvent.objects.order_by("id").values_list("id", "record__code", "body")
    last = 0
    while some := list(bodies.filter(id__gt=last)[:_BODIES]):
        first, last = some[0][0], some[-1][0]
        with transaction.atomic():
            there = set(
                AttachmentMention.objects.filter(event__gte=first, event__lte=last).values_list("event_id", "sha256")
            )
            wanted = {(id_, sha256) for id_, _, body in some for sha256 in named_in(body)}
            for id_, sha256 in there - wanted:
                AttachmentMention.objects.filter(event=id_, sha256=sha256).delete()
            bulk.insert([AttachmentMention(event_id=id_, sha256=sha256) for id_, sha256 in sorted(wanted - there)])
            off = {id_ for id_, _ in there ^ wanted}
            differed |= {code for id_, code, _ in some if id_ in off}
    return differed
