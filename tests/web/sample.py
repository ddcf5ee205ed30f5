"""A small app with a login, as the tests need it; the same on the network and on a socket."""

import gzip
import time
from collections.abc import Iterator

from flask import Flask, jsonify, redirect, request
from werkzeug.wrappers import Response


def make_app() -> Flask:
    app = Flask(__name__)
    app.testing = True  # what a view raises leaves the app, as in a bare WSGI app

    @app.get("/")
    def home() -> Response:
        return jsonify(hello=request.cookies.get("sid"), q=request.args.getlist("q"))

    @app.post("/login")
    def login() -> Response:
        if request.form.get("user") != "alice":
            return Response("wrong", 401)
        answer = redirect("/account")
        answer.set_cookie("sid", "s3cr3t", httponly=True)
        answer.set_cookie("theme", "dark")
        return answer

    @app.get("/account")
    def account() -> Response:
        if request.cookies.get("sid") != "s3cr3t":
            return Response("log in first", 401)
        return jsonify(user="alice", balance=100)

    @app.route("/echo/<path:path>", methods=["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    def echo(path: str) -> Response:
        names = ("Content-Type", "Content-Length", "Transfer-Encoding", "X-Test", "User-Agent")
        return jsonify(
            method=request.method,
            path=path,
            query=request.query_string.decode(),
            body=request.get_data().decode("latin-1"),
            form=request.form.to_dict(),
            files={name: file.read().decode() for name, file in request.files.items()},
            headers={name: request.headers.get(name) for name in names},
            address=request.remote_addr,
            secure=request.is_secure,
        )

    @app.get("/headers")
    def headers() -> Response:
        return jsonify(dict(request.headers))

    @app.get("/stream")
    def stream() -> Response:
        return Response((f"line {n}\n" for n in range(5)), mimetype="text/plain")

    @app.get("/broken")
    def broken() -> Response:
        def lines() -> Iterator[str]:
            yield "line 0\n"
            raise RuntimeError("in the middle")

        return Response(lines(), mimetype="text/plain")

    @app.get("/short")
    def short() -> Response:
        return Response(iter([b"abc"]), headers={"Content-Length": "10"})

    @app.get("/gzip")
    def gzipped() -> Response:
        return Response(gzip.compress(b"packed " * 100), headers={"Content-Encoding": "gzip"})

    @app.get("/none")
    def none() -> Response:
        return Response(status=204)

    @app.get("/again")
    def again() -> Response:
        return redirect("/again")

    @app.get("/boom")
    def boom() -> Response:
        raise RuntimeError("boom")

    @app.get("/slow")
    def slow() -> Response:
        time.sleep(0.3)
        return Response("at last")

    return app
