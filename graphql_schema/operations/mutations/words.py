"""The enums that only mutations use."""

from graphql_schema.enums import Words
from graphql_schema.operations.describing import take_up


class OnError(Words):
    """列表中有错误时怎么办。
    What to do when part of a list is refused."""

    ROLLBACK = "rollback", "全部不登记", "Record nothing"
    PROCEED = "proceed", "登记正确的部分", "Record what is right"


class ReceiptOutcome(Words):
    """接收一件电池的结果：按所列顺序，取首个符合者。
    What the receipt of one battery found: the first that applies, in this order."""

    DUPLICATE = "duplicate", "已在本单位，未作登记", "Already here: nothing was recorded"
    QUARANTINED = (
        "quarantined",
        "须隔离：漏液、烧损，或无可读编码",
        "To be set apart: leaking, burnt, or without a code",
    )
    CONFLICT = "conflict", "已登记，但与链条阶段矛盾", "Recorded, but it contradicts the stage of its chain"
    DISPUTED = "disputed", "已登记，但另一单位为已知保管人", "Recorded, but another is known to hold it"
    UNANNOUNCED = "unannounced", "已登记，但未预告", "Recorded, but nobody had announced it"
    RECEIVED_WITH_DIFFERENCES = (
        "received_with_differences",
        "已接收，质量或状况有差异",
        "Received, with a difference of mass or condition",
    )
    RECEIVED = "received", "已按发货接收", "Received as sent"


class RemovalReason(Words):
    """从车上拆下的原因。
    Why a battery was removed from its vehicle."""

    REPAIR = "repair", "维修", "Repair"
    REPLACEMENT = "replacement", "更换", "Replacement"
    SCRAPPING = "scrapping", "车辆报废", "The vehicle is scrapped"
    RECALL = "recall", "召回", "Recall"
    SWAP = "swap", "换电", "Battery swap"


for _enum in (OnError, ReceiptOutcome, RemovalReason):
    take_up(_enum)
