// Reads one line of JSON: mode, host, port, evaluations, changing. Prints one line for each evaluation, and
// one more as soon as the flag `changing` has the value "after", or after the time it says.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	flagd "github.com/open-feature/go-sdk-contrib/providers/flagd/pkg"
	"github.com/open-feature/go-sdk-contrib/providers/ofrep"
	"github.com/open-feature/go-sdk/openfeature"
)

type request struct {
	Mode        string
	Host        string
	Port        uint16
	Evaluations []struct {
		Flag     string
		Type     string
		Fallback any
		Context  map[string]any
	}
	Changing   string
	PatienceMs int
}

type result struct {
	Value     any    `json:"value"`
	Variant   string `json:"variant,omitempty"`
	Reason    string `json:"reason,omitempty"`
	ErrorCode string `json:"errorCode,omitempty"`
}

func main() {
	line, err := bufio.NewReader(os.Stdin).ReadBytes('\n')
	check(err)
	var asked request
	check(json.Unmarshal(line, &asked))
	check(openfeature.SetProviderAndWait(provider(asked)))
	client := openfeature.NewClient("outside")
	output := json.NewEncoder(os.Stdout)
	ctx := context.Background()

	for _, each := range asked.Evaluations {
		key, _ := each.Context["targetingKey"].(string)
		delete(each.Context, "targetingKey")
		attributes := openfeature.NewEvaluationContext(key, each.Context)
		check(output.Encode(evaluate(ctx, client, each.Flag, each.Type, each.Fallback, attributes)))
	}
	check(output.Encode(map[string]bool{"evaluated": true}))

	var value string
	end := time.Now().Add(time.Duration(asked.PatienceMs) * time.Millisecond)
	for value != "after" && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
		value, _ = client.StringValue(ctx, asked.Changing, "fallback", openfeature.EvaluationContext{})
	}
	check(output.Encode(result{Value: value}))
}

func provider(asked request) openfeature.FeatureProvider {
	if asked.Mode == "ofrep" {
		return ofrep.NewProvider(fmt.Sprintf("http://%s:%d", asked.Host, asked.Port))
	}
	resolver := flagd.WithRPCResolver()
	if asked.Mode == "in-process" {
		resolver = flagd.WithInProcessResolver()
	}
	made, err := flagd.NewProvider(resolver, flagd.WithHost(asked.Host), flagd.WithPort(asked.Port))
	check(err)
	return made
}

func evaluate(
	ctx context.Context, client *openfeature.Client, flag, kind string, fallback any,
	attributes openfeature.EvaluationContext,
) result {
	switch kind {
	case "boolean":
		details, _ := client.BooleanValueDetails(ctx, flag, fallback.(bool), attributes)
		return show(details.Value, details.EvaluationDetails)
	case "string":
		details, _ := client.StringValueDetails(ctx, flag, fallback.(string), attributes)
		return show(details.Value, details.EvaluationDetails)
	case "integer":
		details, _ := client.IntValueDetails(ctx, flag, int64(fallback.(float64)), attributes)
		return show(details.Value, details.EvaluationDetails)
	case "float":
		details, _ := client.FloatValueDetails(ctx, flag, fallback.(float64), attributes)
		return show(details.Value, details.EvaluationDetails)
	default:
		details, _ := client.ObjectValueDetails(ctx, flag, fallback, attributes)
		return show(details.Value, details.EvaluationDetails)
	}
}

func show(value any, details openfeature.EvaluationDetails) result {
	reason := strings.ToUpper(string(details.Reason))
	return result{value, details.Variant, reason, string(details.ErrorCode)}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
