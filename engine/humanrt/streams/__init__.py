"""Video: the state that is carried from frame to frame."""
