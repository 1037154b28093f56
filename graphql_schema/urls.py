"""Addresses of the GraphQL surfaces."""

from django.urls import path

from graphql_schema.audit.access import note
from graphql_schema.audit.schema import SCHEMA
from graphql_schema.http import GraphQLDoor
from graphql_schema.operations.schema import schema
from graphql_schema.scalars import STRAWBERRY_RULES
from traceability import replica

urlpatterns = [
    path("graphql/", GraphQLDoor.as_view(schema=schema._schema, rules=STRAWBERRY_RULES), name="operations"),  # noqa: SLF001
    path("audit/graphql/", GraphQLDoor.as_view(schema=SCHEMA, witness=note, within=replica.reading), name="audit"),
]
