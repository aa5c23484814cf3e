"""Configurations of programs that use Human in JavaScript, without what only has a meaning there."""

from collections.abc import Mapping
from re import match

from humanrt.config.filter import FilterConfig
from humanrt.errors import ConfigError

ON_CPU = ("cpu", "wasm")
"""The backends of TF.js that compute on the CPU."""

BROWSERS_OWN = ("wasmPath", "wasmPlatformFetch", "flags")
HUMANS_FOLDERS = ("", "../models/", "file://models/")
"""The values of ``modelBasePath`` that Human itself sets, where a program does not."""

DRAWN = ("width", "height", "flip", "equalization")
"""The filters that act in Human even if ``filter.enabled`` is False."""

NEUTRAL = ("enabled", "return_", "auto_brightness")
"""The keys of filters that are no filter of this picture: in Human ``autoBrightness`` acts on the next one."""


def from_human(values: Mapping[str, object]) -> dict[str, object]:
    """Return a configuration of Human, whole or in part, without the keys that only have a meaning in JavaScript.

    Left out are those of WASM and of TF.js's flags, and a ``modelBasePath`` that is a web address or Human's own
    default. Filters are as Human applies them to a single picture: ``_filters()``.

    Raises ``ConfigError`` if ``values`` is not a dict.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"a configuration of Human is a dict, not {type(values).__name__}")
    ported = {key: value for key, value in values.items() if key not in BROWSERS_OWN}
    base = ported.get("modelBasePath")
    if isinstance(base, str) and (base in HUMANS_FOLDERS or match("https?://", base)):
        del ported["modelBasePath"]
    filters = ported.get("filter")
    if isinstance(filters, Mapping):
        ported["filter"] = _filters(filters)
    return ported


def _filters(given: Mapping[str, object]) -> Mapping[str, object]:
    """Return the section of filters: ``enabled`` if one of them acts in Human, and without those that do not.

    In Human filters are on by default, and width, height, flip and equalisation are so always.
    """
    defaults, section = FilterConfig(), FilterConfig().merge(given)
    on = section.enabled or "enabled" not in given
    acting = [
        name
        for name, value in vars(section).items()
        if name not in NEUTRAL and (on or name in DRAWN) and value != getattr(defaults, name)
    ]
    kept = {name.rstrip("_"): getattr(section, name) for name in (*acting, "return_")}
    return {**kept, "enabled": bool(acting)}
