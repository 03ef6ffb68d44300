"""Coordinates: the same cell as index, text and sentence, both ways; and sets of them as products."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.errors import InvalidInputError
from ontology.skillmix_values import COORDINATES, UNKNOWN, dimensions
from skillmix.coordinate import DIMENSIONS, Cells, Coordinate, union_size

WORKED = "i25/treatment-planning/emergency-room/cardiology/patient-counseling/augmentation/provider/input"

indexes = st.integers(0, COORDINATES - 1)
coordinates = indexes.map(Coordinate.from_index)


@st.composite
def cells(draw: st.DrawFn, most: int = 3) -> Cells:
    """Cells over the first few values of each dimension, so that two of them often meet."""
    sets = {
        name: draw(
            st.lists(st.sampled_from([v.code for v in d.values[:4]]), min_size=1, max_size=most, unique=True)
        )
        for name, d in dimensions().items()
    }
    return Cells.of(**sets)


def everything() -> list[Coordinate]:
    return list(Cells.of(**{name: [v.code for v in d.values[:2]] for name, d in dimensions().items()}))


def test_the_worked_example_is_said_to_the_letter() -> None:
    assert Coordinate.parse(WORKED).sentence() == (
        "AI competency to augment cardiologists' input layer for patient counseling in chronic ischemic heart disease"
        " during treatment planning within the emergency room"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agent_facing": "encounter"}, "augment cardiologist-patient encounter's input layer"),
        ({"agent_facing": "patient"}, "augment patient's in cardiologist-patient care input layer"),
        ({"agent_facing": "ecosystem"}, "augment healthcare ecosystem's input layer"),
        (
            {"assigned_authority": "monitoring", "anchoring_layer": "system-ii"},
            "monitor cardiologists' System II layer",
        ),
        (
            {"provider_role": "health-management-personnel-nec"},
            "augment health management personnel's input layer",
        ),
        ({"condition": "g20"}, "in Parkinson's disease during"),
    ],
)
def test_the_sentence_follows_each_dimension(changes: dict[str, str], said: str) -> None:
    assert said in Coordinate.parse(WORKED).moved(**changes).sentence()


@given(indexes)
def test_an_index_comes_back_from_its_coordinate_and_its_text(index: int) -> None:
    place = Coordinate.from_index(index)
    assert place.index == index
    assert Coordinate.parse(place.text) == place == Coordinate.parse(str(index))


@given(coordinates, coordinates)
def test_the_index_keeps_the_order_of_the_dimensions(one: Coordinate, other: Coordinate) -> None:
    def places(c: Coordinate) -> list[int]:
        return [dimensions()[n].positions[code] for n, code in zip(DIMENSIONS, c.codes, strict=True)]

    assert (one.index < other.index) == (places(one) < places(other)) == (one < other)


def test_the_ends_of_the_space() -> None:
    assert Coordinate.from_index(0).codes == tuple(d.values[0].code for d in dimensions().values())
    assert Coordinate.from_index(COORDINATES - 1).codes == tuple(
        d.values[-1].code for d in dimensions().values()
    )
    for outside in (-1, COORDINATES):
        with pytest.raises(InvalidInputError):
            Coordinate.from_index(outside)


def test_case_blanks_and_the_authors_own_ids_are_understood() -> None:
    loose = " I25/Treatment-Planning/emergency-room/cardiology/patient-counseling/augmentation/provider_facing/input "
    assert Coordinate.parse(loose).text == WORKED


@pytest.mark.parametrize(
    "text", ["", "i25", WORKED + "/more", WORKED.replace("ward", "x").replace("i25", "i250")]
)
def test_a_text_that_is_no_coordinate_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        Coordinate.parse(text)


@given(coordinates)
def test_neighbours_differ_in_exactly_one_dimension_and_are_all_there(place: Coordinate) -> None:
    around = list(place.neighbours())
    assert len(set(around)) == len(around) == sum(d.size - 1 for d in dimensions().values()) == 2087
    assert all(sum(a != b for a, b in zip(place.codes, n.codes, strict=True)) == 1 for n in around)


def test_a_dimension_left_out_is_unknown_and_unknown_is_not_all() -> None:
    place = Coordinate.parse(WORKED)
    some = Cells.of(condition="i25")
    assert some.condition == ("i25",)
    assert len(some.unknown) == 7
    assert (some.size, list(some), place in some) == (0, [], False)
    every = Cells.of(place, condition="*")
    assert (every.size, place in every) == (1918, True)


@pytest.mark.parametrize("bad", [[], ["i25", UNKNOWN], ["*", "i25"], "nonsense"])
def test_a_value_set_that_says_two_things_is_refused(bad: str | list[str]) -> None:
    with pytest.raises(InvalidInputError):
        Cells.of(condition=bad)


@given(cells())
def test_size_iteration_and_membership_agree(some: Cells) -> None:
    first = list(itertools.islice(some, 50))
    assert all(c in some for c in first)
    assert first == sorted(first)
    assert len(set(first)) == min(some.size, 50)


@given(cells(), st.data())
def test_json_brings_the_same_cells_back_whatever_the_order_of_values(
    some: Cells, data: st.DataObject
) -> None:
    assert Cells.parse(some.json_text) == some
    mixed = {name: data.draw(st.permutations(getattr(some, name))) for name in DIMENSIONS}
    assert Cells.of(**mixed).json_text == some.json_text


@given(cells(), cells())
def test_intersection_and_difference_split_the_cells_without_overlap(one: Cells, other: Cells) -> None:
    shared, pieces = one & other, one - other
    assert (shared.size if shared else 0) + sum(p.size for p in pieces) == one.size
    for place in everything():
        assert (shared is not None and place in shared) == (place in one and place in other)
        assert sum(place in p for p in pieces) == (place in one and place not in other)


@given(st.lists(cells(most=2), max_size=4))
def test_a_union_counts_each_coordinate_once(parts: list[Cells]) -> None:
    assert union_size(parts) == len({c.codes for part in parts for c in part})


def test_unknown_meets_only_unknown() -> None:
    place = Coordinate.parse(WORKED)
    blank, told = Cells.of(place, condition=UNKNOWN), Cells.of(place)
    assert blank & told is None
    assert blank & blank == blank
    assert union_size([blank]) == 0


@pytest.mark.parametrize("text", ["{", '{"weather": ["rain"]}', '{"condition": ["zz9"]}'])
def test_json_that_is_no_cells_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        Cells.parse(text)
