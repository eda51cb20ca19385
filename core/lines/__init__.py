"""Lines of digits: what a line network is fed and what its scores say."""
