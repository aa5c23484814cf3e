"""People, put together from results alone: what they do, and what belongs to each person."""
