"""A workspace in an object store: brought down where it is worked on, sent up after every step."""
