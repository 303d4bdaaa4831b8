"""Measuring and planning in turn, until a prediction is worth something. `allot tune` is its program."""
