#!/usr/bin/env bash
# JsonLogic in Go and Java, which OpenFeature's in-process providers evaluate targeting with, compares an attribute that is
# absent, and texts, unlike JsonLogic's own JavaScript (json-logic-js 2.0.5: true in all these rows).
#
# Seen with github.com/diegoholiveira/jsonlogic/v3 v3.5.1 and io.github.jamsesso:json-logic-java 1.1.0:
#   {"<":[{"var":"age"},18]} on {}             Go true,  Java false
#   {">=":[{"var":"age"},0]} on {}             Go false, Java false
#   {"<=":[{"var":"age"},0]} on {}             Go false, Java false
#   {"<":["b","c"]} on {}                      Go true,  Java false
# Fails if one of these is otherwise. Needs Go, Java 11 or later, and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir go java
cat >go/main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/diegoholiveira/jsonlogic/v3"
)

func main() {
	for _, row := range [][2]string{
		{`{"<":[{"var":"age"},18]}`, `{}`},
		{`{">=":[{"var":"age"},0]}`, `{}`},
		{`{"<=":[{"var":"age"},0]}`, `{}`},
		{`{"<":["b","c"]}`, `{}`},
	} {
		var result bytes.Buffer
		if err := jsonlogic.Apply(strings.NewReader(row[0]), strings.NewReader(row[1]), &result); err != nil {
			panic(err)
		}
		fmt.Println("Go", row[0], strings.TrimSpace(result.String()))
	}
}
GO
(cd go && go mod init example.com/rows && go get github.com/diegoholiveira/jsonlogic/v3@v3.5.1) >go.log 2>&1 || { cat go.log; exit 1; }
(cd go && go run .) | tee seen

cat >java/pom.xml <<'POM'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>rows</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.github.jamsesso</groupId><artifactId>json-logic-java</artifactId><version>1.1.0</version></dependency>
  </dependencies>
</project>
POM
(cd java && mvn -q -B dependency:build-classpath -Dmdep.outputFile=classpath)
cat >java/Rows.java <<'JAVA'
import io.github.jamsesso.jsonlogic.JsonLogic;

import java.util.Map;

class Rows {
  public static void main(String[] args) throws Exception {
    JsonLogic logic = new JsonLogic();
    String[] rules = {"{\"<\":[{\"var\":\"age\"},18]}", "{\">=\":[{\"var\":\"age\"},0]}", "{\"<=\":[{\"var\":\"age\"},0]}", "{\"<\":[\"b\",\"c\"]}"};
    for (String rule : rules) System.out.println("Java " + rule + " " + logic.apply(rule, Map.of()));
  }
}
JAVA
java -cp "$(cat java/classpath)" java/Rows.java | tee -a seen

cat >expected <<'EXPECTED'
Go {"<":[{"var":"age"},18]} true
Go {">=":[{"var":"age"},0]} false
Go {"<=":[{"var":"age"},0]} false
Go {"<":["b","c"]} true
Java {"<":[{"var":"age"},18]} false
Java {">=":[{"var":"age"},0]} false
Java {"<=":[{"var":"age"},0]} false
Java {"<":["b","c"]} false
EXPECTED
diff expected seen && echo "as described"
