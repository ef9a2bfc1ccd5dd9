#!/usr/bin/env bash
# Grades the one submission that is here: run.sh <platform> [options of `grader at`].
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for bin in "${INTERLEAVE_ROOT:-}"/opt/interleave-rust/rustup/toolchains/*/bin; do
    if [ -x "$bin/rustc" ]; then PATH="$bin:$PATH"; fi
done
export PATH
exec "$here/grader" at "$@" --bundle "$here"
