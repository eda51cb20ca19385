"""Models that a station takes from a workstation: signed, proved, tried, watched, and taken back."""
