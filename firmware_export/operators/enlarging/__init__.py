"""TFLite's operators that make a value larger, by a border, another size or other values."""
