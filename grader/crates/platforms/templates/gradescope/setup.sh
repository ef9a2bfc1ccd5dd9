#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image.
exec /autograder/source/interleave/install.sh
