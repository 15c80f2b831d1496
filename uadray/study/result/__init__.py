"""What a study comes to: the selection, its test, and what is made of both."""
