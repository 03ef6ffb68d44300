"""Who acts: an agent is a name, a version, a provider and a configuration; another version is another agent.

>>> Agent(name="twin-admission-365d", version="1", provider="cwm", kind="predictor").key
'twin-admission-365d@1+e8a8ed01'
"""

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.connection import Graph, Row
from ontology.errors import NotFoundError

Kind = Literal["predictor", "language-model", "rule", "service", "human"]


def fingerprint(content: Any) -> str:
    """SHA-256 in hex of a content's canonical JSON (keys sorted, no white space)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Agent(BaseModel):
    """An agent, human or artificial, exactly as configured; nothing shown for one configuration holds for another."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    provider: str
    """Who makes or runs it."""
    kind: Kind
    config: dict[str, Any] = {}
    """All that changes its behaviour: task, training data, members, prompt, parameters."""

    @property
    def key(self) -> str:
        """``name@version+hash``, the hash over provider, kind and configuration."""
        content = {"provider": self.provider, "kind": self.kind, "config": self.config}
        return f"{self.name}@{self.version}+{fingerprint(content)[:8]}"


def register(graph: Graph, agent: Agent) -> str:
    """Write the agent, once, and return its key."""
    props = agent.model_dump(exclude={"config"}) | {
        "config": json.dumps(agent.config, sort_keys=True, default=str)
    }
    graph.write("skillmix.register", key=agent.key, props=props)
    return agent.key


def agents(graph: Graph) -> list[Row]:
    """All registered agents: key, name, version, provider, kind, claims, evidence, open cases."""
    return graph.read("skillmix.agents")


def resolve(graph: Graph, text: str) -> str:
    """The key that a text means: a key, or the start of exactly one key.

    Raises:
        NotFoundError: no agent, or more than one.
    """
    keys = [row["key"] for row in agents(graph)]
    hits = [key for key in keys if key == text] or [key for key in keys if key.startswith(text)]
    if len(hits) == 1:
        return str(hits[0])
    what = "More than one agent begins so." if hits else "No such agent."
    raise NotFoundError(
        what, got=text, allowed=", ".join(hits or keys) or None, do="See `cwm skillmix agents`."
    )
