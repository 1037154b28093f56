"""The auditor's pages: exceptions first, every figure's list, gaps with their evidence and what is said of them."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from recyclers.periods import report_due
from tests.recyclers.conditions.works import Works
from tests.signing_in import come_in
from tests.traceability.audit.faulty import record_faults
from tests.worlds import Party, World
from traceability.audit.running import audit
from traceability.audit.telling import parties_in
from traceability.models import AuditAccess, Gap, GapAnswer, Organisation
from traceability.regions import region_named
from web.following import counted, find

pytestmark = pytest.mark.django_db


@pytest.fixture
def faulty(world: World) -> World:
    record_faults(world)
    with audit():
        pass
    return world


def person(party: Party, language: str = "en") -> Client:
    return come_in(Client(headers={"accept-language": language}), party.user)


def page(party: Party, address: str = "/audit/", **options: Any) -> str:
    return person(party).get(address, **options).content.decode()


def test_before_the_first_run_the_page_says_what_to_do(world: World) -> None:
    assert "The audit has not run yet" in page(world.alliance)


def test_every_figure_opens_its_list_and_the_list_has_as_many(faulty: World) -> None:
    client = person(faulty.alliance)
    found = re.findall(r'<a href="(/audit/gaps/\?[^"]+)">[^<]*</a></th><td class="number">(\d+)', page(faulty.alliance))
    assert len(found) > 20
    for address, count in found:
        listed = client.get(address.replace("&amp;", "&")).content.decode()
        assert re.search(rf">{count} gaps?<", listed), address


def test_another_organisation_sees_its_own_gaps_alone(faulty: World) -> None:
    own = set(Gap.objects.filter(organisation=faulty.recycler.id).values_list("id", flat=True))
    others = set(Gap.objects.exclude(organisation=faulty.recycler.id).values_list("id", flat=True))
    listed = {int(id_) for id_ in re.findall(r"/audit/gaps/(\d+)/", page(faulty.recycler, "/audit/gaps/"))}
    assert listed <= own
    assert listed
    client = person(faulty.recycler)
    assert client.get(f"/audit/gaps/{min(others)}/").status_code == 404
    assert client.get("/audit/gaps/999999999/").status_code == 404


def test_strangers_are_sent_to_sign_in(world: World) -> None:
    for address in ("/audit/", "/audit/gaps/", "/audit/gaps/1/"):
        assert Client().get(address)["Location"] == f"/sign-in/?next={address}"


def test_a_look_is_written_down(faulty: World) -> None:
    gap = Gap.objects.first()
    assert gap is not None
    page(faulty.alliance, f"/audit/gaps/{gap.pk}/")
    row = AuditAccess.objects.latest("id")
    assert (row.fields, row.subject, row.organisation_id) == ("page", str(gap.pk), faulty.alliance.id)


def answer(client: Client, gap: Gap, kind: str, text: str = "The scale was mended.", key: str = "k") -> Any:
    return client.post(f"/audit/gaps/{gap.pk}/", {"kind": kind, "text": text, "key": key})


def test_a_gap_is_explained_by_who_answers_and_accepted_by_the_alliance(faulty: World) -> None:
    gap = Gap.objects.filter(organisation=faulty.recycler.id, closed_in=None).first()
    assert gap is not None
    recycler, alliance = person(faulty.recycler), person(faulty.alliance)
    assert "Accept it" not in recycler.get(f"/audit/gaps/{gap.pk}/").content.decode()
    assert answer(recycler, gap, "explained").status_code == 302
    assert answer(recycler, gap, "explained").status_code == 302  # sent twice, said once
    assert GapAnswer.objects.count() == 1
    assert "The scale was mended." in alliance.get(f"/audit/gaps/{gap.pk}/").content.decode()
    assert answer(alliance, gap, "accepted", "Seen on the spot.", "a").status_code == 302
    gap.refresh_from_db()
    assert (gap.status, gap.closed_in_id) == ("accepted", None)


@pytest.mark.parametrize(("kind", "text"), [("accepted", "x"), ("explained", ""), ("closed", "x")])
def test_what_one_may_not_say_is_refused_and_nothing_is_kept(faulty: World, kind: str, text: str) -> None:
    gap = Gap.objects.filter(organisation=faulty.recycler.id, closed_in=None).first()
    assert gap is not None
    assert answer(person(faulty.recycler), gap, kind, text).status_code == 400
    assert GapAnswer.objects.count() == 0


def test_flows_of_material_are_unrolled_by_process_and_tell_their_masses(world: World) -> None:
    works = Works(world, world.recycler)
    works.opened("S", material="battery_scrap")
    powder = {"lot": "P", "material": "electrode_powder", "massKg": "500"}
    works.batch("crushing", [{"lot": "S", "massKg": "1000"}], [powder], residues=[{"kind": "dust", "massKg": "400"}])
    carbonate = {"lot": "C", "material": "lithium_carbonate", "massKg": "100"}
    works.batch("hydrometallurgy", [{"lot": "P", "massKg": "500"}, {"reagent": "acid", "massKg": "50"}], [carbonate])
    works.batch("hydrometallurgy", [{"lot": "C", "massKg": "100"}], [carbonate | {"lot": "C2", "massKg": "99"}])
    shown = page(world.recycler, "/audit/?from=2025-01-01&until=2025-12-31")
    rows = re.findall(r'<tr><td>([^<]*)</td><td>([^<]*)</td><td class="number"><a[^>]*>([\d,.]+)</a></td></tr>', shown)
    assert rows == [
        ("battery scrap, from outside", "crushing", "1,000"),
        ("crushing", "electrode powder (black mass) of crushing", "500"),
        ("crushing", "residues of crushing", "400"),
        ("crushing", "loss of crushing", "100"),
        ("electrode powder (black mass) of crushing", "hydrometallurgy", "500"),
        ("lithium carbonate, fed again", "hydrometallurgy", "100"),
        ("reagents", "hydrometallurgy", "50"),
        ("hydrometallurgy", "lithium carbonate of hydrometallurgy", "199"),
        ("hydrometallurgy", "loss of hydrometallurgy", "451"),
    ]
    assert "No batch was closed" in page(world.stranger, "/audit/?from=2025-01-01&until=2025-12-31")


@pytest.mark.parametrize(
    "asked", ["from=x&until=31-02", "from=2026-13-01", "from=2026-05-01&until=2025-01-01", "from=%00"]
)
def test_days_that_cannot_be_read_are_left_out(world: World, asked: str) -> None:
    assert person(world.alliance).get(f"/audit/?{asked}").status_code == 200


def test_the_first_page_asks_as_much_for_many_gaps_as_for_few(faulty: World) -> None:
    client = person(faulty.alliance)

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    asked("/audit/")
    few = asked("/audit/"), asked("/audit/gaps/")
    for _ in range(10):
        faulty.battery(faulty.pack_code()).received(by=faulty.recycler)
    with audit():
        pass
    assert (asked("/audit/"), asked("/audit/gaps/")) == few
    assert few[0] <= 32
    assert few[1] <= 10


def card(shown: str, name: str) -> tuple[str, int]:
    """A figure at the top of the page: what it opens, and how many."""
    found = re.search(rf'<dt>{name}</dt><dd[^>]*><a href="([^"]*)">(\d+)</a>', shown)
    assert found, name
    return found[1].replace("&amp;", "&"), int(found[2])


def test_the_figures_at_the_top_are_the_lengths_of_the_lists_that_they_open(faulty: World) -> None:
    shown, client = page(faulty.alliance), person(faulty.alliance)
    for name in ("batches out of tolerance", "reported late", "new since the run before"):
        address, count = card(shown, name)
        assert count, name
        assert re.search(rf">{count} gaps?<", client.get(address).content.decode()), name
    for name in ("broken chains", "flawed chains"):
        address, count = card(shown, name)
        assert re.search(rf">{count} batter(y|ies)<", client.get(address).content.decode()), name


def test_balances_out_of_tolerance_lead_to_their_batches_and_to_the_company(faulty: World) -> None:
    gaps = Gap.objects.filter(code="mass_imbalance", closed_in=None)
    code = faulty.recycler.code
    shown = page(faulty.alliance)
    assert f'<a href="/audit/gaps/?code=mass_imbalance&amp;organisation={code}">{gaps.count()}</a>' in shown
    assert f'<a href="/recyclers/{code}/#balance">' in shown


def test_annual_reports_that_are_not_in_are_overdue_until_they_are(world: World) -> None:
    year = timezone.localdate().year
    works = Works(world, world.recycler)
    works.tell(
        "listing", "2024-01-01", by=world.alliance,
        organisation=world.recycler.code, scope="recovery", batch="1", announcedOn=f"{year - 3}-01-01",
    )  # fmt: skip
    with audit():
        pass
    # A report on a year is due in the next: of last year it may not be yet.
    due = [of for of in range(year - 4, year) if (day := report_due(of)) and day < timezone.localdate()]
    assert card(page(world.alliance), "annual reports overdue") == ("#overdue", len(due))
    line = f'<a href="/recyclers/{world.recycler.code}/?year={due[-1]}">annual report for {due[-1]}</a>'
    assert line in page(world.alliance)
    assert line in page(world.recycler)
    assert line not in page(world.stranger)
    works.declare(year=due[-1], day=timezone.localdate().isoformat(), figures={"water.reuse": "91"})
    assert line not in page(world.alliance)


def test_what_ends_soon_is_shown_with_its_company(world: World) -> None:
    end = timezone.localdate() + timedelta(days=20)
    Works(world, world.recycler).tell(
        "permit", "2025-01-01", by=world.alliance, organisation=world.recycler.code,
        kind="pollution", number="P-7", validFrom="2025-01-01", validUntil=end.isoformat(),
    )  # fmt: skip
    with audit():
        pass
    line = f'<a href="/organisations/{world.recycler.code}/">permit ends: pollution permit P-7</a>'
    assert line in page(world.alliance)
    assert line not in page(world.stranger)


def test_gaps_of_nobody_and_of_no_region_have_lists_of_their_own(faulty: World) -> None:
    client = person(faulty.alliance)
    nobody = Gap.objects.filter(organisation=None, closed_in=None).count()
    nowhere = Gap.objects.filter(closed_in=None).filter(Q(organisation=None) | Q(organisation__region="")).count()
    assert re.search(rf">{nobody} gaps?<", client.get("/audit/gaps/?organisation=-").content.decode())
    assert re.search(rf">{nowhere} gaps?<", client.get("/audit/gaps/?region=-").content.decode())


def test_a_gap_opens_the_very_record_on_the_page_of_its_battery(faulty: World) -> None:
    gap = Gap.objects.filter(code="late_report", record__kind="battery").first()
    assert gap is not None
    client = person(faulty.alliance)
    shown = client.get(f"/audit/gaps/{gap.pk}/").content.decode()
    [(address, anchor)] = re.findall(r'<a href="(/b/[^"#]+)#([^"]+)"', shown)
    assert f'id="{anchor}"' in client.get(address).content.decode()
    assert "reported on" in shown
    assert "reportedOn" not in shown


def take(client: Client, what: str, **asked: str) -> Any:
    answer = client.get(f"/audit/take/{what}", asked, follow=True)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


@pytest.mark.parametrize(
    ("what", "asked", "named"),
    [
        ("report", {"language": "en"}, "audit-"),
        ("gaps", {"form": "csv"}, "gaps-"),
        ("figures", {"form": "xlsx", "groupBy": "region"}, "figures-region-"),
        ("sample", {"form": "jsonl", "seed": "a", "risk": "high"}, "sample-"),
    ],
)
def test_the_forms_lead_to_the_files(faulty: World, what: str, asked: dict[str, str], named: str) -> None:
    answer = take(person(faulty.alliance), what, **asked)
    assert named in answer["Content-Disposition"]
    assert f'action="/audit/take/{what}"' in page(faulty.alliance)


def test_a_form_that_asks_for_nothing_there_is_leads_nowhere(faulty: World) -> None:
    client = person(faulty.alliance)
    assert take(client, "gaps", form="exe").status_code == 404
    assert take(client, "figures", form="csv", groupBy="colour").status_code == 404


def test_a_file_is_followed_by_its_key_to_the_end(faulty: World, settings: Any, tmp_path: Path) -> None:
    settings.IMPORTS_DIR = tmp_path
    client, key = person(faulty.alliance), "0123456789abcdef" * 2

    def told(by: Client = client) -> str:
        return by.get(f"/audit/progress/{key}").content.decode()

    assert "being made" in told()
    answer = take(client, "gaps", form="csv", following=key)
    assert answer.status_code == 200
    assert "receiving it" in told()
    # The key is of no use to another organisation.
    assert "receiving it" not in told(person(faulty.recycler))
    assert take(client, "sample", form="csv", risk="low", seed="x", following=key).status_code == 200


def test_the_rows_of_a_file_are_counted_while_it_is_made(faulty: World, settings: Any, tmp_path: Path) -> None:
    settings.IMPORTS_DIR = tmp_path
    request = RequestFactory().get("/", {"following": "f" * 32})
    rows = iter(counted(request, faulty.alliance.viewer, range(4), lambda: 4))
    next(rows)
    assert find(faulty.alliance.viewer, "f" * 32) == {"state": "working", "count": 0, "total": 4}
    assert list(rows) == [1, 2, 3]
    plain = RequestFactory().get("/", {"following": "../x"})
    assert list(counted(plain, faulty.alliance.viewer, range(2), lambda: 2)) == [0, 1]
    assert len(list(tmp_path.rglob("*"))) == 2


def test_what_cannot_be_made_is_told_to_who_follows(faulty: World, settings: Any, tmp_path: Path) -> None:
    settings.IMPORTS_DIR = tmp_path
    client, key = person(faulty.alliance), "a" * 32
    assert client.get(f"/files/audit/latest/figures.csv?groupBy=colour&following={key}").status_code == 400
    assert "could not be made" in client.get(f"/audit/progress/{key}").content.decode()


@pytest.mark.parametrize(("language", "name"), [("en", "Chengdu"), ("zh-hans", "成都市")])
def test_a_region_is_told_by_code_and_name(faulty: World, language: str, name: str) -> None:
    shown = person(faulty.alliance, language).get("/audit/").content.decode()
    assert f">510100 {name}</a>" in shown
    assert 'href="/audit/gaps/?region=510100"' in shown


@pytest.mark.parametrize(
    ("code", "name"), [("510104", "510104 成都市"), ("519999", "519999 四川省"), ("110000", "110000")]
)
def test_a_county_is_called_by_its_prefecture_and_what_has_no_name_by_its_code(code: str, name: str) -> None:
    with translation.override("zh-hans"):
        assert region_named(code) == name


def test_a_gap_cites_its_clause_and_lists_things_as_the_readers_language_does(faulty: World) -> None:
    gap = Gap.objects.filter(closed_in=None, code="missing_link").first()
    assert gap is not None
    chinese, english = (
        person(faulty.alliance, language).get(f"/audit/gaps/{gap.pk}/").content.decode()
        for language in ("zh-hans", "en")
    )
    assert "国家溯源平台的状态规则" in chinese
    assert "State rules" not in chinese
    assert "State rules of the national platform" in english


def test_gaps_name_organisations_and_list_words_as_the_reader_does(faulty: World) -> None:
    gap = Gap.objects.filter(code="custody_break").exclude(evidence__contains="holder=|").earliest("id")
    holder = Organisation.objects.get(pk=parties_in(gap.evidence)[0])
    for address in (f"/audit/gaps/?code=custody_break&battery={gap.record.code}", f"/audit/gaps/{gap.pk}/"):
        said = person(faulty.alliance, "zh-hans").get(address).content.decode()
        assert f"（持有单位：{holder.name}）" in said
    Gap.objects.filter(code="missing_link").update(evidence="type=received|stage=in_vehicle|")
    said = person(faulty.alliance, "zh-hans").get("/audit/gaps/?code=missing_link").content.decode()
    assert "只可能在：丢失、已生产、已退役）" in said
