#!/usr/bin/env bash
# Serves CodeRunner's questions: jobe.sh [options of `grader jobe`].
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for bin in "${INTERLEAVE_ROOT:-}"/opt/interleave-rust/rustup/toolchains/*/bin; do
    if [ -x "$bin/rustc" ]; then PATH="$bin:$PATH"; fi
done
export PATH
exec "$here/grader" jobe --bundle "$here" --limit [= limit =] "$@"
