"""Builds the documentation site, or repeats the measurements in its pages; run by ``tools/docs``."""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from docs_pages import PAGES, ROOT, site_pages

CONFIGURATION = ROOT / "tools" / "docs.yml"
MEASURED = re.compile(r"(?P<start><!-- measured: (?P<what>\S+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
MODEL_TABLE = ROOT / "models" / "README.md"


def build(folder: Path) -> int:
    """Build the site into ``folder/docs``, from a copy in ``folder/docs-source``; return the exit code."""
    source = folder / "docs-source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(PAGES, source / "pages", ignore=shutil.ignore_patterns("*.md"))
    for name, text in site_pages().items():
        (source / "pages" / name).write_text(text, encoding="utf-8")
    shutil.copy(CONFIGURATION.with_suffix(".css"), source / "pages")
    # The paths in the file are relative to it.
    text = CONFIGURATION.read_text(encoding="utf-8").replace("../../engine", str(ROOT / "engine"))
    (source / "docs.yml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(source / "docs.yml")]
    exit_code = subprocess.run(command, check=False).returncode
    if exit_code == 0:
        shutil.rmtree(folder / "docs", ignore_errors=True)
        (source / "site").rename(folder / "docs")
    return exit_code


def measured(text: str, blocks: Mapping[str, str]) -> str:
    """Return a page with the content of ``blocks`` between the markers of each name."""

    def replace(match: re.Match[str]) -> str:
        content = blocks.get(match["what"])
        return match[0] if content is None else f"{match['start']}\n{content.strip()}\n\n{match['end']}"

    return MEASURED.sub(replace, text)


def model_excerpt() -> str:
    """Return what ``models/README.md`` has measured of Human's default models, as a table."""
    lines = [line.strip("| ").split(" | ") for line in MODEL_TABLE.read_text(encoding="utf-8").splitlines()]
    head = lines.index(next(line for line in lines if line[0] == "model"))
    rows = [dict(zip(lines[head], line, strict=True)) for line in lines[head + 2 : lines.index([""], head)]]
    columns = {"model": "model", "task": "module", "relative": "difference"}
    columns |= {"ONNX Runtime": "ONNX Runtime, ms", "TF.js WASM": "TF.js WASM, ms"}
    defaults = [row for row in rows if "human" in row["packages"].split(", ")]
    table = [[*columns.values()], ["---"] * len(columns)]
    table += [[row[column] for column in columns] for row in defaults]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in table)


def measure(names: Sequence[str]) -> None:
    """Run the tools of these names, and write what they print into the pages; the excerpt of the models always."""
    blocks = {"models": model_excerpt()}
    for name in names:
        # A tool that fails, or misses its goal, raises here: on a busy machine its figures mean nothing.
        done = subprocess.run([ROOT / name], stdout=subprocess.PIPE, text=True, check=True)
        blocks[name] = done.stdout if "| --- |" in done.stdout else f"```text\n{done.stdout.strip()}\n```"
    for path in (ROOT / "README.md", *sorted(PAGES.glob("*.md"))):
        before = path.read_text(encoding="utf-8")
        after = measured(before, blocks)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"written: {path}")


def main() -> int:
    """Build the site, or measure; return the exit code."""
    parser = argparse.ArgumentParser(prog="tools/docs", description="Build the documentation site into build/docs.")
    parser.add_argument(
        "--measure", nargs="*", metavar="TOOL", help="run these tools, and write their output into the pages instead"
    )
    options = parser.parse_args()
    if options.measure is not None:
        measure(options.measure)
        return 0
    return build(ROOT / "build")


if __name__ == "__main__":
    sys.exit(main())
