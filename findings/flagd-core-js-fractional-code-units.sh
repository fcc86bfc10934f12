#!/usr/bin/env bash
# `fractional` of the JavaScript flagd-core hashes UTF-16 code units (the low byte of each) where the flagd
# implementations in Go, Java, Python and Rust hash UTF-8: for ASCII there is no difference, any other text may fall into
# another bucket. One document, evaluated in process in a browser and by a daemon, gives the same user two variants.
#
# Seen with @openfeature/flagd-core 4.0.1 (npm) beside mmh3 5.2.0 (PyPI), the same MurmurHash3 over UTF-8:
#   {"fractional":[{"var":"key"},["a",25],["b",25],["c",25],["d",25]]}
#   ann: a and a · jürgen: d, over UTF-8 b · 名前: a, over UTF-8 c · müller: a, over UTF-8 b
# Fails if one of these answers is another now. Needs npm, Node, and python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund @openfeature/flagd-core@4.0.1 @openfeature/core@1.9.1
cat > core.mjs <<'NODE'
import { FlagdCore } from "@openfeature/flagd-core";
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const arms = ["a", "b", "c", "d"].map((name) => [name, 25]);
const variants = Object.fromEntries(arms.map(([name]) => [name, name]));
const targeting = { fractional: [{ var: "key" }, ...arms] };
const core = new FlagdCore(undefined, silent);
const flag = { state: "ENABLED", variants, defaultVariant: "a", targeting };
core.setConfigurations(JSON.stringify({ flags: { flag } }));
for (const key of ["ann", "jürgen", "名前", "müller"]) {
  console.log(`flagd-core ${key} ${core.resolveStringEvaluation("flag", "x", { key }, silent).variant}`);
}
NODE
node core.mjs | tee seen

python3 -m venv venv
venv/bin/pip --disable-pip-version-check --quiet install mmh3==5.2.0
venv/bin/python - <<'PYTHON' | tee -a seen
import mmh3

for key in ["ann", "jürgen", "名前", "müller"]:
    bucket = mmh3.hash(key.encode("utf-8"), signed=False) * 100 >> 32
    print("utf-8", key, "abcd"[bucket // 25])
PYTHON

cat > expected <<'EXPECTED'
flagd-core ann a
flagd-core jürgen d
flagd-core 名前 a
flagd-core müller a
utf-8 ann a
utf-8 jürgen b
utf-8 名前 c
utf-8 müller b
EXPECTED
diff expected seen && echo "as described"
