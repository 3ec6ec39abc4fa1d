"""An approximate set of strings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.data.seen import Seen
from sciencegen.errors import DataError

texts = st.text(st.characters(codec=None))


@pytest.fixture(scope="module")
def many() -> Seen:
    return Seen.of(f"molecule {number}" for number in range(50_000))


@given(strings=st.lists(texts))
def test_what_was_put_in_is_found(strings: list[str]) -> None:
    seen = Seen.of(strings)
    assert len(seen) == len(set(strings))
    assert seen.many(strings).all()
    assert all(text in seen for text in strings[:3])


@pytest.mark.parametrize("count", [2, 3, 10, 100, 1000, 4097])
def test_every_size_can_be_built(count: int) -> None:
    for start in range(5):
        strings = [f"{start} {number}" for number in range(count)]
        assert Seen.of(strings).many(strings).all()


def test_an_empty_set_holds_nothing() -> None:
    seen = Seen.of([])
    assert not seen.many(map(str, range(2000))).any()
    assert (len(seen), seen.false_positive_rate) == (0, 0.0)
    assert seen.many([]).tolist() == []


def test_few_others_are_found(many: Seen) -> None:
    assert many.many(f"molecule {number}" for number in range(50_000)).all()
    trials = 200_000
    rate = many.many(f"other {number}" for number in range(trials)).mean()
    spread = (many.false_positive_rate / trials) ** 0.5
    assert abs(rate - many.false_positive_rate) < 5 * spread
    assert many.false_positive_rate < 0.006


def test_it_takes_little_more_than_a_byte_a_string(many: Seen, tmp_path: Path) -> None:
    many.save(tmp_path / "seen.bin")
    assert (tmp_path / "seen.bin").stat().st_size < 1.3 * len(many)


def test_a_saved_set_is_the_same(many: Seen, tmp_path: Path) -> None:
    for number, seen in enumerate([many, Seen.of([]), Seen.of(["CCO"])]):
        path = tmp_path / f"{number}.bin"
        seen.save(path)
        again = Seen.load(path)
        again.save(tmp_path / "again.bin")
        assert path.read_bytes() == (tmp_path / "again.bin").read_bytes()
        asked = [f"{kind} {number}" for kind in ("molecule", "other") for number in range(49_000, 51_000)]
        assert np.array_equal(again.many(asked), seen.many(asked))
        assert len(again) == len(seen)


def test_the_order_and_repetition_of_strings_do_not_matter(tmp_path: Path) -> None:
    Seen.of(["a", "b", "c"]).save(tmp_path / "one")
    Seen.of(iter(["c", "b", "a", "a"])).save(tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_bytes_are_the_same_on_every_machine(tmp_path: Path) -> None:
    Seen.of(["CCO", "c1ccccc1"]).save(tmp_path / "seen")
    header = "73672d7365656e310200000000000000000000000000000004000000030000007200814187747790"
    digest_and_table = "a0e8cb447d2b4bad000d00c20000000000000000"
    assert (tmp_path / "seen").read_bytes().hex() == header + digest_and_table


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "seen.bin"
    Seen.of(["a", "b", "c"]).save(path)
    whole = path.read_bytes()
    for length in range(8, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"seen\.bin: damaged: it is not what was written; get the file again"):
            Seen.load(path)
    for place in range(8, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(DataError, match="damaged"):
            Seen.load(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"SMILES\nCCO\n")
    with pytest.raises(DataError, match="expected a set of seen strings"):
        Seen.load(tmp_path / "other")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        Seen.load(tmp_path / "none")
