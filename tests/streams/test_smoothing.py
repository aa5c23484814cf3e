"""The One Euro filter, by the formulas of its paper."""

from math import pi

import numpy as np
import pytest
from records import FACE

from humanrt.streams.geometry import move_face
from humanrt.streams.smoothing import OneEuro

BOX, BOX_RAW = (0.0, 0.0, 50.0, 100.0), (0.0, 0.0, 0.5, 0.5)


def smoothed(values, seconds, *, min_cutoff=1.0, beta=0.0, name="box", **options):
    state, shown = {}, []
    for value in values:
        one = OneEuro(state, seconds, min_cutoff, beta, BOX, BOX_RAW)
        shown.append(float(one(name, np.array([value]), **options)[0]))
        state = one.after
    return shown


def one_euro(values, seconds, min_cutoff, beta, size):
    def part(cutoff):
        tau = 1 / (2 * pi * cutoff)
        return 1 / (1 + tau / seconds)

    position, speed, shown = values[0], 0.0, [values[0]]
    for value in values[1:]:
        speed += part(1.0) * ((value - position) / seconds - speed)
        position += part(min_cutoff + beta * abs(speed) / size) * (value - position)
        shown.append(position)
    return shown


@pytest.mark.parametrize(("name", "size"), [("box", 100.0), ("mesh_raw", 0.5), ("angles", 1.0)])
@pytest.mark.parametrize(("min_cutoff", "beta"), [(1.0, 0.0), (0.3, 5.0)])
def test_positions_are_those_of_the_paper_in_sizes_of_the_record(name, size, min_cutoff, beta):
    values = np.random.default_rng(1).normal(0, 1, 20).tolist()
    expected = one_euro(values, 1 / 30, min_cutoff, beta, size)
    assert smoothed(values, 1 / 30, min_cutoff=min_cutoff, beta=beta, name=name) == pytest.approx(expected)


def test_jitter_is_damped_and_a_movement_is_followed():
    jitter = np.random.default_rng(2).normal(0, 1, 300)
    assert np.std(smoothed(jitter.tolist(), 1 / 30, beta=5.0)) < 0.4 * np.std(jitter)
    ramp = [10.0 * i for i in range(60)]  # three sizes a second
    assert ramp[-1] - smoothed(ramp, 1 / 30, beta=5.0)[-1] < 10


def test_angles_turn_the_short_way():
    first, second = smoothed([pi - 0.1, 0.1 - pi], 10.0, min_cutoff=100.0, name="angles", circular=True)
    assert (first, second) == pytest.approx((pi - 0.1, 0.1 - pi), abs=1e-3)


def test_rows_that_appear_are_as_they_are():
    one = OneEuro({}, 0.1, 1.0, 0.0, BOX, BOX_RAW)
    one("position", np.array([[0.0, 0.0]]), ("nose",))
    two = OneEuro(one.after, 0.1, 1.0, 0.0, BOX, BOX_RAW)
    moved = two("position", np.array([[7.0, 7.0], [1.0, 1.0]]), ("wrist", "nose"))
    np.testing.assert_allclose(moved[0], [7, 7])
    assert 0 < moved[1, 0] < 1


def test_the_points_of_annotations_stay_those_of_the_mesh():
    state = {}
    for shift in (0.0, 1.0, 5.0):
        face = _shifted(shift)
        one = OneEuro(state, 0.1, 1.0, 2.0, face.box, face.box_raw)
        moved = move_face(face, one)
        state = one.after
    np.testing.assert_allclose(moved.annotations["noseTip"][0], moved.mesh[1])
    assert not np.allclose(moved.mesh, face.mesh)


def _shifted(by):
    from dataclasses import replace

    mesh = FACE.mesh + np.float32(by)
    return replace(FACE, mesh=mesh, annotations={"noseTip": mesh[[1]]})
