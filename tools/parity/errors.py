"""The errors of the peers. They belong to the tools; the library never raises them."""


class PeerError(RuntimeError):
    """A peer could not be installed, answered with an error, ended, or did not answer in time."""


class NodeUnavailableError(PeerError):
    """Node or npm is missing, or Node is too old; the message contains which, and the cure."""


class RefusedError(PeerError):
    """A peer answered with an error; ``reason`` is the first line of TF.js's or Human's message."""

    def __init__(self, command: str, error: str) -> None:
        super().__init__(f"{command!r} failed in the peer process: {error}")
        self.reason = error.partition("\n")[0].removeprefix("Error: ")
