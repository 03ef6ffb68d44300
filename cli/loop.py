"""`cwm graph loop`: place the facts of encounters in the rounds of the decision loop."""

from typing import Annotated, Any

import typer

from cli import output


def loop(
    encounter: Annotated[
        str | None, typer.Option("--encounter", "-e", help="Show the rounds of this encounter instead.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="With --encounter: as known at this instant (with its time zone) or at the end of this date (UTC).",
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Only say how the graph stands; place nothing.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Place facts in rounds: input, cue, hypothesis, reflection, plan, collect, for clinician, patient and AI agents.

    The rules are data (docs/decision-loop.md). Only patients that changed are looked at again, so run it after an ingest
    or a prediction. It ends with what stands where, and with the share of facts that could not be placed, by type.

    \b
    Example: cwm graph loop
    Example: cwm graph loop --encounter Encounter/1 --as-of 2024-05-01
    """
    from graph import open_graph
    from graph.loop import fill, stand

    with open_graph() as graph:
        if encounter:
            _rounds(graph, encounter, as_of, as_json)
            return
        if report:
            found = stand(graph)
        else:
            with output.progress("placing facts in rounds", quiet=as_json) as step:
                found = fill(graph, progress=step)
    if as_json:
        output.json(found.as_dict())
    else:
        _show(found.as_dict(), wrote=not report)


def _show(found: dict[str, Any], *, wrote: bool) -> None:
    if wrote:
        output.note(
            f"{found['changed']:,} of {found['patients']:,} patients changed: {found['written']:,} rounds written, "
            f"{found['removed']:,} removed."
        )
    stations = ("input", "cue", "hypothesis", "reflection", "plan", "collect")
    rows = [
        {"actor": actor, "rounds": found["rounds"].get(actor, 0), **places}
        for actor, places in found["stations"].items()
    ]
    output.table(rows, ["actor", "rounds", *stations], title="Placed", empty="No rounds yet.")
    missing = [
        {"type": type_, "reason": reason, "facts": n}
        for type_, reasons in found["unplaced"].items()
        for reason, n in reasons.items()
    ]
    missing.sort(key=lambda row: -row["facts"])
    output.table(
        missing, ["type", "reason", "facts"], title="\nNot placed", empty="\nEvery fact has a place."
    )
    if found["share_unplaced"] is not None:
        whole = found["facts"] - found["outside"]
        output.out.print(
            f"\n{whole - found['placed']:,} of {whole:,} facts ({found['share_unplaced']:.1%}) could not be placed; "
            f"{found['outside']:,} more are outside the loop (accounts, material).",
            highlight=False,
        )


def _rounds(graph: Any, encounter: str, as_of: str | None, as_json: bool) -> None:
    from cli.instant import instant
    from ontology.errors import NotFoundError

    key = encounter if encounter.startswith("Encounter/") else f"Encounter/{encounter}"
    rows = graph.read("ask.decision_rounds", encounter=key, at=instant(as_of))
    if not rows and not graph.read("ingest.known", keys=[key]):
        raise NotFoundError("No such encounter.", got=key, do="See `cwm patient journey`.")
    if as_json:
        from graph.plain import plain

        output.json(plain(rows))
        return
    spots: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        spots.setdefault((row["agent"] or row["actor"], row["n"], row["station"]), []).append(row)
    flat = [
        {"who": who, "round": n, "station": station, "facts": len(placed), "what": _names(placed)}
        for (who, n, station), placed in spots.items()
    ]
    output.table(
        flat,
        ["who", "round", "station", "facts", "what"],
        empty="No rounds; run `cwm graph loop` after an ingest.",
    )


def _names(placed: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(item["display"] or item["key"] for item in placed))
    return "; ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
