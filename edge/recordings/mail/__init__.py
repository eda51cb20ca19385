"""Simulated mail: pieces on a belt as a station's camera sees them, with their truth."""
