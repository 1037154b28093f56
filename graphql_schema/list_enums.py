"""The enums of the dynamic list and of recycled content, as those of `graphql_schema.enums`."""

from graphql_schema.enums import Words


class RecycledSource(Words):
    """产品中再生料的来源。
    Where what a product is made of came from."""

    WASTE_BATTERIES = "waste_batteries", "废旧电池", "Waste batteries"
    PRODUCTION_SCRAP = "production_scrap", "生产废料", "Production scrap"
    BOUGHT = "bought", "外购材料，来源不再可知", "Bought lots that cannot be traced any further"
    REAGENTS = "reagents", "试剂和水", "Reagents and water"
    UNKNOWN = "unknown", "来源不明", "Of unknown origin"


LIST_ENUMS: tuple[type[Words], ...] = (RecycledSource,)
