"""The bank: a Flask app that asks its `auth` who is asking; and several servers of it."""

from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from authlab.bank.accounts import Accounts, BankError
from authlab.bank.auth import Auth
from authlab.bank.factor import Factor
from authlab.bank.fields import answer, read_amount, read_text
from authlab.bank.reset import Reset
from authlab.sessions import StoreUnavailable
from authlab.web import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["BANK", "load_balancer", "make_bank"]

BANK = "bank.test"  # where the bank lives in the lab's network
_LARGEST_BODY = 16 * 1024  # bytes
_STATIC = Path(__file__).parent / "static"
_PAGE = _STATIC / "bank.html"
_FORGOT = '<p><a href="reset">Forgot your password?</a></p>'
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")


def make_bank(
    auth: Auth,
    *,
    network: Network | None = None,
    accounts: Accounts | None = None,
    reset: Reset | None = None,
    factor: Factor | None = None,
) -> Flask:
    """Return the bank, a WSGI app whose calls take JSON or a form and answer JSON.

    | call | takes | answers |
    |---|---|---|
    | GET / | | a page for a browser, else {"user"} |
    | POST /login | user, password | {"user", "balance"}, with a token: {"access_token"...} |
    | POST /refresh | refresh_token, or its cookie | as /login, where `auth` has refresh tokens |
    | GET /balance | | {"user", "balance"} |
    | POST /transfer | to, amount | {"user", "balance"} |
    | POST /password | old, new | ends all other log-ins (ASVS 5.0, 7.4.3) |
    | GET /sessions | | {"sessions": [...]}, one's own (ASVS 5.0, 7.5.2) |
    | POST /sessions/end | handle, password | ends one of one's own |
    | POST /logout | | {"still_works_for": seconds} |
    | POST /logout-everywhere | password | the same, and how many it ended |

    With `reset` there are POST /reset (user) and POST /reset/confirm (token, new), and its mails
    are in `extensions["mailbox"]`. With `factor` POST /login answers 202 and {"factor"}, a code
    goes to `extensions["phone"]`, and POST /login/code (factor, code) answers as /login does.

    To end sessions takes the password once more: a thief with a stolen one cannot throw its owner
    out (ASVS 5.0, 7.5.2). An error answers {"error": sentence} with its status.

    With `network` the bank is hosted there at `https://bank.test` and `http://bank.test`. Servers
    of one bank share their `accounts`.
    """
    bank = Flask(__name__, static_folder=str(_STATIC))
    bank.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    money = accounts or Accounts()
    bank.extensions.update(auth=auth, accounts=money, reset=reset, factor=factor)

    def whoever() -> str:
        user = auth.identify(request)
        if user is None:
            raise BankError(401, "You are not logged in.")
        return user

    def whoever_knows_the_password() -> str:
        user = whoever()
        if not money.check_password(user, read_text("password")):
            raise BankError(403, "The password is wrong.")
        return user

    def welcome(user: str, response: Response) -> dict[str, Any]:
        given = auth.log_in(request, response, user)
        return {"user": user, "balance": money.balance(user), **given}

    @bank.before_request
    def refuse_to_talk_in_clear() -> Response | None:
        # The address that the server has, not the header Host: that is what the client says.
        here = request.server[0] if request.server else ""
        if not auth.secure or request.is_secure or here in _LOOPBACK:
            return None
        if request.method == "GET" and request.path == "/":
            return Response(status=308, headers={"Location": f"https://{request.host}/"})
        raise BankError(403, "This bank talks over https only.")

    @bank.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        policy = "default-src 'self'; frame-ancestors 'none'"
        response.headers.setdefault("Content-Security-Policy", policy)
        if auth.secure and request.is_secure:
            # Neighbours below bank.test included: over http one of them could set a cookie for it.
            value = "max-age=31536000; includeSubDomains"
            response.headers["Strict-Transport-Security"] = value
        return response

    @bank.errorhandler(BankError)
    def explain(error: BankError) -> tuple[dict[str, str], int, dict[str, str]]:
        asks = {"WWW-Authenticate": 'Bearer realm="bank"'} if error.status == 401 else {}
        return {"error": error.sentence}, error.status, asks

    @bank.errorhandler(StoreUnavailable)
    def explain_outage(error: StoreUnavailable) -> tuple[dict[str, str], int]:
        return {"error": "The bank cannot look up who is logged in. Try again later."}, 503

    @bank.errorhandler(HTTPException)
    def explain_others(error: HTTPException) -> tuple[dict[str, str], int]:
        return {"error": f"{error.name}."}, error.code or 500

    @bank.get("/")
    def index() -> Response:
        if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
            page = _PAGE.read_text("utf-8").replace("<!--reset-->", _FORGOT if reset else "")
            response = Response(page, mimetype="text/html")
        else:
            response = answer(lambda _: {"user": auth.identify(request)})
        auth.greet(request, response)
        return response

    @bank.post("/login")
    def log_in() -> Any:
        user, password = read_text("user"), read_text("password")
        if not money.check_password(user, password):
            raise BankError(403, "The name or the password is wrong.")
        if factor is not None and factor.wants(user):
            return {"factor": factor.begin(user, money.password_hash(user))}, 202
        return answer(lambda response: welcome(user, response))

    @bank.post("/refresh")
    def refresh() -> Response:  # the access token may be over: who is asking, the other one says
        return answer(lambda response: auth.renew(request, response))

    @bank.get("/balance")
    def balance() -> dict[str, Any]:
        user = whoever()
        return {"user": user, "balance": money.balance(user)}

    @bank.post("/transfer")
    def transfer() -> dict[str, Any]:
        user = whoever()
        return {"user": user, "balance": money.transfer(user, read_text("to"), read_amount())}

    @bank.post("/password")
    def change_password() -> Response:
        user = whoever()
        money.change_password(user, read_text("old"), read_text("new"))
        return answer(lambda response: auth.log_out_others(request, response, user, keep=True))

    @bank.get("/sessions")
    def list_sessions() -> dict[str, Any]:
        return {"sessions": auth.list_own(request, whoever())}

    @bank.post("/sessions/end")
    def end_session() -> dict[str, Any]:
        user = whoever_knows_the_password()
        if not auth.end_one(request, user, read_text("handle")):
            raise BankError(404, "You have no such session that this bank could end.")
        return {"ended": 1}

    @bank.post("/logout")
    def log_out() -> Response:
        whoever()
        return answer(lambda response: auth.log_out(request, response))

    @bank.post("/logout-everywhere")
    def log_out_everywhere() -> Response:
        user = whoever_knows_the_password()
        return answer(lambda response: auth.log_out_everywhere(request, response, user))

    if reset is not None:
        reset.attach(bank, auth, money, welcome)
        bank.extensions["mailbox"] = reset.mailbox
    if factor is not None:
        factor.attach(bank, money, welcome)
        bank.extensions["phone"] = factor.phone
    if network is not None:
        network.host(f"https://{BANK}", bank)
        network.host(f"http://{BANK}", bank)
    return bank


def load_balancer(apps: "Sequence[WSGIApplication]") -> "WSGIApplication":
    """Return a WSGI app that hands each request to the next of `apps`, in turn.

    The answer says in `X-Served-By` which one it was, counted from 1.
    """
    if not apps:
        raise ValueError("load_balancer got no apps, expected one or more.")
    turns = cycle(enumerate(list(apps), 1))  # next() of it is atomic in CPython

    def balance(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        number, app = next(turns)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[..., object]:
            return start_response(status, [*headers, ("X-Served-By", str(number))], *rest)

        return app(environ, start)

    return balance
