"""Addresses of the pages."""

from django.urls import include, path, re_path

from web import files, labels, views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("version", views.version, name="version"),
    path("", include("web.people.urls")),
    re_path(r"^labels/(?P<code>[0-9A-Za-z-]{1,80})\.(?P<form>png|svg)$", labels.picture, name="label-picture"),
    path("labels.pdf", labels.sheet, name="label-sheet"),
    path("labels/keys.json", labels.keys, name="label-keys"),
    path("labels/revoked.json", labels.revoked, name="label-revocations"),
    path("files/registrations/", files.registrations, name="send-registrations"),
    path("files/registrations/template.xlsx", files.template, name="registration-template"),
    path("files/records/", files.records, name="send-records"),
    path("files/imports/<str:id_>/", files.job_page, name="import-job"),
    path("files/imports/<str:id_>/errors", files.errors, name="import-errors"),
    path("i18n/", include("django.conf.urls.i18n")),
]
