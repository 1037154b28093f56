"""The message catalogues: what the sources say, what is translated, and the compiled files.

`python -m tests.house.catalogues` (the end of `make messages`) compiles them and lists what is left to translate. Babel
does it in pure Python, so that only collecting the texts (makemessages) needs GNU gettext.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "locale"
PACKAGES = ("traceability", "batteries", "recyclers", "graphql_schema", "web")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
#: A date that changes at each run tells nothing that the history does not.
DATE = re.compile(r'^"POT-Creation-Date: .*\n', re.MULTILINE)


def po_files() -> list[Path]:
    """All sources of catalogues."""
    return sorted(LOCALES.glob("*/LC_MESSAGES/django.po"))


def catalogue(path: Path) -> Catalog:
    """Read one source."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def compiled(path: Path) -> bytes:
    """What the .mo beside a source has to hold."""
    found, buffer = catalogue(path), io.BytesIO()
    # Babel would write the time of compiling.
    found.creation_date = found.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(buffer, found)
    return buffer.getvalue()


def texts() -> Iterator[tuple[str, tuple[str | None, str]]]:
    """Everything in the sources that can be translated: (place, (context, text))."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if "static" in path.parts or path.suffix not in {".py", ".html", ".txt"}:
                continue
            source = path.read_text()
            if path.suffix != ".py":
                # Templates become calls in a line of other characters; indentation would be taken for Python's.
                lines = templatize(source, origin=str(path)).splitlines()
                source = "\n".join(line.strip() for line in lines)
            for number, message, _, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
                text = message if isinstance(message, str) else message[0]
                yield f"{path.relative_to(ROOT)}:{number}", (context, text)


def untranslated(path: Path) -> list[str]:
    """What a catalogue leaves in the language of the sources, or in doubt."""
    return [str(message.id) for message in catalogue(path) if message.id and (message.fuzzy or not _complete(message))]


def _complete(message: Message) -> bool:
    return bool(message.string) if isinstance(message.string, str) else all(message.string)


def main() -> None:
    """Compile every catalogue; exit 1 while Chinese is incomplete."""
    for path in po_files():
        path.write_text(DATE.sub("", path.read_text()))
        path.with_suffix(".mo").write_bytes(compiled(path))
    left = untranslated(LOCALES / "zh_Hans" / "LC_MESSAGES" / "django.po")
    for text in left:
        sys.stderr.write(f"zh_Hans: {text}\n")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
