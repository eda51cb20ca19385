"""Digits as other hands and other pictures would have them."""
