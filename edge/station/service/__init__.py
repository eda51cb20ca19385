"""The station as a service of the system."""
