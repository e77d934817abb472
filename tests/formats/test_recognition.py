"""What a file is taken for, by its content first."""

from __future__ import annotations

import pytest

from flashwright.formats.catalog import recognised

OWN = b'{"flashwright": 1, "tables": [{"partitions": [{"name": "a"}]}]}'
PICOTOOL = b'{"version": [1, 0], "unpartitioned": {"families": []}, "partitions": [{"name": "a"}]}'
ESP_IDF = b"# Name, Type, SubType, Offset, Size\nnvs, data, nvs, 0x9000, 0x6000\n"


@pytest.mark.parametrize(
    ("path", "data", "forms"),
    [
        ("a.json", OWN, ["json"]),
        ("a.json", PICOTOOL, ["picotool-json"]),
        ("a.json", b'{"partitions": []}', ["picotool-json"]),
        ("a.csv", ESP_IDF, ["esp-idf-csv"]),
        ("a.txt", ESP_IDF, ["esp-idf-csv"]),
        ("a.csv", b"hello, world\n", []),
        ("a.bin", b"", []),
    ],
)
def test_a_whole_match_has_no_rivals(path: str, data: bytes, forms: list[str]) -> None:
    assert [form.name for form in recognised(path, data)] == forms


def test_two_whole_matches_are_both_told() -> None:
    both = OWN[:-1] + b', "permissions": {}}'
    assert {form.name for form in recognised("a.json", both)} == {"json", "picotool-json"}
