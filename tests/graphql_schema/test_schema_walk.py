"""What holds for everything in the schema, also for what is added tomorrow: nothing unguarded, nothing without end."""

import inspect
import json

import pytest
from django.test import Client
from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type
from strawberry.permission import BasePermission

from tests.graphql_schema.asking import SCHEMA
from tests.graphql_schema.test_leaks import classes
from tests.graphql_schema.test_mass_assignment import MUTATIONS, value
from tests.signing_in import come_in
from tests.worlds import World
from traceability.models import LifecycleEvent, User

pytestmark = pytest.mark.django_db

#: Lists of objects without pages, and what bounds each.
BOUNDED = {
    "Battery.sources": "the batteries that one product was assembled from",
    "Battery.identities": "what one battery was called before its code was known",
    "Battery.nextSteps": "one a route",
    "NextStep.reasons": "one a kind of warning",
    "GradeScheme.grades": "those of one scheme",
    "Battery.takenFrom": "what one part was built into, one after the other",
    "Battery.products": "what was made of one battery",
    "AuditGap.answers": "what people said of one gap",
    "Safety.recalls": "one a campaign of one battery",
    "Lot.madeOf": "one a maker and kind of origin",
    "Batch.warnings": "one a kind of warning",
    "Batch.recovery": "the elements of one process",
    "Lot.assay": "at most as many figures as a record may give",
    "Residue.assay": "at most as many figures as a record may give",
    "ReceivedLotItem.warnings": "one a kind of warning",
    "Chain.gaps": "at most one gap a rule and event of one chain",
    "Organisation.penalties": "one a decision of an authority",
    "Declaration.documents": "at most as many as a record may name",
    "ComplianceReport.parts": "one an edition within ten years, or a change of a text",
    "CompliancePart.clauses": "one a condition that any edition ever had",
    "Organisation.listings": "one a scope and batch that the alliance announced the company in",
    "Organisation.permits": "one a kind and number",
    "Organisation.dueDates": "ends of those, and a report a year, within ten years",
    "Event.warnings": "one a kind of warning",
    "Event.attachments": "at most as many as a record may name",
    "ConditionsStanding.listings": "one a scope and batch that the alliance announced the company in",
    "ConditionsStanding.penalties": "what was decided against one company",
    "ConditionsStanding.toMend": "the conditions of the editions",
    "ConditionsStanding.toDo": "those, an annual report, and one a permit",
    "RecycledContent.products": "one a material",
    "RecycledProduct.shares": "one a source",
    "RecycledProduct.elements": "li, ni, co",
    "RecycledElement.shares": "one a source",
    "Query.nodes": "refuses more than 100 ids",
    "ScanResult.warnings": "one a kind of warning",
    "ReceivedItem.warnings": "one a kind of warning",
}


def test_every_list_has_pages_or_a_bound_that_is_named() -> None:
    endless = set()
    for type_ in SCHEMA.type_map.values():
        # Answers of mutations are as long as what was handed over.
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__") or type_.name.endswith("Answer"):
            continue
        for name, field in type_.fields.items():
            listed = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
            if not isinstance(listed, GraphQLList) or is_leaf_type(get_named_type(listed)) or name == "edges":
                continue
            if "first" not in field.args:
                endless.add(f"{type_.name}.{name}")
    assert endless == set(BOUNDED)


def minimal(name: str) -> dict[str, object]:
    type_ = MUTATIONS[name].args["input"].type
    query = f"mutation($input: {type_}) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
    return {"query": query, "variables": {"input": value(type_, (), {})}}


@pytest.mark.parametrize("name", MUTATIONS)
def test_no_mutation_is_open_to_a_stranger_or_to_who_acts_for_nobody(world: World, name: str) -> None:
    before = LifecycleEvent.objects.count()
    body = json.dumps(minimal(name))
    answer = Client().post("/graphql/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "sign_in")
    lonely = come_in(Client(), User.objects.create_user("lonely"))
    answer = lonely.post("/graphql/", body, content_type="application/json").json()
    assert [error["code"] for error in answer["data"][name]["errors"]] == ["no_organisation"]
    assert LifecycleEvent.objects.count() == before


def test_no_permission_answers_later() -> None:
    """A coroutine is true whatever it would say."""
    kinds = [one for one in classes(BasePermission) if one.__module__.startswith("graphql_schema")]
    assert [kind for kind in kinds if inspect.iscoroutinefunction(getattr(kind, "has_permission", None))] == []
