"""What each of the five student reports measured, a module a report."""
