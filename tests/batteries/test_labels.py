"""The text of a label: what is signed, how strictly it is read, and that nothing forged or changed passes."""

import random
import string
from base64 import b32encode
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from batteries.codes import scan
from batteries.label_keys import key_id
from batteries.label_pictures import matrix
from batteries.label_states import judge
from batteries.labels import (
    TAG,
    LabelText,
    gtin14,
    is_under,
    read_label,
    sign,
    signature_bytes,
    verify,
)
from batteries.models import LabelKey
from tests.factories import TODAY, pack_code, second_life_code
from tests.labelling import GTIN, HOST, PUBLIC, L, signed
from tests.worlds import World

BASE32 = string.ascii_uppercase + "234567"
FORMS = [pytest.param("", id="without GTIN"), pytest.param(GTIN, id="with GTIN")]
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def accepted(payload: str) -> bool:
    """Whether a payload passes as one of our labels, as printed."""
    reading = read_label(payload)
    if reading is None or reading.form != "exact" or reading.text is None:
        return False
    return reading.text.kid == key_id(PUBLIC) and verify(reading.text, PUBLIC)


@pytest.mark.parametrize("gtin", FORMS)
def test_a_label_is_an_upper_case_url_whose_path_ends_in_the_code(gtin: str) -> None:
    text = str(signed(gtin=gtin))
    path = text.partition("?")[0]
    assert text == text.upper()
    assert path.startswith(f"HTTPS://{HOST}/")
    assert path.endswith(f"/{pack_code(1)}")
    assert accepted(text)


def test_with_a_gtin_it_is_a_gs1_digital_link() -> None:
    assert str(signed(gtin=GTIN)).startswith(f"HTTPS://{HOST}/01/{GTIN}/21/{pack_code(1)}?S={key_id(PUBLIC)}QX7A")


def test_what_is_signed_is_the_tag_and_the_text_without_its_signature() -> None:
    assert signed().message == TAG + f"HTTPS://{HOST}/L/{key_id(PUBLIC)}QX7A/{pack_code(1)}".encode()
    assert signed(gtin=GTIN).message == (
        TAG + f"HTTPS://{HOST}/01/{GTIN}/21/{pack_code(1)}?S={key_id(PUBLIC)}QX7A".encode()
    )


@pytest.mark.parametrize("gtin", FORMS)
@pytest.mark.parametrize("code", [pack_code(1), second_life_code(1)])
def test_a_scan_resolves_a_label_to_its_battery(gtin: str, code: str) -> None:
    found = scan(str(signed(code=code, gtin=gtin)), today=TODAY)
    assert (found.kind, found.code) == ("digital_link" if gtin else "label", code)


@pytest.mark.parametrize(("gtin", "longest"), [("", 40), (GTIN, 13)])
def test_the_symbol_stays_at_version_9_up_to_the_longest_host_that_is_taken(gtin: str, longest: int) -> None:
    for length, fits in ((4, True), (longest, True), (longest + 1, False)):
        text = signed(host="A" * length, gtin=gtin)
        assert text.fits is fits
        assert (len(matrix(str(text))) <= 53) is fits  # 17 + 4 × 9


@pytest.mark.parametrize("gtin", FORMS)
def test_the_scheme_and_host_may_be_folded_by_a_telephone(gtin: str) -> None:
    text = str(signed(gtin=gtin))
    assert accepted(text.replace(f"HTTPS://{HOST}", f"https://{HOST.lower()}"))
    assert accepted(f" {text}\r\n")


@pytest.mark.parametrize("gtin", FORMS)
def test_any_other_change_of_case_is_told_and_not_accepted(gtin: str) -> None:
    text = str(signed(gtin=gtin))
    for changed in (
        text.lower(),
        text[:60] + text[60:].lower(),
        text[:-1] + text[-1].lower(),
        text[:-24] + " " + text[-24:],
    ):
        reading = read_label(changed)
        assert reading is not None
        assert reading.form == ("folded" if changed != text else "exact")
        assert not accepted(changed) or changed == text


