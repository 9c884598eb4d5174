from datetime import timedelta

from lookalike.ports.event_log import Event, EventKind, EventLog
from lookalike.testing.examples import NOON, OTHER_SHOP, SHOP


def an_event(number: int) -> Event:
    return Event(SHOP, EventKind.PHOTO_INDEXED, f"upload-{number}", NOON + timedelta(microseconds=number))


def test_tail_gives_the_newest_first(event_log: EventLog) -> None:
    event_log.append_many([an_event(1), an_event(2)])
    event_log.append_many([an_event(3)])
    assert event_log.tail(SHOP, 2) == [an_event(3), an_event(2)]


def test_an_empty_log_has_no_tail(event_log: EventLog) -> None:
    event_log.append_many([])
    assert event_log.tail(SHOP, 10) == []


def test_an_event_may_stand_twice(event_log: EventLog) -> None:
    event_log.append_many([an_event(1)])
    event_log.append_many([an_event(1)])
    assert set(event_log.tail(SHOP, 10)) == {an_event(1)}


def test_events_of_another_catalogue_are_not_seen(event_log: EventLog) -> None:
    event_log.append_many([an_event(1)])
    assert event_log.tail(OTHER_SHOP, 10) == []
