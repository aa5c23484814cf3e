"""What can go wrong with the peers. These errors belong to the tools; the library never raises them."""


class PeerError(RuntimeError):
    """A peer could not be installed, answered with an error, ended, or did not answer in time."""


class NodeUnavailableError(PeerError):
    """Node or npm is missing, or Node is too old; the message says which and names the cure."""


class RefusedError(PeerError):
    """A peer answered with an error; ``reason`` is its first line, in TF.js's or Human's own words."""

    def __init__(self, command: str, error: str) -> None:
        super().__init__(f"{command!r} failed in the peer process: {error}")
        self.reason = error.partition("\n")[0].removeprefix("Error: ")
