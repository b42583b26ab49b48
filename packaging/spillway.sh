#!/bin/sh
# /usr/bin/spillway: runs the program with the Node that the package brings.
# Node crashes with fewer than 22 file descriptors, before spillway.js can say the same.
limit=$(ulimit -Hn)
if [ "$limit" != unlimited ] && [ "$limit" -lt 48 ]; then
  echo "spillway: needs 48 file descriptors, the limit is $limit;" \
    "raise LimitNOFILE= of the unit, nofile of the container or \`ulimit -Hn\` of the shell, best to 65536 [few-descriptors]" >&2
  exit 78
fi
exec /usr/lib/spillway/node /usr/lib/spillway/bin/spillway.js "$@"
