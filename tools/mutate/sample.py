"""Mutants of a room, drawn at random, and the file of those that no test can notice."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

from mutate.operators import Change, changes

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Equivalent:
    """A mutant that behaves as the original does, in all that the library promises.

    ``file`` is relative to ``engine/humanrt``, ``line`` is the text of the line without its indentation, ``mutation``
    is printed for each survivor, and ``reason`` says why no test can notice it.
    """

    file: str
    line: str
    mutation: str
    reason: str

    def describes(self, mutant: "Mutant") -> bool:
        """Return whether this is the entry of a mutant."""
        line = mutant.source.splitlines()[mutant.change.line - 1].strip()
        return (self.file, self.line, self.mutation) == (mutant.file, line, mutant.mutation)


@dataclass(frozen=True)
class Mutant:
    """One change of one file; ``file`` is relative to ``engine/humanrt``."""

    file: str
    source: str
    change: Change

    @property
    def mutated(self) -> str:
        """The source with the change."""
        return self.change.apply(self.source)

    @property
    def mutation(self) -> str:
        """The old text and the new one."""
        return self.change.describe(self.source)

    @property
    def key(self) -> str:
        """What tells it from every other mutant, and from that of another version of its file."""
        parts = (self.file, self.source, str(self.change.start), self.mutation)
        return sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def diff(self) -> str:
        """The change as a diff without context."""
        lines = unified_diff(self.source.splitlines(), self.mutated.splitlines(), lineterm="", n=0)
        return "\n".join(list(lines)[3:])  # without the names of the files and the place

    def is_listed(self, equivalents: list[Equivalent]) -> bool:
        """Return whether it is one of ``equivalents``."""
        return any(each.describes(self) for each in equivalents)


def mutants_of(package: Path, room: str) -> Iterator[Mutant]:
    """Yield every mutant of a room of the package ``engine/humanrt``, file by file."""
    for path in sorted((package / room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for change in changes(source):
            yield Mutant(path.relative_to(package).as_posix(), source, change)


def draw(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return ``count`` of them in a random order, which the seed decides; a larger count adds to the same ones.

    The order is that of a hash, so a change of one file keeps the sample of the others.
    """
    return sorted(mutants, key=lambda mutant: sha256(f"{seed} {mutant.key}".encode()).digest())[:count]


def read_equivalents() -> list[Equivalent]:
    """Return the mutants of ``equivalent.toml``."""
    return [Equivalent(**fields) for fields in tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])]
