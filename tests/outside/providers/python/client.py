"""Reads one line of JSON: mode, host, port, evaluations, changing. Prints one line for each evaluation, and
one more as soon as the flag `changing` has the value "after", or after the time it says."""

import json
import os
import sys
import time

from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

request = json.loads(sys.stdin.readline())
host, port = request["host"], request["port"]
if request["mode"] == "ofrep":
    provider = OFREPProvider(f"http://{host}:{port}")
else:
    provider = FlagdProvider(host=host, port=port, resolver_type=ResolverType(request["mode"]))
api.set_provider_and_wait(provider)
client = api.get_client()
methods = {
    "boolean": client.get_boolean_details,
    "string": client.get_string_details,
    "integer": client.get_integer_details,
    "float": client.get_float_details,
    "object": client.get_object_details,
}


def show(line):
    print(json.dumps(line), flush=True)


for evaluation in request["evaluations"]:
    attributes = dict(evaluation["context"])
    context = EvaluationContext(attributes.pop("targetingKey", None), attributes)
    details = methods[evaluation["type"]](evaluation["flag"], evaluation["fallback"], context)
    show(
        {
            "value": details.value,
            "variant": details.variant,
            "reason": details.reason,
            "errorCode": details.error_code,
        }
    )
show({"evaluated": True})

end = time.monotonic() + request["patienceMs"] / 1000
value = None
while value != "after" and time.monotonic() < end:
    time.sleep(0.05)
    value = client.get_string_value(request["changing"], "fallback")
show({"value": value})
# The provider's threads may outlive an orderly end.
os._exit(0)
