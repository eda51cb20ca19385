"""Digits spoilt in fifteen ways, to measure what a network still reads."""
