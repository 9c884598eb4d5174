from pathlib import Path

import pytest

from lookalike.adapters.aws.session import find_credentials, open_session
from lookalike.errors import UnavailableError

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without keys, without files of keys, on a machine without a role."""
    for name in (*KEYS, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "there is none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def test_a_process_signs_with_what_its_environment_gives(nobody: pytest.MonkeyPatch) -> None:
    for name, value in zip(KEYS, ("ASIAKEY", "secret", "token"), strict=True):
        nobody.setenv(name, value)
    assert tuple(find_credentials(open_session()).get_frozen_credentials())[:3] == ("ASIAKEY", "secret", "token")


@pytest.mark.usefixtures("nobody")
def test_without_credentials_the_deployment_is_at_fault() -> None:
    with pytest.raises(UnavailableError, match="the deployment is at fault") as caught:
        find_credentials(open_session())
    assert caught.value.retry_after >= 60


def test_a_profile_that_is_not_there_is_the_deployments_fault(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UnavailableError, match="the deployment is at fault"):
        open_session()
