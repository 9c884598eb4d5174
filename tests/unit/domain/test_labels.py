import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_is_accepted_reads_back_as_itself(facet: str, value: str) -> None:
    try:
        label = Label(facet, value)
    except InvalidRequestError:
        return
    assert Label.parse(str(label)) == label
    assert Label(label.facet, label.value) == label


@given(st.from_regex("[a-z][a-z0-9_-]{0,31}", fullmatch=True), st.text(max_size=64))
def test_case_and_space_do_not_matter(facet: str, value: str) -> None:
    try:
        label = Label(facet, value)
    except InvalidRequestError:
        return
    spaced = "  ".join(value.split())
    assert Label(f" {facet.upper()} ", f" {spaced}\t") == label


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("colour:red", "colour:red"),
        ("Colour: Dark  Red ", "colour:dark-red"),
        ("size:W32:L34", "size:w32:l34"),
        ("brand:Cafe\u0301", "brand:caf\u00e9"),
        ("farbe:grün", "farbe:grün"),
    ],
)
def test_labels_have_one_form(text: str, canonical: str) -> None:
    assert str(Label.parse(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "red",
            ":red",
            "colour:",
            "colour:  ",
            "1colour:red",
            "col our:red",
            "kleur\u0308:red",
            "c" * 33 + ":red",
        ),
        *("colour:a,b", "colour:" + "x" * 65, "colour:re\0d", "colour:\ud800", "colour:\u202ered"),
    ],
)
def test_everything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Label.parse(text)
    assert caught.value.field == "label"
