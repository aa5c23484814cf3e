"""``python -m humanrt`` runs the command line."""

import sys

from humanrt.cli import main

sys.exit(main())
