"""TFLite's operators that give the same elements another shape or order."""
