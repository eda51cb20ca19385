"""The station's web page."""
