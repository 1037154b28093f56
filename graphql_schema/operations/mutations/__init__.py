"""The writing half of the operations API: `Mutation`, composed of one small module a group."""

import strawberry

from graphql_schema.operations.describing import both
from graphql_schema.operations.mutations.custody import CustodyMutations
from graphql_schema.operations.mutations.dismantling import DismantlingMutations
from graphql_schema.operations.mutations.gaps import GapMutations
from graphql_schema.operations.mutations.imports import ImportMutations
from graphql_schema.operations.mutations.labels import LabelMutations
from graphql_schema.operations.mutations.lives import LifeMutations
from graphql_schema.operations.mutations.lots import LotMutations
from graphql_schema.operations.mutations.master_data import MasterDataMutations
from graphql_schema.operations.mutations.recalls import RecallMutations
from graphql_schema.operations.mutations.registration import RegistrationMutations
from graphql_schema.operations.mutations.second_life import SecondLifeMutations


@strawberry.type(
    description=both(
        "写入：每次请求一个；被规则拒绝时答复中的 errors 说明原因。",
        "Writes, one a request; what a rule refuses is told in the answer's `errors`.",
    )
)
class Mutation(
    RegistrationMutations,
    LifeMutations,
    CustodyMutations,
    DismantlingMutations,
    LotMutations,
    LabelMutations,
    MasterDataMutations,
    ImportMutations,
    GapMutations,
    RecallMutations,
    SecondLifeMutations,
):
    """Everything that can be written."""
