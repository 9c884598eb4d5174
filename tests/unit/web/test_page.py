"""What can be said of the shopper's page without a browser: it is whole, keeps to itself, and can be used by all."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lookalike.contract.page import find_page, page_routes

WEB = Path(__file__).parents[3] / "web"
SCRIPTS = sorted(WEB.glob("*.js"))
TEXTS = [path for path in sorted(WEB.iterdir()) if path.suffix in (".html", ".js", ".css", ".svg")]


class Page(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(attribute))]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page((WEB / "index.html").read_text(encoding="utf-8"))


def test_every_file_is_served_and_every_one_that_is_named_is_there(page: Page) -> None:
    folder = find_page()
    assert folder is not None
    served = {route.path.removeprefix("/") or "index.html" for route in page_routes(folder)}
    assert served == {path.name for path in WEB.iterdir()}
    named = {*page.values("src"), *(link for link in page.values("href") if not link.startswith("#"))}
    imported = {
        name for path in SCRIPTS for name in re.findall(r'from "\./([\w.]+)"', path.read_text(encoding="utf-8"))
    }
    assert named | imported | {"index.html"} == served


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text(encoding="utf-8")))
    assert addresses <= {"http://www.w3.org"}  # the name of SVG, never fetched


def test_the_page_lives_under_its_own_content_policy(page: Page) -> None:
    for tag, attrs in page.tags:
        assert tag != "style"
        assert tag != "script" or attrs.get("src"), "inline script"
        assert not [name for name in attrs if name == "style" or name.startswith("on")], (tag, attrs)
    for path in SCRIPTS:
        script = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b", script
        )


def test_scripts_find_what_they_look_for(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    script = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    wanted = set(re.findall(r'(?:find|getElementById)\("([\w-]+)"\)', script))
    assert len(wanted) > 10
    assert wanted <= set(ids)
    classes = {name for value in page.values("class") for name in value.split()}
    assert set(re.findall(r'part\("\.([\w-]+)"\)', script)) <= classes


def test_everything_has_a_name_for_those_who_cannot_see_it(page: Page) -> None:
    tags = dict.fromkeys(tag for tag, _ in page.tags)
    assert [attrs["lang"] for tag, attrs in page.tags if tag == "html"] == ["en-GB"]
    labelled = {attrs["for"] for tag, attrs in page.tags if tag == "label"}
    assert {attrs["id"] for tag, attrs in page.tags if tag == "input"} <= labelled
    assert all("alt" in attrs for tag, attrs in page.tags if tag == "img")
    assert {"main", "header", "footer", "h1", "h2"} <= set(tags)
    ids = set(page.values("id"))
    assert set(page.values("aria-labelledby")) <= ids
    assert {"status", "alert"} <= set(page.values("role"))


def test_links_out_tell_nothing_of_where_they_come_from(page: Page) -> None:
    outward = [attrs for tag, attrs in page.tags if tag == "a" and attrs.get("target") == "_blank"]
    assert outward
    assert all(attrs["rel"] == "noopener noreferrer" for attrs in outward)
