"""A standalone cluster of Spark on 127.0.0.1: a master and workers of our own, ended by their process ids."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
_CLASSES = "org.apache.spark.deploy"


def free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


class SparkCluster:
    """A master and two workers, as distributions of Spark start them."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        import pyspark

        assert shutil.which("java", path=_java()), (
            "this campaign needs Java 17 or newer (java on the PATH, or JAVA_HOME)"
        )
        self.home = Path(pyspark.__file__).parent
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.port = free_port()
        self.address = f"spark://{HOST}:{self.port}"
        try:
            self._start("master", "master.Master", "--port", self.port, "--webui-port", free_port())
            self._wait(1, lambda: _answers(self.port))
            for number in range(workers):
                ports = (
                    "--webui-port",
                    free_port(),
                    "--cores",
                    1,
                    "--memory",
                    "1g",
                    "--work-dir",
                    folder / f"work{number}",
                )
                self._start(f"worker{number}", "worker.Worker", *ports, self.address)
            self._wait(workers, lambda: self._log("master").count("Registering worker") >= workers)
        except BaseException:
            self.remove()
            raise

    def _start(self, name: str, class_: str, *arguments: Any) -> None:
        environment = {
            **os.environ,
            "SPARK_LOCAL_IP": HOST,
            "SPARK_HOME": str(self.home),
            "SPARK_DAEMON_MEMORY": "512m",
        }
        command = [str(self.home / "bin" / "spark-class"), f"{_CLASSES}.{class_}", "--host", HOST, *map(str, arguments)]
        with (self.folder / name).open("wb") as log:
            # A group of its own: executors are children of a worker, and end with it.
            self.processes.append(
                subprocess.Popen(
                    command, stdout=log, stderr=log, env=environment, cwd=self.folder, start_new_session=True
                )
            )

    def _log(self, name: str) -> str:
        return (self.folder / name).read_text(errors="replace")

    def _wait(self, count: int, ready: Any) -> None:
        until = time.monotonic() + 120
        while not ready():
            dead = [process for process in self.processes if process.poll() is not None]
            assert not dead, self._log("master")[-3_000:]
            assert time.monotonic() < until, self._log("master")[-3_000:]
            time.sleep(0.2)

    def executors(self) -> int:
        """How many workers have run something."""
        return sum("Launched executor" in path.read_text() or "asked to launch executor" in path.read_text().lower()
                   for path in self.folder.glob("worker?"))  # fmt: skip

    def remove(self) -> None:
        """End what was started here, and nothing else."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return f"{home}/bin" if home else None
