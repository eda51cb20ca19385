"""Operators of 16x8 models: int16 in and out, int8 weights. Zero points are 0."""
