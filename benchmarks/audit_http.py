"""Audit a GraphQL surface with the `graphql-http` suite (npm): every MUST has to pass.

    npm install --prefix /some/where graphql-http graphql
    uv run python benchmarks/audit_http.py --node-modules /some/where [--url http://127.0.0.1:8000/graphql/]

Without --url it serves this project's /graphql/ itself on a free port, with introspection on: two MUST audits ask for
`__type`. Exits 0 when every MUST passes, 1 when one fails, 77 (skipped, with the reason) without node or the package.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

RUNNER = Path(__file__).with_suffix(".mjs")
SKIPPED = 77
LEVELS = ("MUST", "SHOULD", "MAY")


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing for each request."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve the project on a free port of this machine; gives the URL."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "traceability.settings")
    os.environ["GRAPHQL_INTROSPECTION"] = "1"
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/graphql/"
    server.shutdown()


def audit(node_modules: Path, url: str) -> int:
    """Run the suite against the URL, print the counts and what failed; gives the exit status."""
    done = subprocess.run(
        ["node", str(RUNNER), str(node_modules.resolve()), url], capture_output=True, text=True, timeout=120, check=True
    )
    report = json.loads(done.stdout)
    passed, total = Counter[str](), Counter[str]()
    for result in report["results"]:
        total[result["level"]] += 1
        passed[result["level"]] += result["status"] == "ok"
        if result["status"] != "ok":
            print(f"  {result['id']} {result['status']}: {result['name']}: {result['reason']}")
    counts = ", ".join(f"{level} {passed[level]}/{total[level]}" for level in LEVELS)
    print(f"graphql-http {report['version']}: {counts}")
    return 0 if passed["MUST"] == total["MUST"] else 1


def main() -> int:
    """Read the command line and audit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--node-modules", type=Path, default=Path(os.environ.get("GRAPHQL_HTTP_DIR", ".")))
    parser.add_argument("--url")
    given = parser.parse_args()
    if not shutil.which("node"):
        print("skipped: node is not installed")
        return SKIPPED
    if not (given.node_modules / "node_modules" / "graphql-http").is_dir():
        print(f"skipped: no graphql-http under {given.node_modules}/node_modules (npm install graphql-http graphql)")
        return SKIPPED
    if given.url:
        return audit(given.node_modules, given.url)
    with serving() as url:
        return audit(given.node_modules, url)


if __name__ == "__main__":
    sys.exit(main())
