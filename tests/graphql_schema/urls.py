"""The door over the small schema, for tests that come in by HTTP."""

from django.urls import path

from graphql_schema.http import GraphQLDoor
from graphql_schema.scalars import STRAWBERRY_RULES
from tests.graphql_schema.small import schema

urlpatterns = [path("graphql/", GraphQLDoor.as_view(schema=schema._schema, rules=STRAWBERRY_RULES))]
