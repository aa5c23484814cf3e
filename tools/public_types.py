"""Check how many of the names that humanrt exports have a type that Pyright knows completely."""

import json
import os
import subprocess
import sys
from pathlib import Path

LEAST = 0.897
"""The least share of names with a known type. The aim is 1.0; it is never lowered."""


def main() -> int:
    # Pyright finds the package by the Python that is first on PATH. It need not ask PyPI for a newer version.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    command = [sys.executable, "-m", "pyright", "--verifytypes", "humanrt", "--ignoreexternal", "--outputjson"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    completeness = json.loads(done.stdout)["typeCompleteness"]
    score: float = completeness["completenessScore"]
    print(f"{score:.1%} of the public names have a known type; at least {LEAST:.1%} must")
    if score >= LEAST:
        return 0
    for symbol in completeness["symbols"]:
        if symbol["isExported"] and not symbol["isTypeKnown"]:
            reasons = [each["message"] for each in symbol["diagnostics"]]
            print(f"{symbol['name']}: {'; '.join(reasons) or 'its members are not known'}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
