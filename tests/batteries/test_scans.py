"""Scans: every variant of a label resolves to the same battery, and nothing else does."""

import time
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteries.codes import compose, scan

TODAY = date(2026, 11, 22)
EVE = "04QCB76836300JBC40000903"
SECOND_LIFE = "08XPB01C8E0000001RP"
GTIN = "06912345678901"
GS = "\x1d"


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@st.composite
def valid_codes(draw: st.DrawFn) -> str:
    field = draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=7, max_size=7))
    second_life = draw(st.booleans())
    return compose(
        level=draw(st.sampled_from(["pack", "module", "cell"])), battery_type=draw(st.sampled_from("ABCDEFGZ")),
        manufacturer_code=field[:3], specification=field[5:], traceability="" if second_life else field,
        produced_on=draw(st.dates(date(2011, 1, 1), TODAY)), serial=draw(st.integers(0, 9_999_999)),
        second_life=second_life,
    )  # fmt: skip


BARE = {
    "as printed": "{code}",
    "lower case": "{lower}",
    "full width": "{full}",
    "two lines of 14 and 10": "{code:.14}\r\n{tail}",
    "blanks at both ends": " \t{code}\r\n",
    "ideographic and no-break blanks": "\u3000{code:.5}\u00a0{rest}",
    "byte order mark and zero-width space": "\ufeff{code:.5}\u200b{rest}",
    "control characters of the scanner": "\x02{code}\x00\x04",
    "carrier string": "[>16A0123456789{code}",
    "carrier string with blanks": "[>16 A012 3456789 {code}\n",
    "carrier string that ends its fields": "[)>\x1e06\x1d18VABC\x1dS{code}\x1e\x04",
    "symbology identifier": "]Q1{code}",
    "carrier string with dot and slash": "V1.AB/0001{code}",
}
LABELS = {
    "our label": "https://id.example.cn/b/{code}",
    "upper case": "HTTPS://ID.EXAMPLE.CN/B/{code}",
    "lower case": "https://id.example.cn/b/{lower}",
    "another host, port and user": "http://user@192.168.1.5:8000/{code}",
    "trailing slash": "https://id.example.cn/b/{code}/",
    "query string": "https://id.example.cn/b/{code}?s=MFRGGZDFMZTWQ2LK&lang=zh",
    "query and fragment": "https://id.example.cn/b/{code}/?s=MFRGG#top",
    "percent-encoded": "https://id.example.cn/b/{percent}",
    "code in the query": "https://trace.example.cn/q?code={code}",
    "code in the fragment": "https://trace.example.cn/#/battery/{code}",
    "no scheme": "www.example.cn/b/{code}",
    "full width": "ｈｔｔｐｓ：／／ｉｄ．ｅｘａｍｐｌｅ．ｃｎ／{full}",
    "a broken line": "https://id.example.cn/b/{code:.14}\n{tail}",
    "a host that no parser accepts": "https://[id/b/{code}",
}
LINKS = {
    "digital link": f"https://id.example.cn/01/{GTIN}/21/{{code}}",
    "signed, upper case": f"HTTPS://ID.EXAMPLE.CN/01/{GTIN}/21/{{code}}?s=MFRGGZDFMZTWQ2LKNNWG23TPOB",
    "with other qualifiers": f"https://example.cn/x/01/{GTIN}/10/LOT1/21/{{lower}}/",
    "element string": f"(01){GTIN}(21){{code}}",
    "element string with more fields": f"(01){GTIN}(11)220301(21){{code}}(10)LOT",
    "symbology identifier": f"]d201{GTIN}21{{code}}",
    "FNC1 between fields": f"{GS}01{GTIN}10LOT1{GS}21{{code}}{GS}240X",
    "a date between": f"01{GTIN}1122030121{{code}}",
}


def variants() -> list[object]:
    groups = (("battery_code", BARE), ("label", LABELS), ("digital_link", LINKS))
    return [pytest.param(kind, text, id=f"{kind}: {name}") for kind, group in groups for name, text in group.items()]


def fill(template: str, code: str) -> str:
    percent = "".join(f"%{ord(character):02x}" for character in code)
    return template.format(
        code=code, lower=code.lower(), full=full_width(code), tail=code[14:], rest=code[5:], percent=percent
    )


@pytest.mark.parametrize("code", [EVE, SECOND_LIFE])
@pytest.mark.parametrize(("kind", "template"), variants())
def test_a_variant_of_a_label_resolves_to_its_code(kind: str, template: str, code: str) -> None:
    found = scan(fill(template, code), today=TODAY)
    assert (found.kind, found.code) == (kind, code)
    assert found.reading is not None
    assert found.reading.battery_code is not None
    assert found.reading.battery_code.code == code


