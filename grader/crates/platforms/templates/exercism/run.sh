#!/usr/bin/env bash
# Exercism's test runner interface: run.sh <slug> <folder of the solution> <folder of the results>
if [ $# -ne 3 ]; then
    echo "usage: bin/run.sh <slug> <folder of the solution> <folder of the results>" >&2
    exit 1
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Nothing else can be written to there.
"$here/interleave/run.sh" exercism --lesson "$1" --submission "$2" --output "$3" --scratch "$3" \
    --limit [= limit =]
