"""What the door remembers between requests and processes: keyed hashes of names and addresses, never those."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Attempt(models.Model):
    """The failed attempts of one kind, on one subject (an account, a token), from one origin (an address, a device).

    Empty stands for any: `("password", "", address)` counts whatever fails from that address.
    """

    scope = models.CharField(max_length=16)
    subject = models.CharField(max_length=32, blank=True)
    origin = models.CharField(max_length=32, blank=True)
    failures = models.IntegerField(default=0)
    #: When the window began in which they are counted, and how long it is.
    since_ms = models.BigIntegerField()
    window_ms = models.IntegerField()
    #: How many locks followed on each other, and when the last ends.
    locks = models.IntegerField(default=0)
    until_ms = models.BigIntegerField(default=0)
    #: From then on the row says nothing any more and is swept.
    forget_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "subject", "origin"], name="attempt_scope_subject_origin")
        ]
        indexes: ClassVar = [models.Index(fields=["forget_ms"], name="attempt_forget")]


class Budget(models.Model):
    """What an organisation has spent of its points: a bucket that leaks at a steady rate."""

    holder = models.CharField(max_length=40, primary_key=True)
    spent = models.BigIntegerField()
    at_ms = models.BigIntegerField()


class Pin(models.Model):
    """By what a person takes over a shared device; hashed as passwords are. It signs nobody in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="pin")
    secret = models.CharField(max_length=128)
    set_at = models.DateTimeField(auto_now=True)
