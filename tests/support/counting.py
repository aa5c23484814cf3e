"""Counting the runs of models in the frames of a video, and a clock that stands still."""

from collections import Counter

from humanrt.vision import stage


class StandingClock:
    """Shows the seconds that it is set to."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def __call__(self):
        return self.seconds


class CountedRuns:
    """The runs of each model by the key of its configuration; ``take()`` returns them and begins anew."""

    def __init__(self, monkeypatch):
        self._runs = Counter()
        run = stage._Stage.run

        def counted(one, *arguments):
            self._runs[one.model.card.config_key] += 1
            return run(one, *arguments)

        monkeypatch.setattr(stage._Stage, "run", counted)

    def take(self):
        runs, self._runs = dict(self._runs), Counter()
        return runs
