"""A board that runs the exported example, over a serial port."""
