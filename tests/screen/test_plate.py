"""Plates: every compound in a well of its own, and the controls where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.screen.plate import COMPOUND, CONTROL, Place, Plates, PlateShape, Well, place_of, plated


def named(n: int) -> list[str]:
    return [f"SG-{i:04}" for i in range(n)]


def compounds(wells: Sequence[Well]) -> list[Well]:
    return [well for well in wells if well.role == COMPOUND]


layouts = st.builds(
    Plates,
    st.sampled_from([96, 384]),
    st.one_of(st.none(), st.just(()), st.just((3,)), st.just((2, 11, 12))),
    st.sampled_from(["rows", "random"]),
    st.integers(1, 3),
    st.booleans(),
    st.integers(0, 2),
)


@settings(deadline=None, max_examples=60)
@given(layouts, st.sampled_from([0, 1, 47, 48, 79, 80, 81, 320, 321]))
def test_compounds_and_wells_belong_together_one_to_one(plates: Plates, n: int) -> None:
    wells = plated(named(n), plates)
    places = [(well.plate, well.place) for well in wells]
    assert len(set(places)) == len(places)
    filled = Counter((well.id, well.replicate) for well in compounds(wells))
    assert filled == Counter((name, k) for name in named(n) for k in range(1, plates.replicates + 1))
    columns = plates.control_columns
    for well in wells:
        assert (well.place.column + 1 in columns) == (well.role == CONTROL)
        assert (well.id, well.replicate) == ("", None) if well.role == CONTROL else well.id
        assert 0 <= well.place.row < plates.shape.rows
        assert 0 <= well.place.column < plates.shape.columns
        assert plates.edge or not plates.shape.outermost(well.place)
    order = [well.plate for well in wells]
    assert [name for i, name in enumerate(order) if name not in order[:i]] == [
        f"plate-{i}" for i in range(1, len(set(order)) + 1)
    ]


@settings(deadline=None, max_examples=60)
@given(layouts, st.sampled_from([0, 1, 79, 80, 81, 320, 321]))
def test_every_plate_has_its_controls_and_no_more_plates_are_used_than_needed(plates: Plates, n: int) -> None:
    wells = plated(named(n), plates)
    found = {well.plate for well in wells}
    room = len(plates.for_compounds())
    assert len(found) == plates.replicates * -(-n // room)
    for plate in found:
        controls = {well.place for well in wells if well.plate == plate and well.role == CONTROL}
        assert controls == set(plates.for_controls())
        assert {well.replicate for well in compounds(wells) if well.plate == plate} <= set(range(1, 4))
        assert len({well.replicate for well in compounds(wells) if well.plate == plate}) == 1


@pytest.mark.parametrize(
    ("plates", "room", "columns"),
    [
        (Plates(96), 80, (1, 12)),
        (Plates(384), 320, (1, 2, 23, 24)),
        (Plates(96, edge=False), 48, (2, 11)),
        (Plates(384, edge=False), 280, (2, 23)),
        (Plates(96, ()), 96, ()),
        (Plates(96, (), edge=False), 60, ()),
        (Plates(384, (5, 5, 4)), 352, (4, 5)),
    ],
)
def test_known_plates(plates: Plates, room: int, columns: tuple[int, ...]) -> None:
    assert len(plates.for_compounds()) == room
    assert plates.control_columns == columns


def test_rows_are_filled_in_order() -> None:
    wells = [well.well for well in compounds(plated(named(12), Plates(96)))]
    assert wells == [*(f"A{i}" for i in range(2, 12)), "B2", "B3"]
    assert [well.id for well in compounds(plated(named(12), Plates(96)))] == named(12)


@given(st.permutations(named(30)), st.integers(0, 5))
def test_a_random_layout_depends_on_the_seed_and_the_ids_alone(ids: list[str], seed: int) -> None:
    torch.manual_seed(seed + 1)
    plates = Plates(96, None, "random", 2, seed=seed)
    assert plated(ids, plates) == plated(named(30), plates)
    assert plated(ids, plates) != plated(ids, Plates(96, None, "random", 2, seed=seed + 1))


def test_a_random_layout_takes_every_well_alike() -> None:
    counts: Counter[str] = Counter()
    for seed in range(200):
        counts.update(well.well for well in compounds(plated(named(20), Plates(96, layout="random", seed=seed))))
    assert len(counts) == 80
    assert min(counts.values()) > 20  # 50 of 200 expected, with a standard deviation of 6
    assert max(counts.values()) < 80


def test_replicates_are_scattered_each_in_its_own_way() -> None:
    wells = compounds(plated(named(120), Plates(96, layout="random", replicates=2)))
    of_plate = {plate: [well for well in wells if well.plate == f"plate-{plate}"] for plate in (1, 2, 3, 4)}
    assert [len(of_plate[plate]) for plate in (1, 2, 3, 4)] == [80, 40, 80, 40]
    first, second = ({well.id for well in of_plate[plate]} for plate in (1, 3))
    assert len(first & second) < 70  # 53 expected, with a standard deviation of 2.5
    third, fourth = ({well.well for well in of_plate[plate]} for plate in (2, 4))
    assert len(third & fourth) < 35  # 20 expected
    one, two = ({well.id: well.well for well in of_plate[plate]} for plate in (1, 3))
    assert sum(one.get(name) == well for name, well in two.items()) < 10


@pytest.mark.parametrize("wells", [96, 384, 1536])
def test_names_of_wells_are_read_back(wells: int) -> None:
    places = PlateShape.of(wells).places()
    assert len({str(place) for place in places}) == len(places) == wells
    for place in places:
        assert place_of(str(place)) == place_of(place.padded()) == place_of(f" {str(place).lower()} ") == place


def test_known_wells() -> None:
    assert place_of("A1") == place_of("a01") == place_of("A001") == Place(0, 0)
    assert (str(Place(7, 11)), Place(7, 8).padded(), str(Place(31, 47))) == ("H12", "H09", "AF48")


@pytest.mark.parametrize("name", ["", "A", "1", "A0", "1A", "A1B", "A-1", "ABC1", "A1000", "A１"])
def test_what_is_no_well_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="expected a letter and a number"):
        place_of(name)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"wells": 24}, "24 wells: expected 96 or 384"),
        ({"controls": (13,)}, "control column 13: a plate of 96 has 1 to 12"),
        ({"controls": (0,)}, "control column 0"),
        ({"controls": tuple(range(1, 13))}, "leave no well of 96"),
        ({"controls": (1, 12), "edge": False}, "all at the edge"),
        ({"replicates": 0}, "replicates=0: expected 1 or more"),
    ],
)
def test_plates_that_cannot_be_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        Plates(**options)  # type: ignore[arg-type]


def test_unknown_layouts_and_repeated_ids_are_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'random'"):
        Plates(layout="randon")
    with pytest.raises(DataError, match="id 'a' is there twice"):
        plated(["a", "a"], Plates())
