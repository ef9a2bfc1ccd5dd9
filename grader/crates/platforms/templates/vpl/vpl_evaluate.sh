#!/bin/bash
# VPL runs this, and then the program vpl_execution that it makes.
cat > vpl_execution <<'END'
#!/bin/bash
if [ -f vpl_environment.sh ]; then . ./vpl_environment.sh; fi
limit=${VPL_MAXTIME:-[= limit =]}
case $limit in '' | *[!0-9]*) limit=[= limit =] ;; esac
exec "${INTERLEAVE_ROOT:-}/opt/interleave/run.sh" vpl --limit "$limit"
END
chmod +x vpl_execution
