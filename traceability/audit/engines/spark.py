"""The audit on Spark: a cluster whose workers share the snapshot's folder."""

from typing import Final
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from traceability.audit import snapshot

DIALECT: Final = "pyspark"
_LOOPBACK: Final = "127.0.0.1"


def ask(taken: snapshot.Snapshot, master: str | None = None) -> None:
    """Ask every rule of the cluster with this master; its workers write what it finds into the snapshot."""
    session = _session(str(master))
    try:
        for name, path in taken.files.items():
            session.read.parquet(path.as_uri()).createOrReplaceTempView(name)
        for statement, path in taken.statements(DIALECT):
            session.sql(statement).write.parquet(path.as_uri())
    finally:
        session.stop()


def _session(master: str) -> SparkSession:
    builder = SparkSession.builder.appName("audit").master(master)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        # What is not a number is an error, not nothing: as the other engines have it.
        "spark.sql.ansi.enabled": "true",
    }
    if urlsplit(master).hostname in (_LOOPBACK, "localhost"):
        # Workers on this machine find us where they are; elsewhere the operator's own configuration says it.
        settings |= {"spark.driver.host": _LOOPBACK, "spark.driver.bindAddress": _LOOPBACK}
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
