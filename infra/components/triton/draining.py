"""How a pod goes without losing a request: who stops sending when, in seconds, and the sums that follow.

1. The pod is told to go. Kubernetes takes it from the service at once, and `NODE_HEALTH` of its node answers 503.
2. The balancer asks every `CHECK_S` and believes the second answer: `UNNOTICED_S` later nobody new is sent there.
   Until then new connections still reach the pod, which is why it sleeps instead of stopping.
3. Connections that are open live at most `CONNECTION_AGE_S`, then Triton asks their clients to come anew, to another
   pod; what is under way on them may take `REQUEST_S` more, which is the longest that a request may wait in the queue
   (inference/serving/repositories.py).
4. Only then is Triton told to stop, and finishes what is left.

A spot node leaves two minutes: `GRACE_S` stays below.
"""

from typing import Final

CHECK_S: Final = 5
"""The least that a Network Load Balancer takes.
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html"""
CHECKS: Final = 2
UNNOTICED_S: Final = CHECK_S * CHECKS + 5
"""Until the balancer sends nobody new: the checks, and a moment for it to tell its own parts."""
CONNECTION_AGE_S: Final = 30
"""Also how soon a pod that is new gets its share of the connections, which stay where they once were opened."""
REQUEST_S: Final = 20
SLEEP_S: Final = UNNOTICED_S + CONNECTION_AGE_S
GRACE_S: Final = SLEEP_S + REQUEST_S + 5
