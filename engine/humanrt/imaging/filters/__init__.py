"""Human's filters on the CPU: those of the section ``filter`` of the configuration.

Each file imports only those before it::

    strips.py      parts of a picture, and the end of a filter that is cancelled
    colour.py      what changes each pixel by itself: tables, colour matrices, the histogram
    neighbours.py  what reads other pixels: sharpening, blur, large pixels
    passes.py      all filters of a configuration, in Human's order
"""

from humanrt.imaging.filters.passes import filter_picture, filtered_size, read_filtered

__all__ = ["filter_picture", "filtered_size", "read_filtered"]
