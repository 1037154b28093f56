"""Addresses of the pages."""

from django.urls import include, path

from web import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("version", views.version, name="version"),
    path("", include("web.people.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
