"""The assignment problem: pairs of rows and columns with the greatest sum of scores."""

import numpy as np

from humanrt.streams.geometry import Floats


def assign(scores: Floats, least: float) -> list[tuple[int, int]]:
    """Return the pairs of a row and a column of ``scores``, [n, m], with the greatest sum, and none below ``least``.

    Source: the Hungarian method with potentials (Kuhn 1955, Munkres 1957), O(n**2 m) for n rows, of which there are not
    more than columns.
    """
    if scores.shape[0] > scores.shape[1]:
        return [(row, column) for column, row in assign(scores.T, least)]
    costs = np.where(scores >= least, least - scores, 0.0)  # a pair below is as good as none
    rows = _rows_of_columns(costs)
    return [(row, column) for column, row in enumerate(rows) if row >= 0 and scores[row, column] >= least]


def _rows_of_columns(costs: Floats) -> list[int]:
    """Return for each column of ``costs``, [n, m] with n <= m, the row that it is assigned to, -1 for none."""
    count, width = costs.shape
    row_potentials, potentials = np.zeros(count), np.zeros(width)
    rows = np.full(width, -1)
    for row in range(count):
        shortest, before = np.full(width, np.inf), np.full(width, -1)
        visited = np.zeros(width, bool)
        column, current = -1, row
        while True:  # along the shortest path from the row to a column without one
            distances = costs[current] - row_potentials[current] - potentials
            shorter = ~visited & (distances < shortest)
            shortest[shorter], before[shorter] = distances[shorter], column
            nearest = int(np.where(visited, np.inf, shortest).argmin())
            step = shortest[nearest]
            row_potentials[row] += step
            row_potentials[rows[visited]] += step
            potentials[visited] -= step
            shortest[~visited] -= step
            visited[nearest] = True
            column, current = nearest, int(rows[nearest])
            if current < 0:
                break
        while column >= 0:
            previous = int(before[column])
            rows[column] = row if previous < 0 else rows[previous]
            column = previous
    assigned: list[int] = rows.tolist()
    return assigned
