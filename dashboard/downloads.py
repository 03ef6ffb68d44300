"""Files to take away: a case as Markdown or JSON."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from dashboard.desk import Desk
from mcare import render
from mcare.registry import show
from ontology.errors import NotFoundError


def routes(desk: Desk) -> APIRouter:
    """``GET /download/<case>.md`` and ``/download/<case>.json``."""
    router = APIRouter()

    @router.get("/download/{name}")
    def download(name: str) -> Response:  # not async: the framework runs it in a thread
        id_, _, kind = name.rpartition(".")
        if kind not in {"md", "json"}:
            return JSONResponse({"error": "There is no such file."}, 404)
        try:
            case = show(desk.graph, id_)
        except NotFoundError as error:
            return JSONResponse({"error": error.what}, 404)
        if kind == "json":
            response: Response = JSONResponse(
                {"id": case.id, "status": case.status, **render.json(case.report)}
            )
        else:
            text = render.markdown(case.report, id=case.id, status=case.status, version=case.current)
            response = PlainTextResponse(text, media_type="text/markdown")
        response.headers["Content-Disposition"] = f'attachment; filename="{case.id}.{kind}"'
        return response

    return router
