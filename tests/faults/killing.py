"""Commands that are killed at random moments and run again until they come to an end by themselves."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.places import Place

Command = tuple[str | Path, ...]
#: The command to run next, by what all runs before it have written.
Next = Callable[[list[str]], Command]


def killed_and_run_again(
    place: Place, command: Command | Next, chance: random.Random, *, kills: int, longest: float
) -> tuple[int, list[str]]:
    """Run a command, kill it (and all it started) after a random while, and again; the last run is left to end.

    Args:
        command: arguments of Python, or what gives them from the lines written so far (where to go on).
        kills: at most so many.
        longest: the longest while, in seconds.

    Returns:
        how often it was killed, and every line that the runs wrote: what they had acknowledged.
    """
    killed = 0
    said, complained = place.folder / "said", place.folder / "complained"
    said.write_text("")
    while True:
        arguments = command(lines_of(said)) if callable(command) else command
        # Files, not pipes: what was written before the kill stays readable, and nobody waits for a reader.
        with said.open("a") as out, complained.open("w") as err:
            process = place.start(*arguments, stdout=out, stderr=err)
            ended = killed >= kills or _ends_within(process, chance.uniform(0.05, longest))
            if not ended:
                kill(process)
                killed += 1
            process.wait(600)
        if ended:
            assert process.returncode == 0, complained.read_text()
            return killed, lines_of(said)


def lines_of(path: Path) -> list[str]:
    """The whole lines of what was said. A line that a kill has cut off told nobody anything."""
    text = path.read_text()
    if not text.endswith("\n"):
        path.write_text(text[: text.rfind("\n") + 1])
    return path.read_text().splitlines()


def _ends_within(process: "subprocess.Popen[str]", seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            return True
        time.sleep(0.005)
    return False


def kill(process: "subprocess.Popen[str]") -> None:
    """`kill -9` of the whole group; nobody is left who could write on."""
    os.killpg(process.pid, signal.SIGKILL)
