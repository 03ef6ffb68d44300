"""Why the private Neo4j did not start, in one line that says what to do."""

import re

from graph.server.config import Plan
from graph.server.lease import Answer

TAKEN = "The port of the private Neo4j is taken."
CAUSES = (
    (
        r"No space left on device",
        "There is no disk space left for the graph.",
        "Free some space, or set CWM_HOME to another disk.",
    ),
    (
        r"Address already in use|BindException",
        TAKEN,
        "Unset CWM_GRAPH_PORT to take a free one.",
    ),
    (
        r"Lock file has been locked by another process|StoreLockException",
        "Another Neo4j uses this data.",
        "Stop it, then try again.",
    ),
    (
        r"Could not reserve enough space|Cannot allocate memory|OutOfMemoryError",
        "There is not enough memory for the private Neo4j.",
        "Set CWM_HEAP and CWM_PAGE_CACHE lower (for example 512m and 128m), or end other programs.",
    ),
    (
        r"UnsupportedClassVersionError|Unrecognized VM option",
        "This Java cannot run Neo4j.",
        "Unset JAVA_HOME to use the bundled one.",
    ),
    (
        r"(?<=Error occurred during initialization of VM\n).*|Could not create the Java Virtual Machine",
        "Java does not start with the options that it was given.",
        "Look at CWM_HEAP, and at JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS and _JAVA_OPTIONS.",
    ),
    (
        r"AccessDeniedException|Permission denied",
        "The folder of the graph cannot be written.",
        "Set CWM_HOME to a folder of yours.",
    ),
    (
        r"UpgradeNotAllowed|StoreUpgrade|is not a supported store version|downgrade",
        "The data was written by another version of Neo4j.",
        "Set CWM_NEO4J_VERSION to that version, or use another folder.",
    ),
)
"""Pattern in a log, what is wrong, what to do."""


def reason(plan: Plan, port: int) -> Answer:
    """Read the logs of a start that failed."""
    logs = [plan.folder / "java.log", plan.log]
    text = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")[-20_000:] for path in logs if path.is_file()
    )
    for pattern, what, do in CAUSES:
        if found := re.search(pattern, text):
            return Answer(what=what, got=f"{found[0]} (port {port})" if "port" in what else found[0], do=do)
    last = [line for line in text.splitlines() if line.strip()][-1:]
    return Answer(
        what="The private Neo4j did not start.",
        got=(last or ["no answer in time"])[0][:200],
        do=f"See {logs[0]} and {logs[1]}.",
    )
