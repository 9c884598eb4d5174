"""The program runs to its end: rehearsed, with a shop's configuration, and in a first preview that knows nothing."""

import ast
from collections.abc import Callable
from pathlib import Path

import pulumi_aws as aws
import pytest

from infra.functions import ROUTES_OF
from infra.rehearsal import Rehearsed
from infra.rehearsal.plan import Plan
from infra.rehearsal.preview import preview
from infra.rehearsal.rehearse import rehearsal_config
from infra.rehearsal.sketch import sketch
from lookalike.adapters.aws.tables import TABLES
from lookalike.contract.routes import ROUTES
from tests.infra.conftest import PROFILES

INFRA = Path(__file__).parents[2] / "infra"


def named(plan: Plan) -> set[tuple[str, str]]:
    return {(resource.type, resource.name) for resource in plan.resources.values()}


def test_a_preview_shows_every_resource_that_is_made(rehearsed: Rehearsed) -> None:
    # What an `apply` made would be missing from a preview.
    assert named(preview(rehearsal_config(), stack="first")) == named(rehearsed.plan)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_first_preview_of_a_profile_runs_to_its_end_and_hides_nothing(
    profile: str, previewed: Callable[[str], Plan], request: pytest.FixtureRequest
) -> None:
    assert named(previewed(profile)) == named(request.getfixturevalue(profile))


def test_an_apply_that_hides_resources_would_be_seen() -> None:
    def program() -> None:
        bucket = aws.s3.Bucket("seen")
        bucket.arn.apply(lambda arn: aws.s3.BucketPolicy("hidden", bucket="b", policy=arn) and None)

    config = {"aws:region": "eu-west-1"}
    before, after = (run(config, stack="hides", program=program) for run in (preview, sketch))
    assert {name for _, name in named(after) - named(before)} == {"hidden"}


def test_the_stack_tells_where_things_are(rehearsed: Rehearsed) -> None:
    assert rehearsed.outputs["received_queue_url"] == rehearsed.queues["received"].url
    assert rehearsed.outputs["to_embed_dead_letter_url"] == rehearsed.queues["to-embed-dead"].url
    assert set(rehearsed.outputs["tables"]) == {table.name for table in TABLES}
    assert rehearsed.outputs["api_url"].startswith("https://")
    rehearsed.clients.s3.head_bucket(Bucket=rehearsed.outputs["photo_bucket"])


def test_every_route_of_the_contract_has_one_function(rehearsed: Rehearsed) -> None:
    declared = {(route.name, route.method, route.path) for route in rehearsed.routes}
    assert declared == {(route.name, route.method, route.path) for route in ROUTES}
    for route in rehearsed.routes:
        assert route.name in ROUTES_OF[route.function.name]


def test_only_public_routes_go_unchecked(rehearsed: Rehearsed) -> None:
    public = {route.name for route in ROUTES if route.public}
    assert {route.name for route in rehearsed.routes if route.authoriser is None} == public
    assert rehearsed.authoriser.issuer == "http://127.0.0.1:8080/"
    assert rehearsed.authoriser.audiences == ("lookalike",)


def test_without_an_issuer_of_the_shops_own_a_user_pool_vouches(starter: Plan) -> None:
    (authoriser,) = starter.of("aws:apigatewayv2/authorizer:Authorizer")
    (pool,) = starter.of("aws:cognito/userPool:UserPool")
    (client,) = starter.of("aws:cognito/userPoolClient:UserPoolClient")
    assert authoriser.inputs["jwtConfiguration"] == {
        "issuer": f"https://{pool.attributes['endpoint']}",
        "audiences": [client.id],
    }


@pytest.mark.parametrize("name", ["uploads", "search", "prepare", "embed"])
def test_functions_are_told_where_things_are(rehearsed: Rehearsed, name: str) -> None:
    function = rehearsed.functions[name]
    told = function.environment
    assert function.handler == f"functions.{name}.handler.handler"
    assert told["LOOKALIKE_PHOTO_BUCKET"] == rehearsed.outputs["photo_bucket"]
    assert told["POWERTOOLS_SERVICE_NAME"] == name
    tables = {f"LOOKALIKE_{table.upper()}_TABLE": real for table, real in rehearsed.outputs["tables"].items()}
    assert tables.items() >= {key: value for key, value in told.items() if key.endswith("_TABLE")}.items()


def test_only_those_who_ask_the_model_know_where_it_is(rehearsed: Rehearsed) -> None:
    knowing = {name for name, f in rehearsed.functions.items() if "LOOKALIKE_TRITON_ENDPOINT" in f.environment}
    assert knowing == {"search", "embed"}
    assert rehearsed.functions["embed"].environment["LOOKALIKE_TRITON_ENDPOINT"] == "127.0.0.1:8001"
    assert rehearsed.functions["prepare"].environment["LOOKALIKE_MODEL_INPUT_SIZE"] == "224"


def test_queues_feed_their_functions(rehearsed: Rehearsed) -> None:
    fed = {mapping.queue.name: mapping for mapping in rehearsed.mappings}
    assert {name: mapping.function.name for name, mapping in fed.items()} == {
        "received": "prepare",
        "to-embed": "embed",
    }
    assert (fed["received"].batch_size, fed["received"].window_s, fed["received"].max_concurrency) == (10, 1, 50)
    assert (fed["to-embed"].batch_size, fed["to-embed"].window_s, fed["to-embed"].max_concurrency) == (64, 1, 8)
    for mapping in rehearsed.mappings:
        assert mapping.reports_item_failures
        assert mapping.queue.visibility_s == 6 * mapping.function.timeout_s
        assert mapping.queue.max_receives == 5


def test_the_program_is_short_and_only_puts_together() -> None:
    program = (INFRA / "__main__.py").read_text()
    assert len(program.splitlines()) < 40
    kinds = {type(node) for node in ast.parse(program).body}
    assert kinds == {ast.Import, ast.ImportFrom, ast.Assign, ast.Expr, ast.For}
