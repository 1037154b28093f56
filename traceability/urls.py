"""Addresses of the project."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("graphql_schema.urls")),
    path("", include("web.urls")),
]
