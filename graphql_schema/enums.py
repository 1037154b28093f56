"""The enums of both surfaces: upper-case names in GraphQL, the words of files and commands as values.

Plain Python, so that either library can take them up; each member carries its description, Chinese then English.
"""

from enum import Enum
from inspect import cleandoc
from typing import Any, Self, cast


class Words(Enum):
    """An enum whose members are declared as (word, Chinese, English)."""

    description: str

    def __new__(cls, word: str, chinese: str, english: str) -> Self:
        """Make the member; its value is the word alone."""
        member = object.__new__(cls)
        member._value_ = word
        member.description = f"{chinese}\n{english}"
        return member

    @classmethod
    def of(cls, word: str) -> Self:
        """The member for a word of files and commands."""
        return cast(Any, cls)(word)  # type: ignore[no-any-return]

    @classmethod
    def maybe(cls, word: str) -> Self | None:
        """The member for a word; None for the empty word, which means unknown."""
        return cls.of(word) if word else None

    @classmethod
    def about(cls) -> str:
        """The description of the enum itself: its docstring."""
        return cleandoc(cls.__doc__ or "")


class Stage(Words):
    """电池所处的生命阶段。
    Where a battery is in its life."""

    PRODUCED = "produced", "已生产，未装车", "Produced, not in a vehicle"
    IN_VEHICLE = "in_vehicle", "已装车", "Built into a vehicle"
    RETIRED = "retired", "已退役", "Retired from its vehicle or its second life"
    IN_SECOND_LIFE = "in_second_life", "梯次利用中", "In use in its second life"
    DISMANTLED = "dismantled", "已拆解（终点）", "Dismantled (an end)"
    REASSEMBLED = "reassembled", "已重组为梯次产品（终点）", "Reassembled into a second-life product (an end)"
    PROCESSED = "processed", "已再生处理（终点）", "Processed for its materials (an end)"
    EXPORTED = "exported", "已出口（终点）", "Exported (an end)"
    DESTROYED = "destroyed", "已销毁（终点）", "Destroyed (an end)"
    LOST = "lost", "已丢失（终点，可找回）", "Lost (an end, unless it is found again)"


class Level(Words):
    """电池的层级。
    The level of a battery."""

    PACK = "pack", "电池包", "Pack"
    MODULE = "module", "模块", "Module"
    CELL = "cell", "单体", "Cell"


class BatteryType(Words):
    """电池类型，即编码第 5 位（GB/T 34014）。
    The chemistry: position 5 of the code (GB/T 34014)."""

    A = "A", "镍氢电池", "Nickel-metal hydride"
    B = "B", "磷酸铁锂电池", "Lithium iron phosphate"
    C = "C", "锰酸锂电池", "Lithium manganese oxide"
    D = "D", "钴酸锂电池", "Lithium cobalt oxide"
    E = "E", "三元材料电池", "Ternary (NCM or NCA)"
    F = "F", "超级电容器", "Supercapacitor"
    G = "G", "钛酸锂电池", "Lithium titanate"
    Z = "Z", "其他", "Other"


