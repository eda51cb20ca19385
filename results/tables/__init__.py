"""Tables of rows for people and programs: columns, remarks, and each form of file."""
