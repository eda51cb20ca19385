"""Printed forms that digits are written into, and what is printed around them."""
