"""The two identifiers that carry a check digit: VIN (GB 16735) and unified social credit code (GB 32100-2015)."""

from batteries.battery_code import Problem
from batteries.label_text import MAX_TEXT, normalise

__all__ = [
    "IdentifierError",
    "OrganisationCodeError",
    "VinError",
    "check_organisation_code",
    "check_vin",
    "organisation_code_with_check_digit",
    "vin_with_check_digit",
]

_VIN_LENGTH = 17
_VIN_CHECK_AT = 8  # 0-based
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))

_ORGANISATION_LENGTH = 18
# Without I O S V Z, which are taken for 1 0 5 U 2.
_ORGANISATION_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_VALUES = {character: value for value, character in enumerate(_ORGANISATION_ALPHABET)}
_ORGANISATION_WEIGHTS = tuple(3**i % 31 for i in range(_ORGANISATION_LENGTH - 1))


class IdentifierError(ValueError):
    """An identifier is malformed; `problem` says where, and of a wrong check digit what it should be."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.problem.code}: {self.problem.found!a}"

    @property
    def code(self) -> str:
        """Return the stable code of the problem."""
        return self.problem.code


class VinError(IdentifierError):
    """`vin_length`, `vin_character` or `vin_check_digit`."""


class OrganisationCodeError(IdentifierError):
    """`org_code_length`, `org_code_character` or `org_code_check_digit`."""


def check_vin(text: str) -> str:
    """Return the VIN as printed (17 characters, upper case). Raises VinError."""
    vin = _legal(text, "vin", _VIN_LENGTH, _VIN_VALUES, VinError)
    if vin[_VIN_CHECK_AT] != _vin_check_digit(vin):
        raise VinError(Problem("vin_check_digit", _VIN_CHECK_AT + 1, vin[_VIN_CHECK_AT]))
    return vin


def check_organisation_code(text: str) -> str:
    """Return the unified social credit code as printed (18 characters, upper case). Raises OrganisationCodeError."""
    code = _legal(text, "org_code", _ORGANISATION_LENGTH, _ORGANISATION_VALUES, OrganisationCodeError)
    if code[-1] != _organisation_check_digit(code):
        raise OrganisationCodeError(Problem("org_code_check_digit", _ORGANISATION_LENGTH, code[-1]))
    return code


def vin_with_check_digit(text: str) -> str:
    """Put the right check digit in position 9 of a 17-character VIN, whatever stands there. Raises VinError."""
    filled = f"{text[:_VIN_CHECK_AT]}0{text[_VIN_CHECK_AT + 1 :]}"
    vin = _legal(filled, "vin", _VIN_LENGTH, _VIN_VALUES, VinError)
    return f"{vin[:_VIN_CHECK_AT]}{_vin_check_digit(vin)}{vin[_VIN_CHECK_AT + 1 :]}"


def organisation_code_with_check_digit(first17: str) -> str:
    """Complete the first 17 characters of a unified social credit code. Raises OrganisationCodeError."""
    code = _legal(f"{first17}0", "org_code", _ORGANISATION_LENGTH, _ORGANISATION_VALUES, OrganisationCodeError)
    return f"{code[:-1]}{_organisation_check_digit(code)}"


def _legal(text: str, kind: str, length: int, values: dict[str, int], error: type[IdentifierError]) -> str:
    """Return the normalised text when it has the right length and characters."""
    code = normalise(text[:MAX_TEXT])
    if len(code) != length:
        raise error(Problem(f"{kind}_length", None, str(len(code))))
    for position, character in enumerate(code, start=1):
        if character not in values:
            raise error(Problem(f"{kind}_character", position, character))
    return code


def _vin_check_digit(vin: str) -> str:
    total = sum(weight * _VIN_VALUES[character] for weight, character in zip(_VIN_WEIGHTS, vin, strict=True))
    return "0123456789X"[total % 11]


def _organisation_check_digit(code: str) -> str:
    total = sum(
        weight * _ORGANISATION_VALUES[character]
        for weight, character in zip(_ORGANISATION_WEIGHTS, code[:-1], strict=True)
    )
    return _ORGANISATION_ALPHABET[-total % 31]
