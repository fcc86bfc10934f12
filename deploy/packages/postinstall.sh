#!/bin/sh
# Debian's dpkg and RPM: a service that runs starts anew; none is started that did not run.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart flagd.service flagd-redis-sync.service || true
fi
