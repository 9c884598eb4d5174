from collections.abc import Mapping

import pytest

from functions.embed.wiring import EmbedSettings
from functions.prepare.wiring import PrepareSettings
from functions.settings import Settings, SettingsError

PREPARE: Mapping[str, str] = {
    "AWS_REGION": "eu-central-1",
    "LOOKALIKE_PHOTO_BUCKET": "photos",
    "LOOKALIKE_UPLOADS_TABLE": "uploads",
    "LOOKALIKE_PHOTOS_TABLE": "facts",
    "LOOKALIKE_ITEMS_TABLE": "items",
    "LOOKALIKE_ITEM_PHOTOS_TABLE": "ties",
    "LOOKALIKE_EVENTS_TABLE": "events",
    "LOOKALIKE_TO_EMBED_QUEUE_URL": "https://sqs.example/1/to-embed",
    "LOOKALIKE_MODEL_INPUT_SIZE": "224",
}


def test_reads_each_variable_as_its_type() -> None:
    settings = PrepareSettings.read(PREPARE)
    assert (settings.bucket, settings.photos, settings.input_size) == ("photos", "facts", 224)
    assert settings.endpoint_url is None


def test_an_emulator_can_stand_in_for_aws() -> None:
    emulated = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5001"}
    settings = PrepareSettings.read({**PREPARE, **emulated})
    assert (settings.endpoint_url, settings.s3_endpoint_url) == tuple(emulated.values())


def test_names_everything_that_is_missing_or_wrong_at_once() -> None:
    broken = {**PREPARE, "LOOKALIKE_MODEL_INPUT_SIZE": "large", "LOOKALIKE_PHOTO_BUCKET": ""}
    del broken["AWS_REGION"]
    with pytest.raises(SettingsError) as raised:
        PrepareSettings.read(broken)
    for name in ("LOOKALIKE_MODEL_INPUT_SIZE", "LOOKALIKE_PHOTO_BUCKET", "AWS_REGION"):
        assert name in str(raised.value)


def test_tells_what_it_reads() -> None:
    assert Settings.variables() < EmbedSettings.variables()
    assert "LOOKALIKE_RECEIVED_QUEUE_URL" in EmbedSettings.variables()