class EventType(Words):
    """记录的类型。
    The types of record."""

    PRODUCED = "produced", "生产", "Produced"
    INSTALLED = "installed", "装车", "Installed in a vehicle"
    SOLD = "sold", "车辆销售", "The vehicle was sold"
    REMOVED = "removed", "拆下", "Removed from a vehicle"
    DISPATCHED = "dispatched", "发出", "Dispatched to another organisation"
    RECEIVED = "received", "接收", "Received"
    REFUSED = "refused", "拒收", "Refused by the addressee"
    REPAIRED = "repaired", "维修", "Repaired, parts exchanged"
    INSPECTED = "inspected", "检测", "Inspected"
    DISMANTLED = "dismantled", "拆解", "Dismantled"
    ASSEMBLED = "assembled", "梯次产品组装", "Assembled as a second-life product"
    DEPLOYED = "deployed", "梯次产品投用", "Deployed in a second life"
    DECOMMISSIONED = "decommissioned", "梯次产品退役", "Taken out of its second life"
    PROCESSED = "processed", "再生处理", "Processed in a batch"
    EXPORTED = "exported", "出口", "Exported"
    DESTROYED = "destroyed", "销毁", "Destroyed"
    LOST = "lost", "丢失", "Lost"
    IDENTIFIED = "identified", "确认真实编码", "A provisional identity was identified"
    RECALLED = "recalled", "召回", "Recalled"
    QUARANTINE_LIFTED = "quarantine_lifted", "解除隔离", "Quarantine lifted"
    BATCH = "batch", "批次", "A batch of a process"
    LOT_OPENED = "lot_opened", "外来材料入账", "A lot was taken in from outside"
    LOT_SPLIT = "lot_split", "材料批次分拆", "A lot was split"
    LOT_MERGED = "lot_merged", "材料批次合并", "Lots were merged"
    LOT_SOLD = "lot_sold", "材料出售", "Of a lot was sold as a product"
    LABEL_ISSUED = "label_issued", "签发标签", "A label was issued"
    LABEL_REVOKED = "label_revoked", "撤销标签", "A label was revoked"
    DISPUTE_DECIDED = "dispute_decided", "争议裁定", "A dispute was decided"
    RELEASED = "released", "从上级电池中取出", "Released from the battery it was part of"
    REASSEMBLED = "reassembled", "用于梯次产品", "Reassembled into a product"
    CORRECTED = "corrected", "更正", "A correction of an earlier record"
    VEHICLE_SCRAPPED = "vehicle_scrapped", "车辆报废", "A vehicle was scrapped"
    ORGANISATION = "organisation", "单位资料", "Master data of an organisation"
    PERMIT = "permit", "许可", "A permit"
    LISTING = "listing", "公告名单", "A place on the announced list"
    MODEL = "model", "电池型号", "A battery model"
    DECLARATION = "declaration", "年度申报", "A yearly declaration"
    DECLARATION_REVIEWED = "declaration_reviewed", "申报审核", "A declaration was reviewed"
    PENALTY = "penalty", "处罚", "A penalty"


class Process(Words):
    """再生工艺。
    The processes of recovery."""

    CRUSHING = "crushing", "破碎分选", "Crushing and sorting"
    HYDROMETALLURGY = "hydrometallurgy", "湿法冶金", "Hydrometallurgy"
    PYROMETALLURGY = "pyrometallurgy", "火法冶金", "Pyrometallurgy"
    MATERIAL_REPAIR = "material_repair", "材料修复", "Repair of materials"


class Material(Words):
    """材料。
    What a lot is of."""

    ELECTRODE_POWDER = "electrode_powder", "电极粉（黑粉）", "Electrode powder (black mass)"
    LITHIUM_CARBONATE = "lithium_carbonate", "碳酸锂", "Lithium carbonate"
    LITHIUM_HYDROXIDE_MONOHYDRATE = "lithium_hydroxide_monohydrate", "单水氢氧化锂", "Lithium hydroxide monohydrate"
    LITHIUM_PHOSPHATE = "lithium_phosphate", "磷酸锂", "Lithium phosphate"
    NICKEL_SULFATE_HEXAHYDRATE = "nickel_sulfate_hexahydrate", "六水硫酸镍", "Nickel sulfate hexahydrate"
    NICKEL_SULFATE_HEPTAHYDRATE = "nickel_sulfate_heptahydrate", "七水硫酸镍", "Nickel sulfate heptahydrate"
    COBALT_SULFATE_HEPTAHYDRATE = "cobalt_sulfate_heptahydrate", "七水硫酸钴", "Cobalt sulfate heptahydrate"
    MANGANESE_SULFATE_MONOHYDRATE = "manganese_sulfate_monohydrate", "一水硫酸锰", "Manganese sulfate monohydrate"
    COPPER_SULFATE_PENTAHYDRATE = "copper_sulfate_pentahydrate", "五水硫酸铜", "Copper sulfate pentahydrate"
    IRON_PHOSPHATE = "iron_phosphate", "磷酸铁", "Iron phosphate"
    IRON_PHOSPHATE_DIHYDRATE = "iron_phosphate_dihydrate", "二水磷酸铁", "Iron phosphate dihydrate"
    COPPER = "copper", "铜", "Copper"
    ALUMINIUM = "aluminium", "铝", "Aluminium"
    GRAPHITE = "graphite", "石墨", "Graphite"
    STEEL = "steel", "钢", "Steel"
    PLASTIC = "plastic", "塑料", "Plastic"
    CATHODE_MATERIAL = "cathode_material", "正极材料", "Cathode material"
    ANODE_MATERIAL = "anode_material", "负极材料", "Anode material"
    ELECTROLYTE = "electrolyte", "电解液", "Electrolyte"
    BATTERY_SCRAP = "battery_scrap", "电池废料（仅外来）", "Battery scrap (from outside only)"


