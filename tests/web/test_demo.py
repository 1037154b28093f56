"""The demo: the main job on real input, as a command that anyone runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from web.demo import files, province
from web.demo.showing import TODAY

#: The demo makes an embedded database of its own, whichever the tests run on.
pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="the demo knows only the embedded database")


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "DJANGO"))}
    environment |= {"DATA_DIR": str(folder), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "manage.py", "demo", "--no-server", *options]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    answer = run(folder, "--packs", "60", "--seed", "3")
    assert answer.returncode == 0, answer.stderr
    return folder, answer.stdout


def test_the_demo_tells_what_happened_and_how_to_come_in(played: tuple[Path, str]) -> None:
    told = played[1]
    found = ("retired", "in_vehicle", "缺少环节", "保管中断", "来源不明", "custody break")
    for part in (*found, "evb_", "curl -s", "/graphql/"):
        assert part in told, part


def test_everything_is_in_the_end_recorded_and_verified(played: tuple[Path, str]) -> None:
    told = played[1]
    assert "每个哈希和链接都成立" in told or "every hash and link holds" in told


def test_the_files_of_every_sender_lie_in_the_folder_it_names(played: tuple[Path, str]) -> None:
    folder = played[0] / "demo" / "files"
    names = {path.name for path in folder.iterdir()}
    assert {
        "01-alliance-master-data.jsonl",
        "03-alliance-history.jsonl",
        "04-shudu-packs.csv",
        "05-tianfu-records.jsonl",
    } <= names
    assert (folder / "04-bayu-packs.csv").read_bytes().decode("gb18030").startswith("编码")


def test_it_runs_again_on_a_fresh_database(played: tuple[Path, str]) -> None:
    folder, first = played
    again = run(folder, "--packs", "60", "--seed", "3")
    assert again.returncode == 0, again.stderr

    def counts(told: str) -> list[str]:
        # Hashes differ from run to run: salts are random.
        return [line for line in told.splitlines() if "replayed" in line or ("retired" in line and "·" in line)]

    assert counts(again.stdout) == counts(first)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        files.write(province.build(40, 11, TODAY), tmp_path / name)
    written = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    files.write(province.build(40, 12, TODAY), tmp_path / "c")
    assert written != {path.name: path.read_bytes() for path in (tmp_path / "c").iterdir()}


@pytest.mark.parametrize("packs", ["0", "-1", "999999999"])
def test_a_number_of_packs_out_of_range_is_refused(tmp_path: Path, packs: str) -> None:
    answer = run(tmp_path, "--packs", packs)
    assert answer.returncode != 0
    assert "--packs" in answer.stderr
