"""The sorting station: one result for each mail piece, kept, announced, shown, and reviewed by people."""
