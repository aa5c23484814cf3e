"""A model of the rules of tensors and scopes, in plain dicts and sets, for one step at a time."""


class Place:
    """A scope in the book; outside any scope, the place is None."""

    def __init__(self, parent):
        self.parent = parent
        self.owned = set()
        self.closed = False


class Book:
    """The expected state: the live tensors, their buffers and their owners."""

    def __init__(self):
        self.buffers = {}  # key of each live tensor -> number of its buffer
        self.sizes = []  # bytes of each buffer, by number
        self.owners = {}  # key of each live tensor -> Place, or None for the caller
        self.automatic = set()
        self.unreachable = set()  # live, in cycles that only the garbage collector frees
        self.leaked = 0
        self.peak = 0

    @property
    def baseline(self):
        live = set(self.buffers.values())
        return len(self.buffers), len(live), sum(self.sizes[number] for number in live), self.leaked

    def add(self, key, number, place):
        self.buffers[key] = number
        self.move(key, place)
        self.peak = max(self.peak, self.baseline[2])

    def move(self, key, place):
        if self.owners.get(key):
            self.owners[key].owned.discard(key)
        self.owners[key] = place
        if place:
            place.owned.add(key)

    def strike(self, key):
        if key in self.buffers:
            self.move(key, None)
            del self.owners[key], self.buffers[key]
            self.automatic.discard(key)
            self.unreachable.discard(key)

    def vanish(self, key):
        self.leaked += key in self.buffers and self.owners[key] is None and key not in self.automatic
        self.strike(key)

    def hand_over(self, place, keys):
        heir = place.parent
        while heir and heir.closed:
            heir = heir.parent
        for key in place.owned & keys:
            self.move(key, heir)

    def close(self, place):
        place.closed = True
        for key in list(place.owned):
            self.strike(key)
