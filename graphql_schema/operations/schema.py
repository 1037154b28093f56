"""The schema of the operations API."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from graphql_schema.operations.batteries import Battery
from graphql_schema.operations.chains import Event
from graphql_schema.operations.lots import Batch, Lot
from graphql_schema.operations.mutations import Mutation
from graphql_schema.operations.organisations import Organisation
from graphql_schema.operations.queries import Query
from graphql_schema.operations.transfers import Transfer
from graphql_schema.scalars import SCALARS

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[Battery, Event, Transfer, Organisation, Lot, Batch],
    config=StrawberryConfig(scalar_map=SCALARS),
)
