#!/usr/bin/env bash
# Variants named on and off without quotes, as flags in YAML have them, are texts in YAML 1.2 and booleans in YAML 1.1.
# Kubernetes' YAML (sigs.k8s.io/yaml, which kubectl reads manifests with, so those of FeatureFlag) renames the variants to
# "true" and "false" and makes a boolean of the default variant; the flagd provider for Python cannot read such a file.
#
# Seen with sigs.k8s.io/yaml v1.6.0, and openfeature-provider-flagd 0.6.1 with PyYAML 6.0.4, of the same flag:
#   on, off        Go {"defaultVariant":false,…"variants":{"false":false,"true":true}}   Python PROVIDER_NOT_READY
#   "on", "off"    Go {"defaultVariant":"off",…"variants":{"off":false,"on":true}}       Python False, variant off
# Fails if one of these is otherwise. Needs Go, and python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >quoted.yaml <<'FLAGS'
flags:
  a:
    state: ENABLED
    variants:
      "on": true
      "off": false
    defaultVariant: "off"
FLAGS
tr -d '"' <quoted.yaml >plain.yaml

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	for _, name := range []string{"plain", "quoted"} {
		text, err := os.ReadFile(name + ".yaml")
		if err != nil {
			panic(err)
		}
		json, err := yaml.YAMLToJSON(text)
		if err != nil {
			panic(err)
		}
		fmt.Println("Go", name, string(json))
	}
}
GO
(go mod init example.com/rows && go get sigs.k8s.io/yaml@v1.6.0) >go.log 2>&1 || { cat go.log; exit 1; }
go run . | tee seen

python3 -m venv venv
venv/bin/pip --disable-pip-version-check --quiet install openfeature-provider-flagd==0.6.1 PyYAML==6.0.4
cat >rows.py <<'PYTHON'
import sys

from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType

name = sys.argv[1]
provider = FlagdProvider(
    resolver_type=ResolverType.FILE, offline_flag_source_path=f"{name}.yaml", deadline_ms=5000
)
api.set_provider(provider)
details = api.get_client().get_boolean_details("a", True)
print("Python", name, details.error_code.value if details.error_code else f"{details.value} {details.variant}")
api.shutdown()
PYTHON
for name in plain quoted; do venv/bin/python rows.py $name 2>>python.log | tee -a seen; done

cat >expected <<'EXPECTED'
Go plain {"flags":{"a":{"defaultVariant":false,"state":"ENABLED","variants":{"false":false,"true":true}}}}
Go quoted {"flags":{"a":{"defaultVariant":"off","state":"ENABLED","variants":{"off":false,"on":true}}}}
Python plain PROVIDER_NOT_READY
Python quoted False off
EXPECTED
diff expected seen && echo "as described"
