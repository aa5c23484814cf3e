"""The options of a request: which modules, how many faces, the form of the answer, and the configuration.

A request may change what is detected, and how; it may not change what concerns the machine: models, files, devices and
limits. So only some sections of the configuration are accepted, and of these no key that names a file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, get_args

from humanrt.config import Config, FilterConfig, StyleConfig, StyleName
from humanrt.errors import ConfigError
from humanrt.serve.options import ServeOptions
from humanrt.serve.problems import ProblemError

MODULES = ("face", "body", "hand", "object", "gesture", "segmentation")
SECTIONS = frozenset({*MODULES, "preset", "filter", "cacheSensitivity"})
FORMS = ("human", "slim", "png")
OPTIONS = ("config", "form", "max_faces", "modules")
STYLES: tuple[str, ...] = get_args(StyleName)
# What a request may not set, in snake_case and lower case: files, and what only matters in a session.
FORBIDDEN = ("model_path", "modelpath", "skip_time", "skip_frames", "skiptime", "skipframes")
COUNTS = ("max_detected", "maxdetected")
# The largest values of filters whose time or memory grows with them.
MOST_BLUR, MOST_PIXELATE = 64.0, 4096.0
MOST_PARTS_OF_JSON = 10_000


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - any value of JSON
    """Return a value of JSON. Raises ``ValueError`` for what is not, and for one of too many parts.

    Each part takes some hundred bytes and time on the event loop. Long texts, as pictures in base64, are few.
    """
    parts = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    if sum(parts.count(mark) for mark in b",:[{") > MOST_PARTS_OF_JSON:
        raise ValueError(f"JSON has more than {MOST_PARTS_OF_JSON} parts")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("JSON is nested too deep") from error


def choose(options: Mapping[str, object], name: str, accepted: Sequence[str], default: str) -> str:
    """Return an option that is one of some words. Raises ``ProblemError``, 422, for another one."""
    value = options.get(name, default)
    if value not in accepted:
        raise ProblemError(422, f"{name} is {_shown(value)}; it must be {', '.join(accepted)}")
    return str(value)


def detection_config(options: Mapping[str, object], limits: ServeOptions) -> dict[str, Any]:
    """Return the configuration of a request, checked, to be merged into that of the backend.

    Raises ``ProblemError``, 422, if an option or a key is unknown, not allowed, or out of range.
    """
    if unknown := [name for name in options if name not in OPTIONS]:
        raise ProblemError(422, f"the option {_shown(unknown[0])} is unknown; accepted are {', '.join(OPTIONS)}")
    config = _config(options.get("config"))
    _check(config, limits)
    chosen = options.get("modules")
    if chosen is not None:
        names = chosen.split(",") if isinstance(chosen, str) else chosen
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ProblemError(422, f"modules is {_shown(chosen)}; it must be names with commas: {', '.join(MODULES)}")
        names = [name.strip() for name in names if name.strip()]
        if unknown := [name for name in names if name not in MODULES]:
            raise ProblemError(422, f"the module {_shown(unknown[0])} is unknown; accepted are {', '.join(MODULES)}")
        for name in MODULES:
            _section(config, name)["enabled"] = name in names
    if "max_faces" in options:
        count = _integer("max_faces", options["max_faces"], limits.max_faces)
        _section(_section(config, "face"), "detector")["max_detected"] = count
    try:
        Config().merge(config)
    except ConfigError as error:
        raise ProblemError(422, str(error)) from error
    return config


def filters_of(options: Mapping[str, object], limits: ServeOptions) -> dict[str, float]:
    """Return the filters of a request, by the names of ``FilterConfig``. Raises ``ProblemError``, 422."""
    filters = {name: _number(name, value) for name, value in options.items()}
    try:
        config = FilterConfig().merge(filters)
    except ConfigError as error:
        raise ProblemError(422, str(error)) from error
    if config.blur > MOST_BLUR or config.pixelate > MOST_PIXELATE:
        raise ProblemError(422, f"filter.blur is at most {MOST_BLUR:g} and filter.pixelate {MOST_PIXELATE:g} here")
    _check_size(config, limits)
    return filters


def parameters_of(name: str, options: Mapping[str, object]) -> dict[str, float]:
    """Return the parameters of a style. Raises ``ProblemError``: 404 for another style, 422 for another parameter."""
    if name not in STYLES:
        raise ProblemError(404, f"there is no style {_shown(name)}; styles are {', '.join(STYLES)}")
    parameters = {key: _number(key, value) for key, value in options.items()}
    own = {key: value for key, value in parameters.items() if key != "fast"}
    try:
        StyleConfig().merge({"fast": parameters.get("fast", False), name: own})
    except ConfigError as error:
        raise ProblemError(422, str(error)) from error
    return parameters


def _config(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            value = read_json(value)
        except ValueError as error:
            raise ProblemError(422, "config is not JSON; it must be an object, as Human's configuration") from error
    if not isinstance(value, dict):
        raise ProblemError(422, f"config is {_shown(value)}; it must be an object, as Human's configuration")
    return value


def _check(config: Mapping[str, Any], limits: ServeOptions) -> None:
    if refused := [name for name in config if name not in SECTIONS]:
        raise ProblemError(
            422, f"config.{refused[0][:40]} cannot be set by a request; accepted are {', '.join(sorted(SECTIONS))}"
        )
    for path, value in _leaves(config, ()):
        key = path[-1].lower()
        if key in FORBIDDEN:
            raise ProblemError(422, f"config.{'.'.join(path)[:80]} cannot be set by a request")
        if key in COUNTS and isinstance(value, (int, float)) and value > limits.max_faces:
            raise ProblemError(
                422, f"config.{'.'.join(path)[:80]} is {_shown(value)}; it is at most {limits.max_faces} here"
            )
        if isinstance(value, float) and not isfinite(value):
            raise ProblemError(422, f"config.{'.'.join(path)[:80]} is not finite")
    if "filter" in config:
        try:
            filters = FilterConfig().merge(config["filter"])
        except (ConfigError, TypeError, AttributeError) as error:
            raise ProblemError(422, f"config.filter: {error}") from error
        if filters.blur > MOST_BLUR:
            raise ProblemError(422, f"filter.blur is at most {MOST_BLUR:g} here")
        _check_size(filters, limits)


def _check_size(filters: FilterConfig, limits: ServeOptions) -> None:
    side = limits.max_pixels**0.5
    if max(filters.width, filters.height) > side:
        raise ProblemError(422, f"filter.width and filter.height are at most {int(side)} here")


def _leaves(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in values.items():
        if isinstance(value, dict) and len(path) < 8:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _section(config: dict[str, Any], name: str) -> dict[str, Any]:
    section = config.setdefault(name, {})
    if not isinstance(section, dict):
        raise ProblemError(422, f"config.{name} is {_shown(section)}; it must be an object")
    return section


def _integer(name: str, value: object, most: int) -> int:
    try:
        number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else 0
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        raise ProblemError(422, f"{name} is {_shown(value)}; it must be an integer of 1..{most}")
    return number


def _number(name: str, value: object) -> float:
    """Return a parameter: JSON's numbers and booleans, or their text."""
    if isinstance(value, (bool, int)) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, str):
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if isfinite(number):
            return int(number) if number.is_integer() and "." not in value else number
    raise ProblemError(422, f"{name[:40]} is {_shown(value)}; it must be a number, true or false")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