@pytest.mark.parametrize(
    ("payload", "form"),
    [
        pytest.param(pack_code(1), None, id="a bare code"),
        pytest.param("", None, id="nothing"),
        pytest.param("HTTPS://X.CN/" + "A" * 5000, None, id="endless"),
        pytest.param(f"https://x.example/b/{pack_code(1)}", "address", id="somebody's address"),
        pytest.param(f"https://id.gs1.example/01/{GTIN}/21/{pack_code(1)}", "address", id="an unsigned link"),
        pytest.param(f"HTTPS://{HOST}/L/AAAA/{pack_code(1)}", "damaged", id="too short"),
        pytest.param(f"HTTPS://{HOST}/01/{GTIN}/21/{pack_code(1)}?S=AAAA", "damaged", id="too short a query"),
        pytest.param(str(signed()) + "/", "damaged", id="a stroke behind"),
        pytest.param(str(signed()) + "?X=1", "damaged", id="a query behind"),
        pytest.param(str(signed()).replace("HTTPS", "HTTP"), "damaged", id="another scheme"),
    ],
)
def test_what_is_no_label_is_told_apart(payload: str, form: str | None) -> None:
    reading = read_label(payload)
    assert (reading and reading.form) == form


# Forgeries -----------------------------------------------------------------------------------------------------------


def test_a_signature_has_one_way_to_be_written() -> None:
    text = signed().signature
    last = BASE32.index(text[-1])
    assert last % 8 == 0
    for bits in range(1, 8):
        with pytest.raises(ValueError, match="canonical"):
            signature_bytes(text[:-1] + BASE32[last + bits])
    for bad in (text.lower(), text + "=", text + "A", text[:-1], "", "0" + text[1:], text[:-1] + "1"):
        with pytest.raises(ValueError, match=r"canonical|[Nn]on-base32|padding"):
            signature_bytes(bad)


def test_a_signature_with_the_groups_order_added_is_refused() -> None:
    text = signed()
    raw = signature_bytes(text.signature)
    for times in (1, 2, 4, 8, 15):
        scalar = int.from_bytes(raw[32:], "little") + times * L
        if scalar < 2**256:
            twin = b32encode(raw[:32] + scalar.to_bytes(32, "little")).decode().rstrip("=")
            assert not accepted(str(LabelText(text.host, text.code, text.kid, text.serial, twin)))


def test_a_signature_cannot_be_moved_to_another_label() -> None:
    for other in (
        signed(2),
        signed(host="ID.EXAMPLE.COM"),
        signed(host=f"{HOST}/B"),
        signed(gtin=GTIN),
        signed(serial="QX7B"),
        signed(key=OTHER, kid=key_id(OTHER.public_key().public_bytes_raw())),
    ):
        text = signed()
        moved = LabelText(other.host, other.code, other.kid, other.serial, text.signature, other.gtin)
        assert not accepted(str(moved))


def test_nobody_elses_key_signs_under_our_key_id() -> None:
    assert not accepted(str(signed(key=OTHER)))


def forgeries(count: int) -> Iterator[str]:
    """Labels changed in every way that was thought of, none of them equal to what was signed."""
    draw = random.Random(20260105)
    genuine = [signed(number, gtin=GTIN if number % 2 else "") for number in range(20)]
    made = {str(one) for one in genuine}
    while len(made) < count + len(genuine):
        forged = draw.choice(MUTATIONS)(draw, draw.choice(genuine), draw.choice(genuine))
        # A host in small letters is the same host.
        if forged not in made and forged[: 8 + len(HOST)].upper() + forged[8 + len(HOST) :] not in made:
            made.add(forged)
            yield forged


def _flip(draw: random.Random, one: LabelText, _: LabelText) -> str:
    """One character for another, anywhere behind the scheme."""
    text, at = str(one), draw.randrange(8, len(str(one)))
    return text[:at] + draw.choice(string.ascii_letters + string.digits + "-._~/?=%") + text[at + 1 :]


def _case(draw: random.Random, one: LabelText, _: LabelText) -> str:
    text, at = str(one), draw.randrange(8 + len(HOST), len(str(one)))
    return text[:at] + text[at:].lower() if draw.random() < 0.5 else text[:at] + text[at].lower() + text[at + 1 :]


def _insert(draw: random.Random, one: LabelText, _: LabelText) -> str:
    text, at = str(one), draw.randrange(8, len(str(one)))
    return text[:at] + draw.choice(BASE32 + "/ ?&=") + text[at:]


def _delete(draw: random.Random, one: LabelText, _: LabelText) -> str:
    text, at = str(one), draw.randrange(8, len(str(one)))
    return text[:at] + text[at + draw.choice((1, 1, 2, 5)) :]


def _swap(draw: random.Random, one: LabelText, other: LabelText) -> str:
    """One label's signature under another's host, code, GTIN, key or serial."""
    fields = {name: getattr(one, name) for name in ("host", "code", "kid", "serial", "signature", "gtin")}
    for name in draw.sample(sorted(fields), draw.randint(1, 5)):
        fields[name] = getattr(other, name)
    return str(LabelText(**fields))


