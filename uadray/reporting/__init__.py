"""What a study found, as one page for people who were not there."""
