"""Recordings: composed with their truth, written while they are seen, judged frame by frame."""
