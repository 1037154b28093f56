"""What levels, chemistries and chain statuses are called on the pages."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LEVELS: Final[dict[str, Promise]] = {"pack": _("pack"), "module": _("module"), "cell": _("cell")}
#: GB/T 34014, position 5.
CHEMISTRIES: Final[dict[str, Promise]] = {
    "A": _("nickel–metal hydride"),
    "B": _("lithium iron phosphate"),
    "C": _("lithium manganese oxide"),
    "D": _("lithium cobalt oxide"),
    "E": _("ternary (NCM, NCA)"),
    "F": _("supercapacitor"),
    "G": _("lithium titanate"),
    "Z": _("other chemistry"),
}
