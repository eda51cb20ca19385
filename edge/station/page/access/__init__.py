"""Who gets to the page, from where, and how often."""
