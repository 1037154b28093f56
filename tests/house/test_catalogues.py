"""Every text a person reads is there in Chinese, and the compiled catalogues are those of their sources."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from tests.house.catalogues import LOCALES, ROOT, catalogue, compiled, po_files, texts, untranslated

CHINESE = LOCALES / "zh_Hans" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?(?:\.\d)?[sdf]|\{\w*\}")


def named(path: Path) -> str:
    return path.parts[-3]


@pytest.mark.parametrize("path", po_files(), ids=named)
def test_the_compiled_catalogue_is_that_of_its_source(path):
    assert path.with_suffix(".mo").read_bytes() == compiled(path), "run `make messages`"


def test_every_text_of_the_sources_is_in_the_chinese_catalogue():
    known = {
        (message.context, message.id if isinstance(message.id, str) else message.id[0])
        for message in catalogue(CHINESE)
    }
    missing = sorted({f"{place}: {text[1]}" for place, text in texts() if text not in known})
    assert missing == [], "run `make messages` and translate"


def test_nothing_is_left_untranslated_or_fuzzy():
    assert untranslated(CHINESE) == []


def test_nothing_is_translated_that_no_source_says():
    said = {text for _, text in texts()}
    known = [message for message in catalogue(CHINESE) if message.id]
    ids = [(m.context, m.id if isinstance(m.id, str) else m.id[0]) for m in known]
    assert [text for text in ids if text not in said] == []


def test_translations_fill_in_the_same_values():
    different = []
    for message in catalogue(CHINESE):
        if message.id and isinstance(message.id, str):
            asked, given = (sorted(PLACEHOLDER.findall(str(text))) for text in (message.id, message.string))
            if set(asked) != set(given):
                different.append((message.id, message.string))
    assert different == []


def test_the_product_speaks_chinese_first_and_english_when_asked():
    from traceability.errors import MESSAGES

    with translation.override("zh-hans"):
        assert str(MESSAGES["sign_in"]) == "请先登录，或在请求中附上令牌。"
    with translation.override("en"):
        assert str(MESSAGES["sign_in"]) == "Sign in, or send a token."


def test_both_languages_have_a_catalogue():
    assert [named(path) for path in po_files()] == ["en", "zh_Hans"]
    assert all(path.is_relative_to(ROOT / "locale") for path in po_files())
