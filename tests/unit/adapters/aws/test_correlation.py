from lookalike.adapters.aws.correlation import LONGEST_CORRELATION, carrying, correlation_of
from lookalike.ports.work_queue import Pointer
from lookalike.testing.examples import OTHER_SHOP, SHOP, upload_id

OURS, THEIRS = Pointer(SHOP, upload_id(1)), Pointer(OTHER_SHOP, upload_id(1))


def test_each_upload_of_a_batch_has_its_own_id_and_others_the_common_one() -> None:
    with carrying({OURS: "one"}, otherwise="common"):
        assert (correlation_of(OURS), correlation_of(THEIRS)) == ("one", "common")


def test_ids_are_forgotten_where_they_end() -> None:
    with carrying({OURS: "outer"}):
        with carrying({}, otherwise="inner"):
            assert correlation_of(OURS) == "inner"
        assert correlation_of(OURS) == "outer"
    assert correlation_of(OURS) == ""


def test_a_stranger_s_long_id_is_cut() -> None:
    with carrying({OURS: "x" * 10_000}):
        assert correlation_of(OURS) == "x" * LONGEST_CORRELATION
