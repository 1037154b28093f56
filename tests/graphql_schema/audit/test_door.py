"""The audit API's door: what graphene-django would let in, and this surface does not."""

import json
import time
from typing import Any

import pytest
from django.test import Client
from graphql import GraphQLInputObjectType

from tests.graphql_schema.audit.asking import SCHEMA, URL, client, good, post, refused, run
from tests.signing_in import come_in
from tests.worlds import World
from traceability.models import AuditAccess, User

pytestmark = pytest.mark.django_db
JSON = "application/json"
NAMES = "{ __typename }"
SECRET = "secret dsn postgres://root:hunter2@db/ledger"


def code(response: Any) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


def test_there_is_nothing_to_write_with() -> None:
    assert SCHEMA.mutation_type is None
    assert SCHEMA.subscription_type is None
    assert [name for name, one in SCHEMA.type_map.items() if isinstance(one, GraphQLInputObjectType)] == []


@pytest.mark.parametrize("kind", ["mutation", "subscription"])
def test_a_mutation_and_a_subscription_are_refused(world: World, kind: str) -> None:
    assert refused(world.alliance, f"{kind} {{ __typename }}") == ("operation_type", [])


def test_an_unknown_field_is_refused_by_the_standard_rules(world: World) -> None:
    response = post(world.alliance, "{ nope }")
    assert code(response) == "invalid_query"
    assert "data" not in response.json()


def test_a_fragment_cycle_is_refused_and_is_no_fault_of_ours(world: World) -> None:
    cycle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }"
    assert refused(world.alliance, cycle) == ("fragment_cycle", [])


def test_a_fragment_bomb_is_refused_fast(world: World) -> None:
    links = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(90)]
    bomb = " ".join(["{ ...f0 }", *links, "fragment f90 on Query { __typename }"])
    sender = client(world.alliance)
    began = time.process_time()
    response = sender.post(URL, json.dumps({"query": bomb}), content_type=JSON)
    assert time.process_time() - began < 0.5
    assert code(response) in {"too_many_fields", "query_too_long"}


def test_too_many_tokens_are_refused(world: World) -> None:
    assert refused(world.alliance, "{ " + "__typename " * 2_600 + "}")[0] == "query_too_long"


def test_a_query_in_the_url_is_refused_and_does_not_beat_the_body(world: World) -> None:
    sender = client(world.alliance)
    response = sender.post(f"{URL}?query={{__typename}}", json.dumps({"query": NAMES}), content_type=JSON)
    assert (response.status_code, code(response)) == (400, "query_in_url")
    response = sender.get(f"{URL}?query={{__typename}}")
    assert (response.status_code, code(response)) == (405, "method")


@pytest.mark.parametrize(
    "type_",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/graphql"],
)
def test_anything_but_json_is_refused(world: World, type_: str) -> None:
    response = client(world.alliance).post(URL, "query={__typename}", content_type=type_)
    assert (response.status_code, code(response)) == (415, "content_type")


def test_a_list_of_operations_is_refused(world: World) -> None:
    response = client(world.alliance).post(URL, json.dumps([{"query": NAMES}]), content_type=JSON)
    assert (response.status_code, code(response)) == (400, "batching")


def test_a_stranger_is_asked_to_sign_in() -> None:
    response = Client().post(URL, json.dumps({"query": "{ organisations { totalCount } }"}), content_type=JSON)
    assert (response.status_code, code(response)) == (401, "sign_in")
    assert AuditAccess.objects.count() == 0


def test_a_session_needs_the_csrf_token(world: World) -> None:
    browser = come_in(Client(enforce_csrf_checks=True), world.maker.user)
    response = browser.post(URL, json.dumps({"query": "{ organisations { totalCount } }"}), content_type=JSON)
    assert (response.status_code, code(response)) == (403, "csrf")


def test_introspection_is_off_and_typename_is_not(world: World) -> None:
    assert refused(world.alliance, "{ __schema { types { name } } }") == ("introspection", [])
    assert refused(world.alliance, '{ __type(name: "Gap") { name } }') == ("introspection", [])
    assert good(world.alliance, NAMES) == {"__typename": "Query"}


def test_introspection_follows_the_same_setting(world: World, settings: Any) -> None:
    settings.GRAPHQL_INTROSPECTION = "signed-in"
    assert good(world.alliance, "{ __schema { queryType { name } } }")["__schema"]["queryType"]["name"] == "Query"


def test_nothing_is_suggested(world: World) -> None:
    for query in (
        "{ gap }",
        "{ gaps { totalCoun } }",
        "{ gaps(severit: BREAK) { totalCount } }",
        "{ gaps(code: LOS) { totalCount } }",
    ):
        assert "Did you mean" not in post(world.alliance, query).content.decode()


def test_the_text_of_an_exception_is_masked_and_logged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_args: Any) -> Any:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("graphql_schema.audit.runs.run_at", boom)
    response = post(world.alliance, "{ completeness(groupBy: REGION) { key } }")
    (error,) = response.json()["errors"]
    assert (error["extensions"]["code"], error["message"]) == ("internal_error", "Internal error")
    assert error["extensions"]["requestId"] == response["X-Request-ID"]
    assert "hunter2" not in response.content.decode()


