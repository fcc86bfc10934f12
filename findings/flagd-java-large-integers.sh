#!/usr/bin/env bash
# A flag whose variant is an integer above 32 bits has no value in Java: the flagd provider, in process, answers
# TYPE_MISMATCH whether the application asks for an integer or for a double. Written with a fraction the same number
# is a double, and as an integer silently the largest one of 32 bits. Inside an object it arrives whole.
#
# Seen with dev.openfeature.contrib.providers:flagd 0.11.15, dev.openfeature:sdk 1.22.0:
#   2147483647      integer 2147483647, double 2.147483647E9
#   2147483648      integer TYPE_MISMATCH, double TYPE_MISMATCH
#   2147483648.0    integer 2147483647 without an error, double 2.147483648E9
#   {"n":2147483648}  object with n = 2147483648
# flagd's schema has numbers without a bound, and its protocol int64.
# Fails if one of these is otherwise. Needs Java 11 or later, and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >flags.json <<'FLAGS'
{
  "flags": {
    "max": { "state": "ENABLED", "variants": { "v": 2147483647 }, "defaultVariant": "v" },
    "more": { "state": "ENABLED", "variants": { "v": 2147483648 }, "defaultVariant": "v" },
    "fraction": { "state": "ENABLED", "variants": { "v": 2147483648.0 }, "defaultVariant": "v" },
    "object": { "state": "ENABLED", "variants": { "v": { "n": 2147483648 } }, "defaultVariant": "v" }
  }
}
FLAGS

cat >pom.xml <<'POM'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>rows</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>dev.openfeature.contrib.providers</groupId><artifactId>flagd</artifactId><version>0.11.15</version></dependency>
    <dependency><groupId>dev.openfeature</groupId><artifactId>sdk</artifactId><version>1.22.0</version></dependency>
  </dependencies>
</project>
POM
mvn -q -B dependency:build-classpath -Dmdep.outputFile=classpath
cat >Rows.java <<'JAVA'
import dev.openfeature.contrib.providers.flagd.Config;
import dev.openfeature.contrib.providers.flagd.FlagdOptions;
import dev.openfeature.contrib.providers.flagd.FlagdProvider;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.Value;

class Rows {
  public static void main(String[] args) throws Exception {
    var options = FlagdOptions.builder().resolverType(Config.Resolver.FILE)
        .offlineFlagSourcePath("flags.json").deadline(60000).build();
    OpenFeatureAPI.getInstance().setProviderAndWait(new FlagdProvider(options));
    var client = OpenFeatureAPI.getInstance().getClient();
    for (String key : new String[] {"max", "more", "fraction"}) {
      show(key + " integer", client.getIntegerDetails(key, -1));
      show(key + " double", client.getDoubleDetails(key, -1.0));
    }
    var object = client.getObjectValue("object", new Value()).asStructure();
    System.out.println("object " + object.getValue("n").asObject());
    System.exit(0);
  }

  static void show(String what, FlagEvaluationDetails<?> details) {
    System.out.println(what + " " + (details.getErrorCode() == null ? details.getValue() : details.getErrorCode()));
  }
}
JAVA
java -cp "$(cat classpath)" Rows.java | tee seen

cat >expected <<'EXPECTED'
max integer 2147483647
max double 2.147483647E9
more integer TYPE_MISMATCH
more double TYPE_MISMATCH
fraction integer 2147483647
fraction double 2.147483648E9
object 2147483648
EXPECTED
diff expected seen && echo "as described"