class LotOrigin(Words):
    """材料批次的来历。
    Where a lot comes from."""

    BATCH = "batch", "某一批次的产出", "Made in a batch"
    OPENED = "opened", "外来入账", "Taken in from outside"
    SPLIT = "split", "分拆所得", "Split from another lot"
    MERGED = "merged", "合并所得", "Merged from other lots"
    RECEIVED = "received", "到货时无来历", "Received without papers"


class LotSource(Words):
    """外来材料的来源。
    Where a lot from outside was taken in from."""

    PRODUCTION_SCRAP = "production_scrap", "生产废料", "Production scrap"
    PURCHASED = "purchased", "外购", "Purchased"
    OPENING_STOCK = "opening_stock", "期初库存", "Stock when the records begin"


class ChainStatus(Words):
    """链条完整性状态。
    How complete a battery's chain is."""

    COMPLETE = "complete", "已到终点且无缺口", "Reached an end without a gap"
    OPEN = "open", "无缺口，尚未结束", "Without a gap, and not at its end"
    FLAWED = "flawed", "有缺口，但无断链", "Has gaps, but none that breaks it"
    BROKEN = "broken", "断链", "Has at least one gap that breaks it"


class GapCode(Words):
    """链条缺口的类型。
    What is missing in a chain."""

    UNKNOWN_ORIGIN = "unknown_origin", "来源不明", "The chain begins without an origin"
    MISSING_LINK = "missing_link", "缺少环节", "The event is not possible from the stage reached"
    CUSTODY_BREAK = "custody_break", "保管中断", "Recorded by one who did not hold the battery"
    UNANNOUNCED_RECEIPT = "unannounced_receipt", "未预告的接收", "Received without having been dispatched there"
    UNRECEIVED = "unreceived", "发出后逾期未接收", "Dispatched, and neither received nor refused in time"
    STALLED = "stalled", "退役后长期无记录", "Retired, and nothing recorded for long"
    UNLICENSED = "unlicensed", "未具备许可", "Done without all the permits it takes"
    UNLISTED = "unlisted", "不在公告名单", "Done by a company that was not listed"
    LATE_REPORT = "late_report", "逾期报告", "Reported after its deadline"
    FUTURE_DATED = "future_dated", "日期在未来", "Said to have happened after it was reported"
    COMPONENT_LOSS = "component_loss", "部件去向不明", "Dismantled, and a part is not accounted for"
    COMPONENT_CONFLICT = "component_conflict", "部件冲突", "A part in two batteries at once, or a code produced twice"
    BATCH_MISSING = "batch_missing", "缺少处理批次", "Processed, and no batch lists the battery"
    MASS_IMBALANCE = "mass_imbalance", "质量不平衡", "A batch does not balance"
    FORBIDDEN_USE = "forbidden_use", "禁止的用途", "Put to a use that is forbidden"
    LOST = "lost", "丢失", "Lost, and not found again"
    DOUBLE_USE = "double_use", "重复投料", "The input of two batches"
    VEHICLE_WITHOUT_BATTERY = (
        "vehicle_without_battery",
        "报废车辆未拆下电池",
        "The vehicle was scrapped, and the battery in it was never removed",
    )
    ALTERED = "altered", "记录被改动", "A stored record's hash or link does not hold"


class Severity(Words):
    """缺口的严重程度。
    How grave a gap is."""

    BREAK = "break", "断链", "Breaks the chain"
    FLAW = "flaw", "瑕疵", "A flaw"


