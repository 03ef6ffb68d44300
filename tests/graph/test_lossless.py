"""Nothing lost on the way in: every digit, every name, every part; what cannot be kept is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.export.fhir import same
from graph.fhir.parse import parse
from graph.fhir.read import Found, Refused, read
from graph.ingest_rows import Row, row
from tests.graph.made import observation

LIMIT = 1 << 20


def made(text: str | bytes | dict[str, Any]) -> Row | Refused:
    raw = json.dumps(text).encode() if isinstance(text, dict) else text
    return row(Found("a.ndjson", 7, raw.encode() if isinstance(raw, str) else raw), "run")


def whole(text: str | bytes | dict[str, Any]) -> Row:
    result = made(text)
    assert isinstance(result, Row), result
    return result


def quantity(number: str) -> str:
    return '{"resourceType":"Observation","id":"o","valueQuantity":{"value":' + number + "}}"


@pytest.mark.parametrize(
    "number",
    ["1.50", "1.5", "0.10", "100", "100.0", "1E2", "1e2", "-0", "-0.0", "0", "1.2345678901234567890123", "1e-7",
     "12345678901234567890", "1e400", "-1e400", "9" * 5000, "1e-400"],
)  # fmt: skip
def test_a_number_keeps_its_digits(number: str) -> None:
    node = whole(quantity(number)).nodes[0]["props"]
    assert same(node["fhir"], quantity(number))
    assert parse(quantity(number).encode())[1].endswith(b'{"value":' + number.encode() + b"}}")


def test_two_versions_that_differ_in_a_digit_only_are_two() -> None:
    ranks = {whole(quantity(number)).rank for number in ("1.5", "1.50", "1.500", "15e-1")}
    assert len(ranks) == 4


def test_white_space_and_order_of_names_make_no_version() -> None:
    texts = [
        '{"resourceType":"Basic","id":"b","x":[1.50,2]}',
        '{ "x" : [ 1.50,\n2 ],"id":"b",\t"resourceType":"Basic"}',
    ]
    assert len({whole(text).rank for text in texts}) == 1


def test_a_number_beyond_a_double_has_no_value_but_its_text() -> None:
    node = whole(quantity("1e400")).nodes[0]["props"]
    assert "value" not in node
    assert whole(quantity("9" * 300)).nodes[0]["props"]["value"] == pytest.approx(1e300)


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ('{"resourceType":"Patient","id":"a","gender":"male","gender":"female"}', "repeated-name", "gender"),
        ('{"resourceType":"Patient","id":"a","name":[{},{"use":"old","use":"usual"}]}', "repeated-name", "name[1].use"),
        ('{"resourceType":"Patient","id":"a","g":1,"\\u0067":2}', "repeated-name", "name g is"),
        ('{"resourceType":"Patient","id":"a", "Ann Doe" : 1, "Ann Doe" :2}', "repeated-name", "name ? is"),
        ('{"resourceType":"Patient","id":"a","x":"\\"y\\" :","z" :1,"z" :2}', "repeated-name", "name z is"),
        ('{"resourceType":"Patient","id":"a","x":"\\ud800"}', "half-character", "surrogate"),
        ('{"resourceType":"Patient","id":"a","x":1e400,"y":"\\ud800"}', "half-character", "surrogate"),
        ('{"resourceType":"Patient","id":"a","x":NaN}', "broken-json", "byte 39"),
        ('{"resourceType":"Patient","id":"a","x":1e400,"y":NaN}', "broken-json", ""),
        ('{"resourceType":"Patient","id":"a","x":' + "[" * 260 + "]" * 260 + "}", "too-deep", "254"),
        ('{"resourceType":"Patient","id":"a","x":' + "[" * 99999 + "]" * 99999 + "}", "too-deep", "254"),
        ('{"resourceType":"Patient","id":"a","x":1e400,"y":' + "[" * 9999 + "]" * 9999 + "}", "too-deep", "254"),
        (b'{"resourceType":"Patient","id":"a","x":"\xe9"}', "not-utf8", "byte 40"),
    ],
)  # fmt: skip
def test_what_a_reader_would_lose_or_choke_on_is_refused_with_its_place(
    text: str | bytes, reason: str, words: str
) -> None:
    refused = made(text)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.place) == (reason, "a.ndjson:7")
    assert words in refused.message
    assert refused.raw


def test_the_deepest_that_goes_in_goes_in() -> None:
    whole('{"resourceType":"Basic","id":"a","x":' + "[" * 253 + "]" * 253 + "}")
    deep: dict[str, Any] = {"text": "leaf"}
    for _ in range(120):
        deep = {"item": [deep]}
    whole({"resourceType": "Questionnaire", "id": "q"} | deep)


@pytest.mark.parametrize("name", ["bundle.json", "bundle.ndjson"])
def test_a_bundle_with_a_name_twice_loses_nothing_in_silence(tmp_path: Path, name: str) -> None:
    one, two = ('{"resourceType":"Patient","id":"' + i + '"}' for i in "ab")
    (tmp_path / name).write_text(
        '{"resourceType":"Bundle","entry":[{"resource":'
        + one
        + ',"resource":'
        + two
        + '},{"resource":'
        + one
        + "}]}"
    )
    first, second = read([tmp_path / name], LIMIT)
    assert isinstance(first, Refused)
    assert (first.reason, first.entry) == ("repeated-name", 0)
    assert isinstance(second, Found)
    (tmp_path / name).write_text(
        '{"resourceType":"Bundle","entry":[{"resource":' + one + '}],"entry":[{"resource":' + two + "}]}"
    )
    (item,) = read([tmp_path / name], LIMIT)
    assert isinstance(item, Refused)
    assert item.reason == "repeated-name"


def test_contained_resources_without_an_id_or_with_the_same_one_are_nodes_of_their_own() -> None:
    parts = [
        {"resourceType": "Device"},
        {"resourceType": "Device", "id": "d"},
        {"resourceType": "Device", "id": "d"},
    ]
    seen = whole(observation(contained=parts, device={"reference": "#d"}))
    keys = [node["key"] for node in seen.nodes]
    assert keys == [
        "Observation/o1",
        "Observation/o1#contained[0]",
        "Observation/o1#d",
        "Observation/o1#contained[2]",
    ]
    assert [link["b"] for link in seen.links if link["type"] == "DEVICE"] == ["Observation/o1#d"]
