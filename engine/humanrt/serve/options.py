"""The limits of the service."""

from dataclasses import dataclass

from humanrt.errors import ConfigError

MIB = 2**20


@dataclass(frozen=True)
class ServeOptions:
    """What the service accepts, and how much at the same time.

    Raises ``ConfigError`` if a limit is not positive.
    """

    max_body: int = 32 * MIB
    """The most bytes of a request's body, and of a frame of a stream."""
    max_pixels: int = 40_000_000
    """The most pixels of a picture."""
    max_faces: int = 100
    """The most faces, bodies, hands or objects that a request may ask for, of each."""
    concurrency: int = 2
    """The number of requests that are computed at the same time."""
    queue: int = 8
    """The number of requests that wait while others are computed; further ones are refused with 429."""
    streams: int = 4
    """The number of WebSocket streams; further ones are refused."""
    timeout: float = 60.0
    """Seconds from the end of the body to the answer, the time in the queue included; then the answer is 504."""
    body_timeout: float = 30.0
    """Seconds that a client may take to send its body, or to read one result of a stream."""
    idle_timeout: float = 60.0
    """Seconds without a frame after which a stream is closed."""
    drain_timeout: float = 30.0
    """Seconds that a shutdown waits for the requests in flight."""
    preload: bool = False
    """Whether the models of all modules are loaded before the service is ready, not by the first request that uses
    them."""
    adaptive: bool = False
    """Whether JPEGs are decoded for half the configured ``image.max_side`` while other requests wait."""
    token: str | None = None
    """The bearer token that each request must have; None for none."""
    origins: tuple[str, ...] = ()
    """The foreign origins whose pages may use the service (CORS), ``https://example.org`` for instance."""
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """The names in the header ``Host`` that are accepted, without the port; empty for all. Other names are refused,
    since a foreign page could otherwise reach the service through a name that it resolves to this machine."""

    def __post_init__(self) -> None:
        numbers = ("max_body", "max_pixels", "max_faces", "concurrency", "streams")
        seconds = ("timeout", "body_timeout", "idle_timeout", "drain_timeout")
        for name in (*numbers, *seconds):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be greater than 0")
        if self.queue < 0:
            raise ConfigError(f"queue is {self.queue!r}; it must be 0 or greater")
        if self.token is not None and not (self.token and self.token.isascii() and self.token.isprintable()):
            raise ConfigError("the token is empty or has characters that are not printable ASCII; use another one")
