"""What the pages use of others is what was published, and lies there with its licence."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "web" / "static" / "vendor"
ROWS = re.findall(
    r"^\| `([^`]+)` \| (\S+) ([\d.]+), .*\| `([0-9a-f]{64})` \|$", (ROOT / "VENDORED.md").read_text(), re.MULTILINE
)
LICENCES = ("LICENSE", "NOTICE")


@pytest.mark.parametrize(("file", "package", "version", "sha256"), ROWS, ids=[row[0] for row in ROWS])
def test_a_file_is_what_its_checksum_says(file: str, package: str, version: str, sha256: str) -> None:
    path = ROOT / file
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert path.parent.name.endswith(f"-{version}"), package
    assert (path.parent / "LICENSE").stat().st_size > 100


def test_every_file_is_listed() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()}
    others = {file for file in files if Path(file).name not in (*LICENCES, "VENDORED.md")}
    assert others == {row[0] for row in ROWS}
