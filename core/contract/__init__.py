"""The input contract: what a model takes for a digit and what its scores are; known, or found out by trying."""