class GapStatus(Words):
    """缺口的处理状态；从不影响链条状态。
    How far people are with a gap; it never changes the chain's own status."""

    OPEN = "open", "待处理", "Nobody has explained it"
    EXPLAINED = "explained", "已说明", "Explained by who answers for it"
    ACCEPTED = "accepted", "说明已被接受", "The alliance accepts the explanation"
    CLOSED = "closed", "已不存在", "No longer found"


class CompletenessGroup(Words):
    """完整性数字的分组方式。
    What figures of completeness are grouped by."""

    ORGANISATION = "organisation", "保管单位", "Who holds the battery"
    REGION = "region", "保管单位所在地区", "The region of who holds it"
    MANUFACTURER = "manufacturer", "生产企业", "Who made it"
    MODEL = "model", "型号（企业与编号）", "Its model: maker and number"
    MONTH = "month", "生产月份", "The month it was made in"


class AuditScope(Words):
    """一次审计的范围。
    What one run of the audit judged."""

    ALL = "all", "全部电池", "All batteries"
    TOUCHED = "touched", "有变化的电池", "What changed since the run before"
    BATTERY = "battery", "一块电池", "One battery"


class Verdict(Words):
    """行业规范条件的评定结果。
    How a company or a figure is judged by the conditions for the industry."""

    PASS = "pass", "符合", "Met"
    FAIL = "fail", "不符合", "Not met"
    IMPLAUSIBLE = "implausible", "数值不可信（回收率超过 100%）", "Cannot be true (a recovery above 100 %)"
    NO_EVIDENCE = "no_evidence", "缺少证据", "Nothing to judge by"
    NOT_APPLICABLE = "not_applicable", "不适用", "The company has no such process"
    NOT_IN_FORCE = "not_in_force", "该版本无此条款或已失效", "The edition does not have it, or it ended before"


class Certainty(Words):
    """条款的确定程度。
    How certain a clause is."""

    FIRM = "firm", "确定：有原文或两个独立来源", "Firm: from the text itself or two independent sources"
    REPORTED = "reported", "据报道或引用文件", "Reported by the press or a document that cites it"
    PROVISIONAL = (
        "provisional",
        "暂定：仅显示，除非要求否则不作评定",
        "Provisional: shown, and decides only when asked to",
    )


class Boundary(Words):
    """评定的范围：规范条件未作规定，故为参数。
    What figures are taken over; the conditions do not fix it."""

    COMPANY = "company", "企业整体", "The company as a whole"
    SITE = "site", "各厂区，以最差者为准", "Each of its sites; the worst decides"


class Averaging(Words):
    """评定的平均方式：规范条件未作规定，故为参数。
    What figures are averaged over; the conditions do not fix it."""

    PERIOD = "period", "整个期间", "The whole period"
    MONTH = "month", "各月，以最差者为准", "Each month; the worst decides"
    BATCH = "batch", "各批次，以最差者为准", "Each batch; the worst decides"


class DeclarationStanding(Words):
    """联盟对申报的意见。
    What the alliance made of a declaration."""

    DECLARED = "declared", "已申报，待审核", "Declared, and waiting for review"
    CONFIRMED = "confirmed", "已确认", "Confirmed"
    OBJECTED = "objected", "有异议：不作为证据", "Objected to: it is no evidence"


class LineageKind(Words):
    """谱系图中对象的种类。
    What a thing in a lineage is."""

    BATTERY = "battery", "电池", "A battery"
    COMPONENT = "component", "从电池中取出的部件", "A part that was taken out of a battery"
    PRODUCT = "product", "梯次产品", "A second-life product"
    BATCH = "batch", "处理批次", "A batch it was processed in"
    LOT = "lot", "材料批次", "A lot of material"


class LineageTie(Words):
    """谱系图中两个对象的关系。
    How one thing in a lineage came out of another."""

    RELEASED = "released", "拆出", "Was taken out of it"
    ASSEMBLED = "assembled", "组装成", "Was made of it"
    PROCESSED = "processed", "投入批次处理", "It was processed in this batch"
    MADE = "made", "批次产出", "Came out of the batch"
    DRAWN = "drawn", "投料", "Was drawn into the batch"
    MOVED = "moved", "分拆或合并", "Was split off, or merged into it"


