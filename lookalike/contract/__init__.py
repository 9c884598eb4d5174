"""The HTTP API, written once: models, routes, problems and a dispatcher that knows no framework.

``lookalike serve`` (`lookalike.contract.asgi`), the rehearsal's front and the Lambdas hand their requests to the same
`lookalike.contract.dispatcher.Dispatcher`; ``python -m lookalike.contract`` prints the OpenAPI document made from it.
`models` and `problems` need nothing but pydantic, so that the SDK can stand on them alone.
"""
