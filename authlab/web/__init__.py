"""How credentials travel: URLs, cookies, a network in this process, a browser, a real socket.

Read the modules in this order: `decision`, `urls`, `setcookie`, `cookies`; `wsgi`, `wiretap`,
`network`, `server`; `request`, `browser`.
"""

from authlab.web.browser import Browser, Entry, Page, Reply, Storage, Window
from authlab.web.cookies import Cookie, CookieJar
from authlab.web.decision import Decision, WebError
from authlab.web.network import Network
from authlab.web.server import Server, serve
from authlab.web.urls import BadUrl, origin_of, same_site, site_of
from authlab.web.wiretap import Capture, Wiretap

__all__ = [
    "BadUrl",
    "Browser",
    "Capture",
    "Cookie",
    "CookieJar",
    "Decision",
    "Entry",
    "Network",
    "Page",
    "Reply",
    "Server",
    "Storage",
    "WebError",
    "Window",
    "Wiretap",
    "origin_of",
    "same_site",
    "serve",
    "site_of",
]
