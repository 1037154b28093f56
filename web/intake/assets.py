"""The static files of the intake page, and the version that they make together."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static

#: Named by the shell: in production they bear their hash.
NAMED: Final = (
    "vendor/pico-2.1.1/pico.jade.min.css",
    "web/site.css",
    "web/intake/intake.css",
    "web/icon.svg",
    "web/intake/main.js",
    "vendor/zxing-wasm-3.1.4/zxing-reader.js",
    "vendor/zxing-wasm-3.1.4/zxing_reader.wasm",
)
#: Imported by modules, relative to these and so under their plain names.
IMPORTED: Final = (
    *(
        f"web/intake/{name}.js"
        for name in (
            *("codes", "details", "gun", "handover", "labels", "lists", "outcomes", "photos", "queue", "receipts"),
            *("receiving", "scanner", "screens", "server", "sounds", "store", "totals", "words"),
        )
    ),
    "vendor/idb-8.0.4/idb.js",
)
#: What does not change what these files do, but what a shell made by them shows.
_TEMPLATES: Final = ("web/templates/web/intake", "web/intake", "locale/zh_Hans/LC_MESSAGES/django.mo")


def addresses() -> list[str]:
    """Give the addresses under which the page asks for them."""
    return [static(name) for name in NAMED] + modules()


def modules() -> list[str]:
    """Give those of what the first module imports."""
    plain = "/" + settings.STATIC_URL.lstrip("/")
    return [plain + name for name in IMPORTED]


@cache
def version() -> str:
    """Name what is served now; another build is another version."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> list[Path]:
    found = [Path(str(finders.find(name) or settings.STATIC_ROOT / name)) for name in (*NAMED, *IMPORTED)]
    for name in _TEMPLATES:
        path = settings.BASE_DIR / name
        found += sorted(one for one in path.glob("*.*") if one.is_file()) if path.is_dir() else [path]
    return found
