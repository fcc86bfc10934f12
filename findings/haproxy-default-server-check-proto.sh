#!/usr/bin/env bash
# HAProxy 2.6.12 (Debian 12): `check-proto h1` in `default-server` has no effect, though the manual lists it among the
# options of "server and default-server". Servers with `proto h2` are then probed over HTTP/2, and one whose probes are
# on a port that speaks HTTP/1.1 only is marked DOWN. On the line of the server it works.
#
# Output seen:
#   inherited: DOWN
#   own: UP
# Fails if this is otherwise. Needs haproxy and python3.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $pids 2>/dev/null || true; rm -rf "$folder"' EXIT
pids=
port=$((20000 + RANDOM % 10000))
mkdir "$folder/www"
echo ready >"$folder/www/readyz"
(cd "$folder/www" && exec python3 -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1) &
pids=$!
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done
cat >"$folder/haproxy.cfg" <<CONF
global
  stats socket $folder/admin
defaults
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 2s
backend b
  option httpchk GET /readyz
  default-server proto h2 check check-proto h1 inter 200 port $port
  server inherited 127.0.0.1:$port
  server own 127.0.0.1:$port check-proto h1
CONF
haproxy -v | sed -n 1p
haproxy -db -f "$folder/haproxy.cfg" 2>/dev/null &
pids="$pids $!"
states() {
  python3 - "$folder/admin" <<'PYTHON'
import csv, socket, sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(b"show stat\n")
text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
for row in csv.DictReader(text.lstrip("# ").splitlines()):
    if row["svname"] in ("inherited", "own"):
        print(f"{row['svname']}: {row['status']}")
PYTHON
}
until [ -S "$folder/admin" ]; do sleep 0.1; done
# Three failed checks make a server DOWN.
sleep 5
states | tee "$folder/seen"
printf 'inherited: DOWN\nown: UP\n' | diff - "$folder/seen"
