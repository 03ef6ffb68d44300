"""Whatever bytes a file holds: every one of them is accounted for or named, nothing crashes, hangs or fills the memory."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from graph.check.structure import check
from graph.fhir.parse import UnreadableError, parse, repeated
from graph.fhir.read import Deletion, Found, Item, Refused, Source, items, read
from graph.fhir.read_items import REASONS
from graph.ingest_rows import Row, row
from graph.setaside import reread
from tests.graph.made import entry, observation, patient

LIMIT = 1 << 16
NAMES = st.sampled_from(["f.json", "f.ndjson", "f.jsonl", "f.json.gz", "f.ndjson.gz"])
EASY = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

REAL = [
    json.dumps(patient(name=[{"given": ["Zoë"], "family": "O'Neil"}], _birthDate={"id": "x"})),
    json.dumps(
        observation(valueQuantity={"value": 1.5, "unit": "mg"}, component=[{"code": {"text": "x"}}]), indent=1
    ),
    json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [entry(patient()), entry(observation())]}
    ),
    json.dumps(
        {"set_aside": "bad-value", "message": "m", "file": "a", "line": 3, "text": json.dumps(patient())}
    ),
    json.dumps({"set_aside": "not-utf8", "message": "m", "file": "a", "base64": "////"}),
    json.dumps({"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "Patient/1"}}]}),
    json.dumps(
        {
            "resourceType": "Bundle",
            "entry": [{"resource": {"resourceType": "Bundle", "id": "b", "entry": []}}],
        }
    ),
]
SPICE = st.sampled_from(
    [b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000", b'"', b"\\", b"{", b"}", b"[", b"]", b"\n", b"\r",
     b"1e999", b"-", b"9" * 400, b"null", b",", b":", b"NaN", b'"entry":[', b'"resource":{', b'{"set_aside":', b"[" * 2000,
     b'{"a":' * 2000]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Real lines, cut, repeated and spiced at random places."""
    lines = draw(st.lists(st.sampled_from(REAL), min_size=1, max_size=4))
    text = bytearray("\n".join(lines).encode())
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 12)))
        text[at:end] = draw(SPICE | st.binary(max_size=6))
    return bytes(text)


def taken(path: Path, limit: int = LIMIT) -> Iterator[Item]:
    """Everything in a file, each resource as far as its rows; what is refused has a reason that is known."""
    for item in read([path], limit):
        made = row(item, "run") if isinstance(item, Found) else item
        assert isinstance(made, Row | Refused | Deletion)
        if isinstance(made, Refused):
            assert made.reason in REASONS, made
        yield item


@given(NAMES, st.binary(max_size=400) | mutated())
@example("f.json", b"\x1f\x8b")
@example("f.ndjson", b"[" * 100_000)
@example("f.json", b'{"resourceType":"Bundle","entry":' + b"[" * 100_000)
@example("f.json", b'{"resourceType":"Bundle","entry":[{"resource":' + b'{"a":' * 3000 + b"}" * 3002 + b"]}")
@example("f.json", b'{"resourceType":"Bundle","entry":[{"resource":{"entry":"\xff"}}]}')
@example(
    "f.json",
    b'{"resourceType":"Bundle","entry":[{"resource":{"entry":' + b'{"a":' * 3000 + b"}" * 3003 + b"]}",
)
@example("f.json", b'{"resourceType":"Bundle","entry":[{"request":{},"request":{}}]}')
@example("f.json", b'{"resourceType":"Bundle","entry":[{"x":1,"resource":"x","request":{},"request":{}}]}')
@example("f.json", json.dumps(patient()).encode("utf-16"))
@example("f.ndjson", json.dumps(patient(name="Zoë"), ensure_ascii=False).encode("latin-1"))
@EASY
def test_any_bytes_in_a_file_are_taken_in_or_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert list(taken(tmp_path / name)), "a file that says nothing is named as empty"


@given(mutated(), st.integers(0, 2000), st.booleans())
@EASY
def test_gzip_cut_or_damaged_anywhere_is_named(tmp_path: Path, data: bytes, at: int, cut: bool) -> None:
    packed = bytearray(gzip.compress(data * 3, mtime=0))
    at %= len(packed)
    if cut:
        del packed[max(at, 2) :]
    else:
        packed[at] ^= 0xFF
    (tmp_path / "f.ndjson.gz").write_bytes(packed)
    assert list(taken(tmp_path / "f.ndjson.gz"))


@given(mutated(), st.integers(1, 300))
@EASY
def test_a_small_limit_loses_nothing_in_silence(tmp_path: Path, data: bytes, limit: int) -> None:
    for name in ("f.json", "f.ndjson"):
        (tmp_path / name).write_bytes(data)
        for item in taken(tmp_path / name, limit):
            if isinstance(item, Found):
                assert len(item.raw) <= max(limit, 64 * 1024)


@given(st.binary(max_size=200) | mutated())
@EASY
def test_what_was_set_aside_can_be_read_again_whatever_was_done_to_it(data: bytes) -> None:
    assert all(isinstance(item, Found | Refused) for item in reread("f.ndjson", 1, data))


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.integers().map(str)
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


@given(TREES, st.sampled_from([None, 1]), st.booleans())
@example(-(2**63) - 1, None, False)  # a number alone, too long for a machine word
@EASY
def test_parsing_gives_what_json_says_and_one_canonical_form(
    tree: object, indent: int | None, ascii_only: bool
) -> None:
    texts = [json.dumps(tree, indent=i, ensure_ascii=a) for i, a in ((indent, ascii_only), (None, False))]
    seen = [parse(text.encode()) for text in texts]
    assert seen[0][1] == seen[1][1]
    assert json.loads(seen[0][1], parse_float=str, parse_int=str) == json.loads(
        texts[0], parse_float=str, parse_int=str
    )


@given(st.text('{}[]":,ab\\u001 e', max_size=40))
@EASY
def test_a_name_given_twice_is_never_passed_over(text: str) -> None:
    try:
        seen = parse(text.encode())
    except UnreadableError:
        return
    assert repeated(text.encode()) is None, seen


@given(TREES)
@EASY
def test_the_structure_check_takes_anything(tree: object) -> None:
    for content in (
        tree,
        {"resourceType": "Patient", "name": tree, "_birthDate": tree, "contained": [tree], "extension": tree},
    ):
        for finding in check(content, "r4"):
            assert finding.expression


@pytest.mark.parametrize("name", ["f.json", "f.ndjson"])
@pytest.mark.parametrize(
    "start",
    [b"[" * 101_000, b'{"a":' * 101_000, b'{"resourceType":"Bundle","entry":[' + b'{"x":[' * 51_000],
)
def test_a_gzip_bomb_of_nesting_is_read_in_little_memory(tmp_path: Path, name: str, start: bytes) -> None:
    """32 MB from some kilobytes: what is held is the limit and a few pieces of the stream."""
    path = tmp_path / f"{name}.gz"
    with gzip.open(path, "wb") as file:
        file.write(start)
        for _ in range(32):
            file.write(b"[" * (1 << 20))
    tracemalloc.start()
    try:
        found = list(items(Source(path, path.name, 0), LIMIT))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {type(item) for item in found} == {Refused}
    assert peak < 24 << 20
