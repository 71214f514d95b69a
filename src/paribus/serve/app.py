"""The pages and what feeds them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from threading import RLock

import numpy as np
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import ASGIApp

from paribus.campaign.campaign import Campaign
from paribus.campaign.stored import labeled, stored_campaign
from paribus.errors import ParibusError, UserError
from paribus.present.markup import with_code
from paribus.serve.drawing import as_image
from paribus.serve.follow import Followed, Kept
from paribus.serve.guard import Guard
from paribus.serve.networks import AllAnswers, Networks, most_often_wrong
from paribus.serve.pad_request import PadRequest, read_request
from paribus.serve.token import Token
from paribus.serve.view import PadAnswer, pad_answer, pad_view, site_view
from paribus.store.open import open_store, signature
from paribus.store.rows import NamedStudy
from paribus.text import command

_LOOKED_EVERY, _LOOKED_AFTER = 1.0, 30.0
"""Seconds between two looks, at least and at most."""
_REST = 3
"""How many times as long as a look took passes before the next one: thousands of runs take seconds
to read, and a page that is left open must leave the cores to training."""
_KEPT_ALIVE = 15
"""Looks after which a comment is sent where nothing has changed: a connection that died shows."""
_MOST_STREAMS = 64
"""Pages that are fed at once: each asks for news every second."""


@dataclass(frozen=True)
class _File:
    """A file that is served as it is."""

    package: str
    path: str
    media: str


# All that is served of files. Whatever else is asked for does not exist.
_STATIC = {
    "base.css": _File("paribus.present", "static/base.css", "text/css"),
    "site.css": _File("paribus.serve", "static/site.css", "text/css"),
    "shared.js": _File("paribus.present", "static/shared.js", "text/javascript"),
    "commands.js": _File("paribus.serve", "static/commands.js", "text/javascript"),
    "live.js": _File("paribus.serve", "static/live.js", "text/javascript"),
    "curves.js": _File("paribus.present", "static/curves.js", "text/javascript"),
    "pad.js": _File("paribus.serve", "static/pad.js", "text/javascript"),
    "icon.svg": _File("paribus.serve", "static/icon.svg", "image/svg+xml"),
    "uPlot.js": _File("paribus.present", "static/uplot/uPlot.iife.min.js", "text/javascript"),
    "uPlot.css": _File("paribus.present", "static/uplot/uPlot.min.css", "text/css"),
}

_PROBLEMS = {
    404: "There is no such page here.",
    405: "This page does not take that kind of request.",
}


class NoSuchStudyError(HTTPException):
    """A study was asked for that there is not."""


class Site:
    """What the pages show: the one study that was asked for, or all that the store has."""

    def __init__(self, folder: Path, campaign: Campaign | None) -> None:
        self.folder, self._only = folder, campaign
        self.stopping = asyncio.Event()
        self.streams = 0
        """Pages that are being fed."""
        self._lock = RLock()
        self._seen: object = None
        self._labels: dict[str, NamedStudy] = {}
        self._followed: dict[str, Kept[Followed]] = {}
        self._networks: dict[str, Networks] = {}
        self._wrong: dict[str, Kept[list[int]]] = {}

    def labels(self) -> list[str]:
        """The studies, the one trained last first."""
        if self._only is not None:
            return [self._only.label]
        with self._lock:
            now = signature(self.folder)
            if now != self._seen:
                with open_store(self.folder, "read") as store:
                    self._labels = labeled(store.named_studies())
                self._seen = now
            return list(self._labels)

    def followed(self, label: str | None) -> Followed:
        """A study; the first one where none is named. Raises `HTTPException` (404) if there is no
        such study, `ParibusError` where it or its store cannot be read."""
        with self._lock:
            labels = self.labels()
            if not labels:
                raise UserError(
                    f"{self.folder}: no study has been trained into this store yet; "
                    f"`{command('run', 'mnist', '--preview', store=self.folder)}` trains one"
                )
            label = labels[0] if label is None else label
            if label not in labels:
                raise NoSuchStudyError(404, f'There is no study "{label}" here.')
            known: object = None
            if self._only is None:
                named = self._labels[label]
                hashes = named.experiments.values()
                with open_store(self.folder, "read") as store:
                    seeds = max((r.seed for h in hashes for r in store.runs(h)), default=0)
                    known = (named, seeds)
                    kept = self._followed.get(label)
                    if kept is not None and kept.version == known:
                        return kept.made
                    campaign = stored_campaign(named, label, store)
            elif label in self._followed:
                return self._followed[label].made
            else:
                campaign = self._only
            made = Followed(self.folder, campaign)
            self._followed[label] = Kept(known, made)
            return made

    def answer(self, request: PadRequest) -> PadAnswer:
        """What every finished run says of a drawing or a test image."""
        followed = self.followed(request.study)
        data, result = followed.campaign.dataset, followed.result()
        truth = None
        if request.drawing is not None:
            image_CHW = as_image(request.drawing.array(), data.image_shape)
        else:
            assert request.test_image is not None
            last = len(data.test_labels) - 1
            if request.test_image > last:
                raise UserError(f"test_image: the test images are numbered from 0 to {last:,}")
            image_CHW = data.test_images[request.test_image] / np.float32(255)
            truth = data.class_names[int(data.test_labels[request.test_image])]
        answers = AllAnswers()
        if result is not None:
            campaign = followed.campaign
            networks = self._networks.setdefault(
                campaign.label,
                Networks(self.folder, data, campaign.folder, trusted=self._only is not None),
            )
            answers = networks.answers(result, image_CHW)
        return pad_answer(image_CHW, truth, answers)

    def wrong(self, label: str | None) -> list[int]:
        """Test images that most finished runs get wrong."""
        followed = self.followed(label)
        result, finished = followed.result(), followed.finished()
        if result is None:
            return []
        kept = self._wrong.get(followed.campaign.label)
        if kept is None or kept.version != finished:
            kept = Kept(finished, most_often_wrong(result))
            self._wrong[followed.campaign.label] = kept
        return kept.made


def make_app(site: Site, host: str, port: int, token: Token | None = None) -> ASGIApp:
    """The whole server, guarded; `host` and `port` are what it listens to.

    token: what requests must have, None for nothing.
    """
    templates = Environment(
        loader=ChoiceLoader([PackageLoader("paribus.serve"), PackageLoader("paribus.present")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def page(name: str, request: Request) -> Response:
        followed = site.followed(request.query_params.get("study"))
        campaign = followed.campaign
        view = site_view(
            campaign.study,
            campaign.facts,
            label=campaign.label,
            labels=site.labels(),
            folder=str(site.folder),
            command=followed.command,
        )
        text = templates.get_template(name).render(site=view, pad=pad_view(campaign.facts))
        return HTMLResponse(text)

    async def live(request: Request) -> Response:
        return await run_in_threadpool(page, "live.html.j2", request)

    async def pad(request: Request) -> Response:
        return await run_in_threadpool(page, "pad.html.j2", request)

    async def report(request: Request) -> Response:
        followed = await run_in_threadpool(site.followed, request.query_params.get("study"))
        text = await run_in_threadpool(followed.report)
        if text is None:
            raise UserError(
                f"{site.folder}: nothing has been trained yet; `{followed.command}` begins"
            )
        return HTMLResponse(text, headers={"content-security-policy": _report_policy(text)})

    async def events(request: Request) -> Response:
        label = request.query_params.get("study")
        await run_in_threadpool(site.followed, label)
        if site.streams >= _MOST_STREAMS:
            raise HTTPException(503, "Too many pages of this server are open; close some.")
        headers = {"x-accel-buffering": "no"}
        return StreamingResponse(_events(site, label), 200, headers, "text/event-stream")

    async def answers(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return PlainTextResponse("Send JSON, as application/json.\n", 415)
        try:
            sent = read_request(await request.body())
            return JSONResponse(asdict(await run_in_threadpool(site.answer, sent)))
        except UserError as error:
            return JSONResponse({"problem": str(error)}, 422)
        except ClientDisconnect:
            return Response(status_code=400)  # Nobody is there to read it.

    async def wrong(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(site.wrong, request.query_params.get("study")))

    async def static(request: Request) -> Response:
        file = _STATIC[request.url.path.removeprefix("/static/")]
        content = resources.files(file.package).joinpath(file.path).read_bytes()
        return Response(content, media_type=file.media)

    async def told(request: Request, error: Exception) -> Response:
        """Errors in words, as a page."""
        if isinstance(error, HTTPException):
            status, problem = error.status_code, error.detail
            if not isinstance(error, NoSuchStudyError):
                problem = _PROBLEMS.get(status, problem)
            headers = dict(error.headers or {})
        else:
            status, problem, headers = (409 if isinstance(error, UserError) else 503), "", {}
            problem = str(error)
        text = templates.get_template("problem.html.j2").render(problem=with_code(problem))
        return HTMLResponse(text, status, headers)

    app = Starlette(
        routes=[
            Route("/", live, methods=["GET"]),
            Route("/events", events, methods=["GET"]),
            Route("/report", report, methods=["GET"]),
            Route("/pad", pad, methods=["GET"]),
            Route("/wrong", wrong, methods=["GET"]),
            Route("/answers", answers, methods=["POST"]),
            *(Route(f"/static/{name}", static, methods=["GET"]) for name in _STATIC),
        ],
        exception_handlers={HTTPException: told, ParibusError: told},
    )
    # Each page has one address.
    app.router.redirect_slashes = False
    return Guard(app, host, port, token)


async def _events(site: Site, label: str | None) -> AsyncIterator[str]:
    """All there is at once, then whatever changes, as server-sent events."""
    site.streams += 1
    try:
        async for text in _news(site, label):
            yield text
    finally:
        site.streams -= 1


async def _news(site: Site, label: str | None) -> AsyncIterator[str]:
    sent: dict[str, str] = {}
    quiet = 0
    yield "retry: 1000\n\n"
    while not site.stopping.is_set():
        quiet += 1
        began = time.monotonic()
        for what in ("progress", "curves", "results"):
            try:
                text = await run_in_threadpool(_text, site, label, what)
            except (ParibusError, HTTPException) as error:
                detail = error.detail if isinstance(error, HTTPException) else str(error)
                what, text = "problem", json.dumps(detail)
            if sent.get(what) != text:
                sent[what], quiet = text, 0
                yield f"event: {what}\ndata: {text}\n\n"
        if quiet >= _KEPT_ALIVE:
            quiet = 0
            yield ": still here\n\n"
        try:
            await asyncio.wait_for(site.stopping.wait(), _pause(time.monotonic() - began))
        except TimeoutError:
            continue


def _pause(took: float) -> float:
    """How many seconds pass before the next look, after one that took so many.

    >>> _pause(0.05), _pause(3.0), _pause(60.0)
    (1.0, 9.0, 30.0)
    """
    return min(max(_LOOKED_EVERY, _REST * took), _LOOKED_AFTER)


def _text(site: Site, label: str | None, what: str) -> str:
    text: str = getattr(site.followed(label), what)()
    return text


def _report_policy(page: str) -> str:
    """The report is one file, with its styles and scripts inside: just these scripts may run."""
    scripts = re.findall(r"<script(?:\s[^>]*)?>(.*?)</script>", page, re.S)
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    ]
    allowed = " ".join(hashes) or "'none'"
    return (
        "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
