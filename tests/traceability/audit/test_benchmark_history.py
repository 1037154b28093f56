"""The history of the benchmark, in small: every rule finds there what the same question by hand does."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_each_rule_and_its_rival_by_hand_find_the_same_gaps(tmp_path: Path) -> None:
    """The benchmark itself compares them, and ends with an error where they differ or where it cannot be run."""
    own = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/records.sqlite3",
        "DATA_DIR": str(tmp_path),
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "benchmarks/audit.py", "--child", "--batteries", "400", "--rounds", "1"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    found = json.loads(done.stdout)
    assert {code for code, rule in found["rules"].items() if not rule["sums"][0]} <= {
        # Too few lived long enough for these.
        "forbidden_use",
        "unlicensed",
        "double_use_of_batch",
    }
    assert found["full"]["gaps"] == found["again"]["gaps"]