def test_the_same_budget_of_objects_holds(world: World) -> None:
    inner = "events(first: 100) { edges { node { organisation { code } } } }"
    nested = f"{{ batteries(first: 100) {{ edges {{ node {{ {inner} }} }} }} }}"
    assert refused(world.alliance, nested) == ("too_expensive", [])


@pytest.mark.parametrize("field_", ["gaps", "newGaps", "closedGaps", "batteries", "organisations", "recyclers", "runs"])
def test_a_page_of_more_than_a_hundred_is_refused(world: World, field_: str) -> None:
    query = f"query($n: Int) {{ {field_}(first: $n) {{ totalCount }} }}"
    assert refused(world.alliance, query, n=101) == ("page_too_large", [])
    assert refused(world.alliance, query, n=-1) == ("page_negative", [])
    assert refused(world.alliance, query.replace("$n)", "101)").replace("query($n: Int)", "")) == ("page_too_large", [])


BAD: dict[str, tuple[str, dict[str, Any], str, list[str]]] = {
    "an empty text": ("gaps(organisation: $v)", {"v": ""}, "wrong_value", ["organisation"]),
    "blanks": ("gaps(clause: $v)", {"v": "  "}, "wrong_value", ["clause"]),
    "a text too long": ("batteries(codePrefix: $v)", {"v": "x" * 99}, "wrong_value", ["codePrefix"]),
    "a cursor of somebody else": ("gaps(after: $v)", {"v": "WyIxIl0"}, "wrong_value", ["after"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_filter_value_has_a_stable_code_and_a_path(world: World, name: str) -> None:
    asked, variables, expected, path = BAD[name]
    assert refused(world.alliance, f"query($v: String) {{ {asked} {{ totalCount }} }}", **variables) == (expected, path)


@pytest.mark.parametrize(
    "asked", ['gaps(since: "2026-02-31")', "gaps(code: NOPE)", "gaps(since: 5)", 'gaps(code: "LOST")']
)
def test_a_value_of_the_wrong_type_is_refused_before_anything_runs(world: World, asked: str) -> None:
    assert refused(world.alliance, f"{{ {asked} {{ totalCount }} }}")[0] == "invalid_query"


def test_days_too_far_apart_are_refused(world: World) -> None:
    asked = 'events(occurredFrom: "2020-01-01", occurredUntil: "2022-01-01") { edges { cursor } }'
    assert refused(world.alliance, f"{{ {asked} }}") == ("wrong_value", ["occurredUntil"])
    assert refused(world.alliance, "{ events { edges { cursor } } }")[0] == "invalid_query"


# Who looked ----------------------------------------------------------------------------------------------------------


def test_who_looked_at_what_is_written_down(world: World) -> None:
    pack = world.pack().produced()
    query = "query Look($code: String!) { battery(code: $code) { code } organisations { totalCount } }"
    response = post(world.alliance, query, code=pack.code)
    (row,) = AuditAccess.objects.all()
    assert (row.organisation_id, row.operation, row.fields) == (world.alliance.id, "Look", "battery organisations")
    assert row.subject == pack.code
    assert row.actor.startswith("token:")
    assert row.request == response["X-Request-ID"]
    assert len(row.query) == len(row.variables) == 64
    assert pack.code not in row.query + row.variables
    post(world.alliance, query, code="other")
    first, second = AuditAccess.objects.values_list("query", "variables")
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_what_is_refused_was_not_looked_at(world: World) -> None:
    post(world.alliance, "{ nope }")
    assert AuditAccess.objects.count() == 0


def test_nothing_is_answered_that_could_not_be_written_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any, **_more: Any) -> None:
        raise OSError(SECRET)

    monkeypatch.setattr(AuditAccess.objects, "create", full, raising=False)
    response = post(world.alliance, "{ organisations { totalCount } }")
    assert (response.status_code, code(response)) == (500, "internal_error")
    assert "data" not in response.json()


def test_a_look_cannot_be_unsaid(world: World) -> None:
    good(world.alliance, "{ organisations { totalCount } }")
    for change in (lambda: AuditAccess.objects.all().delete(), lambda: AuditAccess.objects.update(actor="nobody")):
        with pytest.raises(TypeError, match="append-only"):
            change()


def test_a_person_without_an_organisation_gets_nothing(world: World) -> None:
    world.pack().produced()
    run()
    lonely = come_in(Client(), User.objects.create_user("lonely"))
    query = "{ gaps { totalCount } batteries { totalCount } runs { totalCount } completeness(groupBy: REGION) { key } }"
    answer = lonely.post(URL, json.dumps({"query": query}), content_type=JSON).json()
    empty = {"totalCount": 0}
    assert answer == {"data": {"gaps": empty, "batteries": empty, "runs": empty, "completeness": []}}
