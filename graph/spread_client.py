"""The connection to a Dask scheduler, and what goes wrong with it, each in one line that says what to do."""

import logging
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from graph.spread_work import software
from ontology.errors import CwmError, InvalidInputError, MissingExtraError

PATIENCE: Final = 10.0
"""Seconds to wait for the scheduler, and for a first worker."""


class DaskUnavailableError(CwmError):
    """The scheduler cannot be reached, or its workers cannot do the work."""

    code = "dask-unavailable"
    exit_status = 4


class Future(Protocol):
    """What is under way on a worker."""

    def result(self, timeout: float) -> Any:
        """The answer, once it is there; TimeoutError until then."""


class Client(Protocol):
    """As much of Dask's client as is used here."""

    def submit(self, work: Callable[..., Any], *given: Any, key: str, pure: bool) -> Future:
        """Have something done."""

    def nthreads(self) -> dict[str, int]:
        """Threads of each worker."""

    def wait_for_workers(self, n_workers: int, timeout: float) -> None:
        """Wait until there are workers."""

    def close(self) -> None:
        """End the connection; what is under way is given up."""


def connected(address: str) -> Client:
    """A client of the scheduler at this address, which has a worker.

    Raises:
        InvalidInputError: the address is none.
        MissingExtraError: Dask is not installed here.
        DaskUnavailableError: the scheduler does not answer, or it has no worker.
    """
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError(
            "CWM_DASK needs the packages dask and distributed.",
            got=str(error),
            do="Add them: make env in a checkout, else pip install 'clinical-world-model[dask]'. Or unset CWM_DASK.",
        ) from None
    # What it would say of a lost connection is said as an error of ours; who wants its log sets the level anew.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    _check(address)
    connect = cast("Callable[..., Client]", distributed.Client)
    try:
        client = connect(address, timeout=PATIENCE, set_as_default=False)
    except OSError as error:
        raise DaskUnavailableError(
            "The Dask scheduler cannot be reached.",
            got=f"{address} ({type(error).__name__})",
            do="Start it (dask scheduler) or correct CWM_DASK; or unset it to do without.",
        ) from None
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close()
        raise no_worker(address) from None
    return client


def _check(address: str) -> None:
    """Refuse what Dask's client would refuse too, which then waits for 20 seconds and leaves a trace as Python ends."""
    import distributed
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    try:
        scheme, place = parse_address(address)
        get_backend(scheme)
        parse_host_port(place)
    except ValueError:
        raise InvalidInputError(
            "The address of the Dask scheduler cannot be used.",
            got=address,
            allowed="for instance tcp://127.0.0.1:8786 or tls://scheduler.example.org:8786",
            do="Set CWM_DASK to the address that the scheduler prints when it starts, or unset it.",
        ) from None
    security = cast("Callable[[], Any]", distributed.Security)()
    if scheme == "tls" and security.get_connection_args("client").get("ssl_context") is None:
        raise InvalidInputError(
            "Dask has no certificates for a scheduler at tls://.",
            got=address,
            do="Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ..._TLS__CLIENT__CERT and ..._TLS__CLIENT__KEY, or Dask's own file.",
        )


def no_worker(address: str) -> DaskUnavailableError:
    """There is a scheduler, and nobody who works for it."""
    return DaskUnavailableError(
        "The Dask scheduler has no worker.",
        got=address,
        do=f"Start one where this software is installed: dask worker {address}",
    )


def lost(address: str, error: BaseException) -> DaskUnavailableError:
    """The scheduler was there and is gone."""
    return DaskUnavailableError(
        "The connection to the Dask scheduler was lost.",
        got=f"{address} ({type(error).__name__})",
        do="Run the ingest again when the scheduler is back: what was written is kept, and it goes on from there.",
    )


def killed(first: str, last: str) -> DaskUnavailableError:
    """Worker after worker died of one piece of the input, from place to place."""
    return DaskUnavailableError(
        "Several workers of the Dask scheduler ended while they worked on the same piece of the input.",
        got=f"{first} to {last}",
        do="Give the workers more memory, or unset CWM_DASK for these files.",
    )


def other_software(got: object) -> DaskUnavailableError:
    """A worker would make other rows, or none; ``got`` is its software or the error of its Python."""
    return DaskUnavailableError(
        "A worker of the Dask scheduler does not run the same version of this software.",
        got=got,
        allowed=software(),
        do="Install the same version on every worker and start the workers again.",
    )