@given(code=valid_codes(), template=st.sampled_from([*BARE.values(), *LABELS.values(), *LINKS.values()]))
def test_every_variant_of_every_code_resolves_to_it(code: str, template: str) -> None:
    assert scan(fill(template, code), today=TODAY).code == code


@given(
    code=valid_codes(),
    blanks=st.lists(st.tuples(st.integers(0, 24), st.sampled_from(" \t\r\n\u3000\u200b")), max_size=6),
    wide=st.booleans(),
    lower=st.booleans(),
)
def test_case_width_and_blanks_in_any_mixture_do_not_matter(
    code: str, blanks: list[tuple[int, str]], wide: bool, lower: bool
) -> None:
    text = code.lower() if lower else code
    text = full_width(text) if wide else text
    for at, blank in blanks:
        text = text[:at] + blank + text[at:]
    assert scan(text, today=TODAY).code == code


@pytest.mark.parametrize(
    "payload",
    [
        "", " ", "\x00", "A765101015", "001PE0XT00001DAB0800004",
        pytest.param("JBC40000903\n04QCB76836300", id="halves in the wrong order"),
        pytest.param("https://id.example.cn/", id="a URL of nothing"),
        pytest.param(f"https://id.example.cn/{EVE}/edit", id="a path that goes on after the code"),
        pytest.param(f"https://id.example.cn/b?s=ABCDEF{EVE}", id="a signature that ends like a code"),
        pytest.param(f"https://id.example.cn/01/{GTIN}/21/XYZ", id="a serial that is no code"),
        pytest.param(f"https://id.example.cn/01/{GTIN}/10/{EVE}/21", id="a link without a serial"),
        pytest.param("04QCB76836300JBU40000903", id="a date that does not exist"),
        pytest.param("TMP-", id="a provisional identity of nothing"),
        pytest.param("TMP-" + "A" * 61, id="a provisional identity too long"),
        pytest.param("TMP-电", id="a provisional identity in other letters"),
    ],
)  # fmt: skip
def test_what_names_no_battery_is_unknown(payload: str) -> None:
    found = scan(payload, today=TODAY)
    assert (found.kind, found.code) == ("unknown", None)


def test_an_unknown_scan_says_what_is_wrong_with_the_code() -> None:
    for payload in ("04QCB76836300JBU40000903", "https://id.example.cn/b/04QCB76836300JBU40000903?s=A"):
        found = scan(payload, today=TODAY)
        assert found.reading is not None
        assert [error.code for error in found.reading.errors] == ["date"]


@pytest.mark.parametrize(
    ("payload", "kind"),
    [("tmp-2026-0001", "battery_code"), (" TMP-A\n", "battery_code"), ("https://id.example.cn/b/TMP-A/", "label")],
)
def test_a_provisional_identity_is_taken_as_it_is(payload: str, kind: str) -> None:
    found = scan(payload, today=TODAY)
    assert (found.kind, found.reading) == (kind, None)
    assert found.code in {"TMP-2026-0001", "TMP-A"}


def test_a_code_made_after_the_day_of_the_scan_is_unknown() -> None:
    assert scan(EVE, today=date(2021, 12, 4)).code == EVE
    assert scan(EVE, today=date(2021, 12, 3)).code is None


pieces = st.sampled_from(
    [EVE, SECOND_LIFE, GTIN, "TMP-", "https://", "www.a.cn", "/01/", "/21/", "(01)", "(21)", "01", "21", "]d2", GS,
     "%", "%ff"]
)  # fmt: skip


@given(payload=st.lists(pieces | st.text(st.characters(), max_size=5), max_size=12).map("".join), day=st.dates())
def test_no_payload_crashes_and_a_code_comes_only_with_a_kind(payload: str, day: date) -> None:
    found = scan(payload, today=day)
    assert (found.kind == "unknown") == (found.code is None)
    if found.reading is not None:
        assert found.reading.valid == (found.code is not None)


@given(code=valid_codes())
def test_an_answer_scanned_again_is_the_same(code: str) -> None:
    once = scan(f"https://id.example.cn/b/{quote(code)}", today=TODAY)
    assert once.code is not None
    assert scan(once.code, today=TODAY).code == once.code


@pytest.mark.parametrize(
    "unit",
    ["A", "\u0315\u0300", "A.", "/01/06912345678901", "\x1d", "(21)", "\ufdfa", "%", "[>16", ":", "TMP-", "11000000"],
)  # fmt: skip
def test_work_is_bounded_whatever_is_sent(unit: str) -> None:
    begun = time.perf_counter()
    assert scan((unit * 1_000_000)[:1_000_000], today=TODAY).kind == "unknown"
    assert scan("https://a.cn/" + (unit * 4096)[:4000], today=TODAY).code is None
    assert scan((unit * 4096)[:4096], today=TODAY).code is None
    assert time.perf_counter() - begun < 1
