import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import pytest

from humanrt.errors import CardError
from humanrt.zoo.toml_reader import parse_toml, read_record


@dataclass(frozen=True)
class Wheel:
    size: int
    colour: Annotated[str, re.compile("[a-z]+")] = "black"


@dataclass(frozen=True)
class Car:
    name: str
    weight: float
    doors: tuple[int | str, ...]
    span: tuple[float, float]
    wheels: Mapping[str, Wheel]
    spare: tuple[Wheel, ...] = ()

    def __post_init__(self):
        if not self.wheels:
            raise ValueError("wheels: a car has wheels")


GOOD = """
name = "beetle"
weight = 800
doors = [1, "boot"]
span = [0, 1.5]
[wheels.left]
size = 14
[wheels.right]
size = 15
colour = "red"
[[spare]]
size = 13
"""


def read_toml(kind, text, file):
    return read_record(kind, parse_toml(text, file), file)


def test_all_types_of_values():
    car = read_toml(Car, GOOD, "car.toml")
    assert car.name == "beetle"
    assert car.weight == 800.0
    assert isinstance(car.weight, float)
    assert car.doors == (1, "boot")
    assert car.span == (0.0, 1.5)
    assert dict(car.wheels) == {"left": Wheel(14), "right": Wheel(15, "red")}
    assert car.spare == (Wheel(13),)


def test_a_record_can_be_pickled():
    car = read_toml(Car, GOOD, "car.toml")
    assert pickle.loads(pickle.dumps(car)) == car  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('name = "beetle"', "", "car.toml: name: this key is missing"),
        ('name = "beetle"', "name = 3", "car.toml: name: must be str; it is 3"),
        ("weight = 800", 'weight = "heavy"', "car.toml: weight: must be float"),
        ("weight = 800", "weight = 800\nlength = 3", "car.toml: length: unknown key"),
        ('doors = [1, "boot"]', "doors = [1, true]", r"car.toml: doors\[1\]: must be int or str; it is True"),
        ('doors = [1, "boot"]', "doors = 2", "car.toml: doors: must be a list; it is 2"),
        ("span = [0, 1.5]", "span = [0]", "car.toml: span: must have 2 entries"),
        ("size = 14", "size = 1.4", "car.toml: wheels.left.size: must be int"),
        ('colour = "red"', 'colour = "Red"', r"car.toml: wheels.right.colour: must match \[a-z\]\+; it is 'Red'"),
        ('colour = "red"', "colour = 7", "car.toml: wheels.right.colour: must be str"),
        ("size = 13", "sise = 13", r"car.toml: spare\[0\].sise: unknown key; the keys are size, colour"),
        ("name =", "name ==", "car.toml: not valid TOML"),
    ],
)
def test_the_error_has_the_file_and_the_key(before, after, message):
    assert before in GOOD
    with pytest.raises(CardError, match=message):
        read_toml(Car, GOOD.replace(before, after, 1), "car.toml")


def test_another_value_in_place_of_a_table():
    text = 'name = "x"\nweight = 1\ndoors = []\nspan = [0, 1]\n'
    with pytest.raises(CardError, match=r"car\.toml: wheels: must be a table"):
        read_toml(Car, text + "wheels = 4", "car.toml")
    with pytest.raises(CardError, match=r"car\.toml: wheels\.left: must be a table"):
        read_toml(Car, text + "wheels.left = 4", "car.toml")


def test_an_error_of_the_dataclass():
    text = 'name = "x"\nweight = 1\ndoors = []\nspan = [0, 1]\n[wheels]'
    with pytest.raises(CardError, match=r"car\.toml: wheels: a car has wheels"):
        read_toml(Car, text, "car.toml")


@pytest.mark.parametrize("text", ["a = " + 20_000 * "[", ".".join(20_000 * "a") + " = 1", "a = " + 5000 * "9"])
def test_hostile_text_is_refused(text):
    with pytest.raises(CardError, match=r"car\.toml: not valid TOML"):
        parse_toml(text, "car.toml")
