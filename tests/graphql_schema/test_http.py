"""The door: GraphQL over HTTP, who may come in, and what an error may tell."""

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.graphql_schema.small import SECRET, writes
from tests.log_lines import log_lines
from traceability import tokens
from traceability.models import Organisation, User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.graphql_schema.urls")]

URL = "/graphql/"
GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
NAMES = "{ __typename }"


@pytest.fixture
def organisation() -> Organisation:
    return Organisation.objects.create(code="91510112MA62QC001U", name="四川", roles="recycler")


@pytest.fixture
def person(organisation: Organisation) -> User:
    return User.objects.create_user("li", password="unimportant", organisation=organisation)


@pytest.fixture
def token(organisation: Organisation) -> str:
    return tokens.issue(organisation, name="MES")[1]


@pytest.fixture
def machine(token: str) -> Client:
    """A client as a machine is one: CSRF enforced, a token in every request."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


@pytest.fixture
def browser(person: User) -> Client:
    """A client as a browser is one: CSRF enforced, a session."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    return client


@pytest.fixture(autouse=True)
def written() -> list[str]:
    writes.clear()
    return writes


def post(client: Client, query: Any = NAMES, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return client.post(URL, json.dumps({"query": query} | more), content_type=JSON, headers=headers or {})


def code(response: Any) -> str:
    (error, *_) = response.json()["errors"]
    return str(error["extensions"]["code"])


def refused(response: Any, status: int, expected: str) -> None:
    assert (response.status_code, code(response)) == (status, expected)
    assert "data" not in response.json()


class TestGraphQLOverHTTP:
    @pytest.mark.parametrize(
        ("accept", "answered"),
        [
            (None, JSON),
            ("*/*", JSON),
            ("application/*", JSON),
            (JSON, JSON),
            (f"{JSON};charset=utf-8", JSON),
            (GRAPHQL, GRAPHQL),
            (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
            (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
            (f"{GRAPHQL};q=0.5, {JSON};q=0.9", JSON),
            ("text/html, */*;q=0.1", JSON),
        ],
    )
    def test_the_accepted_type_is_answered(self, client: Client, accept: str | None, answered: str) -> None:
        response = post(client, headers={"Accept": accept} if accept else {})
        assert response.status_code == 200
        assert response["Content-Type"] == f"{answered}; charset=utf-8"
        assert response.json() == {"data": {"__typename": "Query"}}

    def test_another_accepted_type_is_406(self, client: Client) -> None:
        refused(post(client, headers={"Accept": "text/html"}), 406, "not_acceptable")

    @pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
    def test_only_post_is_allowed(self, client: Client, method: str) -> None:
        response = getattr(client, method)(f"{URL}?query={NAMES}")
        assert response.status_code == 405
        assert response["Allow"] == "POST"

    def test_a_mutation_by_get_changes_nothing(self, machine: Client, written: list[str]) -> None:
        assert machine.get(URL, {"query": "mutation { write { key } }"}).status_code == 405
        assert written == []

    @pytest.mark.parametrize(
        "content_type",
        [
            *("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
            *("application/graphql", "application/json; charset=gbk", "application/jsonx"),
        ],
    )
    def test_only_json_is_read(self, machine: Client, content_type: str, written: list[str]) -> None:
        body = json.dumps({"query": "mutation { write { key } }"})
        refused(machine.post(URL, body, content_type=content_type), 415, "content_type")
        refused(machine.post(URL, "query=mutation{write{key}}", content_type=content_type), 415, "content_type")
        assert written == []

    @pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf8"'])
    def test_the_charset_may_be_named(self, client: Client, charset: str) -> None:
        body = json.dumps({"query": NAMES})
        assert client.post(URL, body, content_type=f"{JSON}; charset={charset}").status_code == 200

    @pytest.mark.parametrize("name", ["query", "operationName", "variables", "extensions"])
    def test_parameters_in_the_url_are_refused(self, machine: Client, name: str, written: list[str]) -> None:
        body = json.dumps({"query": NAMES})
        response = machine.post(f"{URL}?{name}=mutation{{write{{key}}}}", body, content_type=JSON)
        refused(response, 400, "query_in_url")
        assert written == []

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            pytest.param(b" ", "bad_json", id="blank"),
            pytest.param(b'{ "not a JSON', "bad_json", id="cut"),
            pytest.param(b'{"query": "{ who }", "query": "{ __typename }"}', "bad_json", id="key twice"),
            pytest.param(b'{"query": "{ a }", "variables": {"a": 1, "a": 2}}', "bad_json", id="key twice, inside"),
            pytest.param(b'{"query": "{ a }", "variables": {"a": NaN}}', "bad_json", id="NaN"),
            pytest.param(b"[" * 10_000, "bad_json", id="nested without end"),
            pytest.param(b'\xef\xbb\xbf{"query": "{ __typename }"}', "bad_json", id="byte order mark"),
            pytest.param(b'{"query": "{ \xff }"}', "bad_encoding", id="no UTF-8"),
            pytest.param(b'{"query": "{ \xed\xa0\x80 }"}', "bad_encoding", id="surrogate in UTF-8"),
            pytest.param(b'[{"query": "{ __typename }"}]', "batching", id="batch"),
            pytest.param(b"[]", "batching", id="empty batch"),
            pytest.param(b"null", "bad_request", id="null"),
            pytest.param(b'"{ __typename }"', "bad_request", id="a text"),
            pytest.param(b"{}", "bad_request", id="no query"),
            pytest.param(b'{"query": null}', "bad_request", id="query null"),
            pytest.param(b'{"query": ["{ __typename }"]}', "bad_request", id="query list"),
            pytest.param(b'{"query": "{ __typename }", "operationName": 0}', "bad_request", id="name number"),
            pytest.param(b'{"query": "{ __typename }", "variables": [1]}', "bad_request", id="variables list"),
            pytest.param(b'{"query": "{ __typename }", "variables": ""}', "bad_request", id="variables text"),
            pytest.param(b'{"query": "{ __typename }", "variables": false}', "bad_request", id="variables false"),
            pytest.param(b'{"query": "{ __typename }", "extensions": 0}', "bad_request", id="extensions number"),
            pytest.param(b'{"query": "{ a }", "variables": {"a": "\\u0000"}}', "nul_character", id="NUL"),
            pytest.param(b'{"query": "{ a }", "variables": {"\\u0000": 1}}', "nul_character", id="NUL in a key"),
            pytest.param(b'{"query": "{ a }", "variables": {"a": "\\ud800"}}', "nul_character", id="lone surrogate"),
            pytest.param(b'{"query": "\\ud800{ a }"}', "nul_character", id="lone surrogate in the query"),
            pytest.param(
                b'{"query": "{ a }", "variables": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}", "value_too_deep", id="deep"
            ),
        ],
    )
    @pytest.mark.parametrize("accept", [JSON, GRAPHQL])
    def test_what_is_no_request_is_400(self, client: Client, body: bytes, expected: str, accept: str) -> None:
        response = client.post(URL, body, content_type=JSON, headers={"Accept": accept})
        refused(response, 400, expected)
        assert response["Content-Type"].startswith(accept)

    def test_null_parameters_and_unknown_ones_are_fine(self, client: Client) -> None:
        response = post(client, variables=None, operationName=None, extensions=None, id=7)
        assert response.json() == {"data": {"__typename": "Query"}}
        assert post(client, extensions={"some": "value"}).status_code == 200

    def test_a_body_over_the_limit_is_413(self, client: Client, settings: Any) -> None:
        settings.GRAPHQL_MAX_BODY = 100
        assert post(client, NAMES + " " * 60).status_code == 200
        refused(post(client, NAMES + " " * 100), 413, "body_too_large")
        settings.GRAPHQL_MAX_BODY = 10_000
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        refused(post(client, NAMES + " " * 100), 413, "body_too_large")

    @pytest.mark.parametrize(
        ("query", "variables", "expected"),
        [
            pytest.param("{", {}, "syntax", id="syntax"),
            pytest.param("{ nobody }", {}, "invalid_query", id="unknown field"),
            pytest.param("query($d: Decimal!) { decimal(value: $d) }", {"d": None}, "invalid_variables", id="null"),
            pytest.param("query($d: Decimal!) { decimal(value: $d) }", {"d": "x"}, "invalid_variables", id="wrong"),
            pytest.param("{ batteries(first: 101) { totalCount } }", {}, "page_too_large", id="over budget"),
            pytest.param("subscription { who }", {}, "operation_type", id="subscription"),
        ],
    )
    def test_a_refused_query_has_no_data(
        self, machine: Client, query: str, variables: dict[str, Any], expected: str
    ) -> None:
        """200 in application/json, 400 in the newer type: as GraphQL over HTTP has it."""
        refused(post(machine, query, variables=variables, headers={"Accept": JSON}), 200, expected)
        refused(post(machine, query, variables=variables, headers={"Accept": GRAPHQL}), 400, expected)

    def test_the_named_operation_runs(self, machine: Client) -> None:
        text = "query a { who } query b { stage: __typename }"
        assert post(machine, text, operationName="b").json() == {"data": {"stage": "Query"}}
        refused(post(machine, text), 200, "operation_name")

    def test_answers_are_not_stored_by_anybody(self, machine: Client) -> None:
        response = post(machine)
        assert response["Cache-Control"] == "no-store"
        assert {"Accept", "Accept-Language", "Authorization", "Cookie"} <= set(response["Vary"].split(", "))

    def test_the_cost_is_told_on_request(self, machine: Client) -> None:
        text = "query($n: Int) { batteries(first: $n) { edges { node { code } } } }"
        answer = post(machine, text, variables={"n": 3}, headers={"X-Query-Cost": "1"}).json()
        cost = answer["extensions"]["cost"]
        assert cost.pop("pointsLeft") > 1_000_000
        assert cost == {"objects": 3, "limit": 10_000, "points": 4}
        assert [edge["node"]["code"] for edge in answer["data"]["batteries"]["edges"]] == ["0", "1", "2"]
        assert "extensions" not in post(machine, text, variables={"n": 3}).json()


class TestStrawberry:
    """What Strawberry adds to fields works when graphql-core runs the query itself."""

    def test_arguments_enums_inputs_and_info(self, machine: Client) -> None:
        text = """query($c: Choice!, $s: Stage) {
            who
            battery(code: "x") { stage massKg producedAt tags }
            echo(decimal: 0.1, day: "2026-03-01", stage: $s, choice: $c)
            oneOf(value: {code: "a"})
        }"""
        response = post(machine, text, variables={"c": {"massKg": "312.5", "inner": None}, "s": "RETIRED"})
        answer = response.json()["data"]
        assert answer["who"].startswith("token:")
        assert answer["battery"] == {
            "stage": "PRODUCED",
            "massKg": "312.50",
            "producedAt": "2026-03-01T00:00:00.000Z",
            "tags": ["a"],
        }
        assert answer["echo"] == (
            "Decimal('0.1');datetime.date(2026, 3, 1);<Stage.RETIRED: 'retired'>;Decimal('312.5')"
        )
        assert answer["oneOf"] == "a"

    def test_a_number_in_a_variable_is_exact(self, machine: Client) -> None:
        body = '{"query": "query($d: Decimal!) { decimal(value: $d) }", "variables": {"d": 0.10000000000000000001}}'
        assert machine.post(URL, body, content_type=JSON).json()["data"] == {"decimal": "0.10000000000000000001"}

    def test_permissions_are_asked(self, machine: Client) -> None:
        answer = post(machine, "{ forbidden }").json()
        assert answer["data"] == {"forbidden": None}
        assert answer["errors"][0]["message"] == "not for you"

    def test_its_own_rules_are_checked(self, machine: Client) -> None:
        refused(post(machine, '{ oneOf(value: {code: "a", number: 1}) }'), 200, "invalid_query")


class TestWhoAsks:
    def test_a_token_needs_no_csrf(self, machine: Client, organisation: Organisation, written: list[str]) -> None:
        answer = post(machine, "mutation { write { key } }").json()
        assert answer == {"data": {"write": {"key": "k"}}}
        assert written == ["k"]

    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer ", "Bearer evb_x_y", "bearer evb_000000000000_x", "Bearer a b"]
    )
    def test_a_bad_token_is_401_even_with_a_good_session(
        self, browser: Client, header: str, written: list[str]
    ) -> None:
        csrf = {"X-CSRFToken": "a" * 32}
        browser.cookies["csrftoken"] = "a" * 32
        response = post(browser, "mutation { write { key } }", headers=csrf | {"Authorization": header})
        refused(response, 401, "bad_token")
        assert response["WWW-Authenticate"].startswith("Bearer ")
        assert written == []

    def test_a_revoked_token_is_401(self, machine: Client, organisation: Organisation) -> None:
        organisation.tokens.update(revoked_at="2026-01-01T00:00:00Z")
        refused(post(machine), 401, "bad_token")

    def test_a_token_wins_over_the_session(self, browser: Client, token: str) -> None:
        response = post(browser, "{ who }", headers={"Authorization": f"Bearer {token}"})
        assert response.json()["data"]["who"].startswith("token:")

    def test_a_session_with_the_csrf_token_is_served(self, browser: Client, person: User, written: list[str]) -> None:
        browser.cookies["csrftoken"] = "a" * 32
        response = post(browser, "mutation { write { key } }", headers={"X-CSRFToken": "a" * 32})
        assert response.json() == {"data": {"write": {"key": "k"}}}
        assert post(browser, "{ who }", headers={"X-CSRFToken": "a" * 32}).json()["data"]["who"] == f"user:{person.pk}"

    @pytest.mark.parametrize(
        ("cookie", "headers"),
        [
            pytest.param(None, {}, id="neither"),
            pytest.param("a" * 32, {}, id="cookie alone"),
            pytest.param(None, {"X-CSRFToken": "a" * 32}, id="header alone"),
            pytest.param("a" * 32, {"X-CSRFToken": "b" * 32}, id="they differ"),
            pytest.param("a" * 32, {"X-CSRFToken": "a" * 32, "Origin": "https://evil.example"}, id="foreign origin"),
            pytest.param("a" * 32, {"X-CSRFToken": "a" * 32, "Origin": "null"}, id="hidden origin"),
            pytest.param("a" * 32, {"Authorization": "Basic bGk6eA=="}, id="another scheme is no token"),
        ],
    )
    def test_a_forged_request_is_403(
        self, browser: Client, cookie: str | None, headers: dict[str, str], written: list[str]
    ) -> None:
        if cookie:
            browser.cookies["csrftoken"] = cookie
        refused(post(browser, "mutation { write { key } }", headers=headers), 403, "csrf")
        assert written == []

    @pytest.mark.parametrize(
        "query",
        [
            "{ who }",
            "{ a: __typename b: who }",
            "{ ...f } fragment f on Query { who }",
            "{ ... { ... on Query { who } } }",
            "mutation { write { key } }",
            "{ nobody }",
            "query a { who } query b { __typename }",
        ],
    )
    def test_a_stranger_gets_nothing_of_the_domain(self, client: Client, query: str, written: list[str]) -> None:
        name = "a" if query.startswith("query a") else None
        response = post(client, query, operationName=name, headers={"Accept": GRAPHQL})
        refused(response, 401, "sign_in")
        assert response["WWW-Authenticate"].startswith("Bearer ")
        assert written == []

    def test_a_stranger_may_ask_for_the_type_name(self, client: Client) -> None:
        assert post(client).json() == {"data": {"__typename": "Query"}}


class TestWhatErrorsTell:
    @pytest.mark.parametrize("field", ["boom", "misfit", "required"])
    def test_a_fault_of_ours_is_masked_and_logged(self, machine: Client, field: str) -> None:
        with log_lines() as lines:
            response = post(machine, f"{{ {field} }}", headers={"X-Request-ID": "dock-4711"})
        (error,) = response.json()["errors"]
        assert error["message"] == "Internal error"
        assert error["path"] == [field]
        assert error["extensions"] == {"code": "internal_error", "requestId": "dock-4711"}
        assert response["X-Request-ID"] == "dock-4711"
        assert SECRET not in response.content.decode()
        (fault,) = (line for line in lines if line["event"] == "internal_error")
        assert "Traceback" in fault["exception"]
        assert fault["request_id"] == "dock-4711"

    def test_a_refusal_keeps_its_code_and_path(self, machine: Client) -> None:
        (error,) = post(machine, "{ refused }").json()["errors"]
        assert error["message"] == "Nothing was found under X."
        assert error["extensions"] == {"code": "not_found", "path": ["battery", "code"]}

    def test_a_database_that_is_down_shows_nothing(self, machine: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(*args: Any, **kwargs: Any) -> None:
            raise OperationalError(SECRET)

        with connection.execute_wrapper(down):
            response = post(machine, "{ who }")
        refused(response, 500, "internal_error")
        assert SECRET not in response.content.decode()

    @pytest.mark.parametrize(
        ("language", "sentence"),
        [("en", "Sign in, or send a token."), ("fr", None), ("zh-hans", None), ("", None)],
    )
    def test_errors_speak_the_language_of_the_caller(self, client: Client, language: str, sentence: str | None) -> None:
        response = post(client, "{ who }", headers={"Accept-Language": language})
        assert response["Content-Language"] == ("en" if language == "en" else "zh-hans")
        if sentence:
            assert response.json()["errors"][0]["message"] == sentence

    @pytest.mark.parametrize(
        "query",
        [
            "{ __schema { queryType { name } } }",
            '{ __type(name: "Battery") { name } }',
            '{ a: __type(name: "Battery") { name } }',
            "{ ...f } fragment f on Query { __schema { types { name } } }",
            "{ ... @include(if: false) { __schema { types { name } } } }",
            "mutation { __schema { types { name } } }",
        ],
    )
    def test_the_schema_is_not_told(self, machine: Client, query: str, settings: Any) -> None:
        settings.GRAPHQL_INTROSPECTION = False
        response = post(machine, query)
        refused(response, 200, "introspection")
        assert "Battery" not in response.content.decode()
        assert post(machine, "{ a: __typename }").json() == {"data": {"a": "Query"}}

    def test_the_schema_is_told_to_whom_it_is_allowed(self, machine: Client, client: Client, settings: Any) -> None:
        text = "{ __schema { queryType { name } } }"
        told = {"data": {"__schema": {"queryType": {"name": "Query"}}}}
        settings.GRAPHQL_INTROSPECTION = True
        assert post(client, text).json() == told
        settings.GRAPHQL_INTROSPECTION = "signed-in"
        assert post(machine, text).json() == told
        refused(post(client, text), 200, "introspection")
        settings.GRAPHQL_INTROSPECTION = False
        refused(post(machine, text), 200, "introspection")  # the document is known by now

    @pytest.mark.parametrize(
        ("query", "variables"),
        [
            ("{ batery { code } }", {}),
            ('{ battery(cod: "x") { code } }', {}),
            ('{ battery(code: "x") { cod } }', {}),
            ("query($x: Batery) { who }", {"x": 1}),
            ("{ echo(stage: RETIRE) }", {}),
            ("{ echo(choice: {cod: 1}) }", {}),
            ("{ ... on Batery { code } }", {}),
            ("{ who @includ(if: true) }", {}),
            ("query($c: Choice) { echo(choice: $c) }", {"c": {"massKgs": 1}}),
            ("query($s: Stage) { echo(stage: $s) }", {"s": "RETIRE"}),
        ],
    )
    def test_no_name_is_suggested_unless_the_schema_is_open(
        self, machine: Client, query: str, variables: dict[str, Any], settings: Any
    ) -> None:
        settings.GRAPHQL_INTROSPECTION = False
        closed = post(machine, query, variables=variables)
        assert closed.json()["errors"]
        assert "Did you mean" not in closed.content.decode()
        settings.GRAPHQL_INTROSPECTION = True
        opened = post(machine, query, variables=variables).content.decode()
        assert "Did you mean" in opened or "includ" in query


class TestGraphiQL:
    def test_a_browser_gets_the_page_where_it_is_allowed(self, client: Client, settings: Any) -> None:
        settings.GRAPHIQL = True
        page = client.get(URL, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        text = page.content.decode()
        assert page.status_code == 200
        assert "://" not in text, "the page asks no other host for anything"
        nonce = page["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
        assert text.count("<script") == text.count(f'<script nonce="{nonce}"') == 5
        assert client.cookies["csrftoken"].value
        assert 'data-csrf="' in text

    def test_its_csrf_token_opens_the_door(self, browser: Client, settings: Any) -> None:
        settings.GRAPHIQL = True
        text = browser.get(URL, headers={"Accept": "text/html"}).content.decode()
        token = text.partition('data-csrf="')[2].partition('"')[0]
        assert "data" in post(browser, "{ who }", headers={"X-CSRFToken": token}).json()

    @pytest.mark.parametrize(("allowed", "accept"), [(False, "text/html"), (True, JSON), (True, "*/*")])
    def test_nobody_else_does(self, client: Client, settings: Any, allowed: bool, accept: str) -> None:
        settings.GRAPHIQL = allowed
        assert client.get(URL, headers={"Accept": accept}).status_code in {405, 406}
