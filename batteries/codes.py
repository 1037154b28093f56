"""Identity codes, pure Python: the one door to battery codes (GB/T 34014), scans, VIN and organisation codes.

    read()   judges a text as a battery code: every error and warning, never raises
    parse()  takes a valid battery code apart, or raises CodeError
    scan()   resolves whatever a scanner read to the battery it names

Problems are stable codes; the sentences for people are in `batteries.code_messages`.
"""

from batteries.battery_code import (
    BATTERY_TYPES,
    LEVELS,
    PUBLIC_MANUFACTURERS,
    BatteryCode,
    CodeError,
    Level,
    Names,
    Problem,
    Reading,
    compose,
    parse,
    read,
)
from batteries.check_digits import (
    IdentifierError,
    OrganisationCodeError,
    VinError,
    check_organisation_code,
    check_vin,
    organisation_code_with_check_digit,
    vin_with_check_digit,
)
from batteries.label_text import normalise
from batteries.scans import Scan, ScanKind, rules, scan

__all__ = [
    "BATTERY_TYPES",
    "LEVELS",
    "PUBLIC_MANUFACTURERS",
    "BatteryCode",
    "CodeError",
    "IdentifierError",
    "Level",
    "Names",
    "OrganisationCodeError",
    "Problem",
    "Reading",
    "Scan",
    "ScanKind",
    "VinError",
    "check_organisation_code",
    "check_vin",
    "compose",
    "normalise",
    "organisation_code_with_check_digit",
    "parse",
    "read",
    "rules",
    "scan",
    "vin_with_check_digit",
]
