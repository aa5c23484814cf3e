"""The comparison with whole results of Human reports what exceeds a limit, and ignores what may differ."""

import math

import pytest

from parity import everything
from parity.bodies import compare_bodies
from parity.detection import ON
from parity.everything import compare_pictures
from parity.gestures import compare_gestures
from parity.hands import compare_hands
from parity.objects import compare_objects
from parity.persons import compare_persons
from parity.pictures import PICTURES

NOWHERE = [700, 700, 20, 20]


def off(differences):
    return {each.field for each in differences if not each.within}


def keypoint(part, x, y, score=0.9):
    return {"part": part, "score": score, "position": [x, y], "positionRaw": [x / 400, y / 400]}


def body(score=0.9, box=(0, 0, 100, 300), **moved):
    places = {"nose": (50, 10), "leftWrist": (90, 200), "rightWrist": (10, 200), "leftHip": (60, 150), **moved}
    keypoints = [keypoint(part, *place) for part, place in places.items() if place]
    return {"id": 0, "score": score, "box": list(box), "boxRaw": [0, 0, 1, 1], "keypoints": keypoints}


class TestBodies:
    @pytest.mark.parametrize(
        ("field", "changed"),
        [
            ("bodies", body(box=NOWHERE)),
            ("score", body(score=0.8)),
            ("keypoints, median", body(nose=(52, 10), leftHip=(62, 150), leftWrist=(92, 200))),
            ("box", body(box=(0, 0, 104, 300))),
            (None, body()),
            (None, body(nose=(51, 10), leftHip=(61, 150))),
        ],
    )
    def test_a_field_is_off(self, field, changed):
        assert off(compare_bodies([changed], [body()])) == ({field} if field else set())

    def test_keypoints_that_are_missing_and_those_with_a_low_score(self):
        assert off(compare_bodies([body(nose=None, leftHip=None)], [body()])) == {
            "keypoints, median",
            "keypoints, 95 %",
        }
        low = body()
        low["keypoints"].append(keypoint("leftKnee", 0, 0, score=0.34))
        assert (
            off(compare_bodies([body(box=(0, 0, 190, 300))], [low])) == set()
        )  # the boxes enclose different keypoints

    def test_a_few_keypoints_that_are_far_off(self):
        many = {f"part{i}": (i, 9 * i) for i in range(20)}
        moved = {**many, "part0": (4, 0), "part1": (5, 9), "part2": (6, 18)}
        assert off(compare_bodies([body(**moved)], [body(**many)])) == {"keypoints, 95 %"}

    def test_a_borderline_body_is_counted(self):
        borderline = body(score=0.34, box=NOWHERE)
        (found,) = (each for each in compare_bodies([body(), borderline], [body()]) if each.field == "borderline")
        assert found.amount == 1
        assert found.within
        assert off(compare_bodies([body()], [body(), borderline])) == set()
        assert off(compare_bodies([borderline, borderline], [])) == {"borderline"}
        assert off(compare_bodies([body(score=0.36)], [])) == {"bodies"}

    def test_the_order_does_not_matter(self):
        two = [body(), body(box=NOWHERE, nose=(710, 710))]
        assert off(compare_bodies(two, two[::-1])) == set()

    @pytest.mark.parametrize("nothing", ["Infinity", None])
    def test_bodies_without_keypoints(self, nothing):
        empty = [{**body(box=[nothing] * 4), "keypoints": []}]
        theirs = [{**body(box=["Infinity", "Infinity", "-Infinity", "-Infinity"]), "keypoints": []}]
        assert off(compare_bodies(empty, theirs)) == set()
        assert off(compare_bodies([body()], theirs)) == {"bodies"}


FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def hand(score=0.9, finger_score=0.9, box=(0, 0, 60, 60), label="hand", move=0, curl="half"):
    keypoints = [[i + move, i, 0] for i in range(21)]
    return {
        "id": 0,
        "score": score,
        "boxScore": score,
        "fingerScore": finger_score,
        "box": list(box),
        "boxRaw": [0, 0, 1, 1],
        "label": label,
        "keypoints": keypoints,
        "annotations": {name: keypoints[4 * i + 1 : 4 * i + 5] for i, name in enumerate(FINGERS)},
        "landmarks": {name: {"curl": curl, "direction": "verticalUp"} for name in FINGERS},
    }


def without_points(finger_score=0.0):
    return {**hand(finger_score=finger_score), "keypoints": [], "annotations": {}, "landmarks": {}}


