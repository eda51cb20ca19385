"""The web page of a station: what the loop does, its settings, and the pieces that people review."""
