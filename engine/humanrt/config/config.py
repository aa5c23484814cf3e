"""The whole configuration, and the ways to write one."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, cast

from humanrt.config.face import FaceConfig
from humanrt.config.modules import (
    BodyConfig,
    FilterConfig,
    GestureConfig,
    HandConfig,
    ObjectConfig,
    SegmentationConfig,
)
from humanrt.config.section import Between, Ratio, Section
from humanrt.errors import ConfigError


@dataclass(frozen=True)
class Config(Section):
    """The whole configuration.

    ``device``: "auto", "cpu", "cuda" or "cuda:N". ``deallocate``: who frees the tensors of a Result, "auto" or
    "manual"; Human's booleans are accepted for the two. ``compat="human"`` brings Human's known quirks back.
    ``max_pixels``: pictures with more are refused before they are decoded. ``raise_errors``: what a module fails with,
    bodies for instance, is raised instead of being kept in the Result's ``errors``. ``model_base_path``: a folder that
    holds TF.js models; it is asked before the cache. ``cards``: cards of your own models, or folders of them, apart as
    in PATH; each can then be named by its section's ``model_path``, as Human's can. ``cache_sensitivity`` and
    ``skip_allowed`` act only in streams. Human's ``debug``, ``async``, ``warmup``, ``cache_models`` and
    ``validate_models`` are accepted and change nothing: logging is the standard library's, models are always cached on
    disk and always checked.
    """

    device: str = "auto"
    compat: Literal["human"] | None = None
    max_pixels: Annotated[int, Between(1)] = 100_000_000
    raise_errors: bool = False
    backend: str = ""
    model_base_path: str = ""
    cards: str = ""
    cache_models: bool = True
    validate_models: bool = True
    wasm_path: str = ""
    wasm_platform_fetch: bool = False
    debug: bool = False
    async_: bool = True
    warmup: Literal["", "none", "face", "full", "body"] = "full"
    cache_sensitivity: Ratio = 0.7
    skip_allowed: bool = False
    deallocate: Literal["auto", "manual"] = "auto"
    flags: Mapping[str, object] = field(default_factory=dict)
    software_kernels: bool = False
    filter: FilterConfig = field(default_factory=FilterConfig)
    gesture: GestureConfig = field(default_factory=GestureConfig)
    face: FaceConfig = field(default_factory=FaceConfig)
    body: BodyConfig = field(default_factory=BodyConfig)
    hand: HandConfig = field(default_factory=HandConfig)
    object: ObjectConfig = field(default_factory=ObjectConfig)
    segmentation: SegmentationConfig = field(default_factory=SegmentationConfig)

    def __post_init__(self) -> None:
        deallocate = cast("str | bool", self.deallocate)
        if isinstance(deallocate, bool):
            object.__setattr__(self, "deallocate", "auto" if deallocate else "manual")
        super().__post_init__()
        _refuse_browser_settings(self)
        _refuse_what_is_missing(self)


def load_config(
    source: Config | Mapping[str, object] | str | os.PathLike[str] | None = None, base: Config | None = None
) -> Config:
    """Lay a dict or the TOML file at a path over ``base``, by default the defaults; a Config takes the place of both.

    Raises ConfigError for anything that is not a valid configuration, a file that cannot be read included.
    """
    if isinstance(source, Config):
        return source
    base = base or Config()
    if source is None:
        return base
    if isinstance(source, Mapping):
        return base.merge(source)
    return base.merge(_read_toml(source))


def _read_toml(source: object) -> Mapping[str, object]:
    if not isinstance(source, str | os.PathLike):
        kind = type(source).__name__
        raise ConfigError(f"a configuration is a Config, a dict or the path of a TOML file, not {kind}")
    try:
        return tomllib.loads(Path(source).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the configuration {os.fspath(source)!r}, a TOML file: {error}") from error


# What a later version will have: refused by name when switched on, so that nobody waits for what does not come.
_MISSING_SWITCHES = ("filter.enabled", "filter.equalization")

# Human's settings for the browser and for TF.js's own backends, with what to use here instead.
_BROWSER_SETTINGS = {
    "backend": 'choose with device="auto", "cpu", "cuda" or "cuda:N"',
    "wasm_path": "there is no WASM here",
    "wasm_platform_fetch": "there is no WASM here",
    "flags": "TF.js's flags have no meaning for ONNX Runtime",
    "software_kernels": "every operation has a kernel here",
}


def _refuse_what_is_missing(config: Config) -> None:
    switched_on = [path for path in _MISSING_SWITCHES if _at(config, path)]
    if switched_on:
        raise ConfigError(f"not available in this version: {', '.join(switched_on)}; leave it out or set it to False")


def _refuse_browser_settings(config: Config) -> None:
    for name, instead in _BROWSER_SETTINGS.items():
        if getattr(config, name):
            raise ConfigError(f"{name}={getattr(config, name)!r} only means something in JavaScript: {instead}")


def _at(section: Section, path: str) -> object:
    value: object = section
    for name in path.split("."):
        value = getattr(value, name)
    return value
