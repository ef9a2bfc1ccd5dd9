#!/usr/bin/env bash
# Coursera adds arguments of its own, which say nothing that grading needs.
root=${INTERLEAVE_ROOT:-}
exec "$root/opt/interleave/run.sh" coursera --root "$root/" --limit [= limit =]
