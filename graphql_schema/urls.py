"""Addresses of the GraphQL surfaces."""

from django.urls import path

from graphql_schema.http import GraphQLDoor
from graphql_schema.operations.schema import schema
from graphql_schema.scalars import STRAWBERRY_RULES

urlpatterns = [
    path("graphql/", GraphQLDoor.as_view(schema=schema._schema, rules=STRAWBERRY_RULES), name="operations"),  # noqa: SLF001
]
