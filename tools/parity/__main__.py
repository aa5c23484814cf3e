"""The command ``python tools/parity``.

``python tools/parity models``: the differences of the converted models from TF.js, and the times of both.
``python tools/parity human PICTURE...``: the differences of all detections in pictures from Human's.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# A folder that is run is not a package, and Python puts it on the path: the package is found in its parent.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from humanrt.errors import HumanRTError  # noqa: E402  # after the line above
from humanrt.zoo import Card, find_card  # noqa: E402
from parity.choice import human_cards  # noqa: E402
from parity.errors import PeerError  # noqa: E402
from parity.everything import compare_pictures  # noqa: E402
from parity.models import SideBySide  # noqa: E402
from parity.node import Node, Peer, find_node  # noqa: E402
from parity.table import README, Row, render  # noqa: E402

PATIENCE_S = 600.0
"""The limit for one run in TF.js, which allows for a busy machine."""


def compare_models(names: Sequence[str]) -> int:
    """Compare the models ``names`` and print the differences; without names, all models, and write models/README.md."""
    node = find_node()
    rows = [_compare(node, card) for card in ([find_card(name) for name in names] or human_cards())]
    if not names:
        with Peer(node) as peer:
            README.write_text(render(rows, peer.versions()), encoding="utf-8")
        print(f"written: {README}")
    return int(not all(found.accepted for row in rows for found in row.outputs.values()))


def _compare(node: Node, card: Card) -> Row:
    """Measure one model beside a new Node process: the memory of other models would slow it down."""
    with Peer(node, timeout=PATIENCE_S) as peer, SideBySide(peer) as side_by_side:
        row = Row(card, side_by_side.worst(card), side_by_side.times(card))
    wasm = f"{row.timing.wasm:.2f}" if row.timing.wasm is not None else f"- ({row.timing.reason})"
    print(f"{card.name}: ONNX Runtime {row.timing.onnxruntime:.2f} ms, TF.js WASM {wasm} ms")
    for name, found in row.outputs.items():
        remarks = [] if found.rounding is None else [f"from float64, TF.js {found.rounding:.1e}"]
        remarks += [] if found.within else ["missed" if found.accepted else "missed, and further off than TF.js"]
        difference = f"{found.difference.absolute:>10.1e}{found.difference.relative:>10.1e}"
        print(f"  {name:<20}{difference}  {'; '.join(remarks)}", flush=True)
    return row


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python tools/parity", description="Compare HumanRT with TF.js and Human.")
    commands = parser.add_subparsers(dest="command", required=True)
    models = commands.add_parser("models", help=compare_models.__doc__)
    models.add_argument("names", nargs="*", metavar="NAME", help="a model of the zoo; all of them by default")
    human = commands.add_parser("human", help=compare_pictures.__doc__)
    human.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    options = parser.parse_args()
    try:
        if options.command == "models":
            return compare_models(options.names)
        with Peer(find_node()) as peer:
            return 0 if compare_pictures(peer, options.pictures) else 1
    except (PeerError, HumanRTError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
