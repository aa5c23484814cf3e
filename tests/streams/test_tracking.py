"""Tracks on generated clips; tools/bench/tracking compares them with ByteTrack."""

from importlib.util import find_spec
from math import inf

import numpy as np
import pytest

from bench.clips import CLIPS, Frame, switches
from bench.tracking import bytetrack, count, ours
from humanrt.streams.tracking import Seen, Tracks, unit

LEFT, RIGHT = (0.0, 0.0, 10.0, 20.0), (100.0, 0.0, 10.0, 20.0)


def followed(*frames, lost_frames=30):
    tracks, ids = Tracks(), []
    for frame in frames:
        found, tracks = tracks.updated([one if isinstance(one, Seen) else Seen(one) for one in frame], lost_frames)
        ids.append(found)
    return ids


def test_the_ids_of_the_first_frame_are_those_without_a_session():
    assert followed([LEFT, RIGHT]) == [[0, 1]]


def test_ids_stay_with_boxes_in_another_order():
    assert followed([LEFT, RIGHT], [RIGHT, LEFT], [RIGHT], [LEFT]) == [[0, 1], [1, 0], [1], [0]]


def test_a_box_that_is_near_but_does_not_overlap_has_the_id():
    assert followed([LEFT], [(12.0, 0.0, 10.0, 20.0)], [(40.0, 0.0, 10.0, 20.0)]) == [[0], [0], [1]]


def test_a_box_of_another_size_is_another():
    assert followed([LEFT], [(0.0, 0.0, 100.0, 200.0)]) == [[0], [1]]


@pytest.mark.parametrize(("lost_frames", "number"), [(3, 0), (2, 1)])
def test_a_track_ends_after_the_frames_that_are_configured(lost_frames, number):
    assert followed([LEFT], [], [], [], [LEFT], lost_frames=lost_frames)[-1] == [number]


def test_a_moving_box_is_found_where_it_comes_out():
    path = [(8.0 * i, 0.0, 10.0, 20.0) for i in range(40)]
    frames = [[box] if not 15 <= i < 25 else [] for i, box in enumerate(path)]
    assert {number for ids in followed(*frames) for number in ids} == {0}


def test_two_that_cross_keep_their_ids():
    frames = [[(5.0 * i, 0.0, 20.0, 20.0), (200 - 5.0 * i, 4.0, 20.0, 20.0)] for i in range(41)]
    assert followed(*frames) == [[0, 1]] * 41


def test_a_lost_track_does_not_take_the_record_of_one_in_sight():
    """The box lies between both, nearer to where the lost one stood."""
    frames = [[(0.0, 0.0, 20.0, 20.0), (12.0, 0.0, 20.0, 20.0)]] * 5 + [[(12.0, 0.0, 20.0, 20.0)]] * 2
    assert followed(*frames, [(5.0, 0.0, 20.0, 20.0)])[-1] == [1]
    assert followed(*frames, [(5.0, 0.0, 20.0, 20.0), (12.0, 0.0, 20.0, 20.0)])[-1] == [0, 1]


def test_a_lost_track_takes_no_record_that_it_cannot_have_reached():
    """One that stood still for long; in sight it may jump."""
    still, beside = (0.0, 0.0, 20.0, 20.0), (12.0, 0.0, 20.0, 20.0)
    assert followed(*[[still]] * 30, [beside])[-1] == [0]
    assert followed(*[[still]] * 30, [], [beside])[-1] == [1]
    assert followed(*[[still]] * 30, [], [(3.0, 0.0, 20.0, 20.0)])[-1] == [0]


def test_a_track_that_turns_sharply_has_its_new_velocity_at_once():
    """Back and forth; missed soon after the turn, for so long that it is found by its velocity alone."""
    forth = [(8.0 * i, 0.0, 20.0, 20.0) for i in range(30)]
    back = [(8.0 * i, 0.0, 20.0, 20.0) for i in range(28, 0, -1)]
    frames = [[box] for box in forth + back[:3]] + [[]] * 3 + [[box] for box in back[6:]]
    assert {number for ids in followed(*frames) for number in ids} == {0}


def seen(box, *direction):
    return Seen(box, unit(np.array(direction, np.float32)))


def test_a_face_is_recognized_far_from_where_it_was():
    far = (500.0, 300.0, 10.0, 20.0)
    assert followed([seen(LEFT, 1, 0)], [seen(far, 1, 0.2)]) == [[0], [0]]
    assert followed([seen(LEFT, 1, 0)], [seen(far, 1, 1)]) == [[0], [1]]
    assert followed([seen(LEFT, 1, 0)], [Seen(far)]) == [[0], [1]]
    assert followed([seen(LEFT, 1, 0)], [seen(far, 1, 0.2, 0)]) == [[0], [1]]  # of another model


def test_of_two_that_overlap_alike_the_looks_decide():
    middle, other = (0.0, 0.0, 10.0, 20.0), (4.0, 0.0, 10.0, 20.0)
    one, two = seen(middle, 1, 0), seen(other, 0, 1)
    swapped = [seen(middle, 0, 1), seen(other, 1, 0)]
    assert followed([one, two], swapped) == [[0, 1], [1, 0]]


@pytest.mark.parametrize("box", [(inf, inf, -inf, -inf), (0.0, 0.0, 0.0, 0.0), (5.0, 5.0, -3.0, 2.0)])
def test_boxes_without_a_size_are_accepted(box):
    assert [len(ids) for ids in followed([box, LEFT], [LEFT, box], [])] == [2, 2, 0]


@pytest.mark.parametrize("embedding", [np.zeros(4, np.float32), np.array([1, np.nan], np.float32)])
def test_an_embedding_without_a_direction_is_none(embedding):
    assert unit(embedding) is None


# The identity switches of ByteTrack of trackers 2.6.1 in 20 clips of each kind, by bench.tracking. They are measured
# where the package is installed, which needs 660 MB.
BYTETRACK = {"two cross": 0, "six cross": 2, "behind a pillar": 0, "a crowd": 7, "few frames a second": 48}


@pytest.mark.slow(seconds=28)
@pytest.mark.parametrize("name", CLIPS)
def test_there_are_no_more_identity_switches_than_with_bytetrack(name):
    theirs = count(name, bytetrack) if find_spec("trackers") else BYTETRACK[name]
    assert count(name, ours) <= theirs


def test_switches_are_counted():
    frames = [Frame(np.zeros((2, 4)), things) for things in ([0, 1], [1, 0], [0, 1], [0, 1])]
    ids = iter([[1, 2], [2, 1], [3, 2], [1, -1]])
    assert switches(frames, lambda _: next(ids), 30) == 2


@pytest.mark.parametrize(("absent", "changed"), [(2, 1), (3, 0)])
def test_a_thing_that_was_absent_for_longer_than_its_track_is_kept_is_another(absent, changed):
    frames = [Frame(np.zeros((len(things), 4)), things) for things in ([0], *[[]] * absent, [0])]
    ids = iter([[1], *[[]] * absent, [2]])
    assert switches(frames, lambda _: next(ids), 2) == changed
