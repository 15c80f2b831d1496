"""What the configurations beside this folder build, file by file; all of it needs torch."""
