"""``humanrt doctor``: what this machine has, and why CUDA is or is not used."""

import argparse
import platform
from importlib import metadata

import humanrt
from humanrt.cli import DONE, FAILED
from humanrt.cli.stdio import write_line
from humanrt.config import Environment
from humanrt.runtime.device import device_report
from humanrt.zoo import default_cache_dir

PACKAGES = ("numpy", "onnx", "opencv-python", "opencv-python-headless")


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    del options
    report, environment = device_report(), Environment.read()
    present = {found.name: found.version for found in metadata.distributions()}
    versions = {name: present[name] for name in PACKAGES if name in present}
    cache_dir = environment.cache_dir or default_cache_dir()
    rows = {
        "humanrt": humanrt.__version__,
        "python": f"{platform.python_version()} on {platform.platform()}",
        "onnxruntime": report.onnxruntime or "not installed",
        "packages": ", ".join(f"{name} {version}" for name, version in {**report.packages, **versions}.items()),
        "providers": ", ".join(report.providers),
        "device": report.device or "none",
        "CUDA": f"not used: {report.reason}" if report.reason else "used: a convolution was run on the GPU",
        "threads": str(report.cpu_budget),
        "own cards": ", ".join(map(str, environment.cards)) or "none",
        "cache": f"{cache_dir} ({'offline' if environment.offline else 'fetching is allowed'})",
    }
    for name, value in rows.items():
        write_line(f"{name:<13} {value}")
    return DONE if report.device else FAILED
