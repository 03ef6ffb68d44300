"""Coverage: the share of the claims that is validated, and the frontier where evidence is owed next."""

import pytest

from graph import Graph
from ontology.errors import InvalidInputError, NotFoundError
from skillmix.agent import agents, register, resolve
from skillmix.claim import Claim, claims, declare
from skillmix.coordinate import Cells
from skillmix.coverage import coverage, frontier
from tests.skillmix.examples import HERE, NOW, TWIN, enough

pytestmark = pytest.mark.neo4j


def claim(cells: Cells, population: str = "synthetic: demo") -> Claim:
    return Claim(agent=TWIN.key, cells=cells, population=population, intended="Flag patients for a call.")


def test_the_share_counts_claimed_coordinates_once_and_validated_ones(graph: Graph) -> None:
    enough(graph)
    declare(graph, claim(Cells.of(HERE, care_setting=["clinic", "ward"])))
    declare(graph, claim(Cells.of(HERE, condition=["i25", "i10"])))
    found = coverage(graph, TWIN.key, "synthetic", NOW)
    assert (found.claims, found.claimed, len(found.validated), found.share) == (2, 3, 1, 1 / 3)
    shares = {s.dimension: (s.claimed, s.validated) for s in found.by_dimension}
    assert shares["care_setting"] == (2, ("clinic",))
    assert shares["condition"] == (2, ("i25",))
    owed = {f.dimension: [c.text for c in f.claimed] for f in found.frontier}
    assert owed["care_setting"] == [HERE.moved(care_setting="ward").text]
    assert owed["condition"] == [HERE.moved(condition="i10").text]
    assert [f.size for f in found.frontier] == [1917, 6, 11, 85, 57, 2, 3, 6]


def test_a_claim_alone_shows_nothing_and_a_claim_for_others_is_not_counted(graph: Graph) -> None:
    register(graph, TWIN)
    declare(graph, claim(Cells.of(HERE, condition="*")))
    declare(graph, claim(Cells.of(HERE), population="real"))
    found = coverage(graph, TWIN.key, "synthetic", NOW)
    assert (found.claims, found.claimed, found.validated, found.share) == (1, 1918, (), 0.0)


def test_evidence_outside_the_claims_does_not_count_as_coverage(graph: Graph) -> None:
    enough(graph)
    declare(graph, claim(Cells.of(HERE, care_setting="ward")))
    assert coverage(graph, TWIN.key, "synthetic", NOW).share == 0


def test_a_validated_neighbour_is_not_on_the_frontier() -> None:
    lines = {f.dimension: f.size for f in frontier([HERE, HERE.moved(care_setting="ward")])}
    assert lines["care_setting"] == 10
    assert lines["condition"] == 2 * 1917


def test_a_claim_is_kept_once_and_comes_back(graph: Graph) -> None:
    register(graph, TWIN)
    made = claim(Cells.of(HERE))
    assert declare(graph, made) == declare(graph, made) == made.id
    assert claims(graph, TWIN.key) == [(made.id, made)]


def test_a_claim_must_say_every_dimension_and_have_a_registered_agent(graph: Graph) -> None:
    with pytest.raises(InvalidInputError, match="condition"):
        claim(Cells.of(HERE, condition="unknown"))
    with pytest.raises(NotFoundError):
        declare(graph, claim(Cells.of(HERE)))


def test_an_agent_is_found_by_the_beginning_of_its_key(graph: Graph) -> None:
    register(graph, TWIN)
    assert register(graph, TWIN) == resolve(graph, "twin") == TWIN.key
    assert len(agents(graph)) == 1
    register(graph, TWIN.model_copy(update={"version": "2"}))
    with pytest.raises(NotFoundError, match="More than one"):
        resolve(graph, "twin")
    with pytest.raises(NotFoundError, match="No such agent"):
        resolve(graph, "nobody")
