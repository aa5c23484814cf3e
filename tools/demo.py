"""The demo: ``humanrt detect`` on Human's sample pictures, or on those named. ``tools/demo`` installs it."""

import sys
from pathlib import Path

from humanrt import cli
from humanrt.config import Environment
from humanrt.errors import HumanRTError
from humanrt.zoo import Store, default_cache_dir

ROOT = Path(__file__).resolve().parents[1]


def sample_pictures() -> list[str]:
    """Return the paths of Human's two sample pictures, which are fetched if they are not cached."""
    environment = Environment.read()
    store = Store(environment.cache_dir or default_cache_dir(), offline=environment.offline)
    return [str(path) for path in store.samples().values()]


def main() -> int:
    """Run the demo on the pictures named on the command line; return the exit code."""
    try:
        pictures = sys.argv[1:] or sample_pictures()
    except HumanRTError as error:
        print(f"demo: {error}", file=sys.stderr)
        return cli.FAILED
    config, drawn = ROOT / "tools" / "demo.toml", ROOT / "build" / "demo"
    return cli.main(["detect", "--config", str(config), "--draw", str(drawn), "--verbose", *pictures])


if __name__ == "__main__":
    sys.exit(main())
