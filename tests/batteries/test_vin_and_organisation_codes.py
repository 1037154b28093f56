"""VIN and unified social credit code: the check digits find what hands get wrong."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from batteries.codes import (
    OrganisationCodeError,
    VinError,
    check_organisation_code,
    check_vin,
    organisation_code_with_check_digit,
    vin_with_check_digit,
)

VIN_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
ORGANISATION_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

vins = st.text(VIN_LETTERS, min_size=17, max_size=17).map(vin_with_check_digit)
organisations = st.text(ORGANISATION_LETTERS, min_size=17, max_size=17).map(organisation_code_with_check_digit)


def vin_weight_class(letter: str) -> str:
    """Letters of one class count the same, so the check digit cannot tell them apart."""
    classes = ("0", "1AJ", "2BKS", "3CLT", "4DMU", "5ENV", "6FW", "7GPX", "8HY", "9RZ")
    return next(members for members in classes if letter in members)


@pytest.mark.parametrize("vin", ["1M8GDM9AXKP042788", "LSVAA49J132047371"])
def test_vins_with_the_right_check_digit_pass(vin: str) -> None:
    assert check_vin(vin) == vin
    assert vin_with_check_digit(f"{vin[:8]}0{vin[9:]}") == vin


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        pytest.param("LFV2A21J970002010", "vin_check_digit", 9, id="computes 6, prints 9"),
        pytest.param("LSVAA49J13204737", "vin_length", None, id="16 characters"),
        pytest.param("", "vin_length", None, id="nothing"),
        pytest.param("LSVAA49J13204737O", "vin_character", 17, id="the letter O"),
        pytest.param("1SVAA49J1320473-1", "vin_character", 16, id="a hyphen"),
        pytest.param("LSVAA49J1\ud80032047371", "vin_length", None, id="a lone surrogate"),
        pytest.param("A" * 1_000_000, "vin_length", None, id="a million letters"),
    ],
)
def test_a_wrong_vin_is_refused_with_its_error(text: str, code: str, position: int | None) -> None:
    with pytest.raises(VinError) as refused:
        check_vin(text)
    assert (refused.value.code, refused.value.problem.position) == (code, position)


@pytest.mark.parametrize("code", ["91110105MA009PJM56", "91330800575349959F"])
def test_organisation_codes_with_the_right_check_digit_pass(code: str) -> None:
    assert check_organisation_code(code) == code
    assert organisation_code_with_check_digit(code[:17]) == code


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        pytest.param("91110105MA009PJM57", "org_code_check_digit", 18, id="one off"),
        pytest.param("91110105MA009PJM5", "org_code_length", None, id="17 characters"),
        pytest.param("9111O105MA009PJM56", "org_code_character", 5, id="the letter O"),
        pytest.param("91110105MA009PJM5电", "org_code_character", 18, id="Chinese"),
    ],
)
def test_a_wrong_organisation_code_is_refused_with_its_error(text: str, code: str, position: int | None) -> None:
    with pytest.raises(OrganisationCodeError) as refused:
        check_organisation_code(text)
    assert (refused.value.code, refused.value.problem.position) == (code, position)


def test_both_are_read_in_lower_case_full_width_and_with_blanks() -> None:
    assert check_vin(" 1m8gdm9a xkp042788\n") == "1M8GDM9AXKP042788"
    assert check_organisation_code("９１３３０８００ 575349959f") == "91330800575349959F"


@given(vin=vins, at=st.integers(0, 16), letter=st.sampled_from(VIN_LETTERS))
def test_a_vin_with_one_letter_of_another_value_is_refused(vin: str, at: int, letter: str) -> None:
    assume(vin_weight_class(letter) != vin_weight_class(vin[at]) if at != 8 else letter != vin[at])
    with pytest.raises(VinError):
        check_vin(vin[:at] + letter + vin[at + 1 :])


@given(code=organisations, at=st.integers(0, 17), letter=st.sampled_from(ORGANISATION_LETTERS))
def test_an_organisation_code_with_one_other_letter_is_refused(code: str, at: int, letter: str) -> None:
    assume(letter != code[at])
    with pytest.raises(OrganisationCodeError):
        check_organisation_code(code[:at] + letter + code[at + 1 :])


@given(code=organisations, at=st.integers(0, 15))
def test_an_organisation_code_with_two_neighbours_swapped_is_refused(code: str, at: int) -> None:
    assume(code[at] != code[at + 1])
    with pytest.raises(OrganisationCodeError):
        check_organisation_code(code[:at] + code[at + 1] + code[at] + code[at + 2 :])


@given(vin=vins, code=organisations)
def test_completed_identifiers_pass(vin: str, code: str) -> None:
    assert check_vin(vin) == vin
    assert check_organisation_code(code) == code


@given(text=st.text(st.characters(), max_size=30))
def test_any_text_is_either_passed_or_refused(text: str) -> None:
    for check, error in ((check_vin, VinError), (check_organisation_code, OrganisationCodeError)):
        try:
            passed = check(text)
        except error:
            continue
        assert check(passed) == passed