class ShareKind(Words):
    """质量份额的来源或去向的种类。
    What a share of mass came from, or went into."""

    BATTERY = "battery", "电池、部件或梯次产品", "A battery, a part or a second-life product"
    LOT = "lot", "材料批次", "A lot of material"
    REAGENT = "reagent", "试剂", "A reagent"
    RESIDUE = "residue", "残余物", "A residue of a batch"
    LOSS = "loss", "工艺损失", "What batches lost"
    IN_PROCESS = "batch", "尚无产出的批次", "A batch that gave nothing out yet"
    UNKNOWN = "unknown_origin", "来源不明", "Of unknown origin"


class Role(Words):
    """单位的角色。
    What an organisation does."""

    BATTERY_MAKER = "battery_maker", "电池生产企业", "Battery maker"
    VEHICLE_MAKER = "vehicle_maker", "汽车生产企业", "Vehicle maker"
    IMPORTER = "importer", "进口商", "Importer"
    SERVICE = "service", "维修与换电服务商", "Repair and swap service"
    OUTLET = "outlet", "回收服务网点", "Recycling outlet"
    DISMANTLER = "dismantler", "报废汽车拆解企业", "Vehicle dismantler"
    SECOND_LIFE = "second_life", "梯次利用企业", "Second-life company"
    RECYCLER = "recycler", "再生利用企业", "Recycler"
    ALLIANCE = "alliance", "联盟（监管方）", "The alliance"


class Condition(Words):
    """接收时的外观状况。
    The condition at receipt."""

    INTACT = "intact", "完好", "Intact"
    DAMAGED = "damaged", "破损", "Damaged"
    LEAKING = "leaking", "漏液", "Leaking"
    BURNT = "burnt", "烧损", "Burnt"


class Route(Words):
    """退役电池的去向。
    What becomes of a retired battery."""

    REUSE = "reuse", "继续使用", "Used again as it is"
    SECOND_LIFE = "second_life", "梯次利用", "Second life"
    RECOVERY = "recovery", "再生利用", "Recovery of its materials"
    RETURN = "return", "退回", "Back to who sent it"


class LabelReading(Words):
    """接收时的标签状况。
    How the label was found at receipt."""

    READ = "read", "可读", "Read"
    UNREADABLE = "unreadable", "无法读取", "Unreadable"
    MISSING = "missing", "缺失", "Missing"


class LabelState(Words):
    """扫描所得标签的状态。
    The state of a label that was scanned."""

    VALID = "valid", "有效：本系统签发，且为该电池当前标签", "Issued here, and the label that its battery has now"
    REPLACED = "replaced", "已被后来签发的标签替换", "Replaced by a later label"
    REVOKED = "revoked", "已撤销，或其签名密钥已撤销", "Revoked, or the key that signed it was"
    ALTERED = "altered", "内容与签名不符：不可信", "Not what was signed: not to be trusted"
    FOREIGN = "foreign", "并非本系统签发", "Signed by nobody known here, or under another address"
    UNKNOWN = (
        "unknown",
        "无法判断：档案中没有此标签、扫码枪改动了内容，或未带签名",
        "Cannot be judged: not on the record, changed by the scanner, or not signed",
    )


class ScanKind(Words):
    """扫描内容的类型。
    What a scanner read."""

    BATTERY_CODE = "battery_code", "电池编码或临时编码", "A battery code or provisional identity"
    LABEL = "label", "标签网址", "The URL of a label"
    DIGITAL_LINK = "digital_link", "GS1 数字链接", "A GS1 Digital Link"
    UNKNOWN = "unknown", "无法识别", "Nothing that can be read"


class TransferStatus(Words):
    """货运单的状态，由其各项得出。
    The state of a consignment, derived from its items."""

    IN_TRANSIT = "in_transit", "在途", "On its way"
    OVERDUE = "overdue", "逾期未接收", "On its way for longer than allowed"
    PARTLY_RECEIVED = "partly_received", "部分已办结", "Some items are closed, others on their way"
    RECEIVED = "received", "已接收", "Received as sent"
    RECEIVED_WITH_DIFFERENCES = "received_with_differences", "已接收，有差异", "Received, with differences"
    REFUSED = "refused", "已拒收", "Refused"
    DIVERTED = "diverted", "被其他单位接收", "Received by another organisation"
    REPLACED = "replaced", "已重新发出或裁定", "Dispatched again, or settled by a decision"


