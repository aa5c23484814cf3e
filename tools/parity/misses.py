"""The models with an output that misses the limit of the difference from TF.js, each with the cause.

Human uses none of them by default. Their tests expect that the limit is missed, and that our error is of the size of
TF.js's own: see ``parity.comparison``.
"""

_BLAZEPOSE = (
    "float32 does not reach the limit. The layers before the mask amplify rounding errors some fifty times, and a "
    "steep sigmoid, whose input runs to 700, shows them at single pixels. TF.js's own float32 is about as far from the "
    "exact answer."
)

MISSES = {
    **dict.fromkeys(("blazepose-full", "blazepose-heavy", "blazepose-lite"), _BLAZEPOSE),
    "rvm": (
        "float32 does not reach the limit. The guided filter behind foreground and alpha divides by the variance of "
        "the picture, a difference of two means that cancel where it is smooth. TF.js's own float32 is about as far "
        "from the exact answer."
    ),
}
