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


class ReportState(Words):
    """年度报告的状态。
    Where an annual report stands."""

    DUE = "due", "待提交", "Due, and not in yet"
    HANDED_IN = "handed_in", "已按期提交", "Handed in in time"
    LATE = "late", "已逾期提交", "Handed in late"
    MISSING = "missing", "逾期未提交", "Not in, and over"


class ToDo(Words):
    """公告企业须办理的事项。
    What a listed company has to see to."""

    MENDING = "mending", "限期整改", "A condition that it has to meet again"
    PERMIT_ENDS = "permit_ends", "许可到期", "A permit that ends, or ended"
    ANNUAL_REPORT = "annual_report", "年度报告", "The annual report"


LIST_ENUMS: tuple[type[Words], ...] = (RecycledSource, ReportState, ToDo)
