"""Text of C that every layer needs: arrays, structs whose numbers fit, what stands in the place of a stage."""
