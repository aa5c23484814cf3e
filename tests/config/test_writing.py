import re
import tomllib

import pytest

from humanrt import Config
from humanrt.config import Section, load_config
from humanrt.config.presets import PRESETS
from humanrt.config.writing import field_docs, to_toml


def keys(section):
    for name, value in vars(section).items():
        yield from keys(value) if isinstance(value, Section) else [section.key(name)]


def written(values, above=""):
    for key, value in values.items():
        yield from written(value, f"{above}{key}.") if isinstance(value, dict) and value else [f"{above}{key}"]


def last(key):
    return key.rpartition(".")[2]


@pytest.mark.parametrize("comments", [True, False])
def test_a_configuration_is_read_back_from_what_is_written(comments):
    for config in (Config(), *map(Config.preset, PRESETS), Config(compat="human", max_memory=2**30, cards='a"\\b\n')):
        text = to_toml(config, comments=comments)
        assert load_config(tomllib.loads(text)) == config
        unset = re.findall("^# ([a-z_]+) is not set$", text, re.MULTILINE)
        found = [*map(last, written(tomllib.loads(text))), *unset]
        assert sorted(found) == sorted(["preset", *map(last, keys(config))])


def test_the_comments_are_the_documentation_of_the_sections():
    text = " ".join(re.sub("^# ?", "", to_toml(Config(), comments=True), flags=re.MULTILINE).split())
    sections = [Config()]
    for section in sections:
        docs = field_docs(type(section))
        for name, value in vars(section).items():
            if isinstance(value, Section):
                sections.append(value)
            else:
                assert docs[name].replace("``", "") in text, name
    assert max(map(len, to_toml(Config(), comments=True).splitlines())) <= 100
