#!/usr/bin/env bash
# XQUEUE_URL, XQUEUE_NAME and XQUEUE_USER say where submissions come from; the password stands in
# the file XQUEUE_PASSWORD_FILE.
: "${XQUEUE_URL:?is not set: the address of the queue}" "${XQUEUE_NAME:?is not set: the name of the queue}"
: "${XQUEUE_USER:?is not set: who may pull}" "${XQUEUE_PASSWORD_FILE:?is not set: the file with the password}"
for bin in "${INTERLEAVE_ROOT:-}"/opt/interleave-rust/rustup/toolchains/*/bin; do
    if [ -x "$bin/rustc" ]; then PATH="$bin:$PATH"; fi
done
export PATH
here=${INTERLEAVE_ROOT:-}/opt/interleave
exec "$here/grader" xqueue --bundle "$here" --url "$XQUEUE_URL" --queue "$XQUEUE_NAME" \
    --user "$XQUEUE_USER" --password-file "$XQUEUE_PASSWORD_FILE" --limit [= limit =] "$@"
