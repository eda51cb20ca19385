"""TFLite's operators that add weighted inputs up."""
