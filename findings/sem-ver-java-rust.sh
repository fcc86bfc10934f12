#!/usr/bin/env bash
# `sem_ver` of flagd's in-process providers takes other versions in each language. flagd, and the providers that compare as
# it does, take "v1.2.0" and "1.2" for 1.2.0, and see no difference in build metadata (SemVer 2.0.0 §10).
#
# Seen with dev.openfeature.contrib.providers:flagd 0.11.15 (Java) and flagd-evaluation-engine 0.1.0 (Rust), of versions that
# are equal or newer; "null" is a rule that decides nothing, so that the default variant is used:
#   ["2.1.0", ">=", "1.2.0"]         Java true,  Rust true
#   ["2.1.0", ">=", "v1.2.0"]        Java true,  Rust null
#   ["2.1.0", ">=", "1.2"]           Java null,  Rust null
#   ["2.1.0", "=", "2.1.0+build.7"]  Java true,  Rust false
# Fails if one of these is otherwise. Needs Java 11 or later with Maven, and Rust 1.88 or later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir java
cat >java/pom.xml <<'POM'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>rows</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>dev.openfeature.contrib.providers</groupId><artifactId>flagd</artifactId><version>0.11.15</version></dependency>
    <dependency><groupId>dev.openfeature</groupId><artifactId>sdk</artifactId><version>1.22.0</version></dependency>
  </dependencies>
</project>
POM
flag() {
  printf '"%s": {"state": "ENABLED", "variants": {"true": "true", "false": "false", "null": "null"}, ' "$1"
  printf '"defaultVariant": "null", "targeting": {"sem_ver": %s}}' "$2"
}
cat >java/flags.json <<FLAGS
{"flags": {
  $(flag whole '["2.1.0", ">=", "1.2.0"]'),
  $(flag v '["2.1.0", ">=", "v1.2.0"]'),
  $(flag short '["2.1.0", ">=", "1.2"]'),
  $(flag build '["2.1.0", "=", "2.1.0+build.7"]')
}}
FLAGS
(cd java && mvn -q -B dependency:build-classpath -Dmdep.outputFile=classpath)
cat >java/Rows.java <<'JAVA'
import dev.openfeature.contrib.providers.flagd.Config;
import dev.openfeature.contrib.providers.flagd.FlagdOptions;
import dev.openfeature.contrib.providers.flagd.FlagdProvider;
import dev.openfeature.sdk.OpenFeatureAPI;

class Rows {
  public static void main(String[] args) throws Exception {
    var options = FlagdOptions.builder().resolverType(Config.Resolver.FILE)
        .offlineFlagSourcePath("java/flags.json").deadline(60000).build();
    OpenFeatureAPI.getInstance().setProviderAndWait(new FlagdProvider(options));
    var client = OpenFeatureAPI.getInstance().getClient();
    for (String key : new String[] {"whole", "v", "short", "build"}) {
      System.out.println("Java " + key + " " + client.getStringValue(key, "error"));
    }
    System.exit(0);
  }
}
JAVA
java -cp "$(cat java/classpath)" java/Rows.java 2>java.log | tee seen

mkdir -p rust/src
cat >rust/Cargo.toml <<'TOML'
[package]
name = "rows"
version = "0.1.0"
edition = "2021"

[dependencies]
flagd-evaluation-engine = "=0.1.0"
open-feature = "=0.3.0"
TOML
cat >rust/src/main.rs <<'RUST'
use flagd_evaluation_engine::Operator;
use open_feature::EvaluationContext;

fn main() {
    let rows = [
        ("whole", r#"{"sem_ver": ["2.1.0", ">=", "1.2.0"]}"#),
        ("v", r#"{"sem_ver": ["2.1.0", ">=", "v1.2.0"]}"#),
        ("short", r#"{"sem_ver": ["2.1.0", ">=", "1.2"]}"#),
        ("build", r#"{"sem_ver": ["2.1.0", "=", "2.1.0+build.7"]}"#),
    ];
    for (name, rule) in rows {
        let result = Operator::new().apply("flag", rule, &EvaluationContext::default()).unwrap();
        println!("Rust {name} {}", result.unwrap_or("null".into()));
    }
}
RUST
(cd rust && cargo run --quiet) | tee -a seen

cat >expected <<'EXPECTED'
Java whole true
Java v true
Java short null
Java build true
Rust whole true
Rust v null
Rust short null
Rust build false
EXPECTED
diff expected seen && echo "as described"