def _bits(draw: random.Random, one: LabelText, _: LabelText) -> str:
    """Some bits of the signature."""
    raw = bytearray(signature_bytes(one.signature))
    for _time in range(draw.choice((1, 1, 2, 8, 64))):
        raw[draw.randrange(64)] ^= 1 << draw.randrange(8)
    return str(LabelText(one.host, one.code, one.kid, one.serial, b32encode(raw).decode().rstrip("="), one.gtin))


def _malleable(draw: random.Random, one: LabelText, _: LabelText) -> str:
    raw = signature_bytes(one.signature)
    scalar = (int.from_bytes(raw[32:], "little") + draw.randint(1, 14) * L) % 2**256
    twin = b32encode(raw[:32] + scalar.to_bytes(32, "little")).decode().rstrip("=")
    return str(LabelText(one.host, one.code, one.kid, one.serial, twin, one.gtin))


def _trailing(draw: random.Random, one: LabelText, _: LabelText) -> str:
    last = BASE32[BASE32.index(one.signature[-1]) | draw.randint(1, 7)]
    return str(LabelText(one.host, one.code, one.kid, one.serial, one.signature[:-1] + last, one.gtin))


def _own_key(draw: random.Random, one: LabelText, _: LabelText) -> str:
    """A whole label, signed by the forger's own key under our key id."""
    key = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
    return str(sign(LabelText(one.host, one.code, one.kid, "".join(draw.choices(BASE32, k=4)), gtin=one.gtin), key))


def _weak(draw: random.Random, one: LabelText, _: LabelText) -> str:
    """Signatures of the edge: R of small order, S zero or next to the order."""
    r = draw.choice((bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xff" * 32))
    s = draw.choice((0, 1, L - 1, L, 2**256 - 1)).to_bytes(32, "little")
    return str(LabelText(one.host, one.code, one.kid, one.serial, b32encode(r + s).decode().rstrip("="), one.gtin))


MUTATIONS = (_flip, _case, _insert, _delete, _swap, _bits, _malleable, _trailing, _own_key, _weak)


def test_ten_thousand_forged_or_mutated_labels_are_all_refused() -> None:
    forged = list(forgeries(10_000))
    assert len(set(forged)) == 10_000
    assert [text for text in forged if accepted(text)] == []


def test_none_of_them_is_authentic_to_who_scans_it(world: World, settings: Any) -> None:
    settings.LABEL_HOST = HOST
    LabelKey.objects.create(
        kid=key_id(PUBLIC),
        organisation=world.maker.organisation,
        year=2026,
        public_key=PUBLIC,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    record = world.pack().produced().record.id
    genuine = judge(str(signed()), record)
    assert genuine is not None
    assert (genuine.authentic, genuine.status) == (True, "unknown")  # signed, and not on the record
    counts = Counter(
        found and (found.authentic, found.status) for found in (judge(t, record) for t in forgeries(10_000))
    )
    assert set(counts) == {(False, "altered"), (False, "foreign"), (False, "unknown")}
    assert counts[False, "altered"] > 7_000


@given(st.data())
def test_no_text_but_the_signed_one_is_accepted(data: st.DataObject) -> None:
    text = str(signed(gtin=data.draw(st.sampled_from(["", GTIN]))))
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    changed = text[:at] + data.draw(st.text(max_size=3)) + text[at + cut :]
    # What a telephone folds, and blanks around, are the same text.
    same = changed.strip()[: 8 + len(HOST)].upper() + changed.strip()[8 + len(HOST) :] == text
    assert accepted(changed) <= same


@given(st.text(max_size=300))
def test_reading_never_raises(payload: str) -> None:
    read_label(payload)
    read_label(f"HTTPS://{payload}/L/{payload}")


# Small parts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "full"),
    [("9506000134352", GTIN), ("09506000134352", GTIN), ("96385074", "00000096385074"), ("9506000134353", ""),
     ("950600013435", ""), ("", ""), ("95060001343५2", ""), ("٩٥٠٦٠٠٠١٣٤٣٥٢", "")],
)  # fmt: skip
def test_a_gtin_is_taken_with_its_check_digit_only(given_: str, full: str) -> None:
    assert gtin14(given_) == full


def test_an_address_is_ours_by_whole_parts_of_its_path() -> None:
    assert is_under("ID.CN/L/X", "ID.CN")
    assert is_under("ID.CN/B/L/X", "ID.CN/B")
    assert not is_under("ID.CNX/L", "ID.CN")
    assert not is_under("ID.CN/BC/L", "ID.CN/B")
