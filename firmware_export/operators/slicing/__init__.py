"""TFLite's operators that take some elements of a value."""
