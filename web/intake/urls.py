"""Addresses of intake. The service worker stands at the root, so that it may speak for `/intake/`."""

from django.urls import path, re_path

from web.intake import handing_over, offline, views

urlpatterns = [
    path("intake/", views.page, name="intake"),
    path("intake/state.json", views.state, name="intake-state"),
    path("intake/hand-over/", handing_over.hand_over, name="intake-hand-over"),
    path("intake/receipt.pdf", views.receipt_paper, name="intake-receipt-paper"),
    re_path(r"^intake/receipts/(?P<token>[0-9A-Za-z:_.-]{20,400})$", views.receipt_page, name="intake-receipt"),
    path("sw.js", offline.worker, name="intake-worker"),
    path("manifest.webmanifest", offline.manifest, name="intake-manifest"),
]
