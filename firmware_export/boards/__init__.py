"""Build the exported C for emulated microcontrollers, run it there and count what it costs."""
