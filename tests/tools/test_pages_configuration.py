from dataclasses import fields

import pytest

from humanrt.config import Config, FaceDetectorConfig, Section
from pages.configuration import config_page, field_docs


def sections(section):
    yield section
    for value in vars(section).values():
        if isinstance(value, Section):
            yield from sections(value)


@pytest.mark.parametrize("section", list(sections(Config())), ids=lambda section: type(section).__name__)
def test_every_field_has_a_docstring(section):
    docs = field_docs(type(section))
    assert [name for name in vars(section) if not docs.get(name, "").endswith(".")] == []


def test_every_key_is_on_the_page_once():
    page = config_page()
    keys = [
        section.key(item.name)
        for section in sections(Config())
        for item in fields(section)
        if not isinstance(vars(section)[item.name], Section)
    ]
    assert [key for key in keys if page.count(f"\n| `{key}` | ") != 1] == []
    assert page.count("\n## ") == sum(1 for _ in sections(Config()))


def test_a_row_has_type_range_default_and_docstring():
    page = config_page()
    docs = field_docs(FaceDetectorConfig)
    assert f"\n| `face.detector.iou_threshold` | number, 0 to 1 | `0.1` | {docs['iou_threshold']} |\n" in page
    assert f"\n| `face.detector.max_detected` | integer, at least 1 | `1` | {docs['max_detected']} |\n" in page
    assert '| `segmentation.mode` | `"default"`, `"alpha"`, `"foreground"`, `"state"` | `"default"` | ' in page
    assert '| `compat` | `"human"` or unset | `unset` | ' in page
    assert "``" not in page.replace('`""`', "")
