"""All pages of the desks with the demo's province behind them: both languages, a phone, axe, and their pictures."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from rich.console import Console

from recyclers.models import Batch, Lot
from tests.browser.conftest import Visitor
from traceability.audit.running import audit
from traceability.models import Gap, Organisation, User
from web.demo import feeding, files
from web.demo.companies import ALLIANCE
from web.demo.province import build
from web.demo.showing import TODAY

PACKS, SEED = 120, 3
#: Pictures of what stands further down, and those that there are in English besides.
LOWER, IN_ENGLISH = {"flows", "balance"}, {"audit", "flows"}


class Person:
    """Somebody of an organisation of the demo, for `Visitor.sign_in`."""

    def __init__(self, code: str) -> None:
        organisation = Organisation.objects.get(code=code)
        self.user = User.objects.create_user(f"tour-{code}", password=None, organisation=organisation)


@pytest.fixture
def demo(live_server: Any, transactional_db: None, tmp_path: Path) -> Person:
    """The demo's province, audited; gives somebody of the alliance."""
    cache.clear()
    files.write(build(PACKS, SEED, TODAY), tmp_path)
    feeding.feed(tmp_path, Console(file=StringIO()))
    with audit():
        pass
    return Person(ALLIANCE.code)


def pages() -> list[tuple[str, str, str]]:
    """Address, what has to be there before a picture is taken, and the picture's name."""
    imbalance = Gap.objects.filter(code="mass_imbalance").select_related("record").first()
    batch = Batch.objects.filter(process="hydrometallurgy").select_related("organisation").latest("event")
    lot = Lot.objects.filter(material="electrode_powder", origin="batch").latest("id")
    year = TODAY.year - 1
    assert imbalance is not None
    return [
        (f"/audit/?from={year}-01-01&until={year}-12-31", "#flows svg", "audit"),
        (f"/audit/?from={year}-01-01&until={year}-12-31", "#flows svg", "flows"),
        ("/audit/gaps/", "#rows tr", "gaps"),
        (f"/audit/gaps/{imbalance.pk}/", "dl.facts", "gap"),
        (f"/batches/{imbalance.record.code}", "#balance", ""),
        ("/batches/", "#rows tr", ""),
        (f"/batches/{batch.organisation.code}/{batch.number}", "#balance", "batch"),
        ("/lots/", "#rows tr", ""),
        (f"/lots/{lot.code}", "#origins", "lot"),
        ("/recyclers/", "#rows .mark", "companies"),
        (f"/recyclers/{batch.organisation.code}/?year={year}", "#standing-title", "company"),
        (f"/recyclers/{batch.organisation.code}/?year={year}", "#balance-title", "balance"),
        (f"/organisations/{batch.organisation.code}/", "dl.facts", "organisation"),
        ("/batteries/", "#rows tr", "batteries"),
    ]


def test_every_page_is_whole_in_both_languages_and_on_a_phone(
    visitors: Callable[..., Visitor],
    demo: Any,
    accessible: Callable[[Any], None],
    shoot: Callable[[Any, str], None],
) -> None:
    desk = visitors(viewport={"width": 1280, "height": 900}).sign_in(demo)
    phone = visitors(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True).sign_in(demo)
    for address, awaited, name in pages():
        for language in ("zh-hans", "en"):
            for visitor in (desk, phone):
                page = visitor.speak(language).open(address)
                page.locator(awaited).first.wait_for()
                assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], address
                if visitor is desk:
                    accessible(page)
                    # Nothing of the code shows where words belong.
                    assert not re.search(r"\b[a-z]+_[a-z_]+\b(?![./=])", _prose(page)), address
                if visitor is desk and name in LOWER:
                    page.locator(awaited).first.evaluate("part => part.closest('section').scrollIntoView()")
                if visitor is desk and name and (language == "zh-hans" or name in IN_ENGLISH):
                    shoot(page, name if language == "zh-hans" else f"{name}-en")
                page.close()


def _prose(page: Any) -> str:
    """What people read: without codes and keys."""
    return str(
        page.evaluate("""() => {
          const main = document.querySelector('main').cloneNode(true);
          for (const code of main.querySelectorAll('.code, code, script, svg')) code.remove();
          const words = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
          const found = [];
          while (words.nextNode()) found.push(words.currentNode.data);
          return found.join(' ');
        }""")
    )
