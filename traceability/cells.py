"""Cells of tables that people open with a spreadsheet."""

from typing import Final

#: What a spreadsheet takes for the beginning of a formula, full-width forms as well.
_FORMULA: Final = tuple("=+-@\t\r\n|＝＋－＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
