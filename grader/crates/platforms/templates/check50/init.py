"""Checks of [= lesson.id =]; the grader beside this file does the work."""

import json
import pathlib
import subprocess

import check50

HERE = pathlib.Path(__file__).resolve().parent
PLACES = [HERE / "interleave" / "run.sh", HERE.parent / "interleave" / "run.sh"]
RUN = next((place for place in PLACES if place.exists()), PLACES[0])
LIMIT = [= limit =]
RESULTS = "interleave.json"


@check50.check(timeout=LIMIT + 10)
def graded():
    """the submission can be graded"""
    command = [RUN, "check50", "--lesson", "[= lesson.id =]", "--limit", str(LIMIT), "--output", RESULTS]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


def look_up(name):
    results = json.loads(pathlib.Path(RESULTS).read_text())["results"]
    result = next((each for each in results if each["name"] == name), None)
    if result is None or result["passed"] is None:
        # No fault of the student's: check50 then says that it ran into an error.
        raise RuntimeError("this could not be judged: " + "; ".join(result["log"] if result else []))
    for line in result["log"]:
        check50.log(line)
    if not result["passed"]:
        raise check50.Failure(result["cause"]["rationale"], help=result["cause"].get("help"))
[% for test in lesson.tests %]

@check50.check(graded)
def [= test.name =]():
    [= test.docstring =]
    look_up("[= test.name =]")

[% endfor %]
