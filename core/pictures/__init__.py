"""Picture files as everybody here sees them."""
