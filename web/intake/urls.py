"""Addresses of intake. The service worker stands at the root, so that it may speak for `/intake/`."""

from django.urls import path

from web.intake import offline, views

urlpatterns = [
    path("intake/", views.page, name="intake"),
    path("intake/state.json", views.state, name="intake-state"),
    path("sw.js", offline.worker, name="intake-worker"),
    path("manifest.webmanifest", offline.manifest, name="intake-manifest"),
]
