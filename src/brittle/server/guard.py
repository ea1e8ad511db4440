"""Who may ask what: every rule of the page's safety, in front of all routes.

A page on this machine can be reached by every other page in the same browser, by names that are made to lead
here (DNS rebinding), by other users of the machine, and by what a stranger's run holds. Each rule closes one
of these ways.
"""

from collections.abc import Mapping
from secrets import compare_digest, token_urlsafe
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENTER, HEALTH = "/enter", "/healthz"
MOST_BODY = 64_000  # bytes
TOO_MUCH = f"expected a body of at most {MOST_BODY:,} bytes"
READING = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
"""Of every answer that does not say otherwise itself."""
OWN_SITES = {"same-origin", "none"}


class Guard:
    """ASGI middleware. port: that is served; the token is good for one exchange against a cookie."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app, self.port = app, port
        self.token: str | None = token_urlsafe(32)
        self.cookie, self._secret = f"brittle-{port}", token_urlsafe(32)
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    @property
    def link(self) -> str:
        """Where a person enters, once."""
        return f"http://127.0.0.1:{self.port}{ENTER}?token={self.token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on; every answer gets the headers."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refused(scope) or self._entered(scope)
        if answer is not None:
            await answer(scope, receive, send_guarded)
            return
        if scope["method"] not in READING:
            body = await _body_of(receive)
            if body is None:
                await _said(413, TOO_MUCH)(scope, receive, send_guarded)
                return
            receive = _Again(body, receive)
        await self.app(scope, receive, send_guarded)

    def _refused(self, scope: Scope) -> Response | None:
        """Why this is not answered, if it is not, whoever asks."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return _said(400, f"expected the host 127.0.0.1:{self.port}; open the link that brittle printed")
        if headers.get("sec-fetch-site", "none") not in OWN_SITES:
            return _said(403, "asked by another page; open the link that brittle printed in a tab of its own")
        if scope["method"] not in READING and headers.get("origin") != f"http://{hosts[0]}":
            return _said(403, "expected a request of this page itself; reload it and try again")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > MOST_BODY:
            return _said(413, TOO_MUCH)
        return None

    def _entered(self, scope: Scope) -> Response | None:
        """The exchange of the token, and what is said to those without a cookie; None for who may go on."""
        if scope["path"] == HEALTH:
            return _said(200, "ok")
        if scope["path"] == ENTER and scope["method"] == "GET":
            return self._exchanged(scope)
        if self._is_known(scope):
            return None
        return _said(
            401, "open the link that brittle printed; it is good once, and every start has a new one"
        )

    def _exchanged(self, scope: Scope) -> Response:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        token = self.token or ""
        if self.token is None or len(given) != 1 or not compare_digest(given[0].encode(), token.encode()):
            if self._is_known(scope):
                return RedirectResponse("/", 303)
            return _said(401, "this link was used, or is none; start brittle serve again for a new one")
        self.token = None
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.cookie, self._secret, httponly=True, samesite="strict", path="/")
        return answer

    def _is_known(self, scope: Scope) -> bool:
        given = cookie_parser(Headers(scope=scope).get("cookie", "")).get(self.cookie, "")
        return compare_digest(given.encode(), self._secret.encode())


async def _body_of(receive: Receive) -> bytes | None:
    """All that is sent; None where that is too much, whatever was said of its length."""
    body = b""
    while len(body) <= MOST_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body if len(body) <= MOST_BODY else None
    return None


class _Again:
    """A body that was read already, and then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.body: bytes | None = body
        self.receive = receive

    async def __call__(self) -> Message:
        if self.body is None:
            return await self.receive()
        body, self.body = self.body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text + "\n", status)
