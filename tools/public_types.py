"""Check that Pyright completely knows the type of every name that humanrt exports."""

import json
import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    # Pyright finds the package by the Python that is first on PATH. It need not ask PyPI for a newer version.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    command = [sys.executable, "-m", "pyright", "--verifytypes", "humanrt", "--ignoreexternal", "--outputjson"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    completeness = json.loads(done.stdout)["typeCompleteness"]
    print(f"{completeness['completenessScore']:.1%} of the public names have a known type; all must")
    unknown = [symbol for symbol in completeness["symbols"] if symbol["isExported"] and not symbol["isTypeKnown"]]
    for symbol in unknown:
        reasons = [each["message"] for each in symbol["diagnostics"]]
        print(f"{symbol['name']}: {'; '.join(reasons) or 'its members are not known'}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
