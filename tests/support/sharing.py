"""Arrays of other libraries, which share the memory of one of NumPy's."""


class ByDLPack:
    """An array that is exported by DLPack alone, as a tensor of PyTorch is without NumPy."""

    def __init__(self, pixels):
        self.pixels = pixels

    def __dlpack__(self, **options):
        return self.pixels.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.pixels.__dlpack_device__()


class ByArray:
    """An array whose ``__array__`` returns its memory, as that of PyTorch does."""

    def __init__(self, pixels):
        self.pixels = pixels

    def __array__(self, dtype=None, copy=None):
        return self.pixels


class OnAnotherDevice:
    """An array that cannot be exported to the CPU, as a tensor of a GPU."""

    def __dlpack__(self, **options):
        raise BufferError("it is on a GPU")

    def __dlpack_device__(self):
        return 2, 0


SHARING = (lambda pixels: pixels, ByDLPack, ByArray)
