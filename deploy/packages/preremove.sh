#!/bin/sh
# dpkg says "remove" when the package goes away, RPM "0".
set -e
case "$1" in
  remove | 0)
    if [ -d /run/systemd/system ]; then
      systemctl --no-reload disable --now flagd.service flagd-redis-sync.service || true
    fi
    ;;
esac
