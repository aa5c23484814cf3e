"""``humanrt config``: writes a configuration with every key, and shows the merged one."""

import argparse

from humanrt.cli import DONE
from humanrt.cli.settings import read_settings
from humanrt.cli.stdio import write_line
from humanrt.config import load_config
from humanrt.config.writing import to_toml
from humanrt.errors import ConfigError


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    if options.action == "show":
        write_line(to_toml(read_settings(options)).rstrip())
        return DONE
    try:
        with options.path.open("x", encoding="utf-8") as file:
            file.write(to_toml(load_config(), comments=True))
    except FileExistsError as error:
        raise ConfigError(f"{options.path} exists, and is not replaced: name another file") from error
    except OSError as error:
        raise ConfigError(f"{options.path} cannot be written: {error.strerror}") from error
    write_line(f"wrote {options.path}")
    return DONE
