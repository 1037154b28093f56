"""`python -m batteries.workbook_reader FILE MEMORY SECONDS BYTES MEMBERS`: a workbook's first sheet as JSON arrays.

A process of its own, because a workbook of a few bytes may claim a sheet of any size: what it takes is bounded here,
and when it dies of it nobody else does. Prints [row, cell, …] a line; exits with 1 when it is no workbook.
"""

import sys
import zipfile
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

_BLOCK = 1 << 20


def bound(memory: int, seconds: int) -> None:
    """Take no more address space and processor time than this, where the system can say so."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def weigh(path: str, most: int, members: int) -> None:
    """Inflate the archive once and count: what an archive says of its own size is not to be believed."""
    with zipfile.ZipFile(path) as archive:
        names = archive.infolist()
        if len(names) > members:
            raise ValueError("members")
        total = 0
        for name in names:
            with archive.open(name) as member:
                while block := member.read(_BLOCK):
                    total += len(block)
                    if total > most:
                        raise ValueError("size")


def told(cell: Any) -> str | float | int:
    """A cell as text, or as the number that it is kept as."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float | str):
        return cell
    if isinstance(cell, datetime):
        # Excel keeps a day as its midnight.
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(timespec="seconds")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return ""


def main(path: str, memory: str, seconds: str, most: str, members: str) -> None:
    """Print the rows that say anything."""
    bound(int(memory), int(seconds))
    weigh(path, int(most), int(members))
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    write = sys.stdout.buffer.write
    # Rows come from the sheet's first on, empty ones included.
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        row = [told(cell) for cell in cells]
        if any(cell != "" for cell in row):
            write(orjson.dumps([number, *row], option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}"[:200])
