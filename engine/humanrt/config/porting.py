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

NEUTRAL = ("enabled", "return_", "auto_brightness")
"""The keys of filters that leave the picture as it is, whatever their value."""


def from_human(values: Mapping[str, object]) -> dict[str, object]:
    """Return a configuration of Human, whole or in part, without the keys that only have a meaning in JavaScript.

    Left out are those of WASM and of TF.js's flags, a ``modelBasePath`` that is a web address or Human's own default,
    and ``filter.enabled`` where no filter is set: Human's filters are on by default, and change nothing by default.

    Raises ``ConfigError`` if ``values`` is not a dict.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"a configuration of Human is a dict, not {type(values).__name__}")
    ported = {key: value for key, value in values.items() if key not in BROWSERS_OWN}
    base = ported.get("modelBasePath")
    if isinstance(base, str) and (base in HUMANS_FOLDERS or match("https?://", base)):
        del ported["modelBasePath"]
    filters = ported.get("filter")
    if isinstance(filters, Mapping) and filters.get("enabled") is True and not _sets_a_filter(filters):
        ported["filter"] = {**filters, "enabled": False}
    return ported


def _sets_a_filter(filters: Mapping[str, object]) -> bool:
    """Return whether a filter is set to anything that changes a picture."""
    given = vars(FilterConfig().merge({**filters, "enabled": False, "equalization": False}))
    defaults = vars(FilterConfig())
    changed = any(given[name] != defaults[name] for name in defaults if name not in NEUTRAL)
    return changed or filters.get("equalization") is True
