"""Addresses of the project."""

from django.contrib import admin
from django.urls import include, path

handler400, handler403 = "web.errors.bad_request", "web.errors.forbidden"
handler404, handler500 = "web.errors.not_found", "web.errors.fault"

urlpatterns = [
    # Before the admin: its own forms for signing in and changing a password know neither throttle nor second factor.
    path("", include("web.urls")),
    path("admin/", admin.site.urls),
    path("", include("graphql_schema.urls")),
]
