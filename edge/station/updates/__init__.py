"""Models that come from a workstation: signed, tried, and taken back where they fail."""
