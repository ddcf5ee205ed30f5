"""What somebody on the line sees: http in clear, of https who talks and how much."""

from dataclasses import dataclass

from authlab.web.urls import Url

__all__ = ["Capture", "Wiretap"]


@dataclass(frozen=True, slots=True)
class Capture:
    """One request with its answer, as an eavesdropper has it.

    `host` is the name (with the port where it is not the usual one), `sent` and `received` are
    sizes in bytes. `request` and `response` are the messages for http, None for https: the name
    shows even there, because TLS sends it in clear (RFC 6066, 3). A real record adds some bytes.
    """

    scheme: str
    host: str
    sent: int
    received: int
    request: str | None
    response: str | None

    def __str__(self) -> str:
        line = f"{self.scheme} {self.host}: {self.sent} bytes sent, {self.received} received"
        if self.request is None or self.response is None:
            return f"{line}, all of it encrypted"
        marked = [f"> {text}" for text in self.request.splitlines()]
        marked += [f"< {text}" for text in self.response.splitlines()]
        return "\n".join([line, *marked])


class Wiretap:
    """A listener on the lab's network; `seen` grows by one Capture for each finished exchange."""

    def __init__(self, listeners: "list[Wiretap]") -> None:
        self.seen: list[Capture] = []
        self._listeners = listeners  # the network's own list

    def hear(self, target: Url, sent: bytes, received: bytes) -> None:
        """Note one exchange; the network calls this."""
        clear = target.scheme == "http"
        self.seen.append(
            Capture(
                target.scheme,
                target.origin.partition("://")[2],
                len(sent),
                len(received),
                sent.decode(errors="replace") if clear else None,
                received.decode(errors="replace") if clear else None,
            )
        )

    def find(self, text: str) -> list[Capture]:
        """Return the captures in which this text can be read."""
        return [seen for seen in self.seen if text in (seen.request or "") + (seen.response or "")]

    def stop(self) -> None:
        """Listen no longer; what was seen stays."""
        if self in self._listeners:
            self._listeners.remove(self)
