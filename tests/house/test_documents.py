"""The documents: their links lead somewhere, and the tables of commands and settings are those of the code."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from graphql import OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", ROOT / "README.en.md"]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
SETTINGS = (ROOT / "traceability" / "settings.py").read_text()


def heading_anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def said(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=said)
def test_every_link_into_the_repository_leads_to_something(path):
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in heading_anchors(file)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", READMES, ids=said)
def test_every_command_of_the_readme_exists(path):
    rows = re.findall(r"^\| `(\w+)[^|]*`(?: · `(\w+)[^|]*`)? \|", path.read_text(), re.MULTILINE)
    named = {name for row in rows for name in row if name}
    named |= set(re.findall(r"manage\.py (\w+)", path.read_text()))
    commands = {name for name in named if name.islower()}
    assert {"demo", "verify", "capture"} <= commands
    assert commands <= get_commands().keys()


@pytest.mark.parametrize("path", READMES, ids=said)
def test_the_table_of_settings_names_every_variable_that_is_read_and_no_other(path):
    read = set(re.findall(r'(?:environ(?:\.get)?[\[(]|flag\(|words\()"([A-Z_]+)"', SETTINGS))
    table = re.findall(r"^\| (`[A-Z_`、, ]+) \|", path.read_text(), re.MULTILINE)
    named = {name for row in table for name in re.findall(r"[A-Z_]{4,}", row)}
    # For the tests alone; docs for contributors tell of it.
    assert named == read - {"TEST_DATABASE_NAME"}


@pytest.mark.parametrize("path", READMES, ids=said)
def test_the_first_screen_has_the_two_commands_with_and_without_uv(path):
    screen = "\n".join(path.read_text().splitlines()[:25])
    assert "uv run manage.py demo" in screen
    assert "uv run pytest" in screen
    assert "`make demo`" in screen
    assert "`make test`" in screen


def test_both_readmes_have_the_same_parts():
    shapes = []
    for path in READMES:
        text = path.read_text()
        rows, headings = (len(re.findall(form, text, re.MULTILINE)) for form in (r"^\|", r"^## "))
        shapes.append((headings, rows))
    assert shapes[0] == shapes[1]


def test_every_decision_is_numbered_in_a_row_listed_and_has_its_parts():
    folder = ROOT / "docs" / "decisions"
    decisions = sorted(folder.glob("0*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    listed = (folder / "README.md").read_text()
    for path in decisions:
        text = path.read_text()
        assert path.name in listed
        assert text.startswith(f"# {path.name[:4]} ")
        assert all(part in text for part in ("**Decision.**", "**Why.**", "**Cost.**", "**Look again**")), path.name


def test_the_examples_of_the_api_guide_fit_the_committed_schema():
    schema = build_schema((ROOT / "graphql_schema" / "operations" / "schema.graphql").read_text())
    guide = (ROOT / "docs" / "api.md").read_text()
    examples = re.findall(r"-d '(\{.*?\})'\n", guide, re.DOTALL) + re.findall(
        r"<<'JSON'\n(.*?)\nJSON", guide, re.DOTALL
    )
    assert len(examples) == 2
    for example in examples:
        question = json.loads(example)
        document = parse(question["query"])
        assert validate(schema, document) == []
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        values = get_variable_values(schema, operation.variable_definitions, question["variables"])
        assert isinstance(values, dict), values


def test_the_mutations_that_the_api_guide_names_exist():
    schema = build_schema((ROOT / "graphql_schema" / "operations" / "schema.graphql").read_text())
    assert schema.mutation_type is not None
    writing = (ROOT / "docs" / "api.md").read_text().partition("## Writing")[2].partition("## Two kinds")[0]
    named = set(re.findall(r"`([a-z]+Batter(?:y|ies))`", writing))
    assert len(named) >= 6
    assert named <= schema.mutation_type.fields.keys()
