"""The pins: one list, said twice (for uv and for pip), and true of what is installed."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINTS = PROJECT["tool"]["uv"]["constraint-dependencies"]
PINS = {canonicalize_name(pin.name): pin for pin in map(Requirement, CONSTRAINTS)}
#: Spelt apart, so that this file passes its own test.
REGISTRIES = (
    ".".join(("pypi", "org")),
    ".".join(("pythonhosted", "org")),
    ".".join(("npmjs", "org")),
    ".".join(("npmjs", "com")),
    ".".join(("crates", "io")),
    ".".join(("tuna", "tsinghua")),
    ".".join(("mirrors", "aliyun")),
    ".".join(("npmmirror", "com")),
)


def applies(marker: Marker | None) -> bool:
    return marker is None or marker.evaluate()


def distribution(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def reached(names: list[str]) -> Iterator[tuple[str, str]]:
    """Everything that these requirements lead to where the tests run: (name, installed version)."""
    pending, seen = [Requirement(name) for name in names], set()
    while pending:
        requirement = pending.pop()
        for extra in requirement.extras or {""}:
            place = (canonicalize_name(requirement.name), extra)
            if place in seen:
                continue
            seen.add(place)
            found = distribution(requirement.name)
            assert found is not None, f"{requirement} is not installed"
            yield place[0], found.version
            inner = map(Requirement, found.requires or ())
            pending += [one for one in inner if one.marker is None or one.marker.evaluate({"extra": extra})]


def tracked_files() -> list[Path]:
    """What is committed, and what would be with the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_both_lists_say_the_same():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == CONSTRAINTS


def test_every_pin_is_one_exact_version_and_the_list_is_sorted():
    assert all(re.fullmatch(r"==[\w.]+", str(pin.specifier)) for pin in PINS.values())
    assert list(PINS) == sorted(PINS)
    assert len(PINS) == len(CONSTRAINTS)


def test_everything_that_is_installed_for_the_project_is_pinned_to_what_is_installed():
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    installed = dict(reached(wanted))
    pinned = {name: next(iter(pin.specifier)).version for name, pin in PINS.items() if applies(pin.marker)}
    # What campaigns and browsers alone need is large, and not here; it is pinned all the same.
    groups = (PROJECT["dependency-groups"][name] for name in ("campaign", "browser"))
    apart = {canonicalize_name(Requirement(name).name) for group in groups for name in group}
    assert apart <= pinned.keys()
    assert installed == {name: version for name, version in pinned.items() if name not in apart - installed.keys()}


def test_extras_ask_for_nothing_that_tests_and_campaigns_do_not():
    groups = {*PROJECT["dependency-groups"]["dev"], *PROJECT["dependency-groups"]["campaign"]}
    assert {name for extra in PROJECT["project"]["optional-dependencies"].values() for name in extra} <= groups


def test_nothing_that_belongs_to_one_machine_is_committed():
    assert {path.name for path in tracked_files()}.isdisjoint({"uv.lock", ".python-version", ".env"})


def test_no_tracked_file_names_a_registry():
    telling = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked_files()
        for text in [path.read_bytes()]
        for host in REGISTRIES
        if host.encode() in text
    ]
    assert telling == []
