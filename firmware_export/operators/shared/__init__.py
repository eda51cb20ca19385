"""What several operators have in common: nodes that more than one of them becomes, and their kernels."""
