"""Verify an evidence bundle: 核验证据包。 Needs Python 3.8 or later and nothing else.

    python3 verify_evidence.py                  the folder in which this file stands · 本文件所在文件夹
    python3 verify_evidence.py evidence.zip     a bundle as it came · 未解压的证据包
    python3 verify_evidence.py … --head HASH    and that a chain ends with this event · 并核对链尾哈希

It recomputes the SHA-256 of every file (SHA256SUMS), of every event's body, every link to the event before, and every
value that a body commits to by a SHA-256. Prints OK or the first fault, in Chinese and English; exits with 0 or 1.
What it cannot tell: whether later events were left out. So compare the printed head with the one on record.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import zipfile
from typing import Any, Dict, List, Optional  # noqa: UP035 (Python 3.8)

SUMS, INDEX = "SHA256SUMS", "evidence.json"
FAULTS = {
    "unreadable": ("证据包无法读取", "the bundle cannot be read"),
    "twice": ("文件出现两次", "the file is there twice"),
    "sums": ("文件与 SHA256SUMS 不符", "the file is not what SHA256SUMS says"),
    "format": ("证据包格式未知", "the format of the bundle is not known"),
    "hash": ("事件正文的哈希不符", "the hash is not that of the event's body"),
    "link": ("事件与前一事件的链接不符", "the event does not link to the one before"),
    "order": ("事件缺失或顺序有误", "an event is missing or out of order"),
    "body": ("事件正文与目录不符", "the event's body says something else than the index"),
    "content": ("附值与正文的承诺不符", "a value is not what the body commits to"),
    "head": ("链尾与目录不符", "the chain does not end as the index says"),
    "stray": ("事件文件不在目录中", "an event's file is not in the index"),
    "other_head": ("没有以该哈希结尾的链", "no chain ends with this hash"),
}


class Fault(Exception):
    """The first thing that does not hold."""

    def __init__(self, kind: str, where: str) -> None:
        Exception.__init__(self, kind)
        self.kind, self.where = kind, where


def sha256(data: bytes) -> str:
    """Give the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_files(place: str) -> Dict[str, bytes]:  # noqa: UP006
    """Read a bundle: a zip or the folder that it was unpacked into."""
    files: Dict[str, bytes] = {}  # noqa: UP006
    if os.path.isdir(place):
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    files[os.path.relpath(path, place).replace(os.sep, "/")] = file.read()
        return files
    with zipfile.ZipFile(place) as bundle:
        for entry in bundle.infolist():
            if entry.filename in files:
                raise Fault("twice", entry.filename)
            files[entry.filename] = bundle.read(entry)
    return files


def check_sums(files: Dict[str, bytes]) -> None:  # noqa: UP006
    """Compare every file with the list of digests: none altered, none missing, none added."""
    stated = files.get(SUMS)
    if stated is None:
        raise Fault("sums", SUMS)
    lines = {name: "%s  %s" % (sha256(data), name) for name, data in files.items() if name != SUMS}  # noqa: UP031
    wanted = [lines[name] for name in sorted(lines)]
    if stated == "".join(line + "\n" for line in wanted).encode():
        return
    said = stated.decode("utf-8", "replace").splitlines()
    for name in sorted(lines):
        if lines[name] not in said:
            raise Fault("sums", name)
    raise Fault("sums", SUMS)


def check_record(record: Dict[str, Any], files: Dict[str, bytes], partial: bool) -> List[str]:  # noqa: UP006
    """Check one record's events; gives the names of the files that it took."""
    last: Optional[Dict[str, Any]] = None  # noqa: UP006, UP045
    used: List[str] = []  # noqa: UP006
    for event in record["chain"]:
        where = "%s #%s" % (record["record"], event["sequence"])  # noqa: UP031
        before = last["sequence"] if last else 0
        if event["sequence"] <= before or (event["sequence"] != before + 1 and not partial):
            raise Fault("order", where)
        body = files[event["file"]]
        if sha256(body) != event["hash"]:
            raise Fault("hash", where)
        members = json.loads(body.decode())
        if (members["record"], members["sequence"], members["type"]) != (
            record["record"],
            event["sequence"],
            event["type"],
        ):
            raise Fault("body", where)
        adjacent = event["sequence"] == before + 1
        if adjacent and members.get("previousHash") != (last["hash"] if last else None):
            raise Fault("link", where)
        used += [event["file"]] + check_contents(event, members, files, where)  # noqa: RUF005
        last = event
    if not partial and (last is None or last["sequence"] != record["events"] or last["hash"] != record["head"]):
        raise Fault("head", record["record"])
    return used


def check_contents(event: Dict[str, Any], members: Dict[str, Any], files: Dict[str, bytes], where: str) -> List[str]:  # noqa: UP006
    """Check the values beside a body that are in the bundle; gives the names of their files."""
    for place, name in event["contents"].items():
        details = members["details"]
        parts = place.split(".")
        for part in parts[:-1]:
            details = details[part]["details"]
        if details[parts[-1]] != {"sha256": sha256(files[name])}:
            raise Fault("content", "%s %s" % (where, place))  # noqa: UP031
    return list(event["contents"].values())


def verify(place: str, head: Optional[str]) -> Dict[str, Any]:  # noqa: UP006, UP045
    """Check a whole bundle; gives its index. Raises Fault."""
    files = read_files(place)
    check_sums(files)
    index: Dict[str, Any] = json.loads(files[INDEX].decode())  # noqa: UP006
    if index["format"] != "evidence-bundle/1":
        raise Fault("format", INDEX)
    used: List[str] = []  # noqa: UP006
    for record in index["records"]:
        used += check_record(record, files, bool(index["partial"]))
    for name in sorted(files):
        if name.startswith(("events/", "contents/")) and name not in used:
            raise Fault("stray", name)
    if head is not None and head.lower() not in [record["head"] for record in index["records"]]:
        raise Fault("other_head", head)
    return index


def say(line: str) -> None:
    """Print a line, whatever the terminal can show of it."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")


def main() -> int:
    """Verify what was named, tell, and give the exit code."""
    parser = argparse.ArgumentParser(description="核验证据包 · Verify an evidence bundle.")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("bundle", nargs="?", default=here, help="evidence.zip, or its folder")
    parser.add_argument("--head", help="链尾哈希 · the hash of a chain's last event")
    given = parser.parse_args()
    try:
        index = verify(given.bundle, given.head)
    except Fault as fault:
        chinese, english = FAULTS[fault.kind]
        say("不通过：%s：%s" % (chinese, fault.where))  # noqa: UP031
        say("FAULT: %s: %s" % (english, fault.where))  # noqa: UP031
        return 1
    except Exception as error:  # whatever a damaged file leads to, it is no evidence
        chinese, english = FAULTS["unreadable"]
        say("不通过：%s：%s" % (chinese, error))  # noqa: UP031
        say("FAULT: %s: %s" % (english, error))  # noqa: UP031
        return 1
    count = sum(len(record["chain"]) for record in index["records"])
    say("通过：%d 个事件的哈希、链接与全部文件均相符。" % count)  # noqa: UP031
    say("OK: %d events; every hash, every link and every file holds." % count)  # noqa: UP031
    for record in index["records"]:
        tail = "%s  %s  %s" % (record["record"], len(record["chain"]), record["head"])  # noqa: UP031
        say(("部分 · part of " if index["partial"] else "") + tail)
    return 0


if __name__ == "__main__":
    sys.exit(main())