class TestHands:
    @pytest.mark.parametrize(
        ("fields", "changed"),
        [
            ({"hands"}, hand(box=NOWHERE)),
            ({"score"}, hand(score=0.8)),
            ({"fingerScore"}, hand(finger_score=0.8)),
            ({"label"}, hand(label="fist")),
            ({"box"}, hand(box=(0, 0, 64, 60))),
            ({"keypoints, median"}, hand(move=1.6)),
            ({"fingers"}, hand(curl="full")),
            ({"fingerScore", "keypoints, median", "fingers"}, without_points()),
            (set(), hand()),
            (set(), hand(move=1.4)),
        ],
    )
    def test_a_field_is_off(self, fields, changed):
        if "hands" in fields:
            assert {each.amount for each in compare_hands([changed], [hand()]) if each.field == "hands"} == {2}
        assert off(compare_hands([changed], [hand()])) == fields

    def test_borderline_hands_and_skeletons(self):
        assert off(compare_hands([hand(), hand(score=0.52, box=NOWHERE)], [hand()])) == set()
        assert off(compare_hands([], [hand(score=0.56)])) == {"hands"}
        assert off(compare_hands([without_points()], [hand(finger_score=0.53)])) == set()
        assert off(compare_hands([without_points()] * 1, [without_points()])) == set()

    def test_fingers_that_are_null(self):
        assert off(compare_hands([{**without_points(), "landmarks": None}], [without_points()])) == set()


def thing(score=0.5, box=(0, 0, 60, 60), label="cup", class_=41):
    return {"id": 0, "score": score, "box": list(box), "label": label, "class": class_}


class TestObjects:
    @pytest.mark.parametrize(
        ("field", "changed"),
        [
            ("objects", thing(box=NOWHERE)),
            ("score", thing(score=0.53)),
            ("box", thing(box=(0, 0, 62, 60))),
            ("label", thing(label="bowl")),
            ("class", thing(class_=42)),
            (None, thing()),
        ],
    )
    def test_a_field_is_off(self, field, changed):
        assert off(compare_objects([changed], [thing()])) == ({field} if field else set())

    def test_an_object_of_one_side_that_is_hardly_over_the_threshold(self):
        assert off(compare_objects([thing(), thing(score=0.21, box=NOWHERE)], [thing()])) == set()
        assert off(compare_objects([thing(), thing(score=0.23, box=NOWHERE)], [thing()])) == {"objects"}


def face(nod=0):
    """A frontal face with open eyes and a closed mouth."""
    mesh = [[0, 0, 0] for _ in range(468)]
    columns = {
        60: {33: 100},
        80: {223: 85, 159: 95, 145: 105, 230: 115},
        100: {10: 60, 13: 150, 14: 150, 152: 180},
        120: {443: 85, 386: 95, 374: 105, 450: 115},
        140: {263: 100},
    }
    for x, heights in columns.items():
        for index, y in heights.items():
            mesh[index] = [x, y, 0]
    mesh[152][2] = nod
    scores = dict.fromkeys(("score", "boxScore", "faceScore"), 1)
    return {"id": 0, **scores, "box": [0, 0, 200, 200], "mesh": mesh, "annotations": {}}


def result(*gestures, faces=(), bodies=(), hands=(), persons=()):
    found = {"face": list(faces), "body": list(bodies), "hand": list(hands), "persons": list(persons)}
    return {**found, "gesture": list(gestures), "height": 400, "width": 400}


CENTER, DOWN = {"face": 0, "gesture": "facing center"}, {"face": 0, "gesture": "head down"}


class TestGestures:
    @staticmethod
    def compared(ours, theirs, **found):
        differences = compare_gestures(result(*ours, **found), result(*theirs, **found))
        return off(differences), {each.field: each.amount for each in differences}

    def test_equal_as_sets(self):
        fields, amounts = self.compared([DOWN, CENTER], [CENTER, DOWN], faces=[face(nod=30)])
        assert fields == set()
        assert amounts == {"gestures": 0, "undecided": 0}

    @pytest.mark.parametrize(
        "ours", [[], [CENTER, DOWN], [{"face": 0, "gesture": "facing left"}], [CENTER, {"iris": 0, "gesture": "nods"}]]
    )
    def test_one_too_few_or_too_many(self, ours):
        assert self.compared(ours, [CENTER], faces=[face()])[0] == {"gestures"}

    @pytest.mark.parametrize(("ours", "theirs"), [([CENTER, DOWN], [CENTER]), ([CENTER], [CENTER, DOWN])])
    def test_a_gesture_that_depends_on_less_than_the_limit_of_points_may_differ(self, ours, theirs):
        fields, amounts = self.compared(ours, theirs, faces=[face(nod=11)])
        assert (fields, amounts["undecided"]) == (set(), 1)
        assert self.compared(ours, theirs, faces=[face(nod=30)])[0] == {"gestures"}

    @pytest.mark.parametrize(("percent", "fields"), [(40, set()), (45, set()), (70, {"mouth"}), (10, {"mouth"})])
    def test_the_opening_of_a_mouth(self, percent, fields):
        """Lips 10 and a face 120 pixels high: 41 %, and 10 % more or less if both lips are shifted by 1.5 pixels."""
        open_mouth = face()
        open_mouth["mesh"][14] = [100, 160, 0]
        both = [[CENTER, {"face": 0, "gesture": f"mouth {each}% open"}] for each in (percent, 41)]
        assert self.compared(*both, faces=[open_mouth])[0] == fields

    def test_places_are_those_of_humans_list(self):
        """Our first hand is Human's second; a hand on one side only is ignored."""
        left, right = hand(), hand(box=NOWHERE)
        ours = result({"hand": 0, "gesture": "waves"}, hands=[left, right])
        assert off(compare_gestures(ours, result({"hand": 1, "gesture": "waves"}, hands=[right, left]))) == set()
        assert off(compare_gestures(ours, result({"hand": 0, "gesture": "waves"}, hands=[right, left]))) == {"gestures"}
        assert off(compare_gestures(ours, result(hands=[right]))) == set()

    def test_a_pose_from_our_fingers_is_undecided(self):
        """One side only has the pose, because a finger differs; that difference is reported for the hand."""
        open_hand = hand(curl="none")
        waves = [{"hand": 0, "gesture": gesture} for gesture in ("pinky forward", "thumb up", "open palm")]
        ours, theirs = result(*waves, hands=[open_hand]), result(*waves[:2], hands=[hand()])
        differences = compare_gestures(ours, theirs)
        assert off(differences) == set()
        assert differences[1].amount == 1


