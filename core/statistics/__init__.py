"""How well digits are read: metrics, intervals of shares, and what a proof concludes of them."""
