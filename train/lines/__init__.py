"""Networks that read a line of digits at once: lines written by code, and how they are learned from."""
