"""The whole configuration, and reading one from a dict or a TOML file."""

import os
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, cast

from humanrt.config.face import FaceConfig
from humanrt.config.filter import FilterConfig
from humanrt.config.image import ImageConfig
from humanrt.config.inert import inert_settings
from humanrt.config.modules import (
    BodyConfig,
    GestureConfig,
    HandConfig,
    ObjectConfig,
    SegmentationConfig,
    TrackingConfig,
)
from humanrt.config.porting import ON_CPU, from_human
from humanrt.config.section import Between, Ratio, Section, Value, shown
from humanrt.config.style import StyleConfig
from humanrt.errors import ConfigError

DEFAULT_PRESET = "balanced"
"""The preset that a dict or a file without one is applied to, unless its ``compat`` is ``human``."""

DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,4})?")


class Config(Section):
    """The whole configuration. The defaults of its fields are Human's; ``Human`` starts from the preset ``balanced``.

    Creating one raises ``ConfigError`` if a value has another type or lies out of range, or if a setting is used that
    only exists in JavaScript.
    """

    device: str = "auto"
    """Where models run: ``auto``, ``cpu``, ``cuda`` (the first GPU) or ``cuda:N``, in lower or upper case. ``auto`` is
    CUDA if it works, else the CPU. Human has ``backend`` instead."""

    compat: Literal["human"] | None = None
    """``human`` reproduces Human's rounding and its known faults. Human has no such key."""

    max_pixels: Annotated[int, Between(1)] | None = None
    """Another name of ``image.max_pixels``, where the value is kept: reading this key returns None."""

    max_memory: Annotated[int, Between(1)] | None = None
    """The most bytes that the pictures of calls at the same time take; calls for which there is no room wait. None is
    the smaller of 512 MiB and a quarter of the memory of the container or machine. Human has no such key."""

    max_calls: Annotated[int, Between(1)] | None = None
    """The most calls of ``detect()`` that are computed at the same time; others wait. None is one more than there are
    CPU cores, for calls that read or copy their picture. Human has no such key."""

    max_queue: Annotated[int, Between(0)] | None = None
    """The most calls that wait to be computed; more raise ``OverloadedError``. None is no limit. Human has no such
    key."""

    max_wait: Annotated[float, Between(0)] | None = None
    """The longest time in seconds that a call waits to be computed; then it raises ``OverloadedError``. None is no
    limit. Human has no such key."""

    raise_errors: bool = False
    """Whether an error of one module, such as bodies, is raised. If not, it is kept in ``result.errors``, and the
    results of the other modules are returned. Human has no such key."""

    backend: Literal["", "none", "cpu", "wasm", "webgl", "humangl", "webgpu", "tensorflow"] = ""
    """Human's name of a backend of TF.js: ``cpu`` and ``wasm`` set ``device`` to ``cpu``, and the others leave it."""

    model_base_path: str = ""
    """A folder of TF.js models, as a path or a ``file://`` address, which is searched before the cache. Human also
    accepts web addresses."""

    cards: str = ""
    """Custom model cards, or folders of them, separated as in ``PATH``. Each section's ``model_path`` can name them.
    Human has no such key."""

    cache_models: bool = True
    """Has no effect: models are always cached on disk."""

    validate_models: bool = True
    """Has no effect: models are always checked."""

    wasm_path: str = ""
    """Must be empty: there is no WASM here."""

    wasm_platform_fetch: bool = False
    """Must be False: there is no WASM here."""

    debug: bool = False
    """Has no effect: messages go to the standard library's ``logging``."""

    async_: bool = True
    """Has no effect: modules always run concurrently. Written ``async`` in dicts and files."""

    warmup: Literal["", "none", "face", "full", "body"] = "full"
    """The sample picture that ``Human.warmup()`` detects in: ``face``, or a whole ``body`` (``full`` is the same); with
    ``none`` or an empty string it does nothing."""

    cache_sensitivity: Ratio = 0.7
    """How much a frame of a session may differ from the one before for results to be reused: the mean of the squared
    differences of their values, 0 to 255, over 255. 0 reuses none."""

    skip_allowed: bool = False
    """Whether results of a session are reused however much its frames differ. Human has this key and sets it itself."""

    deallocate: Literal["auto", "manual"] = "auto"
    """Who disposes the tensors of a ``Result``: HumanRT, once the ``Result`` is no longer used (``auto``), or the
    caller (``manual``). Human's booleans are accepted: True is ``auto``. Human's default, False, is ``manual``."""

    flags: Mapping[str, object] = field(default_factory=dict)
    """Must be empty: ONNX Runtime has none of TF.js's flags."""

    software_kernels: bool = False
    """Has no effect: every operation has a kernel here."""

    image: ImageConfig = field(default_factory=ImageConfig)
    """How large pictures may be, and at which size they are decoded. Human has no such key."""

    filter: FilterConfig = field(default_factory=FilterConfig)
    """Filters that are applied to a picture before detection."""

    gesture: GestureConfig = field(default_factory=GestureConfig)
    """Gestures."""

    face: FaceConfig = field(default_factory=FaceConfig)
    """Faces."""

    body: BodyConfig = field(default_factory=BodyConfig)
    """Bodies."""

    hand: HandConfig = field(default_factory=HandConfig)
    """Hands."""

    object: ObjectConfig = field(default_factory=ObjectConfig)
    """Objects."""

    segmentation: SegmentationConfig = field(default_factory=SegmentationConfig)
    """Segmentation."""

    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    """Tracking in sessions. Human has no such key."""

    style: StyleConfig = field(default_factory=StyleConfig)
    """Artistic styles. Human has no such key."""

    def __post_init__(self) -> None:
        self._refuse_browser_settings()
        if self.max_pixels is not None:
            vars(self)["image"] = self.image.merge({"max_pixels": self.max_pixels})
            vars(self)["max_pixels"] = None
        if self.backend in ON_CPU:
            if self.device.startswith("cuda"):
                raise ConfigError(f"backend is {self.backend!r}, which is the CPU, and device is {self.device!r}")
            vars(self)["device"] = "cpu"

    @classmethod
    def from_human(cls, values: Mapping[str, Value]) -> Self:
        """Return the configuration that a program in JavaScript gives to Human, as JSON, whole or in part.

        What only has a meaning in JavaScript is left out: WASM, TF.js's flags, and web addresses of models, which come
        from the cache. Filters are on if one of them acts in Human, whose ``filter.enabled`` is True by default.
        ``deallocate`` is Human's False where it is given.

        Raises ``ConfigError`` if a key is unknown, or a value is wrong.
        """
        return cls().merge(from_human(values))

    def validate(self) -> dict[str, str]:
        """Return the keys that are set to other values than their defaults and have no effect, each with the reason.

        Unknown keys and wrong values are no part of this: they raise ``ConfigError`` when a configuration is created.
        """
        return dict(inert_settings(self))

    @classmethod
    def accept(cls, name: str, value: Value) -> Value:
        """Return Human's booleans for ``deallocate`` as ours, and the name of a device in lower case."""
        if name == "deallocate" and isinstance(value, bool):
            return "auto" if value else "manual"
        if name == "device" and isinstance(value, str):
            if not DEVICE.fullmatch(value.lower()):
                raise ConfigError(
                    f'device is {shown(value)}; it must be "auto", "cpu", "cuda" or "cuda:N", as in "cuda:1"'
                )
            return value.lower()
        return value

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return the configuration of a preset: ``human``, ``fast``, ``balanced`` or ``accurate``.

        ``human`` has Human's defaults, which are those of this class. ``fast`` is for video on a small machine,
        ``balanced``, with which ``Human`` starts, for most pictures, and ``accurate`` for photos and crowds.

        Raises ``ConfigError`` if there is none of that name.
        """
        from humanrt.config.presets import PRESETS  # most programs use none

        if name not in list(PRESETS):  # a dict would not accept a list
            raise ConfigError(f"preset is {shown(name)}; it must be one of {', '.join(PRESETS)}")
        return cls().merge(PRESETS[name])

    def merge(self, overrides: Mapping[str, Value]) -> Self:
        """Return a copy of this configuration with ``overrides`` applied, as ``Section.merge()`` does.

        If they have the key ``preset``, they are applied to that preset, and of this configuration only ``device``,
        ``deallocate``, ``model_base_path`` and ``cards`` are kept.
        """
        if "preset" not in overrides:
            return super().merge(overrides)
        rest = {key: value for key, value in overrides.items() if key != "preset"}
        fixed = {name: getattr(self, name) for name in ("device", "deallocate", "model_base_path", "cards")}
        return self.preset(cast("str", overrides["preset"])).merge(fixed).merge(rest)

    def _refuse_browser_settings(self) -> None:
        for name, value, instead in (
            ("wasm_path", self.wasm_path, "there is no WASM here"),
            ("wasm_platform_fetch", self.wasm_platform_fetch, "there is no WASM here"),
            ("flags", self.flags, "ONNX Runtime has none of TF.js's flags"),
        ):
            if value:
                raise ConfigError(f"{name} is {shown(value)}, which only has a meaning in JavaScript: {instead}")


ConfigSource: TypeAlias = Config | Mapping[str, object] | str | os.PathLike[str]
"""A configuration, a dict, or the path of a TOML file."""


def load_config(source: ConfigSource | None = None, base: Config | None = None) -> Config:
    """Return a configuration: ``source`` itself if it is a ``Config``, else ``base`` with ``source`` applied.

    ``source`` is a dict or the path of a TOML file. Without ``base`` it is applied to the preset ``balanced``, or to
    the preset ``human`` if its ``compat`` is ``human``.

    Raises ``ConfigError`` if ``source`` is not a valid configuration, or a file that cannot be read; the message for a
    file begins with ``FILE:LINE``.
    """
    if isinstance(source, Config):
        return source

    def merged(overrides: Mapping[str, Value]) -> Config:
        return (base or default_config(overrides.get("compat"))).merge(overrides)

    if source is None:
        return merged({})
    if isinstance(source, Mapping):
        return merged(source)
    if isinstance(source, str | os.PathLike):
        from humanrt.config.reading import read_toml  # most programs have no file

        return read_toml(Path(os.fsdecode(source)), merged)
    raise ConfigError(f"a configuration is a Config, a dict or the path of a TOML file, not {type(source).__name__}")


def default_config(compat: object = None) -> Config:
    """Return the configuration that is taken where none is given: a preset, ``human`` for ``compat="human"``."""
    return Config.preset("human" if compat == "human" else DEFAULT_PRESET)
