"""Every recipe on one model, measured in the same way: the table of accuracy against size."""