class ItemStatus(Words):
    """货运单中一件电池的状态。
    The state of one battery of a consignment."""

    IN_TRANSIT = "in_transit", "在途", "On its way"
    RECEIVED = "received", "已接收", "Received"
    REFUSED = "refused", "已拒收", "Refused"
    DIVERTED = "diverted", "被其他单位接收", "Received by another organisation"
    REPLACED = "replaced", "已重新发出或裁定", "Dispatched again, or settled by a decision"


class Direction(Words):
    """货运方向。
    Which way a consignment goes, seen from one's own organisation."""

    SENT = "sent", "发出", "Sent"
    RECEIVED = "received", "收到", "Addressed to the own organisation"


class ImportKind(Words):
    """文件的内容。
    What a file holds."""

    REGISTRATIONS = "registrations", "要登记的电池", "Batteries to register"
    RECORDS = "records", "记录", "Records"
    LISTINGS = "listings", "公告名单", "Listings of companies"
    PERMITS = "permits", "许可", "Permits of companies"


class ImportStatus(Words):
    """处理文件的状态。
    The state of working off a file."""

    QUEUED = "queued", "排队中", "Waiting"
    CHECKING = "checking", "检查中，尚未写入", "Being checked; nothing is written yet"
    WRITING = "writing", "写入中", "Being written"
    DONE = "done", "已完成", "Done"
    REFUSED = "refused", "有错误，未写入任何内容", "Some row was bad, and nothing was written"
    FAILED = "failed", "整个文件无法处理", "The file as a whole could not be worked off"
    CANCELLED = "cancelled", "已停止；此前写入的保持不变", "Stopped; what was written before stays"


class ImportPhase(Words):
    """正在进行的阶段。
    What is being done with a file."""

    CHECKING = "checking", "逐行检查", "Its lines are checked"
    COMPARING = "comparing", "与已登记的比对", "It is compared with what is registered"
    WRITING = "writing", "登记", "Its batteries are registered"
    RECORDING = "recording", "记录", "Its records are recorded"


class PermitKind(Words):
    """许可的种类；三种齐备方为合法单位。
    The kind of a permit; a licensed company has all three."""

    PROJECT_FILING = "project_filing", "项目备案", "Filing of the project"
    EIA = "eia", "环境影响评价", "Environmental impact assessment"
    POLLUTION = "pollution", "排污许可", "Pollutant discharge permit"


class ListingScope(Words):
    """公告名单的类别。
    What a company is listed for."""

    RECOVERY = "recovery", "再生利用", "Material recovery"
    SECOND_LIFE = "second_life", "梯次利用", "Second life"


class DueKind(Words):
    """到期事项的种类。
    What falls due."""

    PERMIT_ENDS = "permit_ends", "许可到期（最后有效日）", "A permit ends: its last valid day"
    LISTING_ENDS = "listing_ends", "公告撤销（首个失效日）", "A listing ends: the first day it no longer holds"
    ANNUAL_REPORT = "annual_report", "年度报告截止", "The annual report has to be in"


ENUMS: tuple[type[Words], ...] = (
    Stage,
    Level,
    BatteryType,
    EventType,
    Process,
    Material,
    LotOrigin,
    LotSource,
    ChainStatus,
    GapCode,
    Severity,
    GapStatus,
    CompletenessGroup,
    AuditScope,
    Verdict,
    Certainty,
    Boundary,
    Averaging,
    DeclarationStanding,
    LineageKind,
    LineageTie,
    ShareKind,
    Role,
    Condition,
    Route,
    LabelReading,
    LabelState,
    ScanKind,
    TransferStatus,
    ItemStatus,
    Direction,
    ImportKind,
    ImportStatus,
    ImportPhase,
    PermitKind,
    ListingScope,
    DueKind,
)
