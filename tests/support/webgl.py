"""The passes of WebGL in float64: textures of 8 bits, and shaders that sample them. It knows nothing of HumanRT."""

import numpy as np


class Chain:
    """What ``GLImageFilter`` of Human's ``src/image/imagefx.ts`` draws: a texture, and passes that write 8 bits.

    Every pass turns the picture upside down, because rows of a framebuffer run upwards; the last one turns it back.
    ``near`` is the smallest distance of any value to one that rounds in the other direction.
    """

    def __init__(self, picture):
        self.texture = picture
        self.drawn = 0
        self.near = np.full(picture.shape, 0.5)

    def sample(self, u, v):
        """Return texels at fractions of width and height, 0..1 of [h, w, 3]: the source's nearest ones, else linear."""
        height, width = self.texture.shape[:2]
        texels = self.texture / 255.0
        x, y = np.broadcast_arrays(u * width, v * height)
        if self.drawn == 0:
            return texels[clamp(np.floor(y), height), clamp(np.floor(x), width)]
        left, top = np.floor(x - 0.5), np.floor(y - 0.5)
        right, down = (x - 0.5 - left)[..., None], (y - 0.5 - top)[..., None]
        corner = [texels[clamp(top + dy, height), clamp(left + dx, width)] for dy in (0, 1) for dx in (0, 1)]
        above = corner[0] * (1 - right) + corner[1] * right
        below = corner[2] * (1 - right) + corner[3] * right
        return above * (1 - down) + below * down

    def draw(self, shader):
        """Run a shader, a function of the places u and v, and write its colours upside down."""
        height, width = self.texture.shape[:2]
        u = (np.arange(width)[None, :] + 0.5) / width
        v = (np.arange(height)[:, None] + 0.5) / height
        colours = 255 * np.clip(shader(u, v), 0, 1)
        self.near = np.minimum(self.near[::-1], np.abs(colours % 1 - 0.5)[::-1])
        self.texture = np.floor(colours + 0.5).astype(np.uint8)[::-1]
        self.drawn += 1

    def colour_matrix(self, matrix):
        """Apply a matrix of 20 values, as ``colorMatrix``."""
        m = np.reshape(matrix, (4, 5))[:3]
        self.draw(lambda u, v: self.sample(u, v) @ m[:, :3].T + m[:, 4] / 255)

    def convolution(self, kernel):
        """Apply a kernel of 9 values, as ``convolution``, whose third value multiplies the middle."""
        height, width = self.texture.shape[:2]
        places = [(-1, -1), (0, -1), (0, 0), (-1, 0), (0, 0), (1, 0), (-1, 1), (0, 1), (1, 1)]
        self.draw(
            lambda u, v: sum(
                self.sample(u + dx / width, v + dy / height) * weight
                for (dx, dy), weight in zip(places, kernel, strict=True)
            )
        )

    def blur(self, size, weights):
        """Blur vertically, then horizontally; ``weights`` are those of the samples -7 to 7."""
        height, width = self.texture.shape[:2]
        for x, y in ((0, size / 7 / height), (size / 7 / width, 0)):
            self.draw(
                lambda u, v, x=x, y=y: sum(
                    self.sample(u + k * x, v + k * y) * weight for k, weight in zip(range(-7, 8), weights, strict=True)
                )
            )

    def pixelate(self, size):
        """Sample at the corners of squares."""
        height, width = self.texture.shape[:2]
        x, y = size / width, size / height
        # In integers: a quotient such as 3 / (3 / 64) may fall short of a whole number.
        tidy = 1e-9
        self.draw(lambda u, v: self.sample(np.floor(u / x + tidy) * x + tidy, np.floor(v / y + tidy) * y + tidy))

    def picture(self):
        """Return the picture as it is on the canvas."""
        return self.texture[:: 1 if self.drawn % 2 == 0 else -1]


def clamp(places, length):
    return np.clip(places, 0, length - 1).astype(int)
