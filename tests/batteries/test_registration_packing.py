"""Files in which each battery is followed by its parts: kept battery by battery, judged as if they were row by row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batteries.registration import register_batteries
from batteries.registration_families import listing
from batteries.registration_files import FileRegistration, register_file
from batteries.registration_packing import Packer
from batteries.registration_staging import Staging
from tests import factories
from tests.projections import difference, snapshot
from tests.worlds import World, rolled_back
from traceability import body
from traceability.founding import Part, Parts
from traceability.models import EventContent
from traceability.verification import verify

HEADER = "code,model,mass_kg,produced_at,parent_code\n"
Register = Callable[..., FileRegistration]
Row = list[str]
MODELS = st.sampled_from(["", "NCM-75", "甲\\\t"])
MASSES = st.sampled_from(["", "25.5", "25.50"])
BLANK: Row = []


@pytest.fixture
def register(world: World, tmp_path: Path) -> Register:
    def run(data: str, **more: Any) -> FileRegistration:
        path = tmp_path / "file"
        path.write_text(data)
        return register_file(path, by=world.maker.viewer, **more)

    return run


def family(number: int, cells: int = 1) -> list[Row]:
    pack, module = factories.pack_code(number), factories.module_code(number)
    return [
        [pack, "NCM-75", "440", "", ""],
        [module, "M", "25.5", "2022-01-05", pack],
        *([factories.cell_code(10 * number + at), "", "", "", module] for at in range(cells)),
        [factories.cell_code(10 * number + 9, prefix="001"), "", "", "", pack],
    ]


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Packs followed by their parts, and a few things that are not as they should be."""
    rows = [row for number in range(draw(st.integers(1, 4))) for row in family(number, draw(st.integers(0, 2)))]
    for row in rows:
        row[1:3] = draw(MODELS), draw(MASSES)
    for _ in range(draw(st.integers(0, 2))):
        at, other = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, len(rows) - 1))
        row = [*rows[at], *[""] * 5][:5]
        code, model, mass, day, parent = row
        rows[at : at + 1] = draw(
            st.sampled_from([
                [],
                [row, BLANK],
                [row, row],
                [[code, model, "x", day, parent]],
                [[code.lower(), model, mass, day, parent]],
                [[code, model, mass, day, (rows[other] or [""])[0]]],
                [[code, model, mass, day, ""]],
                [[code, model, mass, day, "X"]],
                [[code, model, mass, day, factories.pack_code(9)]],
                [[*row, code], row[1:]],
                [rows[other], row],
            ])
        ) or [BLANK]  # fmt: skip
    return rows


def text_of(rows: list[Row]) -> str:
    return HEADER + "".join(",".join(row) + "\n" for row in rows)


def told(result: FileRegistration) -> list[Any]:
    bad = [row.as_json() for row in (*result.problems, *result.warnings)]
    return [result.new, result.same, result.conflicting, result.refused, result.written, bad]


@given(
    rows=tables(),
    known=st.lists(st.sampled_from([family(1)[:1], family(2), family(9)]), max_size=2),
    block=st.integers(9, 999),
    limit=st.sampled_from([2, 10_000]),
)
@example(rows=[*family(1), *family(2)], known=[], block=200, limit=10_000)
@example(rows=[*family(1), *family(2, cells=3)], known=[], block=200, limit=2)
@example(rows=[*family(1), *family(2)], known=[family(2)], block=200, limit=10_000)
@example(rows=[*family(1), *family(2), *family(1)[3:]], known=[], block=200, limit=10_000)
def test_what_is_packed_is_judged_and_written_as_row_by_row(
    world: World, register: Register, rows: list[Row], known: list[list[Row]], block: int, limit: int
) -> None:
    def run(*, packed: bool) -> tuple[Any, ...]:
        with rolled_back(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("batteries.registration_sheets.BLOCK", block)
            patch.setattr("batteries.registration_families.ROWS", 8)
            for module in ("files", "packing"):
                patch.setattr(f"batteries.registration_{module}.CODES_LIMIT", limit)
            if not packed:
                patch.setattr(Packer, "_stand_together", lambda *_: False)
            for before in known:
                register(text_of(before), on_error="proceed")
            promised = told(register(text_of(rows), dry_run=True))
            result = told(register(text_of(rows), on_error="proceed"))
            assert promised[:4] == result[:4]
            beside = sorted(EventContent.objects.values_list("name", "value"))
            assert not list(verify())
            return promised, result, beside, snapshot()

    *expected, rows_before = run(packed=False)
    *found, rows_after = run(packed=True)
    assert found == expected
    assert difference(rows_before, rows_after) == {}


def test_a_file_of_packs_and_their_parts_is_kept_pack_by_pack(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[Staging] = []
    monkeypatch.setattr(Staging, "unpack", unpacked.append)
    assert register(text_of([row for number in range(20) for row in family(number)])).new == 80
    assert unpacked == []


def test_what_somebody_speaks_of_meanwhile_is_refused_with_all_its_rows(world: World, register: Register) -> None:
    """Between the check and the writing: the ledger finds it, and every row of that family is told."""

    def interrupt(phase: str, done: int, total: int) -> None:
        if (phase, done) == ("writing", 0):
            spoken = {"code": factories.pack_code(2), "model": "another"}
            assert not register_batteries([spoken], by=world.maker.viewer, idempotency_key="k").problems

    result = register(text_of([*family(1), *family(2)]), on_error="proceed", progress=interrupt)
    assert (result.new, result.refused) == (4, 4)
    assert [bad.line for bad in result.problems] == [6, 7, 8, 9]


PARTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), MODELS, MASSES.map(lambda mass: mass or None)),
    max_size=6,
    unique_by=lambda part: part[:2],
)


@given(said=PARTS)
def test_the_list_of_parts_is_the_canonical_json_of_their_tree(said: list[tuple[int, int, str, str | None]]) -> None:
    pack = factories.pack_code(1)
    parts: list[Part] = []
    tree: list[dict[str, Any]] = []
    for module, cells, model, mass in said:
        code = factories.module_code(10 * module + cells)
        own = {name: value for name, value in (("model", model), ("massKg", mass)) if value}
        parts.append((code, pack, model, mass))
        listed = [factories.cell_code(100 * module + 10 * cells + at) for at in range(cells)]
        parts += [(cell, code, "", None) for cell in reversed(listed)]
        tree.append({"code": code, **own, **({"components": [{"code": cell} for cell in listed]} if listed else {})})
    tree.sort(key=lambda part: str(part["code"]))
    assert listing(pack, Parts.of(parts)) == (body.canonical(tree).decode() if tree else None)
