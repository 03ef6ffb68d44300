"""`cwm skillmix`: coordinates, agents, evidence, verdicts and coverage."""

from typing import Annotated, Any

import typer

from cli import output
from cli.instant import instant
from ontology.errors import InvalidInputError

app = typer.Typer(help="Where each agent's reliability has been shown, and for whom.", no_args_is_help=True)

AgentKey = Annotated[str, typer.Argument(help="An agent's key, or the beginning of exactly one.")]
Population = Annotated[
    str,
    typer.Option("--population", "-p", help="synthetic or real, then ': ' and which patients if need be."),
]
PolicyName = Annotated[str, typer.Option("--policy", help="Name of a policy, or path of a YAML file.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", help="An instant with its time zone, or the end of a date (UTC); now when left out."
    ),
]


@app.command()
def coordinate(
    where: Annotated[str | None, typer.Argument(help="Eight codes joined by '/', or an index.")] = None,
    search: Annotated[str | None, typer.Option("--search", "-s", help="Find values by words.")] = None,
    dimension: Annotated[
        str | None, typer.Option("--dimension", "-d", help="Search this dimension only.")
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Show a coordinate as index, text and sentence; find values; or list the dimensions.

    \b
    Example: cwm skillmix coordinate --search "chest pain"
    Example: cwm skillmix coordinate i25/treatment-planning/ward/cardiology/patient-counseling/augmentation/provider/input
    """
    from ontology.skillmix_values import COORDINATES, dimensions
    from skillmix.coordinate import Coordinate

    if dimension is not None and dimension not in dimensions():
        raise InvalidInputError("No such dimension.", got=dimension, allowed=", ".join(dimensions()))
    if where and (search or dimension):
        raise InvalidInputError("Give a coordinate or a search, not both.")
    if where:
        _show(Coordinate.parse(where), as_json)
    elif search is not None or dimension is not None:
        _found(search or "", dimension, as_json)
    else:
        rows = [d.model_dump(include={"name", "axis", "size", "summary"}) for d in dimensions().values()]
        if as_json:
            output.json({"coordinates": COORDINATES, "dimensions": rows})
        else:
            output.table(
                rows,
                ["name", "axis", "size", "summary"],
                title=f"{COORDINATES:,} coordinates in eight dimensions",
            )


def _show(place: Any, as_json: bool) -> None:
    from ontology.skillmix_values import dimensions

    data = {"index": place.index, "text": place.text, "sentence": place.sentence(), **place.model_dump()}
    if as_json:
        output.json(data)
        return
    names = [
        {"dimension": n, "code": c, "name": dimensions()[n][c].name} for n, c in place.model_dump().items()
    ]
    output.out.print(f"{place.sentence()}.\n")
    output.table(names, ["dimension", "code", "name"])
    output.out.print(f"\nindex {place.index}\n{place.text}", soft_wrap=True)


def _found(words: str, dimension: str | None, as_json: bool) -> None:
    from ontology.skillmix_values import dimensions, search

    hits = search(words, dimension)
    rows = [
        {
            "dimension": d,
            "code": v.code,
            "name": v.name,
            "group": dimensions()[d].groups.get(v.group or "", ""),
        }
        for d, v in hits
    ]
    if as_json:
        output.json(rows)
    else:
        output.table(rows, ["dimension", "code", "name", "group"], empty=f"No value holds '{words}'.")


@app.command()
def agents(as_json: output.Json = False) -> None:
    """List the registered agents with their claims, evidence and open cases.

    \b
    Example: cwm skillmix agents
    """
    from graph import open_graph
    from skillmix.agent import agents as listed

    with open_graph() as graph:
        rows = listed(graph)
    if as_json:
        output.json(rows)
    else:
        columns = ["key", "kind", "provider", "claims", "evidence", "cases"]
        output.table(rows, columns, empty="No agent yet. `cwm twin train TASK` registers one.")


@app.command()
def evidence(agent: AgentKey, as_json: output.Json = False) -> None:
    """List the evidence of an agent: what was measured, in which cells, for whom, when and by whom.

    \b
    Example: cwm skillmix evidence twin-admission-365d
    """
    from graph import open_graph
    from skillmix.agent import resolve
    from skillmix.evidence import evidence as records

    with open_graph() as graph:
        key = resolve(graph, agent)
        items = records(graph, key)
    if as_json:
        output.json([{"id": i.id} | i.model_dump(mode="json") for i in items])
        return
    rows = [
        i.model_dump(include={"measure", "statistic", "n", "events", "population", "date"})
        | {"id": i.id[:8], "value": f"{i.value:.3f}", "interval": f"{i.low:.3f} to {i.high:.3f}"}
        | {"assumption": i.assumption and f"{i.assumption.author}: {i.assumption.reason}"}
        for i in items
    ]
    columns = ["id", "measure", "statistic", "value", "interval", "n", "events", "population", "date"]
    borrowed = ["assumption"] if any(r["assumption"] for r in rows) else []
    output.table(rows, columns + borrowed, title=key, empty=f"{key} has no evidence.")
    for text in sorted({t for i in items for t in i.counts}):
        output.out.print(f"in {text}", style="dim", soft_wrap=True)
    for names in sorted({i.cells.unknown for i in items} - {()}):
        output.out.print(f"unknown: {', '.join(names)} (validates nothing)", style="dim")


@app.command()
def verdict(
    agent: AgentKey,
    where: Annotated[
        str, typer.Argument(metavar="COORDINATE", help="Eight codes joined by '/', or an index.")
    ],
    population: Population,
    at: At = None,
    policy: PolicyName = "default",
    as_json: output.Json = False,
) -> None:
    """Say whether an agent is validated at a coordinate for a population, and why. Exit status 0 when it is, 1 when not.

    \b
    Example: cwm skillmix verdict twin-admission-365d 22544172028 --population synthetic
    """
    from graph import open_graph
    from skillmix.agent import resolve
    from skillmix.coordinate import Coordinate
    from skillmix.policy import policy as load
    from skillmix.verdict import verdict as answer

    place, rules, when = Coordinate.parse(where), load(policy), instant(at)
    with open_graph() as graph:
        said = answer(graph, resolve(graph, agent), place, population, when, policy=rules)
    if as_json:
        output.json(said.model_dump(mode="json") | {"coordinate": place.text, "index": place.index})
    else:
        colour = {"validated": "green", "insufficient": "yellow", "expired": "yellow"}.get(said.status, "red")
        status = (said.status, f"bold {colour}")
        output.out.print(output.styled(status, f" for {population}, by policy {said.policy}"))
        output.out.print(f"{said.agent}\n{place.sentence()}\n")
        for reason in said.reasons:
            output.out.print(f"- {reason}")
        output.out.print(f"\nshown    {', '.join(said.shown) or 'none of the five measures'}")
        output.out.print(f"missing  {', '.join(said.missing) or 'none'}\nhash     {said.hash}")
    raise typer.Exit(0 if said.status == "validated" else 1)


@app.command()
def coverage(
    population: Population,
    agent: Annotated[
        str | None, typer.Argument(help="An agent's key or its beginning; all agents when left out.")
    ] = None,
    at: At = None,
    policy: PolicyName = "default",
    as_json: output.Json = False,
) -> None:
    """Show which share of the declared claims is validated, by dimension, and the frontier.

    \b
    Example: cwm skillmix coverage --population synthetic
    """
    from graph import open_graph
    from skillmix.agent import agents as listed
    from skillmix.agent import resolve
    from skillmix.coverage import coverage as share
    from skillmix.policy import policy as load
    from skillmix.population import ALLOWED, KINDS, kind

    rules, when = load(policy), instant(at)
    if kind(population) not in KINDS:
        raise InvalidInputError("No such population.", got=population, allowed=ALLOWED)
    with open_graph() as graph:
        keys = [resolve(graph, agent)] if agent else [row["key"] for row in listed(graph)]
        found = [share(graph, key, population, when, policy=rules) for key in keys]
    if as_json:
        output.json([_coverage_json(c) for c in found])
        return
    for c in found:
        title = (
            f"{c.agent}: {len(c.validated)} of {c.claimed:,} claimed coordinates validated for {population}"
        )
        rows: list[dict[str, Any]] = [
            {
                "dimension": s.dimension,
                "claimed": s.claimed,
                "validated": ", ".join(s.validated[:5]),
                "frontier": f.size,
            }
            | {"owed next": len(f.claimed)}
            for s, f in zip(c.by_dimension, c.frontier, strict=True)
        ]
        output.table(rows, ["dimension", "claimed", "validated", "frontier", "owed next"], title=title)
    if not found:
        output.out.print("No agent yet. `cwm twin train TASK` registers one.", style="dim")


def _coverage_json(found: Any) -> dict[str, Any]:
    shares = [s.model_dump() | {"share": s.share} for s in found.by_dimension]
    edges = [
        {"dimension": f.dimension, "size": f.size, "claimed": [c.text for c in f.claimed]}
        for f in found.frontier
    ]
    plain: dict[str, Any] = found.model_dump(include={"agent", "population", "claims", "claimed", "statuses"})
    validated = [c.text for c in found.validated]
    return plain | {"validated": validated, "share": found.share, "by_dimension": shares, "frontier": edges}
