"""Networks that read a line of digits at once, and how they learn from composed lines and from those of a folder."""
