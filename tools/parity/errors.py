"""What can go wrong with the peers. These errors belong to the tools; the library never raises them."""


class PeerError(RuntimeError):
    """A peer could not be installed, answered with an error, ended, or did not answer in time."""


class NodeUnavailableError(PeerError):
    """Node or npm is missing, or Node is too old; the message says which and names the cure."""
