"""TFLite's arithmetic on single elements, of one value or of two."""
