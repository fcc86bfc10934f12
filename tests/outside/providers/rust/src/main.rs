//! Reads one line of JSON: mode, host, port, evaluations, changing. Prints one line for each evaluation, and
//! one more as soon as the flag `changing` has the value "after", or after the time it says.
use std::time::{Duration, Instant};

use open_feature::{
    Client, EvaluationContext, EvaluationDetails, EvaluationError, EvaluationResult, OpenFeature,
    StructValue, Value as Of,
};
use open_feature_flagd::{FlagdOptions, FlagdProvider, ResolverType};
use serde_json::{json, Map, Value};

#[tokio::main]
async fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let request: Value = serde_json::from_str(&line).unwrap();
    let provider = FlagdProvider::new(FlagdOptions {
        host: request["host"].as_str().unwrap().to_string(),
        port: request["port"].as_u64().unwrap() as u16,
        resolver_type: match request["mode"].as_str().unwrap() {
            "rpc" => ResolverType::Rpc,
            "ofrep" => ResolverType::Rest,
            _ => ResolverType::InProcess,
        },
        // What is to be seen is what the daemon sends.
        cache_settings: None,
        ..Default::default()
    })
    .await
    .unwrap();
    let client = {
        let mut api = OpenFeature::singleton_mut().await;
        api.set_provider(provider).await;
        api.create_client()
    };

    for each in request["evaluations"].as_array().unwrap() {
        println!("{}", evaluate(&client, each, &context(&each["context"])).await);
    }
    println!("{}", json!({"evaluated": true}));

    let changing = request["changing"].as_str().unwrap();
    let end = Instant::now() + Duration::from_millis(request["patienceMs"].as_u64().unwrap());
    let mut value = String::new();
    while value != "after" && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
        value = client.get_string_value(changing, None, None).await.unwrap_or_default();
    }
    println!("{}", json!({ "value": value }));
    std::process::exit(0);
}

fn context(attributes: &Value) -> EvaluationContext {
    let mut context = EvaluationContext::default();
    for (name, value) in attributes.as_object().unwrap() {
        match value {
            Value::String(text) if name == "targetingKey" => {
                context.targeting_key = Some(text.clone());
            }
            Value::String(text) => context.add_custom_field(name, text.clone()),
            Value::Bool(truth) => context.add_custom_field(name, *truth),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => context.add_custom_field(name, integer),
                None => context.add_custom_field(name, number.as_f64().unwrap()),
            },
            other => panic!("no attribute: {other}"),
        }
    }
    context
}

async fn evaluate(client: &Client, asked: &Value, context: &EvaluationContext) -> Value {
    let flag = asked["flag"].as_str().unwrap();
    let fallback = &asked["fallback"];
    let context = Some(context);
    match asked["type"].as_str().unwrap() {
        "boolean" => show(client.get_bool_details(flag, context, None).await, fallback, Value::from),
        "string" => show(client.get_string_details(flag, context, None).await, fallback, Value::from),
        "integer" => show(client.get_int_details(flag, context, None).await, fallback, Value::from),
        "float" => show(client.get_float_details(flag, context, None).await, fallback, Value::from),
        _ => show(client.get_struct_details::<Fields>(flag, context, None).await, fallback, |fields| {
            plain_fields(fields.0)
        }),
    }
}

/// The SDK has no fallback values: an error takes their place.
fn show<T>(
    result: EvaluationResult<EvaluationDetails<T>>,
    fallback: &Value,
    plain: impl FnOnce(T) -> Value,
) -> Value {
    match result {
        Ok(EvaluationDetails { value, variant, reason, .. }) => json!({
            "value": plain(value),
            "variant": variant,
            "reason": reason.map(|reason| reason.to_string().to_uppercase()),
        }),
        Err(EvaluationError { code, .. }) => json!({
            "value": fallback,
            "reason": "ERROR",
            "errorCode": screaming(&format!("{code:?}")),
        }),
    }
}

/// `FlagNotFound` → `FLAG_NOT_FOUND`
fn screaming(name: &str) -> String {
    let name = name.split('(').next().unwrap();
    let mut text = String::new();
    for (index, letter) in name.chars().enumerate() {
        if index > 0 && letter.is_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

struct Fields(StructValue);

impl TryFrom<StructValue> for Fields {
    type Error = String;
    fn try_from(value: StructValue) -> Result<Self, Self::Error> {
        Ok(Fields(value))
    }
}

fn plain_fields(value: StructValue) -> Value {
    let fields = value.fields.into_iter().map(|(name, value)| (name, plain(value)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn plain(value: Of) -> Value {
    match value {
        Of::Bool(value) => value.into(),
        Of::Int(value) => value.into(),
        Of::Float(value) => value.into(),
        Of::String(value) => value.into(),
        Of::Array(values) => values.into_iter().map(plain).collect(),
        Of::Struct(value) => plain_fields(value),
    }
}
