"""Every message comes late, twice and in any order; every store is down for a moment: still nothing is lost."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from service_harness import SHOP, Works, item, photo_of, picture
from unsteady import UnsteadyIndex

from lookalike.domain.filter import Filter
from lookalike.domain.item import ItemId, ItemPatch
from lookalike.domain.label import Label
from lookalike.domain.query import ByPhoto, Query
from lookalike.domain.upload import UploadId, UploadStatus
from lookalike.errors import UnavailableError, UnknownFacetError
from lookalike.ports.work_queue import Pointer

BAD = b"no photo at all"
PHOTOS = {colour: picture(colour, size=32) for colour in ("red", "blue", "lime")} | {"none": BAD}
ITEMS = [ItemId("a"), ItemId("b")]
COLOURS = ("red", "blue", "green")
colours = st.sampled_from(COLOURS)
failures = st.lists(st.sampled_from(["", "before", "after"]), max_size=4)
photos = st.sampled_from(sorted(PHOTOS))
picks = st.lists(st.integers(0, 30), min_size=1, max_size=4)


class Messages(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.index = UnsteadyIndex()
        self.works = Works(index=self.index)
        self.works.put(SHOP, [item(name, "dress", "colour:red") for name in ITEMS])
        self.owed: list[Callable[[], object]] = []
        self.sent: dict[UploadId, tuple[ItemId | None, bytes]] = {}
        self.seen: list[Pointer] = []

    def _gather(self) -> None:
        self.seen += self.works.received.drain() + self.works.to_embed.drain()

    def _pick(self, at: list[int]) -> list[Pointer]:
        self._gather()
        return [self.seen[one % len(self.seen)] for one in at] if self.seen else []

    @rule(photo=photos, of=st.sampled_from([*ITEMS, None]))
    def send(self, photo: str, of: ItemId | None) -> None:
        self._retry()
        self.sent[self.works.send(PHOTOS[photo], of)] = (of, PHOTOS[photo])

    @rule(at=picks)
    def prepare(self, at: list[int]) -> None:
        self.works.prepare(self._pick(at))

    @rule(at=picks)
    def index(self, at: list[int]) -> None:
        self.works.index_photos(self._pick(at))

    @rule(at=picks)
    def prepare_while_the_queue_is_down(self, at: list[int]) -> None:
        self.works.to_embed.refusal = UnavailableError("down")
        try:
            self.works.prepare(self._pick(at))
        except UnavailableError:
            pass
        finally:
            self.works.to_embed.refusal = None

    @rule(at=picks)
    def index_while_the_model_is_down(self, at: list[int]) -> None:
        self.works.embedder.refusal = UnavailableError("down")
        try:
            self.works.index_photos(self._pick(at))
        except UnavailableError:
            pass
        finally:
            self.works.embedder.refusal = None

    @rule(photo=photos)
    def lose_a_prepared_photo(self, photo: str) -> None:
        self.works.photos.delete_prepared(SHOP, [photo_of(PHOTOS[photo])])

    @rule(name=st.sampled_from(ITEMS), fails=failures)
    def remove_and_put_back(self, name: ItemId, fails: list[str]) -> None:
        self.sent = {upload: what for upload, what in self.sent.items() if what[0] != name}
        self._owe(fails, lambda: (self.works.remove(SHOP, [name]), self.works.put(SHOP, [item(name)])))

    @rule(name=st.sampled_from(ITEMS), colour=colours, fails=failures)
    def put(self, name: ItemId, colour: str, fails: list[str]) -> None:
        self._owe(fails, lambda: self.works.put(SHOP, [item(name, "dress", f"colour:{colour}")]))

    @rule(name=st.sampled_from(ITEMS), colour=colours, fails=failures)
    def update(self, name: ItemId, colour: str, fails: list[str]) -> None:
        patch = ItemPatch(name, labels=frozenset({Label("colour", colour)}))
        self._owe(fails, lambda: self.works.update(SHOP, [patch]))

    @rule(at=picks, fails=failures)
    def index_while_the_index_fails(self, at: list[int], fails: list[str]) -> None:
        pointers = self._pick(at)
        self._owe(fails, lambda: self.works.index_photos(pointers))

    def _owe(self, fails: list[str], call: Callable[[], object]) -> None:
        """What failed is tried again later, before anything else of its kind."""
        self._retry()
        try:
            with self.index.failing(fails):
                call()
        except UnavailableError:
            self.owed.append(call)

    @rule()
    def _retry(self) -> None:
        while self.owed:
            self.owed.pop()()

    @invariant()
    def what_is_told_as_indexed_is_found(self) -> None:
        for upload, (of, data) in getattr(self, "sent", {}).items():
            if self.works.status(upload) is UploadStatus.INDEXED:
                found = self.works.find(SHOP, Query(ByPhoto(data))).neighbours
                assert of in {one.item.id for one in found if one.photo == photo_of(data)}

    @invariant()
    def filters_agree_with_what_is_stored(self) -> None:
        if getattr(self, "owed", True):
            return
        items = self.works.items.get_many(SHOP, ITEMS)
        entered = {item for item, _ in self.index.keys(SHOP)}
        for label in [Label("colour", colour) for colour in COLOURS]:
            expected = {one.id for one in items.values() if one.id in entered and label in one.labels}
            assert self._filtered(label) == expected

    def _filtered(self, label: Label) -> set[ItemId]:
        query = Query(ByPhoto(PHOTOS["red"]), Filter.of(any_of=[label]))
        try:
            return {one.item.id for one in self.works.find(SHOP, query).neighbours}
        except UnknownFacetError:
            return set()

    def teardown(self) -> None:
        if not hasattr(self, "works"):
            return
        self._retry()
        self.filters_agree_with_what_is_stored()
        for _ in range(4):  # whatever was not done comes again
            pointers = [Pointer(SHOP, upload) for upload in self.sent]
            self.works.prepare(pointers)
            self.works.index_photos(pointers)
        self._all_came_to_rest()

    def _all_came_to_rest(self) -> None:
        expected = set()
        for upload, (of, data) in self.sent.items():
            good = data != BAD
            end = UploadStatus.REJECTED if not good else UploadStatus.PREPARED if of is None else UploadStatus.INDEXED
            assert self.works.status(upload) is end
            expected |= {(of, photo_of(data))} if good and of is not None else set()
        items = self.works.items.get_many(SHOP, ITEMS)
        assert {(one.id, photo) for one in items.values() for photo in one.photos} == expected
        assert self.works.entries() == len(expected)


TestMessages = Messages.TestCase
TestMessages.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
