"""``python tools/parity models``: how far the converted models are from TF.js."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

# Run as a folder, this is no package and Python looks for modules inside it; the package is found beside it.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from parity.errors import PeerError  # noqa: E402  # after the line above
from parity.models import CASES, SideBySide  # noqa: E402
from parity.node import Peer, find_node  # noqa: E402
from parity.pictures import SOURCES  # noqa: E402


def compare_models() -> None:
    """Print the worst difference of every output of every model over all inputs."""
    print(f"{'model':<12}{'output':<18}{'absolute':>10}{'relative':>10}   worst of {', '.join(SOURCES)}")
    with Peer(find_node()) as peer, TemporaryDirectory() as folder:
        side_by_side = SideBySide(peer, Path(folder))
        for case in CASES:
            for output, worst in side_by_side.worst(case).items():
                print(f"{case.name:<12}{output:<18}{worst.absolute:>10.1e}{worst.relative:>10.1e}")


COMMANDS = {"models": compare_models}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python tools/parity", description="Compare HumanRT with TF.js and Human.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    try:
        COMMANDS[parser.parse_args().command]()
    except PeerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
