#!/usr/bin/env bash
# nginx 1.22.1 (Debian 12): a file that changes twice within one second, to a text of the same length, keeps its ETag and
# Last-Modified. A client that polls with If-None-Match gets 304 and never hears of the second text: the ETag is made of
# the modification time in whole seconds and the length alone. `"defaultVariant": "red"` to `"tan"` is such a change.
#
# Output seen:
#   first: 200 red, second: 304
# Fails if the second answer is 200. Needs nginx and curl.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
pid=
mkdir "$folder/www"
port=$((20000 + RANDOM % 10000))
cat >"$folder/nginx.conf" <<CONF
daemon off;
pid $folder/pid;
error_log stderr;
events {}
http {
  access_log off;
  server { listen 127.0.0.1:$port; root $folder/www; }
}
CONF
chmod 755 "$folder" "$folder/www"
nginx -v
nginx -p "$folder" -e stderr -c "$folder/nginx.conf" &
pid=$!
# Both texts are written within one second, told explicitly so that no clock decides.
printf red >"$folder/www/flag.txt"
touch -d '2026-01-15 12:00:00.100' "$folder/www/flag.txt"
until curl -sf -D "$folder/head" -o "$folder/first" "http://127.0.0.1:$port/flag.txt"; do kill -0 "$pid"; sleep 0.1; done
etag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$folder/head")
printf tan >"$folder/www/flag.txt"
touch -d '2026-01-15 12:00:00.900' "$folder/www/flag.txt"
status=$(curl -s -o /dev/null -w '%{http_code}' -H "If-None-Match: $etag" "http://127.0.0.1:$port/flag.txt")
echo "first: 200 $(cat "$folder/first"), second: $status" | tee "$folder/seen"
grep -qx 'first: 200 red, second: 304' "$folder/seen"
