"""Files that data sets come in, read into digits."""
