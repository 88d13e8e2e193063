"""The one way to a page: who asks is told, `policy` decides, forms are checked for where they come from, acts logged.

A page is a plain function `(request, asked, visitor) -> Response`; starlette runs it in a thread. `asked` are the
fields of the query or, of a POST, of the form.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fednet.errors import FednetError, ForbiddenError
from fednet.listing.check import is_handle
from fednet.node.home import Home
from fednet.node.ownership import is_listed, owns
from fednet.store import acts
from fednet.store.accounts import Account
from fednet.web import policy
from fednet.web.asgi import admit_upload
from fednet.web.asking import Asked, Clock, first, grouped
from fednet.web.policy import Rule
from fednet.web.show import address
from fednet.web.translation import gettext as _
from fednet.web.visitors import Visitor, Visitors

Page = Callable[[Request, Asked, Visitor], Response]

TOKEN = "token"
"""The form field that carries the visitor's token."""
PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie"}
MAX_FIELDS = 1_000
MAX_FILES = 20
MAX_SUBJECT = 80
"""Characters that the audit log keeps of what an address names."""


class Doors:
    """Makes the routes of pages."""

    def __init__(self, home: Home, visitors: Visitors, clock: Clock) -> None:
        self.home, self.visitors, self.clock = home, visitors, clock

    def route(self, method: str, path: str, page: Page) -> Route:
        """The route of a page, guarded by its line of the policy; KeyError when there is none."""
        rule = policy.rule(method, path)

        async def endpoint(request: Request) -> Response:
            visitor = await self.visitors.visitor(request)
            request.state.visitor = visitor
            if away := await self._kept_out(request, rule, visitor):
                return away
            if rule.upload:
                admit_upload(request.scope)
            try:
                asked = (
                    await self._form(request, visitor)
                    if method == "POST"
                    else grouped(request.query_params.multi_items())
                )
                answer = await run_in_threadpool(self._answer, request, asked, visitor, rule, page)
            finally:
                await request.close()  # uploaded files
            if visitor.session is not None:
                answer.headers.update(PRIVATE)
            return answer

        return Route(path, endpoint, methods=[method])

    async def _kept_out(self, request: Request, rule: Rule, visitor: Visitor) -> Response | None:
        """Where whoever may not see a page is sent; raises ForbiddenError when signing in would not help."""
        if visitor.role not in rule.roles:
            if visitor.account is None:
                return see(_to_sign_in(request, visitor))
            raise ForbiddenError("this is not for your account")
        if rule.own and visitor.role in policy.MEMBERS:
            await run_in_threadpool(self._must_own, request.path_params["handle"], visitor)
        return None

    def _must_own(self, handle: str, visitor: Visitor) -> None:
        with self.home.store.reading() as db:
            if visitor.account is None or not owns(db, self.home, visitor.account, handle):
                raise ForbiddenError("this entry is not yours to change")

    async def _form(self, request: Request, visitor: Visitor) -> Asked:
        """The fields of a form that one of our own pages showed. `request.state.files`: field -> files uploaded."""
        check_origin(request)
        form = await request.form(max_fields=MAX_FIELDS, max_files=MAX_FILES)
        texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        files: dict[str, list[UploadFile]] = {}
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                files.setdefault(name, []).append(value)
        request.state.files = files
        asked = grouped(texts)
        given = asked.pop(TOKEN, [""])[0]
        if visitor.token and not hmac.compare_digest(given.encode("utf-8", "replace"), visitor.token.encode()):
            raise ForbiddenError(
                "this form is from before you signed in", hint="go back, reload the page, and try again"
            )
        return asked

    def _answer(self, request: Request, asked: Asked, visitor: Visitor, rule: Rule, page: Page) -> Response:
        if not rule.act:
            return page(request, asked, visitor)
        subject = _subject(request, visitor)
        with self.home.store.writing() as db:
            act = acts.begin(db, visitor.account, rule.act, subject, self.clock())
        before = self.home.store.written()
        try:
            answer = page(request, asked, visitor)
        except FednetError as error:
            self._check_subject(request, subject)
            self._outcome(request, visitor, act, error.word, before)
            raise
        except Exception:
            self._outcome(request, visitor, act, "failed", before)
            raise
        self._outcome(request, visitor, act, "done" if answer.status_code < 400 else "refused", before)
        return answer

    def _check_subject(self, request: Request, subject: str) -> None:
        """What was refused is not noted as of a record that is not there: it may be one that is erased."""
        if is_handle(subject):
            with self.home.store.reading() as db:
                if not is_listed(db, self.home, subject):
                    about(request, "")

    def _outcome(self, request: Request, visitor: Visitor, act: int, outcome: str, before: int) -> None:
        """How an act ended. What strangers were refused is not kept: they could fill the log.

        Nor is what a page says it only showed, but whatever it says, an act stays that wrote rows since `before`.
        """
        acting: Account | None = getattr(request.state, "acting", None)
        strange = outcome != "done" and visitor.account is None and acting is None
        only_shown = getattr(request.state, "looked", False) and self.home.store.written() == before
        with self.home.store.writing() as db:
            if strange or only_shown:
                acts.drop(db, act)
            else:
                acts.end(db, act, outcome, acting, getattr(request.state, "about", None))


def _subject(request: Request, visitor: Visitor) -> str:
    """What the address of an act says that it is about: a handle or a number; of the secretariat, names too."""
    said = str(request.path_params.get("handle") or request.path_params.get("id") or "")
    return said[:MAX_SUBJECT] if visitor.staff or is_handle(said) or (said.isdecimal() and said.isascii()) else ""


def acted(request: Request, account: Account) -> None:
    """Tell the audit log who does this, where that turns out only now."""
    request.state.acting = account


def about(request: Request, subject: str) -> None:
    """Tell the audit log what an act is about, where its address does not: the handle of something new."""
    request.state.about = subject


def looked(request: Request) -> None:
    """Tell the audit log that a form was only shown again, as it was asked to be; not heard of whoever wrote rows."""
    request.state.looked = True


def _to_sign_in(request: Request, visitor: Visitor) -> str:
    """Where whoever must sign in is sent, and from there back, to what was asked there; to what a form was on, if to a
    form."""
    half = visitor.session is not None
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "done"]
    to = address(request.url.path, asked) if policy.has("GET", request.url.path) else ""
    return address("/sign-in/second" if half else "/sign-in", [("to", to)])


def check_origin(request: Request) -> None:
    """Refuse a form that a page of another site sent (Fetch Metadata; RFC 6454 where a browser has none)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        same = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if not same:
        raise ForbiddenError("this form was sent by a page of another site")


def see(path: str) -> Response:
    """After an act: the page to look at (RFC 9110, 15.4.4)."""
    return RedirectResponse(path, 303)


def done(asked: Asked, sentences: Mapping[str, str]) -> str:
    """What a page says after the act that led to it, by the code in its address (`?done=saved`); else nothing."""
    code = first(asked, "done")
    return _(sentences[code]) if code in sentences else ""
