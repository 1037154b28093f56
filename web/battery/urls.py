"""Addresses of a battery's page. Labels are printed in upper case, and may stand under a path (`LABEL_HOST`)."""

from django.urls import re_path

from web.battery import views

_ANY = r"[\s\S]"
#: What a label's code and signature look like, whatever a scanner made of their case.
_SIGNED, _CODE, _GTIN = "(?P<signed>[0-9A-Za-z]{113})", "(?P<code>[^/]+)", "(?P<gtin>[0-9]{14})"
_UNDER = "(?P<prefix>(?:[^/]{1,40}/){1,4})"

urlpatterns = [
    re_path(r"^[bB]/$", views.look_up, name="look-up"),
    # Under a path first: it may well be called B.
    re_path(rf"^{_UNDER}[lL]/{_SIGNED}/{_CODE}", views.label),
    re_path(rf"^{_UNDER}01/{_GTIN}/21/{_CODE}", views.digital_link),
    re_path(rf"^[lL]/(?P<signed>[^/]+)/{_CODE}", views.label, name="label"),
    re_path(rf"^01/{_GTIN}/21/{_CODE}", views.digital_link, name="digital-link"),
    re_path(r"^b/(?P<code>[0-9A-Za-z-]{1,80})/bodies\.json$", views.bodies, name="battery-bodies"),
    re_path(rf"^[bB]/(?P<given>{_ANY}+)$", views.page, name="battery"),
]
