"""Addresses of the pages."""

from django.urls import include, path, re_path

from web import attachments, audit_files, compliance_files, files, labels, recall_files, views
from web.audit import gaps as audit_gaps
from web.audit import overview as audit_overview
from web.audit import taking
from web.companies import companies, company, declaring, organisation, standing
from web.maker import batteries as maker_batteries
from web.maker import files as maker_files
from web.maker import labels as maker_labels
from web.material import batches, lots

_RUN, _ID, _CODE = "(?P<run>[0-9a-z]{1,32})", "(?P<id_>[0-9]{1,18})", "(?P<code>[0-9A-Za-z-]{1,80})"
_COMPANY = "(?P<code>[0-9A-Za-z]{18})"
_NAMED = "(?P<owner>[0-9A-Z]{18})/(?P<number>[^\\x00]{1,60})"
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
    re_path(rf"^audit/recyclers/{_COMPANY}/compliance$", compliance_files.compliance_page, name="compliance-page"),
    re_path(
        rf"^audit/recyclers/{_COMPANY}/compliance\.(?P<form>pdf|xlsx|csv|json)$",
        compliance_files.compliance,
        name="compliance-file",
    ),
    path("audit/", audit_overview.overview, name="audit-overview"),
    re_path(r"^audit/take/(?P<what>report|gaps|figures|sample)$", taking.take, name="audit-take"),
    re_path(r"^audit/progress/(?P<key>[0-9a-f]{32})$", taking.progress, name="audit-progress"),
    path("audit/gaps/", audit_gaps.gap_list, name="gap-list"),
    re_path(rf"^audit/gaps/{_ID}/$", audit_gaps.gap_page, name="gap-page"),
    re_path(r"^files/companies/dynamic-list\.(?P<form>csv|xlsx)$", companies.dynamic_list, name="dynamic-list-file"),
    path("recyclers/", companies.own, name="companies"),
    re_path(rf"^recyclers/{_COMPANY}/$", company.company, name="company"),
    re_path(rf"^recyclers/{_COMPANY}/standing$", standing.standing, name="company-standing"),
    re_path(rf"^recyclers/{_COMPANY}/balance$", standing.balance, name="company-balance"),
    re_path(rf"^recyclers/{_COMPANY}/declare$", declaring.declare, name="company-declare"),
    re_path(rf"^recyclers/{_COMPANY}/review$", declaring.review, name="company-review"),
    re_path(rf"^organisations/{_COMPANY}/$", organisation.organisation_page, name="organisation"),
    path("batches/", batches.batch_list, name="batch-list"),
    re_path(rf"^batches/{_NAMED}$", batches.batch_page, name="batch"),
    path("lots/", lots.lot_list, name="lot-list"),
    re_path(rf"^lots/{_NAMED}$", lots.lot_page, name="lot"),
    path("batteries/labels", maker_labels.labels, name="maker-labels"),
    path("batteries/", maker_batteries.battery_list, name="battery-list"),
    path("batteries/files/", maker_files.file_list, name="registration-files"),
    path("batteries/files/<str:id_>/", maker_files.file_page, name="registration-file"),
    path("batteries/files/<str:id_>/preview", maker_files.file_preview, name="registration-preview"),
    path("batteries/files/<str:id_>/commit", maker_files.commit, name="registration-commit"),
    path("batteries/files/<str:id_>/cancel", maker_files.cancel, name="registration-cancel"),
    path("", include("web.battery.urls")),
    path("", include("web.intake.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
