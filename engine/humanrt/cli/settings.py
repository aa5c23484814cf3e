"""The configuration that the options of a command describe."""

import argparse
import os
from collections.abc import Mapping

from humanrt.config import Config, default_config, load_config, toml
from humanrt.errors import ConfigError


def read_settings(options: argparse.Namespace, base: Config | None = None) -> Config:
    """Return the configuration of the options; later ones of this list take precedence.

    The list is ``--preset``, ``--config``, ``--set``, ``--max-faces``, ``--device``.

    Raises ``ConfigError`` if one of them is wrong.
    """
    settings = [_read_setting(setting) for setting in options.set]
    if "preset" in options and options.preset:
        base = Config.preset(options.preset)
    elif base is None and any(setting.get("compat") == "human" for setting in settings):
        base = default_config("human")
    file = os.path.expanduser(options.config) if options.config else None  # noqa: PTH111 - text, for messages
    config = load_config(file, base)
    for setting in settings:
        config = config.merge(setting)
    if "max_faces" in options and options.max_faces is not None:
        config = config.merge({"face": {"detector": {"max_detected": options.max_faces}}})
    return config.merge({"device": options.device}) if "device" in options and options.device else config


def _read_setting(setting: str) -> Mapping[str, object]:
    """Return ``key=value`` as a dict of dicts."""
    key, equals, value = setting.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {setting}: it must be KEY=VALUE, such as face.detector.max_detected=5")
    try:
        return toml.parse(f"{key} = {value}")
    except ValueError as error:
        text = f"; a text has quotes: --set '{key}=\"{value}\"'" if value.isidentifier() else ""
        raise ConfigError(f"--set {setting}: it cannot be read as TOML: {error}{text}") from error
