#!/usr/bin/env bash
# One JsonLogic rule, several answers: libraries that OpenFeature providers evaluate targeting with, or could,
# disagree on valid rules. A flag whose rule depends on one of these rows has another value in another language.
#
# Seen with json-logic-js 2.0.5, json-logic-engine 5.0.7 (npm), panzi-json-logic 1.0.1 (PyPI):
#   {"if":[{"var":"o"},"yes","no"]} on {"o":{}}   json-logic-js "yes", json-logic-engine "no", panzi "yes"
#   {"cat":["beta-",true]}                        json-logic-js "beta-true", panzi "beta-True"
#   {"cat":["beta-",null]}                        json-logic-js "beta-", panzi "beta-null"
#   {"var":["plan","free"]} on {"plan":null}      json-logic-js null, panzi "free"
# Fails if one of these answers is another now. Needs npm, Node, and python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > rows.json <<'ROWS'
[
  [{"if": [{"var": "o"}, "yes", "no"]}, {"o": {}}],
  [{"cat": ["beta-", true]}, {}],
  [{"cat": ["beta-", null]}, {}],
  [{"var": ["plan", "free"]}, {"plan": null}]
]
ROWS

npm install --silent --no-audit --no-fund json-logic-js@2.0.5 json-logic-engine@5.0.7
cat > rows.cjs <<'NODE'
const { apply } = require("json-logic-js");
const { LogicEngine } = require("json-logic-engine");
const engine = new LogicEngine();
for (const [rule, data] of require("./rows.json")) {
  console.log(`json-logic-js ${JSON.stringify(rule)} ${JSON.stringify(apply(rule, data))}`);
}
const [rule, data] = require("./rows.json")[0];
console.log(`json-logic-engine ${JSON.stringify(rule)} ${JSON.stringify(engine.run(rule, data))}`);
NODE
node rows.cjs | tee seen

python3 -m venv venv
venv/bin/pip --disable-pip-version-check --quiet install panzi-json-logic==1.0.1
cat > rows.py <<'PYTHON'
import json
from json_logic import jsonLogic

for rule, data in json.load(open("rows.json")):
    print("panzi", json.dumps(rule, separators=(",", ":")), json.dumps(jsonLogic(rule, data)))
PYTHON
venv/bin/python rows.py | tee -a seen

cat > expected <<'EXPECTED'
json-logic-js {"if":[{"var":"o"},"yes","no"]} "yes"
json-logic-js {"cat":["beta-",true]} "beta-true"
json-logic-js {"cat":["beta-",null]} "beta-"
json-logic-js {"var":["plan","free"]} null
json-logic-engine {"if":[{"var":"o"},"yes","no"]} "no"
panzi {"if":[{"var":"o"},"yes","no"]} "yes"
panzi {"cat":["beta-",true]} "beta-True"
panzi {"cat":["beta-",null]} "beta-null"
panzi {"var":["plan","free"]} "free"
EXPECTED
diff expected seen && echo "as described"
