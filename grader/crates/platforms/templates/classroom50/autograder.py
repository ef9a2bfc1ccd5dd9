#!/usr/bin/env python3
"""Classroom 50 runs this in a submission; it becomes the grader of [= name =]."""

import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import urllib.request

SHA256 = "[= sha256 =]"
HERE = pathlib.Path(__file__).resolve().parent


def archive() -> pathlib.Path:
    """The lessons: beside this file, or from INTERLEAVE_URL."""
    beside = HERE / "interleave.tar.gz"
    if beside.exists():
        return beside
    url = os.environ.get("INTERLEAVE_URL")
    if not url:
        sys.exit("put interleave.tar.gz beside autograder.py, or its address into INTERLEAVE_URL")
    request = urllib.request.Request(url, headers={"Accept": "application/octet-stream"})
    if token := os.environ.get("INTERLEAVE_TOKEN"):
        request.add_header("Authorization", f"Bearer {token}")
    fetched = pathlib.Path(os.environ.get("RUNNER_TEMP", "/var/tmp")) / "interleave.tar.gz"
    with urllib.request.urlopen(request) as answer:
        fetched.write_bytes(answer.read())
    return fetched


def main() -> None:
    place = pathlib.Path(os.environ.get("INTERLEAVE_PLACE", "/var/tmp/interleave-[= name =]"))
    run = place / "interleave" / "run.sh"
    if not run.exists():
        packed = archive()
        if hashlib.sha256(packed.read_bytes()).hexdigest() != SHA256:
            sys.exit(f"{packed} is not what was exported; export the lesson again")
        place.mkdir(parents=True, exist_ok=True)
        with tarfile.open(packed) as opened:
            opened.extractall(place)
    # The compiler goes there too, unless the runner has the very one.
    os.environ.setdefault("INTERLEAVE_ROOT", str(place))
    subprocess.run([place / "interleave" / "install.sh"], check=True)
    os.execv(run, [str(run), "classroom50", "--limit", "[= limit =]"])


main()
