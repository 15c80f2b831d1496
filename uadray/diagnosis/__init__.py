"""What `uadray.doctor` looks at, a file a topic; each gives findings and changes nothing."""
