"""Tables drawn: one page with interactive plots, and a picture of the front."""
