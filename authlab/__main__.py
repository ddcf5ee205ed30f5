"""The command line: `python -m authlab doctor`, `handout`, `progress` or `serve`."""

import argparse
import sys
from collections.abc import Sequence
from typing import Literal


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 well, 1 something found, 2 cannot be done."""
    options = _parser().parse_args(argv)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="authlab",
        description="Token or session? The course's helper for learners and teachers.",
        epilog="Each command has its own help: authlab handout --help",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    doctor = commands.add_parser(
        "doctor",
        help="check this machine, and print what mends each problem",
        description="Check Python, the packages, the widgets, Redis and Chromium.",
    )
    doctor.set_defaults(run=_doctor)

    progress = commands.add_parser(
        "progress",
        help="show which exercises and quizzes are done",
        description="Show which exercises and quizzes are done.",
    )
    progress.add_argument(
        "--forget", action="store_true", help="start afresh; the old file is kept as .bak"
    )
    progress.set_defaults(run=_progress)

    handout = commands.add_parser(
        "handout",
        help="lift sections of a notebook into one of their own, for a workshop",
        description="Lift sections of a notebook, with its opening and setup, into a new one.",
        epilog="Example: authlab handout 01 --sections 2,4 -o workshop.ipynb",
    )
    handout.add_argument("notebook", help="two digits, such as 01, or the path of a notebook")
    what = handout.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="list the sections, and write nothing")
    what.add_argument("--sections", metavar="N,N-N", help="which sections, counted from 1")
    what.add_argument("--route", type=int, metavar="MINUTES", help="all sections on that route")
    handout.add_argument("-o", "--output", metavar="FILE", help="the notebook to write")
    handout.add_argument(
        "--blank", action="store_true", help="headings and empty code cells only, for live coding"
    )
    handout.add_argument("--force", action="store_true", help="overwrite the file if it is there")
    handout.set_defaults(run=_handout)

    serve = commands.add_parser(
        "serve",
        help="open the bank on this machine, for curl or a real browser",
        description="Open the bank on loopback, until you press Ctrl-C.",
        epilog="Example: authlab serve --auth token --port 8000",
    )
    serve.add_argument(
        "--auth",
        choices=("session", "token", "token-cookie"),
        default="session",
        help="how the bank logs people in; session if not given",
    )
    serve.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    serve.add_argument(
        "--store",
        metavar="URL",
        help="where sessions are kept, such as sqlite:///sessions.db; AUTHLAB_STORE if not given",
    )
    serve.set_defaults(run=_serve)
    return parser


def _doctor(_options: argparse.Namespace) -> int:
    from authlab.classroom.checkup import main as examine

    return examine()


def _progress(options: argparse.Namespace) -> int:
    from authlab.classroom import forget, progress
    from authlab.classroom.look import say

    if options.forget:
        forget()
    else:
        say(repr(progress()))
    return 0


def _handout(options: argparse.Namespace) -> int:
    if not options.list and not options.output:
        return _refuse("Name the notebook to write: -o workshop.ipynb")
    try:
        from authlab.classroom.handout import hand_out
    except ImportError:
        return _refuse("This needs nbformat. Run: python -m authlab doctor")
    from authlab.classroom.look import say

    try:
        said = hand_out(
            options.notebook,
            None if options.list else options.output,
            numbers=options.sections,
            route=options.route,
            blank=options.blank,
            force=options.force,
        )
    except OSError as error:
        return _refuse(f"{options.output or options.notebook}: {error.strerror}.")
    except (LookupError, ValueError) as error:
        return _refuse(str(error))
    say(said)
    return 0


def _serve(options: argparse.Namespace) -> int:
    import threading

    from authlab.bank import PASSWORDS, SessionAuth, TokenAuth, make_bank
    from authlab.classroom.look import say
    from authlab.jose import generate_key
    from authlab.sessions import Sessions, StoreError, open_store
    from authlab.web import WebError, serve

    # Over http a Secure cookie reaches no client but a browser or curl on loopback.
    auth: SessionAuth | TokenAuth
    try:
        if options.auth == "session":
            store = open_store(options.store)
            auth = SessionAuth(Sessions(store), cookie="sid", secure=False)
        else:
            carry: Literal["header", "cookie"]
            carry = "cookie" if options.auth == "token-cookie" else "header"
            auth = TokenAuth(generate_key("HS256"), carry=carry, cookie="token", secure=False)
        server = serve(make_bank(auth), options.port)
    except (StoreError, WebError) as error:
        return _refuse(str(error))
    with server:
        customers = "\n".join(f"  {name:8} {word}" for name, word in PASSWORDS.items())
        login = f"-d user=alice -d password={PASSWORDS['alice']} {server.url}/login"
        then = f"curl -b jar {server.url}/balance"
        if options.auth == "token":
            then = f"curl -H 'Authorization: Bearer TOKEN' {server.url}/balance"
        say(f"The bank is open: {server.url}\n\nIts customers and their passwords:\n{customers}")
        say(f"\nBy hand:\n  curl -c jar {login}\n  {then}\n\nCtrl-C closes it.")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            say("\nThe bank is closed.")
    return 0


def _refuse(sentence: str) -> int:
    print(f"authlab: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
