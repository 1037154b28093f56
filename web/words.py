"""What levels, chemistries, processes and materials are called on the pages."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
PROCESSES: Final[dict[str, Promise]] = {
    "crushing": _("crushing"),
    "hydrometallurgy": _("hydrometallurgy"),
    "pyrometallurgy": _("pyrometallurgy"),
    "material_repair": _("material repair"),
}
MATERIALS: Final[dict[str, Promise]] = {
    "electrode_powder": _("electrode powder"),
    "lithium_carbonate": _("lithium carbonate"),
    "lithium_hydroxide_monohydrate": _("lithium hydroxide monohydrate"),
    "lithium_phosphate": _("lithium phosphate"),
    "nickel_sulfate_hexahydrate": _("nickel sulfate hexahydrate"),
    "nickel_sulfate_heptahydrate": _("nickel sulfate heptahydrate"),
    "cobalt_sulfate_heptahydrate": _("cobalt sulfate heptahydrate"),
    "manganese_sulfate_monohydrate": _("manganese sulfate monohydrate"),
    "copper_sulfate_pentahydrate": _("copper sulfate pentahydrate"),
    "iron_phosphate": _("iron phosphate"),
    "iron_phosphate_dihydrate": _("iron phosphate dihydrate"),
    "copper": _("copper"),
    "aluminium": _("aluminium"),
    "graphite": _("graphite"),
    "steel": _("steel"),
    "plastic": _("plastic"),
    "cathode_material": _("cathode material"),
    "anode_material": _("anode material"),
    "electrolyte": _("electrolyte"),
    "battery_scrap": _("battery scrap"),
    # What a flow may be besides.
    "batteries": pgettext_lazy("material", "batteries"),
    "reagents": _("reagents"),
    "unknown": _("material that nobody named"),
    "residues": _("residues"),
    "loss": _("loss"),
}
