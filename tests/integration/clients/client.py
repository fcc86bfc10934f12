"""An application with Python's flagd provider; speaks the same lines as client.mjs."""

import json
import sys
import threading

from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent

request = json.loads(sys.stdin.readline())
options = request["options"]
options["resolver_type"] = ResolverType(options.pop("resolver_type", "rpc"))
attributes = dict(request["context"])
context = EvaluationContext(attributes.pop("targetingKey", None), attributes)
lock = threading.Lock()


def report(_event=None):
    with lock:
        results = {}
        for evaluation in request["evaluations"]:
            details = getattr(client, f"get_{evaluation['type']}_details")(
                evaluation["flag"], evaluation["fallback"], context
            )
            results[evaluation["flag"]] = {
                "value": details.value,
                "reason": details.reason and str(getattr(details.reason, "value", details.reason)),
                "errorCode": details.error_code and details.error_code.value,
            }
        print(json.dumps({"results": results}), flush=True)


# By itself the provider gives up after half a second, which a busy machine may take to start it.
api.set_provider_and_wait(FlagdProvider(**options, deadline_ms=15_000))
client = api.get_client()
# First, as changes follow the report at once.
client.add_handler(
    ProviderEvent.PROVIDER_CONFIGURATION_CHANGED,
    lambda event: threading.Thread(target=report, daemon=True).start(),
)
report()
threading.Event().wait()
