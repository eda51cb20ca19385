"""The machine: its processors, its GPUs, how busy it is."""
