"""Pages in a real browser: Debian's Chromium, driven by Playwright, against the product served over HTTP.

    uv run --group browser pytest tests/browser -n 0

Where the group is not installed or no Chromium is found, these tests are skipped and say so; `.ci/run` installs both
and fails without. Whatever a page does wrong besides (a request to another host, an error on the console, something
that the policy of its contents refused) fails its test.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from PIL import Image

from tests.signing_in import come_in
from tests.worlds import Party, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

REQUIRED = os.environ.get("BROWSER_TESTS") == "required"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
#: What lets Chromium run as root and keeps it from asking its own maker's hosts.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --use-fake-device-for-media-stream --use-fake-ui-for-media-stream"
).split()
#: Pictures that take more bytes get by with fewer colours.
SMALL = 60_000
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say why nothing is run, where something is missing."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    missing = _missing()
    if missing and REQUIRED:
        pytest.exit(f"tests in a browser are required: {missing}", returncode=1)
    for item in here:
        item.add_marker(pytest.mark.timeout(180))
        if missing:
            item.add_marker(pytest.mark.skip(reason=missing))


def _missing() -> str:
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed: uv run --group browser pytest tests/browser -n 0"
    return "" if CHROMIUM else "no Chromium on PATH (CHROMIUM names one)"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On SQLite a file: the server's threads have connections of their own, as in the field."""
    for database in settings.DATABASES.values():
        if database["ENGINE"].endswith("sqlite3"):
            database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("browser") / "test.sqlite3")


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., "Browser"]]:
    """Start browsers with flags of a test's own besides the usual ones."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started: list[Browser] = []

        def start(*flags: str, without: tuple[str, ...] = ()) -> "Browser":
            usual = [flag for flag in FLAGS if flag not in without]
            started.append(playwright.chromium.launch(executable_path=CHROMIUM, args=[*usual, *flags]))
            return started[-1]

        yield start
        for browser in started:
            browser.close()


@pytest.fixture(scope="session")
def browser(launch: Callable[..., "Browser"]) -> "Browser":
    """The browser that tests share; each has a context of its own."""
    return launch()


@dataclass
class Visitor:
    """Somebody at a browser, for one organisation or for none."""

    context: "BrowserContext"
    address: str
    wrong: list[str] = field(default_factory=list)
    #: Parts of what the console may say in this test.
    expected: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> "Page":
        """Open a page of the product in a new tab."""
        page = self.watched(self.context.new_page())
        page.goto(self.address + path)
        return page

    def watched(self, page: "Page") -> "Page":
        """Note what a page does wrong."""
        page.on("request", lambda request: self._asked(request.url))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", lambda told: told.type == "error" and self.wrong.append(f"console: {told.text}"))
        return page

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and not url.startswith(self.address):
            self.wrong.append(f"left the host: {url}")

    def sign_in(self, party: Party) -> "Visitor":
        """Be signed in for this party, second factor shown."""
        client = come_in(Client(), party.user)
        name = settings.SESSION_COOKIE_NAME
        self.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.address}])
        return self

    def speak(self, language: str) -> "Visitor":
        """Read the pages in this language, as the switch at the top of each page sets it."""
        self.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": self.address}])
        return self

    def check(self) -> None:
        """Fail the test by whatever went wrong unnoticed."""
        wrong = [one for one in self.wrong if not any(part in one for part in self.expected)]
        assert not wrong, wrong


@pytest.fixture
def visitors(browser: "Browser", live_server: Any) -> Iterator[Callable[..., Visitor]]:
    """Let people come to the pages, each with a browser context of its own (arguments are Playwright's)."""
    came: list[Visitor] = []

    def come(*, of: "Browser | None" = None, **options: Any) -> Visitor:
        context = (of or browser).new_context(**({"locale": "zh-CN", "timezone_id": "Asia/Shanghai"} | options))
        context.set_default_timeout(15_000)
        came.append(Visitor(context, live_server.url))
        return came[-1]

    yield come
    for visitor in came:
        visitor.context.close()
        visitor.check()


@pytest.fixture
def visitor(visitors: Callable[..., Visitor]) -> Visitor:
    """One of them, at a desk."""
    return visitors(viewport={"width": 1280, "height": 900})


@pytest.fixture
def phone(visitors: Callable[..., Visitor]) -> Visitor:
    """One of them, with a small phone."""
    return visitors(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)


@pytest.fixture
def province(live_server: Any, transactional_db: None) -> World:
    """The small province, committed, so that the server sees it."""
    return World()


@pytest.fixture
def accessible() -> Callable[["Page"], None]:
    """Ask axe-core: nothing serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: "Page") -> None:
        found = Axe().run(page).response["violations"]
        grave = [
            (one["id"], [node["target"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not grave, grave

    return check


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Callable[["Page", str], None]:
    """Keep a picture of a page: in `docs/pictures` when SCREENSHOTS=docs, else in the folder that it names, if any."""
    target = os.environ.get("SCREENSHOTS")

    def take(page: "Page", name: str) -> None:
        if target:
            folder = settings.BASE_DIR / "docs" / "pictures" if target == "docs" else Path(target)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}.png"
            page.screenshot(path=path)
            if path.stat().st_size > SMALL:
                Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)

    return take


@pytest.fixture
def today() -> str:
    """The day it is in China."""
    return timezone.localdate().isoformat()
