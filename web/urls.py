"""Addresses of the pages."""

from django.urls import include, path, re_path

from web import attachments, audit_files, files, labels, recall_files, views

_RUN, _ID, _CODE = "(?P<run>[0-9a-z]{1,32})", "(?P<id_>[0-9]{1,18})", "(?P<code>[0-9A-Za-z-]{1,80})"
_FORM = "(?P<form>csv|xlsx|jsonl|parquet)"

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
    path("files/listings/", files.listings, name="send-listings"),
    path("files/permits/", files.permits, name="send-permits"),
    path("files/attachments/", attachments.send, name="send-attachment"),
    re_path(r"^files/attachments/(?P<sha256>[0-9a-f]{64})$", attachments.fetch, name="attachment"),
    re_path(r"^files/recalls/affected\.(?P<form>csv|xlsx|jsonl)$", recall_files.affected, name="recall-file"),
    path("files/imports/<str:id_>/", files.job_page, name="import-job"),
    path("files/imports/<str:id_>/errors", files.errors, name="import-errors"),
    re_path(
        rf"^files/audit/batteries/{_CODE}/evidence\.zip$", audit_files.battery_evidence, name="audit-battery-evidence"
    ),
    re_path(rf"^files/audit/gaps/{_ID}/evidence\.zip$", audit_files.gap_evidence, name="audit-gap-evidence"),
    re_path(rf"^files/audit/{_RUN}/$", audit_files.run_page, name="audit-run"),
    re_path(rf"^files/audit/{_RUN}/report\.pdf$", audit_files.report, name="audit-report"),
    re_path(rf"^files/audit/{_RUN}/gaps\.{_FORM}$", audit_files.gaps, name="audit-gaps"),
    re_path(rf"^files/audit/{_RUN}/figures\.{_FORM}$", audit_files.figures, name="audit-figures"),
    re_path(rf"^files/audit/{_RUN}/sample\.{_FORM}$", audit_files.sample, name="audit-sample"),
    path("", include("web.intake.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