class TestPersons:
    @staticmethod
    def compared(ours, theirs, **found):
        people = [[person] if isinstance(person, dict) else person for person in (ours, theirs)]
        both = [result(CENTER, faces=[face()], persons=each, **found) for each in people]
        return off(compare_persons(*both))

    @staticmethod
    def person(body=None, left=None, right=None, gestures=(CENTER,), box=(0, 0, 200, 200)):
        hands = {"left": left, "right": right}
        return {"id": 0, "face": face(), "body": body, "hands": hands, "gestures": list(gestures), "box": list(box)}

    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("body", {"body": None}),
            ("left hand", {"left": None, "right": None}),
            ("right hand", {"right": hand()}),
            ("gestures", {"gestures": []}),
            ("box", {"box": (0, 0, 202, 200)}),
            (None, {}),
            (None, {"box": (0, 0, 201, 200)}),
        ],
    )
    def test_a_field_is_off(self, field, changes):
        parts = {"body": body(), "left": hand()}
        fields = self.compared(
            self.person(**{**parts, **changes}), self.person(**parts), bodies=[body()], hands=[hand()]
        )
        assert fields == ({field} if field else set())

    def test_one_too_few(self):
        assert self.compared([], self.person()) == {"persons"}

    def test_a_hand_on_one_side_only_is_counted_elsewhere(self):
        ours = result(faces=[face()], hands=[hand()], persons=[self.person(left=hand(), box=(0, 0, 250, 200))])
        theirs = result(faces=[face()], persons=[self.person()])
        assert off(compare_persons(ours, theirs)) == set()

    def test_a_box_may_differ_as_much_as_the_boxes_in_it(self):
        moved = self.person(body=body(box=(0, 0, 102.5, 300)), box=(0, 0, 202.5, 300))
        ours = result(faces=[face()], bodies=[body(box=(0, 0, 102.5, 300))], persons=[moved])
        theirs = result(faces=[face()], bodies=[body()], persons=[self.person(body=body(), box=(0, 0, 200, 300))])
        assert off(compare_persons(ours, theirs)) == set()


class TestTheTable:
    @pytest.mark.slow
    def test_every_field_of_every_picture_is_printed(self, peer, capsys):
        config = {"object": ON, "gesture": ON}
        assert compare_pictures(peer, [PICTURES / "coffee.png", PICTURES / "black.png"], config)
        head, *lines, last = capsys.readouterr().out.splitlines()
        assert head.split()[0] == "picture"
        assert {line.split()[0] for line in lines} == {"coffee.png", "black.png"}
        assert {line.split()[1] for line in lines} == {"face", "body", "hand", "object", "gesture", "persons"}
        assert last == "borderline bodies and hands on one side only: 0; allowed: 1"

    def test_exceeded_limits_are_marked_and_two_borderline_hands_fail(self, peer, capsys, monkeypatch):
        path = PICTURES / "black.png"
        wrong = [*compare_bodies([body(score=0.31)], []), *compare_hands([], [hand(score=0.52)])]
        monkeypatch.setattr(everything, "compare", lambda *_: {"hand": wrong})
        assert not compare_pictures(peer, [path], {})
        assert "over the limit" not in capsys.readouterr().out
        monkeypatch.setattr(everything, "compare", lambda *_: {"object": compare_objects([], [thing()])})
        assert not compare_pictures(peer, [path], {})
        assert "over the limit" in capsys.readouterr().out
        assert math.isinf(compare_gestures(result(), result())[1].limit)
