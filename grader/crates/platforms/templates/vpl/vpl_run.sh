#!/bin/bash
# "Run" says the same as "Evaluate".
exec bash ./vpl_evaluate.sh
