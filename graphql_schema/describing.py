"""Descriptions of both surfaces: one line Chinese, one English, on everything."""


def both(chinese: str, english: str) -> str:
    """Write the description of a type, field or argument."""
    return f"{chinese}\n{english}"
