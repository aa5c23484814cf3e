from humanrt.vision.anchors import anchor_centers


def test_they_lie_in_the_middle_of_cells_one_grid_after_the_other():
    centers = anchor_centers(8, [(4, 2), (8, 1)])
    assert centers.tolist() == [[2, 2], [2, 2], [6, 2], [6, 2], [2, 6], [2, 6], [6, 6], [6, 6], [4, 4]]
