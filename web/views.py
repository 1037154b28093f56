"""The first page, and what a machine asks: is it alive, which version is it."""

import tomllib
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from traceability import append_only


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    return render(request, "web/home.html", {"version": project_version(), "graphiql": settings.GRAPHIQL})


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and the ledger's triggers are laid, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        guarded = not append_only.missing()
    except DatabaseError:
        return JsonResponse({"status": "down", "database": False}, status=503)
    status = "ok" if guarded else "unguarded"
    return JsonResponse({"status": status, "database": True, "ledger": guarded}, status=200 if guarded else 503)


@require_safe
def version(request: HttpRequest) -> JsonResponse:
    """Tell the version of the project."""
    return JsonResponse({"version": project_version()})


@cache
def project_version() -> str:
    """The version that pyproject.toml states."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
