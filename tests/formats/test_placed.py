"""Where values of JSON and YAML stand, and that an edit lands on them and on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashwright.formats.format import Source
from flashwright.formats.json_source import JsonDocument, parse_json
from flashwright.formats.placed import PlacedDocument
from flashwright.formats.yaml_source import YamlDocument, parse_yaml

JSON = '{\n  // größer → länger\n  "größe": {"é": "ß😀", "b": [1, 22]},\n  "c": 3\n}\n'
YAML = "# größer → länger\ngröße: {é: ß😀, b: [1, 22]}\nc: 3\n"

PARSERS = pytest.mark.parametrize(("parse", "text"), [(parse_json, JSON), (parse_yaml, YAML)])


def parsed(parse: Callable[[Source], Any], text: str) -> PlacedDocument:
    document = parse(Source("f", text.encode()))
    assert isinstance(document, JsonDocument | YamlDocument)
    return document


@PARSERS
def test_an_edit_lands_on_its_values(parse: Callable[[Source], Any], text: str) -> None:
    changes = {("größe", "b", 1): "0x7777", ("größe", "b", 0): "8", ("c",): "44"}
    document = parsed(parse, text)
    expected = text.replace("22", "0x7777").replace("[1", "[8").replace(" 3", " 44")
    assert document.edited(changes) == expected
    assert document.edited({}) == text


@PARSERS
def test_places_count_characters(parse: Callable[[Source], Any], text: str) -> None:
    document = parsed(parse, text)
    for path, said in ((("größe", "b", 1), "22"), (("c",), "3")):
        place = document.place(*path)
        assert place.line is not None and place.column is not None
        line = text.split("\n")[place.line - 1]
        assert line[place.column - 1 :].startswith(said)


@PARSERS
def test_what_is_not_there_has_the_place_of_what_is_above_it(
    parse: Callable[[Source], Any], text: str
) -> None:
    document = parsed(parse, text)
    assert document.place("größe", "b", 9, "x") == document.place("größe", "b")
    assert document.place("größe", "b") != document.place("größe")
    assert document.place("nowhere").path == "f"


@given(st.lists(st.text(max_size=6), min_size=1, max_size=5), st.data())
@settings(max_examples=60, deadline=None)
def test_every_text_can_stand_before_a_value(names: list[str], data: st.DataObject) -> None:
    import json

    lines = [json.dumps(name, ensure_ascii=False) for name in names]
    spaces = data.draw(st.sampled_from(["", "\n", " ", "\r\n"]))
    text = "[" + f",{spaces}".join(lines) + "]"
    at = data.draw(st.integers(0, len(names) - 1))
    expected = "[" + f",{spaces}".join([*lines[:at], "0", *lines[at + 1 :]]) + "]"
    assert parsed(parse_json, text).edited({(at,): "0"}) == expected
