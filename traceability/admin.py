"""People and tokens are cared for here; master data is only read: it changes through the ledger."""

from typing import Any

import structlog
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from traceability import tokens
from traceability.door import second_factor
from traceability.models import ApiToken, CodePrefix, Organisation, User

log = structlog.get_logger("traceability.admin")

# Their rows hold secrets or are not used; what there is to do with them is an action on people.
admin.site.unregister([Authenticator, EmailAddress])


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows that only `ledger.record()` changes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes here."""
        return False


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    """Organisations as the alliance recorded them."""

    list_display = ("code", "name", "name_en", "roles", "region")
    search_fields = ("code", "name", "name_en")


@admin.register(CodePrefix)
class CodePrefixAdmin(ReadOnlyAdmin):
    """Manufacturer codes and who filed them."""

    list_display = ("prefix", "organisation")
    search_fields = ("prefix", "organisation__code", "organisation__name")


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People who sign in, each for one organisation."""

    list_display = ("username", "organisation", "is_active", "is_staff", "last_login")
    list_select_related = ("organisation",)
    autocomplete_fields = ("organisation",)
    actions = ("reset_second_factor",)
    fieldsets = (*(UserAdmin.fieldsets or ()), (_("organisation"), {"fields": ("organisation", "language")}))
    add_fieldsets = (*UserAdmin.add_fieldsets, (_("organisation"), {"fields": ("organisation", "language")}))

    def has_reset_permission(self, request: HttpRequest) -> bool:
        """Only superusers: it opens an account to whoever knows its password."""
        return bool(request.user.is_superuser)

    @admin.action(description=_("Reset the second factor and end all sessions"), permissions=["reset"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let the selected people set up a new one at their next sign-in."""
        for user in queryset:
            second_factor.reset(user)
            log.warning("second_factor_reset", user=user.pk, by=request.user.pk)
        self.message_user(request, _("Done; they set up a new one when they sign in."))


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens for machines: made and revoked here, never changed or deleted."""

    list_display = ("name", "prefix", "organisation", "scope", "created_at", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("organisation",)
    search_fields = ("name", "prefix", "organisation__code", "organisation__name")
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "name", "scope", "expires_at")
    actions = ("revoke",)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issue the token and show its secret, this once."""
        token, secret = tokens.issue(
            obj.organisation, name=obj.name, scope=obj.scope.split(), expires_at=obj.expires_at
        )
        obj.pk, obj.prefix = token.pk, token.prefix
        messages.warning(request, _("The token, shown only now: %(secret)s") % {"secret": secret})

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Check the scope against the organisation's roles before anything is issued."""
        form = super().get_form(request, obj, change, **kwargs)

        class Checked(form):  # type: ignore[misc,valid-type]
            def clean(self) -> dict[str, Any]:
                data: dict[str, Any] = super().clean() or self.cleaned_data
                organisation = data.get("organisation")
                wrong = set(data.get("scope", "").split()) - (organisation.role_set if organisation else set())
                if organisation and wrong:
                    self.add_error("scope", _("The organisation has not these roles: %s") % ", ".join(sorted(wrong)))
                return data

        return Checked

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked, not deleted: the ledger names it."""
        return False

    def get_actions(self, request: HttpRequest) -> Any:
        """Revoking is open to who may add tokens."""
        return super().get_actions(request) if self.has_add_permission(request) else {}

    @admin.action(description=_("Revoke the selected tokens"), permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the selected tokens now."""
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, _("%d tokens revoked.") % count)
