"""Archives: the same resources as the files in them, and every way in which an archive can be wrong or hostile."""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.fhir import archive
from graph.fhir.read import Found, Item, Refused, read
from tests.graph.made import entry, observation, patient

LIMIT = 1 << 20
KINDS = ("a.zip", "a.tar", "a.tar.gz", "a.tgz")


def line(*ids: str) -> bytes:
    return b"".join(json.dumps(patient(i)).encode() + b"\n" for i in ids)


def pack(path: Path, files: dict[str, bytes]) -> Path:
    """An archive of those files, of the kind that its name says."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in files.items():
                packed.writestr(name, data)
        return path
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def took(items: list[Item]) -> list[str]:
    return [json.loads(i.raw)["id"] for i in items if isinstance(i, Found)]


def refused(items: list[Item]) -> list[tuple[str, str]]:
    return [(i.place, i.reason) for i in items if isinstance(i, Refused)]


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_gives_what_its_files_give(tmp_path: Path, name: str) -> None:
    whole = json.dumps({"resourceType": "Bundle", "entry": [entry(patient("d"))]}).encode()
    files = {"notes.txt": b"x", "x/a.ndjson": line("a", "b"), "x/y/c.ndjson.gz": gzip.compress(line("c")),
             "x/y/d.json": whole, "x/._e.ndjson": b"made by a Mac"}  # fmt: skip
    items = list(read([pack(tmp_path / name, files)], LIMIT))
    assert took(items) == ["a", "b", "c", "d"]
    assert [(i.source, i.line, i.entry) for i in items] == [
        (f"{tmp_path.name}/{name}!x/a.ndjson", 1, None),
        (f"{tmp_path.name}/{name}!x/a.ndjson", 2, None),
        (f"{tmp_path.name}/{name}!x/y/c.ndjson.gz", 1, None),
        (f"{tmp_path.name}/{name}!x/y/d.json", 0, 0),
    ]


def test_an_archive_in_a_folder_is_read_like_a_file_of_it(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", {"p.ndjson": line("a")})
    (tmp_path / "b.ndjson").write_bytes(line("b"))
    assert took(list(read([tmp_path], LIMIT))) == ["a", "b"]


@pytest.mark.parametrize("name", KINDS)
def test_a_fault_in_a_member_is_named_by_archive_member_and_line(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / name, {"p.ndjson": line("a") + b"{broken\n" + line("b"), "q.ndjson": b""})
    items = list(read([path], LIMIT))
    # A broken line is found when it is taken in; reading gives its place.
    assert [(i.source, i.line) for i in items] == [
        (f"{tmp_path.name}/{name}!p.ndjson", n) for n in (1, 2, 3)
    ] + [(f"{tmp_path.name}/{name}!q.ndjson", 0)]
    assert refused(items) == [(f"{tmp_path.name}/{name}!q.ndjson", "empty-file")]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("inside", ["/etc/p.ndjson", "../p.ndjson", "a/../../p.ndjson", "C:\\p.ndjson"])
def test_a_name_that_leads_out_is_refused_and_the_rest_is_read(
    tmp_path: Path, name: str, inside: str
) -> None:
    items = list(read([pack(tmp_path / name, {inside: line("evil"), "z.ndjson": line("a")})], LIMIT))
    assert took(items) == ["a"]
    assert [reason for _, reason in refused(items)] == ["bad-member"]
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_in_an_archive_is_named_and_not_opened(tmp_path: Path, name: str) -> None:
    inner = pack(tmp_path / "inner.zip", {"p.ndjson": line("x")}).read_bytes()
    items = list(read([pack(tmp_path / name, {"inner.zip": inner, "p.ndjson": line("a")})], LIMIT))
    assert (took(items), refused(items)) == (["a"], [(f"{tmp_path.name}/{name}!inner.zip", "bad-member")])


def test_a_link_in_a_tar_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        link = tarfile.TarInfo("p.ndjson")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert refused(list(read([tmp_path / "a.tar"], LIMIT))) == [
        (f"{tmp_path.name}/a.tar!p.ndjson", "bad-member")
    ]


def test_a_member_under_a_password_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"p.ndjson": line("a")})
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag bits say: encrypted
        data[data.index(mark) + at] |= 1
    path.write_bytes(data)
    assert refused(list(read([path], LIMIT))) == [(f"{tmp_path.name}/a.zip!p.ndjson", "bad-member")]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_bomb_is_stopped(tmp_path: Path, name: str) -> None:
    blank = b" " * (64 << 20)
    path = pack(tmp_path / name, {"a.ndjson": line("a"), "b.ndjson": blank, "c.ndjson": line("c")})
    assert archive.RATIO * path.stat().st_size < 2 * archive.FLOOR
    items = list(read([path], LIMIT))
    assert took(items)[:1] == ["a"]
    assert "bomb" in [reason for _, reason in refused(items)]
    assert "c" not in took(items)


def test_a_bomb_packed_twice_is_stopped(tmp_path: Path) -> None:
    """A zip that holds a gzip: each layer alone grows a thousandfold."""
    twice = gzip.compress(gzip.compress(b" " * (200 << 20)))
    assert len(twice) < 2000
    for member in ("a.ndjson.gz", "a.json.gz"):
        items = list(read([pack(tmp_path / "a.zip", {member: gzip.decompress(twice)})], LIMIT))
        assert [reason for _, reason in refused(items)] == ["bomb"]


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_cut_off_gives_what_came_before(tmp_path: Path, name: str) -> None:
    many = {
        f"{n:02}.ndjson": b"".join(
            json.dumps(observation(os.urandom(16).hex())).encode() + b"\n" for _ in range(300)
        )
        for n in range(4)
    }
    path = pack(tmp_path / name, many)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    items = list(read([path], LIMIT))
    assert "broken-archive" in [reason for _, reason in refused(items)]
    if name != "a.zip":  # the list of a zip's members stands at its end
        assert len(took([i for i in items if i.line < 300])) > 300


def test_a_member_of_a_zip_that_is_damaged_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.ndjson", line("a"))
        packed.writestr("b.ndjson", line("b"))
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"x"', 1))
    items = list(read([path], LIMIT))
    assert took(items)[-1] == "b"
    assert [(p.partition(":")[0], r) for p, r in refused(items)] == [
        (f"{tmp_path.name}/a.zip!a.ndjson", "broken-archive")
    ]


@pytest.mark.parametrize("damage", ["a header", "a header that is cut off", "no end"])
def test_a_tar_whose_rest_cannot_be_found_says_so(tmp_path: Path, damage: str) -> None:
    """What reads tar for Python takes each of these for the end of the archive."""
    path = pack(tmp_path / "a.tar", {f"{i}.ndjson": line(i) for i in "abcd"})
    whole = path.read_bytes()
    made = {"a header": whole[:2048] + b"x" * 9 + whole[2057:], "a header that is cut off": whole[:2100],
            "no end": whole[:2048]}  # fmt: skip
    path.write_bytes(made[damage])
    items = list(read([path], LIMIT))
    assert (took(items), refused(items)) == (["a", "b"], [(f"{tmp_path.name}/a.tar", "broken-archive")])


SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "10"}


@pytest.mark.parametrize("said", [{"GNU.sparse.map": "a,b"}, SPARSE, {"GNU.sparse.size": "x"}])
def test_a_header_of_a_tar_that_says_nonsense_is_named(tmp_path: Path, said: dict[str, str]) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        info = tarfile.TarInfo("p.ndjson")
        info.pax_headers = said
        tar.addfile(info)
    assert refused(list(read([tmp_path / "a.tar"], LIMIT))) == [(f"{tmp_path.name}/a.tar", "broken-archive")]


def test_a_zip_that_nobody_can_list_is_named(tmp_path: Path) -> None:
    good = pack(tmp_path / "a.zip", {"é.ndjson": line("a")}).read_bytes()
    at = good.index(b"PK\x01\x02") + 6  # the version that is needed to read it
    for bad in (good.replace("é".encode(), b"\xc3\xc3"), good[:at] + b"\xff" + good[at + 1 :]):
        (tmp_path / "a.zip").write_bytes(bad)
        found = list(read([tmp_path / "a.zip"], LIMIT))
        assert refused(found) == [(f"{tmp_path.name}/a.zip", "broken-archive")]


def test_a_header_of_a_tar_fills_no_memory(tmp_path: Path) -> None:
    """A name as long as a film, from some hundred kilobytes."""
    name = tarfile.TarInfo("././@LongLink")
    name.type, name.size = tarfile.GNUTYPE_LONGNAME, 100 << 20
    with gzip.open(tmp_path / "a.tar.gz", "wb") as packed:
        packed.write(name.tobuf(tarfile.GNU_FORMAT))
        for _ in range(100):
            packed.write(b"a" * (1 << 20))
    tracemalloc.start()
    try:
        found = list(read([tmp_path / "a.tar.gz"], LIMIT))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [reason for _, reason in refused(found)] == ["broken-archive"]
    assert peak < 16 << 20


@pytest.mark.parametrize("inside", ["film.bin", "b.zip"])
def test_what_is_only_passed_over_can_be_a_bomb_too(tmp_path: Path, inside: str) -> None:
    files = {"a.ndjson": line("a"), inside: b"\0" * (archive.FLOOR + 1), "c.ndjson": line("c")}
    items = list(read([pack(tmp_path / "a.tar.gz", files)], LIMIT))
    assert (took(items), refused(items)) == (["a"], [(f"{tmp_path.name}/a.tar.gz!{inside}", "bomb")])


def test_a_name_of_a_member_that_is_no_utf8_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.tar", {"xyz.ndjson": line("a")})
    info = tarfile.TarInfo(b"caf\xe9.ndjson".decode(errors="surrogateescape"))
    info.size = len(line("a"))
    with tarfile.open(path, "w") as tar:
        tar.addfile(info, io.BytesIO(line("a")))
    (item,) = read([path], LIMIT)
    assert isinstance(item, Found)
    assert item.source == f"{tmp_path.name}/a.tar!caf\ufffd.ndjson"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(KINDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.data()
)
def test_no_damage_crashes_the_reader(
    tmp_path: Path, name: str, hits: list[tuple[float, int]], data: st.DataObject
) -> None:
    path = pack(tmp_path / name, {"a.ndjson": line("a", "b"), "x/b.json": json.dumps(patient("c")).encode()})
    text = bytearray(path.read_bytes())
    for where, byte in hits:
        text[int(where * (len(text) - 1))] = byte
    path.write_bytes(text[: data.draw(st.integers(0, len(text)))])
    assert list(read([path], LIMIT))


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    row = json.dumps(observation("o" * 30)).encode() + b"\n"
    noise = [os.urandom(500).hex().encode() + b"\n" for _ in range(700)]  # so that it does not pack well
    big = b"".join(row.replace(b"o" * 30, n[:30]) + n for n in noise for _ in range(20))
    path = pack(tmp_path / "a.zip", {f"{i}.ndjson": big for i in range(2)})
    peak = (
        "print(next(int(s.split()[1]) // 1024 for s in open('/proc/self/status') if s.startswith('VmHWM')));"
    )
    script = "import sys; from graph.fhir.read import read;" + peak
    script += "print(sum(1 for _ in read([sys.argv[1]], 1 << 20)));" + peak
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    empty, count, full = map(int, done.stdout.split())
    assert count == 2 * 2 * 20 * 700
    assert full - empty < 25
    assert len(big) * 2 > 25 << 20
