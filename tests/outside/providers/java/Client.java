import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.openfeature.contrib.providers.flagd.Config;
import dev.openfeature.contrib.providers.flagd.FlagdOptions;
import dev.openfeature.contrib.providers.flagd.FlagdProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.FeatureProvider;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.Value;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads one line of JSON: mode, host, port, evaluations, changing. Prints one line for each evaluation, and
 * one more as soon as the flag `changing` has the value "after", or after the time it says.
 */
class Main {
    static final ObjectMapper json = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        JsonNode request = json.readTree(new BufferedReader(new InputStreamReader(System.in)).readLine());
        OpenFeatureAPI.getInstance().setProviderAndWait(provider(request));
        Client client = OpenFeatureAPI.getInstance().getClient();

        for (JsonNode each : request.get("evaluations")) {
            Map<String, Value> attributes = new HashMap<>();
            String key = null;
            for (Map.Entry<String, JsonNode> field : each.get("context").properties()) {
                if (field.getKey().equals("targetingKey")) {
                    key = field.getValue().asText();
                } else {
                    attributes.put(field.getKey(), toValue(field.getValue()));
                }
            }
            show(evaluate(client, each, new ImmutableContext(key, attributes)));
        }
        print(Map.of("evaluated", true));

        String value = null;
        long end = System.currentTimeMillis() + request.get("patienceMs").asLong();
        while (!"after".equals(value) && System.currentTimeMillis() < end) {
            Thread.sleep(50);
            value = client.getStringValue(request.get("changing").asText(), "fallback");
        }
        print(Map.of("value", value));
        System.exit(0);
    }

    static FeatureProvider provider(JsonNode request) {
        String host = request.get("host").asText();
        int port = request.get("port").asInt();
        String mode = request.get("mode").asText();
        if (mode.equals("ofrep")) {
            return OfrepProvider.constructProvider(
                    OfrepProviderOptions.builder().baseUrl("http://" + host + ":" + port).build());
        }
        return new FlagdProvider(FlagdOptions.builder()
                .host(host)
                .port(port)
                .deadline(30000)
                .resolverType(mode.equals("rpc") ? Config.Resolver.RPC : Config.Resolver.IN_PROCESS)
                .build());
    }

    static FlagEvaluationDetails<?> evaluate(Client client, JsonNode each, ImmutableContext context) {
        String flag = each.get("flag").asText();
        JsonNode fallback = each.get("fallback");
        switch (each.get("type").asText()) {
            case "boolean":
                return client.getBooleanDetails(flag, fallback.asBoolean(), context);
            case "string":
                return client.getStringDetails(flag, fallback.asText(), context);
            case "integer":
                return client.getIntegerDetails(flag, fallback.asInt(), context);
            case "float":
                return client.getDoubleDetails(flag, fallback.asDouble(), context);
            default:
                return client.getObjectDetails(flag, toValue(fallback), context);
        }
    }

    static Value toValue(JsonNode node) {
        try {
            return Value.objectToValue(json.convertValue(node, Object.class));
        } catch (RuntimeException error) {
            throw new IllegalArgumentException("no value: " + node, error);
        }
    }

    static void show(FlagEvaluationDetails<?> details) throws Exception {
        Object value = details.getValue();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("value", value instanceof Value ? ((Value) value).asObject() : value);
        line.put("variant", details.getVariant());
        line.put("reason", details.getReason());
        line.put("errorCode", details.getErrorCode() == null ? null : details.getErrorCode().name());
        print(plain(line));
    }

    /** The SDK's own values within maps and lists, as plain ones. */
    static Object plain(Object value) {
        if (value instanceof Value) return plain(((Value) value).asObject());
        if (value instanceof dev.openfeature.sdk.Structure) {
            return plain(((dev.openfeature.sdk.Structure) value).asMap());
        }
        if (value instanceof Map) {
            Map<Object, Object> copy = new LinkedHashMap<>();
            ((Map<?, ?>) value).forEach((key, each) -> copy.put(key, plain(each)));
            return copy;
        }
        if (value instanceof java.util.List) {
            return ((java.util.List<?>) value).stream().map(Main::plain).collect(
                    java.util.ArrayList::new, java.util.ArrayList::add, java.util.ArrayList::addAll);
        }
        return value;
    }

    static void print(Object line) throws Exception {
        System.out.println(json.writeValueAsString(line));
    }
}
